"""What callers ask for: filters, orders and updates, and the errors of queries."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

from meshydb_server.query import (
    BY_ID,
    MATCH_ALL,
    Filter,
    Kind,
    LimitExceededError,
    Order,
    QueryError,
    Update,
    is_absent,
    parse_filter,
    parse_order,
    parse_update,
)
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError, QueryLimitError
from meshydb_server.storage.engine.errors import ScanTimeoutError

SEARCH_SECONDS: Final = 5.0

# Until then, the load of others may be over.
_RETRY_LATER: Final = 30
# Nothing is gained by asking the same again soon.
_RETRY_NEVER: Final = 86_400
_CODES: Final[Mapping[Kind, ErrorCode]] = {
    Kind.FILTER_INVALID: ErrorCode.FILTER_INVALID,
    Kind.UPDATE_INVALID: ErrorCode.UPDATE_INVALID,
    Kind.ORDER_INVALID: ErrorCode.ORDER_INVALID,
    Kind.PROJECTION_INVALID: ErrorCode.INVALID_REQUEST,
}


@contextmanager
def translated_queries() -> Generator[None]:
    """Translate errors of queries into those of services."""
    try:
        yield
    except LimitExceededError as error:
        message = f"The projection is too large: {error.reason}."
        raise QueryLimitError(message, ErrorCode.QUERY_TOO_LARGE, _RETRY_NEVER) from error
    except QueryError as error:
        raise InvalidRequestError(str(error), _CODES[error.kind]) from error
    except ScanTimeoutError as error:
        message = f"The query took longer than {SEARCH_SECONDS:g} seconds; add a narrower condition."
        raise QueryLimitError(message, ErrorCode.QUERY_TIMEOUT, _RETRY_LATER) from error


def read_filter(source: object) -> Filter:
    """The filter of a search; without one, all documents match. Raises InvalidRequestError."""
    with translated_queries():
        return MATCH_ALL if is_absent(source) else parse_filter(source)


def read_order(source: object) -> Order:
    """The order of a search; without one, by `_id`. Raises InvalidRequestError."""
    with translated_queries():
        return BY_ID if is_absent(source) else parse_order(source)


def require_filter(source: object) -> Filter:
    """The filter of a change. Raises InvalidRequestError if there is none: `{}` means all documents."""
    if is_absent(source):
        raise InvalidRequestError("filter is missing; {} means all documents.", ErrorCode.FILTER_REQUIRED)
    return read_filter(source)


def require_update(source: object) -> Update:
    """The update of a change. Raises InvalidRequestError."""
    if is_absent(source):
        raise InvalidRequestError("update is missing.", ErrorCode.UPDATE_REQUIRED)
    with translated_queries():
        return parse_update(source)
