"""Every call has a form that returns the raw response."""

from __future__ import annotations

import inspect
from typing import Any, Final

import pytest

from tests.surface.test_client import FORMS, ONLY_SEARCHES

# `close` sends no request.
NOT_CALLS: Final = {"close"}
CALLED: Final = [forms for forms in FORMS if forms[1].__name__ not in ONLY_SEARCHES]


@pytest.mark.parametrize(("asynchronous", "synchronous"), CALLED, ids=[each.__name__ for _, each in CALLED])
def test_every_call_has_a_raw_form(asynchronous: type, synchronous: type) -> None:
    """Each call has a raw form with the same name and arguments, and nothing else has one."""
    awaited = [name for name, _ in inspect.getmembers(asynchronous, inspect.iscoroutinefunction)]
    calls = {name for name in awaited if not name.startswith("_")} - NOT_CALLS
    for kind in (asynchronous, synchronous):
        # Not initialised: the calls are only looked at.
        subject: Any = object.__new__(kind)
        raw = vars(subject.with_raw_response)
        assert raw.keys() == calls
        for name, method in raw.items():
            assert inspect.signature(method) == inspect.signature(getattr(subject, name))
            assert inspect.getdoc(method) == inspect.getdoc(getattr(subject, name))
            assert inspect.iscoroutinefunction(method) is (kind is asynchronous)
