"""The arguments and results of operations. They are not the generated models, which change with the generator."""

from meshydb._models.logins import CurrentUser, Tokens
from meshydb._models.meshes import CreateManyResult, DeleteManyResult, UpdateManyResult
from meshydb._models.page import Page
from meshydb._models.questions import SecurityQuestion, SecurityQuestionHash
from meshydb._models.recovery import UserVerificationHash
from meshydb._models.registration import RegisterUser
from meshydb._models.roles import Permissible, Permission, Role
from meshydb._models.users import NewUser, User, UserRole, UserUpdate

__all__ = [
    "CreateManyResult",
    "CurrentUser",
    "DeleteManyResult",
    "NewUser",
    "Page",
    "Permissible",
    "Permission",
    "RegisterUser",
    "Role",
    "SecurityQuestion",
    "SecurityQuestionHash",
    "Tokens",
    "UpdateManyResult",
    "User",
    "UserRole",
    "UserUpdate",
    "UserVerificationHash",
]
