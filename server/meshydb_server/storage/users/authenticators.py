"""Changes of what proves a user: addresses, security questions and passwords, and their proofs.

No other module writes these columns and tables, except to add a user. See services.users.authenticators for the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from sqlalchemy import Table, Update, and_, bindparam, delete, insert, not_, null, or_, true, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from meshydb_server.storage.schema import pending_questions, security_questions, users
from meshydb_server.storage.users.questions import Question
from meshydb_server.storage.users.rows import User

Contact = Literal["email", "phone"]
Authenticator = Literal["email", "phone", "questions"]

CONTACTS: Final[tuple[Contact, ...]] = ("email", "phone")
AUTHENTICATORS: Final[tuple[Authenticator, ...]] = (*CONTACTS, "questions")


def write_authenticators(connection: Connection, user: User) -> None:
    """Store the addresses of a user, the pending ones, and the proofs. The caller has locked the user."""
    given = {f"new_{name}": getattr(user, name) for name in _COLUMNS}
    connection.execute(_WRITE, {**_key(user), **given})


def replace_password(
    connection: Connection, user: User, password_hash: str, *, proved: Authenticator | None = None
) -> bool:
    """Set a password, increment the credential version, and cancel pending changes.

    `proved` is what the user has proved for this. Returns False if the password was changed, or the user deleted,
    meanwhile.
    """
    proofs = {f"by_{each}": each == proved for each in AUTHENTICATORS}
    given = {**_key(user), "seen": user.credential_version, "new": password_hash, **proofs}
    if connection.execute(_REPLACE_PASSWORD, given).rowcount != 1:
        return False
    if user.questions_pending_at is not None:
        delete_pending_questions(connection, user)
    return True


def mark_proved(connection: Connection, user: User, contact: Contact) -> bool:
    """Record that a user has proved an address. False if that was known, or the user is gone."""
    return connection.execute(_MARK_PROVED[contact], _key(user)).rowcount == 1


def insert_questions(connection: Connection, user: User, questions: Sequence[Question]) -> None:
    """Add the questions of a user who has none."""
    _insert(connection, security_questions, user, questions)


def replace_questions(connection: Connection, user: User, questions: Sequence[Question]) -> None:
    """Replace all questions of a user."""
    connection.execute(_DELETE[security_questions.name], _key(user))
    insert_questions(connection, user, questions)


def replace_pending_questions(connection: Connection, user: User, questions: Sequence[Question]) -> None:
    """Replace all pending questions of a user."""
    delete_pending_questions(connection, user)
    _insert(connection, pending_questions, user, questions)


def delete_pending_questions(connection: Connection, user: User) -> None:
    """Delete the pending questions of a user."""
    connection.execute(_DELETE[pending_questions.name], _key(user))


def _insert(connection: Connection, table: Table, user: User, questions: Sequence[Question]) -> None:
    owner = {"account": user.account, "tenant": user.tenant, "user_id": user.user_id}
    for position, each in enumerate(questions):
        row = {**owner, "position": position, "question": each.question, "answer_hash": each.answer_hash}
        connection.execute(_INSERT[table.name], row)


def _key(user: User) -> dict[str, str]:
    return {"the_account": user.account, "the_tenant": user.tenant, "the_user_id": user.user_id}


def _of_user(table: Table) -> ColumnElement[bool]:
    return and_(*(table.c[name] == bindparam(f"the_{name}") for name in ("account", "tenant", "user_id")))


def _by(authenticator: Authenticator) -> ColumnElement[bool]:
    return bindparam(f"by_{authenticator}", type_=users.c.verified.type)


_PENDING: Final = (
    *(f"{contact}_{name}" for contact in CONTACTS for name in ("pending", "pending_at")),
    "questions_pending_at",
)
_COLUMNS: Final = (
    *(f"{contact}{name}" for contact in CONTACTS for name in ("", "_former", "_former_until")),
    *_PENDING,
    *(f"{each}_proved" for each in AUTHENTICATORS),
    "verified",
)
_WRITE: Final = (
    update(users)
    .where(_of_user(users))
    .values({name: bindparam(f"new_{name}", type_=users.c[name].type) for name in _COLUMNS})
)
# A code verifies a user who has proved nothing yet. An answer does not: the user chose it at registration.
_REPLACE_PASSWORD: Final = (
    update(users)
    .where(_of_user(users), users.c.credential_version == bindparam("seen"))
    .values(
        {
            "password_hash": bindparam("new"),
            "credential_version": users.c.credential_version + 1,
            **dict.fromkeys(_PENDING, null()),
            "email_proved": or_(users.c.email_proved, _by("email")),
            "phone_proved": or_(users.c.phone_proved, _by("phone")),
            "questions_proved": or_(users.c.questions_proved, and_(users.c.verified, _by("questions"))),
            "verified": or_(users.c.verified, _by("email"), _by("phone")),
        }
    )
)
_MARK_PROVED: Final[Mapping[Contact, Update]] = {
    contact: update(users)
    .where(_of_user(users), not_(and_(users.c.verified, users.c[f"{contact}_proved"])))
    .values({"verified": true(), f"{contact}_proved": true()})
    for contact in CONTACTS
}
_DELETE: Final = {table.name: delete(table).where(_of_user(table)) for table in (security_questions, pending_questions)}
_INSERT: Final = {table.name: insert(table) for table in (security_questions, pending_questions)}
