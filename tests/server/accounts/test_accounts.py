"""Accounts, tenants and users managed by an operator."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from attrs import evolve

from meshydb_server.contract import Contract
from meshydb_server.runtime import Services, open_services
from meshydb_server.schemas import InvalidValueError
from meshydb_server.services.accounts import NewUser, TenantChange
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from tests.support.dependencies import SetClock, known_dependencies
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_GIVEN_EMAIL: Final = Contract.load().component("GivenEmailAddress")


@pytest.fixture
def clock() -> SetClock:
    """The services' clock."""
    return SetClock()


@pytest.fixture
async def services(tmp_path: Path, clock: SetClock) -> AsyncGenerator[Services]:
    """Services on an empty database."""
    async with open_services(settings_in(tmp_path), known_dependencies(clock)) as services:
        yield services


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "meshydb.sqlite3")) as connection:
        return connection.execute(query).fetchall()


async def test_create_account(services: Services) -> None:
    """An account has the tenants that are named, the first of them as its default, each with a public key."""
    tenants = await services.accounts.create_account("acme", ["south", "north"])
    assert [(each.account, each.name, each.default) for each in tenants] == [
        ("acme", "south", True),
        ("acme", "north", False),
    ]
    assert len({each.public_key for each in tenants}) == 2
    assert all(len(each.public_key) == 24 for each in tenants)


async def test_create_account_without_tenants(services: Services) -> None:
    """An account without named tenants has one, called `default`."""
    (tenant,) = await services.accounts.create_account("acme")
    assert (tenant.name, tenant.default) == ("default", True)


async def test_create_tenant(services: Services, clock: SetClock) -> None:
    """A tenant that is added comes after the older ones and keeps the default."""
    await services.accounts.create_account("acme", ["north"])
    for name in ("west", "east"):
        clock.move(seconds=1)
        tenants = await services.accounts.create_tenant("acme", name)
    assert [(each.name, each.default) for each in tenants] == [("north", True), ("west", False), ("east", False)]


async def test_names_are_of_an_account(services: Services) -> None:
    """Accounts share neither tenants nor users, and names of accounts and tenants differ by case."""
    for account in ("acme", "ACME"):
        await services.accounts.create_account(account, ["north", "North"])
        for tenant in ("north", "North"):
            await services.accounts.create_user(account, tenant, NewUser(username="rosa.k"))


async def test_account_exists(services: Services, tmp_path: Path) -> None:
    """An account that exists is not created again, and gains no tenant by the try."""
    await services.accounts.create_account("acme", ["north"])
    with pytest.raises(ConflictError, match=r"^The account acme already exists\.$"):
        await services.accounts.create_account("acme", ["south"])
    assert _rows(tmp_path, "SELECT tenant FROM tenants") == [("north",)]


async def test_tenant_named_twice(services: Services, tmp_path: Path) -> None:
    """An account whose tenants have one name is not created."""
    with pytest.raises(ConflictError, match=r"^A tenant is named twice\.$"):
        await services.accounts.create_account("acme", ["north", "north"])
    assert _rows(tmp_path, "SELECT * FROM accounts") == []


async def test_tenant_exists(services: Services) -> None:
    """A tenant that exists is not created again."""
    await services.accounts.create_account("acme", ["north"])
    with pytest.raises(ConflictError, match=r"^The account acme already has a tenant north\.$"):
        await services.accounts.create_tenant("acme", "north")


async def test_tenant_of_no_account(services: Services) -> None:
    """A tenant needs an account."""
    with pytest.raises(NotFoundError, match=r"^There is no account of this name\.$"):
        await services.accounts.create_tenant("acme", "north")


async def test_create_user(services: Services, clock: SetClock, tmp_path: Path) -> None:
    """A user is what was asked for, in the default tenant unless another is named, with a password nobody can read."""
    await services.accounts.create_account("acme", ["north", "south"])
    new = NewUser(username="Rosa.K", email="rosa.k@example.org", phone="+15551230000", password="canary-7f3a")  # noqa: S106
    user = await services.accounts.create_user("acme", None, new)
    assert (user.account, user.tenant, user.username, user.username_key) == ("acme", "north", "Rosa.K", "rosa.k")
    assert (user.email, user.phone, user.anonymous) == ("rosa.k@example.org", "+15551230000", False)
    assert (user.credential_version, user.created_at) == (1, clock.now)
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$")
    assert PasswordHasher().verify(user.password_hash, "canary-7f3a")
    assert "canary-7f3a" not in repr(new)
    assert user.password_hash not in repr(user)
    assert _rows(tmp_path, "SELECT user_id, password_hash FROM users") == [(user.user_id, user.password_hash)]
    assert (await services.accounts.create_user("acme", "south", new)).tenant == "south"


async def test_user_exists(services: Services) -> None:
    """No tenant has two users whose names are the same once case and compatible characters are left out."""
    await services.accounts.create_account("acme")
    await services.accounts.create_user("acme", None, NewUser(username="ros\u00e9"))
    with pytest.raises(ConflictError, match=r"^The tenant already has a user of this name\.$"):
        await services.accounts.create_user("acme", None, NewUser(username="ROSE\u0301"))


