"""Contains all the data models used in inputs/outputs"""

from .error import Error
from .health import Health
from .user_verification import UserVerification
from .user_verification_hash import UserVerificationHash

__all__ = (
    "Error",
    "Health",
    "UserVerification",
    "UserVerificationHash",
)
