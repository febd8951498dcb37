"""The types of the public surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs
import griffe
import pytest

import meshydb
from tests.support.contract import ROOT

EXPORTED: Final = {name: getattr(meshydb, name) for name in meshydb.__all__}
RESULTS: Final = [kind for kind in EXPORTED.values() if isinstance(kind, type) and attrs.has(kind)]
# Documents hold any JSON.
PLAIN: Final = {str, bytes, int, float, bool, NoneType, datetime, tuple, dict, Mapping, Any}
# Names the keyword arguments of a client, for type checkers; nobody makes one.
OPTIONS: Final = {"ClientOptions", "AsyncClientOptions"}


def _atoms(annotation: Any) -> Iterator[Any]:
    """The classes that an annotation is made of."""
    arguments = [each for each in get_args(annotation) if each is not Ellipsis]
    if arguments:
        origin = get_origin(annotation)
        if isinstance(origin, type) and origin.__module__ != "types":
            yield origin
        for each in arguments:
            yield from _atoms(each)
    else:
        yield annotation


def _fields(kind: type) -> Mapping[str, attrs.Attribute[Any]]:
    return attrs.fields_dict(attrs.resolve_types(kind))


@pytest.mark.parametrize("kind", RESULTS)
def test_results_are_frozen_and_of_plain_types(kind: type) -> None:
    """A value of the client's own cannot be changed, and holds plain values and such values alone."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(object.__new__(kind), next(iter(_fields(kind))), None)
    for name, field in _fields(kind).items():
        for atom in _atoms(field.type):
            assert atom in PLAIN or atom in RESULTS or isinstance(atom, TypeVar), (name, atom)


@pytest.mark.parametrize("kind", RESULTS)
def test_points_in_time_are_aware(kind: type) -> None:
    """Datetime fields reject naive datetimes."""
    for name, field in _fields(kind).items():
        if datetime in _atoms(field.type):
            assert field.validator is not None, name
            with pytest.raises(ValueError, match=f"^{name} must have an offset from UTC$"):
                field.validator(None, field, datetime(2030, 1, 1))  # noqa: DTZ001 - as nobody should


def test_there_are_points_in_time() -> None:
    """The test above has something to look at."""
    fields = [field for kind in RESULTS for field in _fields(kind).values()]
    assert sum(datetime in _atoms(field.type) for field in fields) >= 3


def _named(expression: str | griffe.Expr | None) -> Iterator[str]:
    """The full names of what an annotation names."""
    if isinstance(expression, griffe.Expr):
        for each in expression.iterate(flat=True):
            if isinstance(each, griffe.ExprName):
                yield each.canonical_path


# Type variables, which stand for a class of the caller.
VARIABLES: Final = {"T"}
# Arguments that take what httpx has.
OF_HTTPX: Final = {"http_client", "timeout"}


def test_signatures_name_what_is_exported() -> None:
    """Public signatures contain no private, generated or transport type, but for two arguments."""
    package = griffe.load("meshydb", search_paths=[ROOT / "wrapper"], resolve_aliases=True)
    seen: set[str] = set()
    for name in EXPORTED:
        exported = package[name]
        target = exported.final_target if exported.is_alias else exported
        for member in target.all_members.values():
            if not isinstance(member, griffe.Function) or member.name.startswith("_"):
                continue
            parameters = [each.annotation for each in member.parameters if each.name not in OF_HTTPX]
            for path in [path for each in [*parameters, member.returns] for path in _named(each)]:
                seen.add(path)
                top, _, rest = path.partition(".")
                assert top not in {"meshydb_api", "httpx"}, (member.path, path)
                public = EXPORTED.keys() | OPTIONS | VARIABLES
                assert top != "meshydb" or rest.rpartition(".")[2] in public, (member.path, path)
    assert "meshydb._models.User" in seen


def test_typed() -> None:
    """Type checkers read the package."""
    assert (Path(meshydb.__file__).parent / "py.typed").exists()
