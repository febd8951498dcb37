"""Profiles: which details of users are shown, and how names and addresses are changed.

Addresses are changed by `services.users.authenticators`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.keys import Keyring, authenticate
from meshydb_server.services.common.usernames import names_key, username_key
from meshydb_server.services.roles import role_key, roles_of
from meshydb_server.services.users.authenticators import Authenticators, Proof, shown
from meshydb_server.services.users.contacts import require_reachable
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.logins.sessions import end_sessions
from meshydb_server.storage.roles import Membership, ProfileRecord, list_memberships
from meshydb_server.storage.users import User, update_user
from meshydb_server.storage.users.authenticators import Contact
from meshydb_server.storage.users.questions import Question, list_pending_questions, list_questions_of


@frozen
class ShownQuestion:
    """A security question, and a mark that changes with its answer and reveals nothing about it."""

    question: str
    answer_hash: str


@frozen
class Profile:
    """A user as shown, with roles and questions; see services.users.authenticators.shown."""

    user: User
    roles: Sequence[Membership]
    questions: Sequence[ShownQuestion]


@frozen(kw_only=True)
class ProfileChange:
    """The new values of a user. `username` and `roles` must not differ; `verified` and `is_active` may be None."""

    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    roles: Sequence[str] | None = None
    verified: bool | None = None
    is_active: bool | None = None


@frozen
class Profiles:
    """Reads and changes profiles in the caller's transaction."""

    clock: Clock
    keyring: Keyring = field(repr=False)
    authenticators: Authenticators

    def load(self, connection: Connection, tenant: Tenant, user: User, *, own: bool = False) -> Profile:
        """The profile of a user of a tenant. With `own`, as the user sees it."""
        (profile,) = self.load_all(connection, tenant, [user], own_id=user.user_id if own else None)
        return profile

    def load_all(
        self, connection: Connection, tenant: Tenant, users: Sequence[User], *, own_id: str | None
    ) -> Sequence[Profile]:
        """The profiles of users of one tenant, in the same order. The user with `own_id` sees their own values."""
        now = self.clock()
        ids = [user.user_id for user in users]
        roles = list_memberships(connection, tenant.account, tenant.name, ids)
        questions = dict(list_questions_of(connection, tenant.account, tenant.name, ids))
        # Pending questions are shown to the user, and to others once they are in force.
        replaced = [
            user.user_id
            for user in users
            if user.questions_pending_at and (user.user_id == own_id or user.questions_pending_at <= now)
        ]
        if replaced:
            pending = list_pending_questions(connection, tenant.account, tenant.name, replaced)
            questions.update({user_id: pending.get(user_id, ()) for user_id in replaced})
        return [
            Profile(
                shown(user, tenant.verification, now, own=user.user_id == own_id),
                roles.get(user.user_id, ()),
                [self._show(each) for each in questions.get(user.user_id, ())],
            )
            for user in users
        ]

    def show_own(self, found: ProfileRecord) -> Profile:
        """The profile of a user without questions, as the user sees it."""
        return Profile(shown(found.user, found.verification, self.clock(), own=True), found.roles, [])

    def change(
        self,
        connection: Connection,
        tenant: Tenant,
        user: User,
        change: ProfileChange,
        *,
        proof: Proof,
        caller: Caller,
    ) -> Profile:
        """Change a user whom the caller has locked, with this proof. Raises InvalidRequestError."""
        actor_id = caller.actor_on(user.user_id)
        if not user.anonymous:
            require_reachable(tenant, change.email, change.phone)
        if change.username and username_key(change.username) != user.username_key:
            raise InvalidRequestError("The username cannot be changed.", ErrorCode.INVALID_REQUEST)
        if change.roles is not None and not _same_roles(change.roles, roles_of(connection, user)):
            raise InvalidRequestError("Roles cannot be changed together with the user.", ErrorCode.INVALID_REQUEST)
        contacts: dict[Contact, str | None] = {"email": change.email, "phone": change.phone}
        now = self.clock()
        changed = evolve(
            self.authenticators.change(
                connection,
                tenant,
                user,
                contacts,
                proof=proof,
                now=now,
                verified=change.verified,
                actor_id=actor_id,
            ),
            first_name=change.first_name,
            last_name=change.last_name,
            names_key=names_key(change.first_name, change.last_name),
            is_active=user.is_active if change.is_active is None else change.is_active,
        )
        update_user(connection, changed)
        if not changed.is_active:
            # A deactivated user must log in again after reactivation.
            end_sessions(connection, user)
        return self.load(connection, tenant, changed, own=actor_id is None)

    def _show(self, question: Question) -> ShownQuestion:
        return ShownQuestion(question.question, self._mark(question.answer_hash))

    def _mark(self, answer_hash: str) -> str:
        mac = authenticate(self.keyring.oldest.answers, answer_hash)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _same_roles(names: Sequence[str], held: Sequence[Membership]) -> bool:
    return {role_key(name) for name in names} == {role_key(each.name) for each in held}
