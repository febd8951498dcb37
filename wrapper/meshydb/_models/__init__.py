"""The arguments and results of operations. They are not the generated models, which change with the generator."""

from meshydb._models.current_user import CurrentUser
from meshydb._models.page import Page
from meshydb._models.people import NewUser, RegisterUser, SecurityQuestion, UserUpdate
from meshydb._models.tokens import Tokens
from meshydb._models.user import SecurityQuestionHash, User, UserRole
from meshydb._models.verification import UserVerificationHash

__all__ = [
    "CurrentUser",
    "NewUser",
    "Page",
    "RegisterUser",
    "SecurityQuestion",
    "SecurityQuestionHash",
    "Tokens",
    "User",
    "UserRole",
    "UserUpdate",
    "UserVerificationHash",
]
