"""Creates users, for every operation that does so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import Attribute, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Audit
from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import AuthorityError, InvalidRequestError
from meshydb_server.services.common.lookup import resolved
from meshydb_server.services.common.passwords import Passwords, require_acceptable
from meshydb_server.services.common.usernames import names_key, require_new_username, username_key
from meshydb_server.services.roles import (
    USER_ROLE,
    covers,
    operations_of,
    require_assignable,
    require_short_tokens,
    role_key,
)
from meshydb_server.services.users.contacts import require_reachable
from meshydb_server.services.users.questions import NewQuestion, hash_answers, require_complete
from meshydb_server.storage.accounts import Tenant, lock_tenant
from meshydb_server.storage.roles import Permission, insert_membership, list_memberships, list_permissions, lock_roles
from meshydb_server.storage.users import User, insert_user
from meshydb_server.storage.users.authenticators import insert_questions
from meshydb_server.storage.users.questions import Question

USERNAME_TAKEN: Final = "The username is taken."
_USER_ID_BYTES: Final = 12


def _check_username(_user: NewUser, _attribute: Attribute[str], username: str) -> None:
    require_new_username(username)


@frozen(kw_only=True)
class NewUser:
    """A user to create. Password and answers are hashed before they are stored.

    Raises InvalidRequestError if new users may not have the username.
    """

    username: str = field(validator=_check_username)
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    password: str | None = field(default=None, repr=False)
    questions: Sequence[NewQuestion] = ()
    roles: Sequence[str] = ()
    anonymous: bool = False
    verified: bool = True
    is_active: bool = True


@frozen
class Secrets:
    """The hashes of a new user's password and answers."""

    password_hash: str | None = field(default=None, repr=False)
    questions: Sequence[Question] = ()


def require_complete_user(tenant: Tenant, new: NewUser) -> None:
    """Raise InvalidRequestError unless a user has what the tenant requires, and an acceptable password."""
    require_reachable(tenant, new.email, new.phone)
    if tenant.verification == "question" and not new.questions:
        raise InvalidRequestError("At least one security question is required.", ErrorCode.QUESTIONS_INVALID)
    require_complete(new.questions)
    require_acceptable(new.password or "", new.username)


async def hash_secrets(passwords: Passwords, tenant: Tenant, new: NewUser) -> Secrets:
    """Hash the secrets of a new user. Drops questions if the tenant does not use them."""
    questions = new.questions if tenant.verification == "question" else ()
    password_hash = None if new.password is None else await passwords.hash(new.password)
    return Secrets(password_hash, await hash_answers(passwords, questions))


def add_user(
    connection: Connection,
    clock: Clock,
    randomness: Randomness,
    tenant: Tenant,
    new: NewUser,
    secrets: Secrets,
    held: Collection[str] | None = None,
) -> User:
    """Add a user, with the default role unless they are anonymous. A taken name raises a database error.

    `held` are the permissions of the caller, which the other roles must not exceed. Without it, any role may be
    assigned. Raises InvalidRequestError or AuthorityError.
    """
    if new.roles:
        # Before any other lock. The permissions of the roles do not change meanwhile.
        lock_tenant(connection, tenant.account, tenant.name)
    now = clock()
    proved = new.verified and not new.anonymous
    # If the tenant uses questions, having set them allows logins, verified or not.
    admitted = proved or (tenant.verification == "question" and bool(secrets.questions))
    user = User(
        account=tenant.account,
        tenant=tenant.name,
        user_id=randomness(_USER_ID_BYTES).hex(),
        username=new.username,
        username_key=username_key(new.username),
        email=new.email or None,
        phone=new.phone or None,
        first_name=new.first_name,
        last_name=new.last_name,
        names_key=names_key(new.first_name, new.last_name),
        password_hash=secrets.password_hash,
        anonymous=new.anonymous,
        verified=admitted,
        email_proved=proved and tenant.verification == "email",
        phone_proved=proved and tenant.verification == "text",
        questions_proved=proved and tenant.verification == "question",
        is_active=new.is_active,
        credential_version=1,
        last_accessed=now if new.anonymous else None,
        created_at=now,
    )
    insert_user(connection, user)
    insert_questions(connection, user, secrets.questions)
    if not new.anonymous:
        _give_roles(connection, user, new.roles, held, now)
    return user


def note_creation(
    audit: Audit,
    connection: Connection,
    clock: Clock,
    tenant: Tenant,
    user: User,
    outcome: str,
    actor_id: str | None = None,
) -> None:
    """Append an event that somebody created a user, and one for each role that they gave besides the default one."""
    of_tenant, user_id = resolved(tenant), user.user_id
    audit.note(connection, of_tenant, "user-created", outcome, now=clock(), user_id=user_id, actor_id=actor_id)
    held = list_memberships(connection, user.account, user.tenant, [user_id]).get(user_id, ())
    for name in sorted(role.name for role in held if role_key(role.name) != USER_ROLE):
        audit.note_of_role(
            connection,
            of_tenant,
            "role-granted",
            outcome,
            # Later than the event before: the trail is in the order of time.
            now=clock(),
            subject=name,
            actor_id=actor_id,
            user_ids=[user_id],
        )


def _give_roles(
    connection: Connection, user: User, names: Sequence[str], held: Collection[str] | None, now: datetime
) -> None:
    wanted = {role_key(name): name for name in (USER_ROLE, *names)}
    # So that none of them is deleted meanwhile.
    found = lock_roles(connection, user.account, user.tenant, wanted)
    for key, name in wanted.items():
        if key not in found:
            raise InvalidRequestError(f"There is no role {name}.", ErrorCode.UNKNOWN_ROLE)
        require_assignable(key)
        if key != USER_ROLE and held is not None:
            _require_no_more(held, name, list_permissions(connection, found[key]))
        insert_membership(connection, user, found[key].role_id, now)
    if names:
        require_short_tokens(connection, user.account, user.tenant, [user.user_id])


def _require_no_more(held: Collection[str], name: str, permissions: Sequence[Permission]) -> None:
    if not covers(held, operations_of(permissions)):
        raise AuthorityError(f"The role {name} has permissions that you do not have, so you cannot assign it.")
