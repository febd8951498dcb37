"""Authenticators: the addresses, security questions and password that prove a user, and every change of them.

A change by a user who has proved the password takes effect at once, and the replaced address can recover the account
for a while longer. A change without that proof is pending for the same time, and a new password cancels it. Until it
takes effect, recovery and notices use the value in force.
"""

from meshydb_server.services.users.authenticators.changes import Proof, is_due, live_former, shown, with_due_changes
from meshydb_server.services.users.authenticators.notices import Notices
from meshydb_server.services.users.authenticators.proving import WRONG_PASSWORD, PasswordProof, PasswordProver
from meshydb_server.services.users.authenticators.service import Authenticators

__all__ = [
    "WRONG_PASSWORD",
    "Authenticators",
    "Notices",
    "PasswordProof",
    "PasswordProver",
    "Proof",
    "is_due",
    "live_former",
    "shown",
    "with_due_changes",
]
