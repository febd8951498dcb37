"""Users: profiles, authenticators, the own account, and administration.

Other subjects may use only what is listed here.
"""

from meshydb_server.services.users.authenticators import Authenticators, Notices, PasswordProver, live_former
from meshydb_server.services.users.contacts import require_email, require_phone
from meshydb_server.services.users.new_users import (
    USERNAME_TAKEN,
    NewUser,
    Secrets,
    add_user,
    hash_secrets,
    note_creation,
    require_complete_user,
)
from meshydb_server.services.users.operators import OperatorService, UserChange
from meshydb_server.services.users.own_account import OwnAccountService
from meshydb_server.services.users.profiles import Profile, ProfileChange, Profiles
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.services.users.service import UserSearch, UserService

__all__ = [
    "USERNAME_TAKEN",
    "Authenticators",
    "NewQuestion",
    "NewUser",
    "Notices",
    "OperatorService",
    "OwnAccountService",
    "PasswordProver",
    "Profile",
    "ProfileChange",
    "Profiles",
    "Secrets",
    "UserChange",
    "UserSearch",
    "UserService",
    "add_user",
    "hash_secrets",
    "live_former",
    "note_creation",
    "require_complete_user",
    "require_email",
    "require_phone",
]
