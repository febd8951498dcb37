"""Managing other users, for callers with permission."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Audit, Kind
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.services.common.pages import Page, PageRequest
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.roles import held_by, keep_an_administrator, require_authority
from meshydb_server.services.users.authenticators import PasswordProof, Proof
from meshydb_server.services.users.new_users import (
    USERNAME_TAKEN,
    NewUser,
    add_user,
    hash_secrets,
    note_creation,
    require_complete_user,
)
from meshydb_server.services.users.own_account import OwnAccountService
from meshydb_server.services.users.profiles import Profile, ProfileChange, Profiles
from meshydb_server.services.users.questions import NewQuestion, hash_answers, require_askable, require_complete
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError
from meshydb_server.storage.users import User, delete_user, get_user, lock_user
from meshydb_server.storage.users.search import SORTABLE, Criteria, count_users, search_users

_GIVES_ROLES: Final = "roles.update"

# The contract defines the syntax of an order. This matches one property of it.
_SORTED: Final = re.compile(r"([A-Za-z_]+)[\"']? *: *(-?)1")


@frozen(kw_only=True)
class UserSearch:
    """A search for users. `order_by` is a MongoDB sort document, valid by the contract."""

    name: str | None = None
    role_id: str | None = None
    order_by: str | None = None
    active_only: bool = True
    page: int = 1
    page_size: int = 0


@frozen
class UserService:
    """Manages the users of the caller's tenant. The permission of the caller is checked before."""

    database: Database
    clock: Clock
    randomness: Randomness
    passwords: Passwords
    profiles: Profiles
    own_account: OwnAccountService
    audit: Audit
    # Whether callers who may update roles are bound, too, to give no role that permits more than they have.
    only_held: bool = True

    async def search(self, caller: Caller, search: UserSearch) -> Page[Profile]:
        """A page of matching users."""
        page = PageRequest(search.page, search.page_size)
        found = Criteria(
            account=caller.account,
            tenant=caller.tenant,
            name_key=username_key(search.name) if search.name else None,
            role_id=search.role_id.lower() if search.role_id else None,
            active_only=search.active_only,
            order=_read_order(search.order_by or ""),
        )

        def look(connection: Connection) -> Page[Profile]:
            tenant = require_tenant(connection, caller.account, caller.tenant)
            criteria = evolve(found, verification=tenant.verification)
            total = count_users(connection, criteria)
            users = search_users(connection, criteria, offset=page.offset, limit=page.size)
            results = self.profiles.load_all(connection, tenant, users, own_id=caller.user_id)
            return Page(results, page.number, page.size, total)

        return await self.database.read(look)

    async def create(self, caller: Caller, new: NewUser) -> Profile:
        """Add a user.

        Raises InvalidRequestError, ConflictError, or AuthorityError for a role with permissions that the caller does
        not have.
        """
        tenant = await self.database.read(
            lambda connection: require_tenant(connection, caller.account, caller.tenant), brief=True
        )
        require_complete_user(tenant, new)
        secrets = await hash_secrets(self.passwords, tenant, new)

        def transaction(connection: Connection) -> Profile:
            is_bound = self.only_held or _GIVES_ROLES not in caller.permissions
            held = held_by(connection, caller) if is_bound else None
            user = add_user(connection, self.clock, self.randomness, tenant, new, secrets, held)
            actor_id = caller.actor_on(user.user_id)
            note_creation(self.audit, connection, self.clock, tenant, user, "ok", actor_id)
            return self.profiles.load(connection, tenant, user)

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(USERNAME_TAKEN, ErrorCode.USERNAME_TAKEN) from error

    async def read(self, caller: Caller, user_id: str) -> Profile:
        """A user. Raises NotFoundError."""

        def look(connection: Connection) -> Profile:
            user = _require(get_user(connection, caller.account, caller.tenant, user_id.lower()))
            tenant = require_tenant(connection, caller.account, caller.tenant)
            return self.profiles.load(connection, tenant, user, own=user.user_id == caller.user_id)

        return await self.database.read(look, brief=True)

    async def update(self, caller: Caller, user_id: str, change: ProfileChange, previous: str | None = None) -> Profile:
        """Change a user, and return the result.

        Changes of oneself follow the rules of OwnAccountService; changes of others take effect at once. `previous` is
        the caller's own password. Raises NotFoundError, AuthorityError for a user with permissions that the caller does
        not have, or InvalidRequestError.
        """
        own = user_id.lower() == caller.user_id
        proof = await self.own_account.prover.prove(caller, previous) if own else PasswordProof(Proof.ADMINISTRATOR)

        def transaction(connection: Connection) -> Profile:
            shuts_out = change.is_active is False or change.verified is False
            with _keeping_an_administrator(connection, caller) if shuts_out else nullcontext():
                user = _lock(connection, caller, user_id)
                proof.require_current(user)
                tenant = require_tenant(connection, caller.account, caller.tenant)
                changed = self.profiles.change(connection, tenant, user, change, proof=proof.proof, caller=caller)
            self._note(connection, tenant, "user-updated", user, caller)
            if changed.user.is_active != user.is_active:
                kind: Kind = "user-activated" if changed.user.is_active else "user-deactivated"
                self._note(connection, tenant, kind, user, caller)
            return changed

        changed = await self.database.write(transaction)
        self.profiles.authenticators.wake()
        return changed

    async def delete(self, caller: Caller, user_id: str) -> None:
        """Delete a user permanently.

        Raises InvalidRequestError for the caller themselves and for the last administrator, NotFoundError, or
        AuthorityError for a user with permissions that the caller does not have.
        """
        if user_id.lower() == caller.user_id:
            raise InvalidRequestError("Users cannot delete themselves.", ErrorCode.INVALID_REQUEST)

        def transaction(connection: Connection) -> None:
            tenant = require_tenant(connection, caller.account, caller.tenant)
            with _keeping_an_administrator(connection, caller):
                user = _lock(connection, caller, user_id)
                delete_user(connection, user)
            self._note(connection, tenant, "user-deleted", user, caller)

        await self.database.write(transaction)

    async def set_questions(
        self, caller: Caller, user_id: str, questions: Sequence[NewQuestion], previous: str | None = None
    ) -> None:
        """Replace the security questions of a user.

        Changes of oneself follow the rules of OwnAccountService; for others, `previous` is ignored. Raises
        NotFoundError, AuthorityError for a user with permissions that the caller does not have, or InvalidRequestError.
        """
        if user_id.lower() == caller.user_id:
            await self.own_account.set_questions(caller, questions, previous)
            return

        def look(connection: Connection) -> None:
            user = _require(get_user(connection, caller.account, caller.tenant, user_id.lower()))
            # Checked before the answers are hashed. The check below, on the locked user, decides.
            require_authority(connection, caller, user)
            require_askable(require_tenant(connection, caller.account, caller.tenant), user)

        await self.database.read(look, brief=True)
        require_complete(questions)
        hashed = await hash_answers(self.passwords, questions)
        authenticators = self.profiles.authenticators

        def transaction(connection: Connection) -> None:
            user = _lock(connection, caller, user_id)
            tenant = require_tenant(connection, caller.account, caller.tenant)
            authenticators.change_questions(
                connection,
                tenant,
                user,
                hashed,
                proof=Proof.ADMINISTRATOR,
                now=self.clock(),
                actor_id=caller.actor_on(user.user_id),
            )
            self._note(connection, tenant, "user-updated", user, caller)

        await self.database.write(transaction)
        authenticators.wake()

    def _note(self, connection: Connection, tenant: Tenant, kind: Kind, user: User, caller: Caller) -> None:
        self.audit.note(
            connection,
            resolved(tenant),
            kind,
            "ok",
            now=self.clock(),
            user_id=user.user_id,
            actor_id=caller.actor_on(user.user_id),
        )


def _read_order(order_by: str) -> Sequence[tuple[str, bool]]:
    """The properties to sort by, each with whether it ascends."""
    found = ((name.lower(), not minus) for name, minus in _SORTED.findall(order_by))
    return [(name, ascends) for name, ascends in found if name in SORTABLE]


def _keeping_an_administrator(connection: Connection, caller: Caller) -> AbstractContextManager[None]:
    return keep_an_administrator(connection, caller.account, caller.tenant)


def _lock(connection: Connection, caller: Caller, user_id: str) -> User:
    """The locked user to act on. Raises NotFoundError or AuthorityError."""
    user = _require(lock_user(connection, caller.account, caller.tenant, user_id.lower()))
    require_authority(connection, caller, user)
    return user


def _require(user: User | None) -> User:
    if user is None:
        raise NotFoundError("There is no user of this id.", ErrorCode.UNKNOWN_USER)
    return user
