"""R15: a reset accepts the passwords that registration accepts: long enough and not too common."""

from __future__ import annotations

import unicodedata
from typing import Final

import pytest
from argon2 import Type, extract_parameters

from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import open_services
from meshydb_server.services.common.errors import OAuthError
from meshydb_server.services.common.passwords import require_acceptable
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.storage.schema import recoveries, users
from tests.security.services import ACCOUNT, EMAIL, KEYS, TENANT, USERNAME, ask, log_in, refusal, rows, services_on

pytestmark = pytest.mark.anyio

_LENGTH: Final = "The password must have 8 to 128 characters."
_COMMON: Final = "The password is too common; choose another one."
_ASTRAL: Final = "\U0001f511"

_REFUSED: Final = {
    "": _LENGTH,
    "sevench": _LENGTH,
    _ASTRAL * 7: _LENGTH,
    # More bytes than the least number of characters.
    "\u00e9" * 7: _LENGTH,
    "x" * 129: _LENGTH,
    _ASTRAL * 129: _LENGTH,
    "password": _COMMON,
    "PassWord": _COMMON,
    "12345678": _COMMON,
    "baseball": _COMMON,
    "device-7": "The password must not be the username.",
    "DEVICE-7": "The password must not be the username.",
}
_TAKEN: Final = (
    "eight ch",
    "q7w-" * 32,
    _ASTRAL * 8,
    _ASTRAL * 128,
    # No kind of character is asked for.
    "zxqjkvbw",
    "83920174",
    "--------;",
    "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b",
    "\ttab and\x00nul\n",
    "password ",
)


def test_r15_policy() -> None:
    """A password has 8 to 128 code points, and is neither common nor the username."""
    for password, reason in _REFUSED.items():
        with pytest.raises(Exception, match=reason.removesuffix(".")):
            require_acceptable(password, "Device-7")
    for password in _TAKEN:
        require_acceptable(password, "Device-7")
    assert {len(password) for password in _TAKEN} >= {8, 128}


async def test_r15_a_reset_asks_what_registration_asks(database_url: str) -> None:
    """A reset rejects the passwords that registration rejects, without counting a guess."""
    async with services_on(database_url, recovery_guesses_per_request="1") as services:
        issued = await ask(services)
        for password, reason in _REFUSED.items():
            if "username" in reason:
                continue
            new = NewUser(username="newcomer", email=EMAIL, password=password)
            said = await refusal(services.registration.register(ACCOUNT, TENANT, new))
            assert said.endswith(f": {reason}")
            assert await refusal(services.completion.reset_password(issued.attempted(), password)) == said
        (row,) = await rows(services, recoveries)
        assert (row["failures"], row["used_at"]) == (0, None)
        await services.completion.reset_password(issued.attempted(), _TAKEN[0])


async def test_r15_stored_unmodified(database_url: str) -> None:
    """Passwords are stored unmodified: spaces, normal form and case count."""
    password = "  \uff32os\u00e9 \u212b " + _ASTRAL * 3 + "  "
    assert unicodedata.normalize("NFC", password) != password
    others = [
        password.strip(),
        password.rstrip(),
        password.lstrip(),
        password.lower(),
        *(unicodedata.normalize(form, password) for form in ("NFC", "NFD", "NFKC", "NFKD")),
        password[:-1],
        password + " ",
        password + "\x00",
    ]
    assert password not in others
    async with services_on(database_url, login_guesses="100") as services:
        issued = await ask(services)
        await services.completion.reset_password(issued.attempted(), password)
        await log_in(services, password)
        for other in others:
            with pytest.raises(OAuthError):
                await log_in(services, other)


async def test_r15_long_passwords_differ_at_their_ends(database_url: str) -> None:
    """All 128 characters count, however many bytes they have."""
    one, other = _ASTRAL * 127 + "a", _ASTRAL * 127 + "b"
    async with services_on(database_url) as services:
        issued = await ask(services)
        await services.completion.reset_password(issued.attempted(), one)
        await log_in(services, one)
        with pytest.raises(OAuthError):
            await log_in(services, other)


async def test_r15_argon2id_by_default(database_url: str) -> None:
    """Passwords are hashed with Argon2id at the costs of RFC 9106 or higher."""
    settings = Settings.model_validate({"database_url": database_url, "secret_keys": KEYS[0]})
    async with open_services(settings) as services:
        await services.accounts.create_account(ACCOUNT, [TENANT])
        await services.accounts.create_user(ACCOUNT, TENANT, NewUser(username=USERNAME, email=EMAIL))
        issued = await ask(services)
        await services.completion.reset_password(issued.attempted(), "a new password for rosa")
        (user,) = await rows(services, users)
    parameters = extract_parameters(user["password_hash"])
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 64 * 1024
    assert (parameters.time_cost, parameters.parallelism, parameters.salt_len) >= (3, 4, 16)
