"""Queries on security questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import field, frozen
from sqlalchemy import Row, ScalarSelect, bindparam, func, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import pending_questions, security_questions


@frozen
class Question:
    """A security question, and the Argon2 hash of its normalised answer."""

    question: str
    answer_hash: str = field(repr=False)


@frozen
class Questions:
    """The questions of one user, in order."""

    user_id: str
    items: Sequence[Question]


def nearest_questions(connection: Connection, account: str, tenant: str, user_id: str) -> Questions | None:
    """The questions of this user, or else of the next user by id that has some, or else of the first one."""
    rows = connection.execute(_NEAREST, {"account": account, "tenant": tenant, "user_id": user_id}).all()
    return Questions(rows[0][0], [Question(*row[1:]) for row in rows]) if rows else None


def list_questions_of(
    connection: Connection, account: str, tenant: str, user_ids: Iterable[str]
) -> Mapping[str, Sequence[Question]]:
    """The questions of these users, in order. Users without questions are absent."""
    return _group(connection.execute(_OF_USERS, {"account": account, "tenant": tenant, "user_ids": [*user_ids]}))


def list_pending_questions(
    connection: Connection, account: str, tenant: str, user_ids: Iterable[str]
) -> Mapping[str, Sequence[Question]]:
    """The pending questions of these users, in order."""
    return _group(connection.execute(_PENDING, {"account": account, "tenant": tenant, "user_ids": [*user_ids]}))


def _group(rows: Iterable[Row[*tuple[str, ...]]]) -> Mapping[str, Sequence[Question]]:
    found: defaultdict[str, list[Question]] = defaultdict(list)
    for user_id, question, answer_hash in rows:
        found[user_id].append(Question(question, answer_hash))
    return found


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
_PENDING: Final = (
    select(pending_questions.c.user_id, pending_questions.c.question, pending_questions.c.answer_hash)
    .where(
        pending_questions.c.account == bindparam("account"),
        pending_questions.c.tenant == bindparam("tenant"),
        pending_questions.c.user_id.in_(bindparam("user_ids", expanding=True)),
    )
    .order_by(pending_questions.c.position)
)
