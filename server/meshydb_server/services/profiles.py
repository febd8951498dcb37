"""What users are shown of users, and how their names and addresses are changed."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.contacts import require_reachable
from meshydb_server.services.errors import InvalidRequestError
from meshydb_server.services.keys import Keyring, authenticate
from meshydb_server.services.roles import role_key, roles_of
from meshydb_server.services.sources import Sources
from meshydb_server.services.usernames import names_key, username_key
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.credentials import end_sessions
from meshydb_server.storage.questions import list_questions_of
from meshydb_server.storage.recoveries import disown
from meshydb_server.storage.roles import Membership, list_memberships
from meshydb_server.storage.users import User, update_user


@frozen
class ShownQuestion:
    """A security question, and a mark that changes with its answer and tells nothing of it."""

    question: str
    answer_hash: str


@frozen
class Profile:
    """A user, with roles and questions."""

    user: User
    roles: Sequence[Membership]
    questions: Sequence[ShownQuestion]


@frozen(kw_only=True)
class ProfileChange:
    """What a user is to be. Username and roles may be there, but not differ; `verified` and `is_active` may be None."""

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
    """Reads and changes profiles, within the transactions of others."""

    sources: Sources
    keyring: Keyring = field(repr=False)

    def load(self, connection: Connection, user: User) -> Profile:
        """The profile of a user."""
        (profile,) = self.load_all(connection, user.account, user.tenant, [user])
        return profile

    def load_all(self, connection: Connection, account: str, tenant: str, users: Sequence[User]) -> Sequence[Profile]:
        """The profiles of users of one tenant, in the same order."""
        ids = [user.user_id for user in users]
        roles = list_memberships(connection, account, tenant, ids)
        questions = list_questions_of(connection, account, tenant, ids)
        return [
            Profile(
                user,
                roles.get(user.user_id, ()),
                [
                    ShownQuestion(each.question, self._mark(each.answer_hash))
                    for each in questions.get(user.user_id, ())
                ],
            )
            for user in users
        ]

    def change(self, connection: Connection, tenant: Tenant, user: User, change: ProfileChange) -> Profile:
        """Change a user, whom the caller has locked, to what is asked. Raises InvalidRequestError."""
        if not user.anonymous:
            require_reachable(tenant, change.email, change.phone)
        if change.username and username_key(change.username) != user.username_key:
            raise InvalidRequestError("The username cannot be changed.")
        if change.roles is not None and not _same_roles(change.roles, roles_of(connection, user)):
            raise InvalidRequestError("Roles cannot be changed together with the user.")
        changed = evolve(
            user,
            first_name=change.first_name,
            last_name=change.last_name,
            names_key=names_key(change.first_name, change.last_name),
            email=change.email or None,
            phone=change.phone or None,
            verified=user.verified if change.verified is None else change.verified,
            is_active=user.is_active if change.is_active is None else change.is_active,
        )
        update_user(connection, changed)
        if (changed.email, changed.phone) != (user.email, user.phone):
            # Codes have gone to an address that is the user's no more.
            disown(connection, user, self.sources.now())
        if not changed.is_active:
            # Whoever is let in again later logs in again.
            end_sessions(connection, user)
        return self.load(connection, changed)

    def _mark(self, answer_hash: str) -> str:
        mac = authenticate(self.keyring.oldest.answers, answer_hash)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _same_roles(names: Sequence[str], held: Sequence[Membership]) -> bool:
    return {role_key(name) for name in names} == {role_key(each.name) for each in held}