@pytest.mark.parametrize(
    ("account", "tenant", "message"),
    [
        ("nowhere", None, "There is no account of this name."),
        ("nowhere", "north", "There is no account of this name."),
        ("acme", "west", "The account has no tenant of this name."),
        ("acme", "NORTH", "The account has no tenant of this name."),
    ],
)
async def test_user_of_nothing(services: Services, account: str, tenant: str | None, message: str) -> None:
    """A user needs an account and a tenant, and the error says which is missing."""
    await services.accounts.create_account("acme", ["north"])
    with pytest.raises(NotFoundError) as caught:
        await services.accounts.create_user(account, tenant, NewUser(username="rosa.k"))
    assert caught.value.message == message


@pytest.mark.parametrize(
    "email",
    ["rosa.k@example.org", "rosa+k@sub.example.org", "r@localhost", "r@" + "x" * 252, "?=k=@x", "=.?@x"],
)
async def test_email(services: Services, email: str) -> None:
    """A valid email address is stored unchanged, and matches the contract."""
    _GIVEN_EMAIL.validate(email)
    await services.accounts.create_account("acme")
    user = await services.accounts.create_user("acme", None, NewUser(username="rosa.k", email=email))
    assert user.email == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "rosa.k",
        "@example.org",
        "rosa.k@",
        "rosa.k@example.org\r\nBcc: canary@example.org",
        "rosa.k@example.org\n",
        "rosa.k@example.org, canary@example.org",
        "Rosa <rosa.k@example.org>",
        "rosa.k@@example.org",
        " rosa.k@example.org",
        "rosa k@example.org",
        "rosa.k@exam ple.org",
        "rosa.k@example.org (comment)",
        '"rosa k"@example.org',
        "rosa.k@[127.0.0.1]",
        "rosa.k@[x>y]",
        "rosa..k@example.org",
        "rosa.k@example..org",
        "rosa.k@-example.org",
        # Encoded words are no part of an address.
        "=?utf-8?q?rosa?=@example.org",
        "rosa.k=?@example.org",
        # Would need SMTPUTF8, which few servers have.
        "ros\u00e9@example.org",
        "rosa.k@ex\u00e4mple.org",
        # Would make a hint that breaks the contract.
        "r@" + "x" * 253,
    ],
)
async def test_no_email(services: Services, tmp_path: Path, email: str) -> None:
    """Text that is not one plain address is rejected, especially if it could add headers or recipients."""
    # By the contract, which takes an empty one for none, as well.
    with pytest.raises(InvalidValueError) if email else nullcontext():
        _GIVEN_EMAIL.validate(email)
    await services.accounts.create_account("acme")
    with pytest.raises(InvalidRequestError, match=r"^The email address must read name@domain"):
        await services.accounts.create_user("acme", None, NewUser(username="rosa.k", email=email))
    assert _rows(tmp_path, "SELECT * FROM users") == []


@pytest.mark.parametrize("phone", ["+15551230000", "+12", "+123456789012345"])
async def test_phone(services: Services, phone: str) -> None:
    """A phone number in international format is stored unchanged."""
    await services.accounts.create_account("acme")
    assert (await services.accounts.create_user("acme", None, NewUser(username="rosa.k", phone=phone))).phone == phone


@pytest.mark.parametrize(
    "phone",
    ["", "+", "+1", "15551230000", "+05551230000", "+1234567890123456", "+1 555", "+15551230000\n", "+1555\u0661"],
)
async def test_no_phone(services: Services, phone: str) -> None:
    """A phone number in any other format is rejected."""
    await services.accounts.create_account("acme")
    with pytest.raises(InvalidRequestError, match="must be in international format"):
        await services.accounts.create_user("acme", None, NewUser(username="rosa.k", phone=phone))


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("", "The password must have 8 to 128 characters."),
        ("1234567", "The password must have 8 to 128 characters."),
        ("password1", "The password is too common; choose another one."),
        ("Rosa.K.The.Great", "The password must not be the username."),
    ],
)
async def test_no_password(services: Services, tmp_path: Path, password: str, message: str) -> None:
    """A password from an operator follows the same rules as at registration."""
    await services.accounts.create_account("acme")
    with pytest.raises(InvalidRequestError) as caught:
        await services.accounts.create_user("acme", None, NewUser(username="rosa.k.the.great", password=password))
    assert caught.value.message == message
    assert _rows(tmp_path, "SELECT * FROM users") == []


async def test_configure_tenant(services: Services) -> None:
    """Configuring a tenant changes the given settings, and neither the others nor other tenants."""
    tenants = await services.accounts.create_account("acme", ["north", "south"])
    for tenant in tenants:
        settings = (tenant.verification, tenant.public_registration, tenant.anonymous_registration)
        assert settings == ("email", True, True)
    configure = services.accounts.configure_tenant
    changed = await configure("acme", "south", TenantChange(verification="text", public_registration=False))
    assert changed == evolve(tenants[1], verification="text", public_registration=False)
    changed = await configure("acme", "south", TenantChange(anonymous_registration=False))
    assert changed == evolve(tenants[1], verification="text", public_registration=False, anonymous_registration=False)
    assert await configure("acme", "south", TenantChange()) == changed
    assert await configure("acme", "north", TenantChange()) == tenants[0]
    with pytest.raises(NotFoundError, match=r"^The account has no tenant of this name\.$"):
        await configure("acme", "west", TenantChange())
