"""Arguments and expected results that tests share."""

from datetime import UTC, datetime
from typing import Final

from meshydb import (
    Permissible,
    Permission,
    RegisterUser,
    Role,
    SecurityQuestion,
    SecurityQuestionHash,
    User,
    UserRole,
    UserVerificationHash,
)

VERIFICATION: Final = UserVerificationHash(
    "rosa", 2, "c2VjcmV0", datetime(2030, 1, 1, 1, tzinfo=UTC), "r***@example.org"
)
ROSA: Final = User(
    id="64b1f0c2a9e84d0012ab34cd",
    username="rosa.k",
    first_name="Rosa",
    last_name="Kern",
    verified=True,
    is_active=True,
    phone_number="+15551230000",
    email_address="rosa@example.org",
    roles=(UserRole("meshy.user", datetime(2019, 11, 2, 8, 15, 30, 123000, tzinfo=UTC)),),
    security_questions=(SecurityQuestionHash("First street?", "b3BhcXVl"),),
    anonymous=False,
    last_accessed=datetime(2019, 11, 4, 10, tzinfo=UTC),
)
FULL: Final = RegisterUser(
    "rosa.k",
    "correct horse",
    first_name="Rosa",
    last_name="Kern",
    phone_number="+15551230000",
    email_address="rosa@example.org",
    security_questions=[SecurityQuestion("First street?", "Elm")],
)
EDITORS: Final = Role("64c0aa11bb22cc33dd44ee55", "editors", "may edit", 3)
TASKS: Final = Permission(
    id="64c1bb22cc33dd44ee55ff66",
    permissible_name="meshes.task",
    create=True,
    read=True,
    update=True,
    delete=False,
)
PROJECTIONS: Final = Permissible(
    name="projections", can_create=False, can_read=True, can_update=False, can_delete=False
)
