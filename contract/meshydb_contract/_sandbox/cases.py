"""What the sandbox asks of a case or a response."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from schemathesis import Response
from schemathesis.core.parameters import ParameterLocation

from meshydb_contract._contract.cases import AnyCase

UNKNOWN_ID: Final = "0" * 24
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})


def is_unsafe(case: AnyCase) -> bool:
    """Return whether a case may change something."""
    return case.method.upper() not in _SAFE_METHODS


def is_valid(case: AnyCase) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def has_valid_body(case: AnyCase) -> bool:
    """Return whether the body of a case is valid, whatever is wrong with the rest."""
    body = None if case.meta is None else case.meta.components.get(ParameterLocation.BODY)
    # Examples have no metadata for their parts.
    return is_valid(case) if body is None else body.mode.is_positive


def is_stateful(case: AnyCase) -> bool:
    """Return whether a case is a step of a chain of calls along links."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def json_of(response: Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def ids_in(value: Any) -> Iterator[str]:
    """Yield all ids in a response, in lower case."""
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            if name == "id" and isinstance(each, str) and each:
                yield each.lower()
            yield from ids_in(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from ids_in(each)
