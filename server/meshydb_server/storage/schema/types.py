"""The metadata of all tables, and the column type of times."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, MetaData, TypeDecorator
from sqlalchemy.engine import Dialect

from meshydb_server import timestamps


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored as whole milliseconds since 1970.

    Both databases compare and index it alike, and it has exactly the precision of the API's dates.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102
        return None if value is None else timestamps.to_milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else timestamps.from_milliseconds(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
