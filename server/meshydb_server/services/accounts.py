"""Accounts, their tenants and users, as an operator manages them."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence
from typing import Final

from argon2 import PasswordHasher
from attrs import field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.errors import ConflictError, InvalidRequestError
from meshydb_server.services.lookup import require_account, require_tenant
from meshydb_server.services.sources import Sources
from meshydb_server.services.usernames import username_key
from meshydb_server.storage.accounts import Tenant, insert_account, insert_tenant, list_tenants
from meshydb_server.storage.database import Database
from meshydb_server.storage.errors import DuplicateError
from meshydb_server.storage.users import User, insert_user

DEFAULT_TENANT: Final = "default"
_PUBLIC_KEY_BYTES: Final = 18
_USER_ID_BYTES: Final = 12

# What a mail server must take as a path (RFC 5321).
_MAX_EMAIL_LENGTH: Final = 254
# RFC 5321 without quoted names and literal addresses, which few servers take.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")

# E.164: a plus, a country code that does not begin with 0, at most 15 digits.
_PHONE: Final = re.compile(r"\+[1-9][0-9]{1,14}")


@frozen(kw_only=True)
class NewUser:
    """A user to be created. The password is hashed before it is stored."""

    username: str
    email: str | None = None
    phone: str | None = None
    password: str | None = field(default=None, repr=False)
    anonymous: bool = False


@frozen
class AccountService:
    """Creates accounts, tenants and users. Names are valid by the contract when they come here."""

    database: Database
    sources: Sources

    async def create_account(self, account: str, tenants: Sequence[str] = ()) -> Sequence[Tenant]:
        """Create an account and its tenants, the first of which is its default; returns the tenants.

        Raises ConflictError when the account exists, or a tenant is named twice.
        """
        names = tenants or (DEFAULT_TENANT,)
        if len(set(names)) < len(names):
            raise ConflictError("A tenant is named twice.")
        now = self.sources.now()

        def transaction(connection: Connection) -> Sequence[Tenant]:
            insert_account(connection, account, names[0], now)
            for name in names:
                insert_tenant(connection, account, name, self._public_key(), now)
            return list_tenants(connection, account)

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(f"The account {account} exists already.") from error

    async def create_tenant(self, account: str, tenant: str) -> Sequence[Tenant]:
        """Add a tenant to an account; returns all its tenants. Raises NotFoundError or ConflictError."""

        def transaction(connection: Connection) -> Sequence[Tenant]:
            require_account(connection, account)
            insert_tenant(connection, account, tenant, self._public_key(), self.sources.now())
            return list_tenants(connection, account)

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(f"The account {account} has a tenant {tenant} already.") from error

    async def create_user(self, account: str, tenant: str | None, new: NewUser) -> User:
        """Add a user to a tenant. Raises NotFoundError, ConflictError or InvalidRequestError."""
        password_hash = None if new.password is None else await asyncio.to_thread(_hash_password, new.password)

        def transaction(connection: Connection) -> User:
            place = require_tenant(connection, account, tenant)
            user = User(
                account=place.account,
                tenant=place.name,
                user_id=self.sources.random(_USER_ID_BYTES).hex(),
                username=new.username,
                username_key=username_key(new.username),
                email=None if new.email is None else _require_email(new.email),
                phone=None if new.phone is None else _require_phone(new.phone),
                password_hash=password_hash,
                anonymous=new.anonymous,
                verified=not new.anonymous,
                is_active=True,
                credential_version=1,
                created_at=self.sources.now(),
            )
            insert_user(connection, user)
            return user

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError("The tenant has a user of this name already.") from error

    def _public_key(self) -> str:
        return base64.urlsafe_b64encode(self.sources.random(_PUBLIC_KEY_BYTES)).decode()


def _hash_password(password: str) -> str:
    if not password:
        raise InvalidRequestError("The password is empty.")
    try:
        return PasswordHasher().hash(password)
    except UnicodeEncodeError as error:
        raise InvalidRequestError("The password is not UTF-8.") from error


def _require_email(address: str) -> str:
    if len(address) > _MAX_EMAIL_LENGTH or not _EMAIL.fullmatch(address):
        raise InvalidRequestError(
            f"The email address is not of the form name@domain, in at most {_MAX_EMAIL_LENGTH} characters of ASCII."
        )
    return address


def _require_phone(number: str) -> str:
    if not _PHONE.fullmatch(number):
        raise InvalidRequestError("The phone number is not in international format, such as +15551230000.")
    return number
