"""Password recovery and verification: requests, handles, codes and their limits.

Other subjects may use only what is listed here.
"""

from meshydb_server.services.recovery.completion import CompletionService
from meshydb_server.services.recovery.guesses import CompletionRequest, GuessChecker
from meshydb_server.services.recovery.policy import GUESS_WINDOW, RecoveryPolicy
from meshydb_server.services.recovery.recipients import Recipients
from meshydb_server.services.recovery.service import RecoveryService
from meshydb_server.services.recovery.verification import IssuedRequest, VerificationService

__all__ = [
    "GUESS_WINDOW",
    "CompletionRequest",
    "CompletionService",
    "GuessChecker",
    "IssuedRequest",
    "Recipients",
    "RecoveryPolicy",
    "RecoveryService",
    "VerificationService",
]
