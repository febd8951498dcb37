"""Queries on security questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import field, frozen
from sqlalchemy import ScalarSelect, bindparam, func, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import security_questions


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


_NEAREST: Final = (
    select(security_questions.c.user_id, security_questions.c.question, security_questions.c.answer_hash)
    .where(*_HERE, security_questions.c.user_id == func.coalesce(_lowest(above="user_id"), _lowest()))
    .order_by(security_questions.c.position)
)
