"""Queries on security questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import field, frozen
from sqlalchemy import ScalarSelect, bindparam, delete, func, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.recoveries import disown
from meshydb_server.storage.schema import security_questions
from meshydb_server.storage.users import User


@frozen
class Question:
    """A security question, and the Argon2 hash of its normalised answer."""

    question: str
    answer_hash: str = field(repr=False)


@frozen
class Questions:
    """The questions of one user, in their order."""

    user_id: str
    items: Sequence[Question]


def nearest_questions(connection: Connection, account: str, tenant: str, user_id: str) -> Questions | None:
    """The questions of this user; of the next one by id if this one has none; or else of the first of all."""
    rows = connection.execute(_NEAREST, {"account": account, "tenant": tenant, "user_id": user_id}).all()
    return Questions(rows[0][0], [Question(*row[1:]) for row in rows]) if rows else None


def list_questions_of(
    connection: Connection, account: str, tenant: str, user_ids: Iterable[str]
) -> Mapping[str, Sequence[Question]]:
    """The questions of these users, in their order; users without questions are not there."""
    given = {"account": account, "tenant": tenant, "user_ids": [*user_ids]}
    found: defaultdict[str, list[Question]] = defaultdict(list)
    for user_id, *question in connection.execute(_OF_USERS, given):
        found[user_id].append(Question(*question))
    return found


def insert_questions(connection: Connection, user: User, questions: Sequence[Question]) -> None:
    """Add the questions of a user who has none."""
    owner = {"account": user.account, "tenant": user.tenant, "user_id": user.user_id}
    for position, each in enumerate(questions):
        row = {**owner, "position": position, "question": each.question, "answer_hash": each.answer_hash}
        connection.execute(_INSERT, row)


def replace_questions(connection: Connection, user: User, questions: Sequence[Question], now: datetime) -> None:
    """Let these be the only questions of a user; answers to others do not complete a recovery any more.

    Raises StaleError.
    """
    disown(connection, user, now)
    owner = {"account": user.account, "tenant": user.tenant, "user_id": user.user_id}
    connection.execute(_DELETE, owner)
    insert_questions(connection, user, questions)


_HERE: Final = (
    security_questions.c.account == bindparam("account"),
    security_questions.c.tenant == bindparam("tenant"),
)


def _lowest(above: str | None = None) -> ScalarSelect[str]:
    other = security_questions.alias()
    lowest = select(func.min(other.c.user_id)).where(
        other.c.account == bindparam("account"), other.c.tenant == bindparam("tenant")
    )
    return (lowest if above is None else lowest.where(other.c.user_id >= bindparam(above))).scalar_subquery()


_QUESTIONS: Final = select(
    security_questions.c.user_id, security_questions.c.question, security_questions.c.answer_hash
).order_by(security_questions.c.position)
_NEAREST: Final = _QUESTIONS.where(
    *_HERE, security_questions.c.user_id == func.coalesce(_lowest(above="user_id"), _lowest())
)
_OF_USERS: Final = _QUESTIONS.where(*_HERE, security_questions.c.user_id.in_(bindparam("user_ids", expanding=True)))
_INSERT: Final = insert(security_questions)
_DELETE: Final = delete(security_questions).where(*_HERE, security_questions.c.user_id == bindparam("user_id"))
