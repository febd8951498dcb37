"""The public surface: what is exported, and that both forms of it are one."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Final

import pytest

import meshydb
from meshydb import MeshyClient, MeshyError
from meshydb._sync.client import ClientOptions
from tests.support.contract import ROOT

FORMS: Final = [
    (getattr(meshydb, name), getattr(meshydb, name.removeprefix("Async")))
    for name in meshydb.__all__
    if name.startswith("Async")
]
# Sends nothing itself: it returns searches.
ONLY_SEARCHES: Final = {"ProjectionsService"}
SPECIAL: Final = {"__init__", "__repr__", "__doc__"}


def members(kind: type) -> dict[str, object]:
    """Return the members of a class, including those of its private bases."""
    return {name: member for base in reversed(kind.__mro__[:-1]) for name, member in vars(base).items()}


PUBLIC: Final = [
    pytest.param(asynchronous, synchronous, name, id=f"{synchronous.__name__}.{name}")
    for asynchronous, synchronous in FORMS
    for name in sorted(members(asynchronous))
    if not name.startswith("_") or name in SPECIAL
]


def test_exports() -> None:
    """`__all__` lists all public names in order."""
    bound = {
        name for name, value in vars(meshydb).items() if not name.startswith("_") and not inspect.ismodule(value)
    } | {"__version__"}
    assert meshydb.__all__ == sorted(bound)


def test_surface_is_that_of_the_snapshot() -> None:
    """The public surface equals its snapshot."""
    command = [sys.executable, str(ROOT / "scripts" / "surface.py"), "--check"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


def test_every_exception_is_exported() -> None:
    """No error that a caller may want to catch is hidden."""

    def below(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*map(below, kind.__subclasses__()))

    assert {name for name in below(MeshyError) if not name.startswith("_")} <= set(meshydb.__all__)


@pytest.mark.parametrize(
    ("asynchronous", "synchronous", "name"), [each for each in PUBLIC if each.values[2] != "__doc__"]
)
def test_both_forms_have_the_same_signatures(asynchronous: type, synchronous: type, name: str) -> None:
    """Sync and async members have the same signatures, apart from the HTTP client."""
    one, other = (inspect.getattr_static(kind, name) for kind in (asynchronous, synchronous))
    if isinstance(one, property):
        one, other = one.fget, other.fget
    elif isinstance(one, classmethod):
        one, other = one.__func__, other.__func__
    expected = str(inspect.signature(one)).replace("Async", "").replace("_async", "_sync")
    assert str(inspect.signature(other)) == expected


@pytest.mark.parametrize(("asynchronous", "synchronous", "name"), PUBLIC)
def test_both_forms_have_the_same_docstrings(asynchronous: type, synchronous: type, name: str) -> None:
    """A member is described in the same words in both forms, and described at all."""
    one, other = (members(kind)[name] for kind in (asynchronous, synchronous))
    assert inspect.getdoc(one) == inspect.getdoc(other)
    assert name in SPECIAL or inspect.getdoc(one)


@pytest.mark.parametrize(("asynchronous", "synchronous"), FORMS)
def test_both_forms_have_the_same_members(asynchronous: type, synchronous: type) -> None:
    """Neither form has a public member that the other lacks, and nothing of the blocking one is awaited."""
    assert [name for name in members(synchronous) if not name.startswith("_")] == [
        name for name in members(asynchronous) if not name.startswith("_")
    ]
    awaited = any(inspect.iscoroutinefunction(member) for member in members(asynchronous).values())
    assert awaited is (synchronous.__name__ not in ONLY_SEARCHES)
    assert not any(inspect.iscoroutinefunction(member) for member in members(synchronous).values())


def test_options_are_those_of_the_constructor() -> None:
    """The class methods take the keyword options that the class takes."""
    parameters = inspect.signature(MeshyClient).parameters.values()
    keywords = {each.name: each.annotation for each in parameters if each.kind is each.KEYWORD_ONLY}
    # An annotation that is written as a string is kept as such in the one, and as a ForwardRef in the other.
    options = {name: getattr(each, "__forward_arg__", each) for name, each in ClientOptions.__annotations__.items()}
    assert options == keywords


def test_tenant_default_reads_well() -> None:
    """`help()` tells where the tenant comes from."""
    assert "tenant: str | None = <from MESHYDB_TENANT>" in str(inspect.signature(MeshyClient))
