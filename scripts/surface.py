"""Writes the public surface of the package `meshydb` to a snapshot. With --check, prints how it has changed."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import griffe

_ROOT = Path(__file__).parents[1]
_SNAPSHOT = _ROOT / "tests" / "surface" / "public_surface.txt"
# Special methods that statements and built-in functions call.
_SPECIAL = {"__init__", "__call__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__iter__", "__aiter__"}

_OF_CONSTRUCTORS = {"default", "factory", "kw_only", "init"}


def surface() -> str:
    """Describe everything that is exported: each class with its bases and members, and each function."""
    package = griffe.load("meshydb", search_paths=[_ROOT / "wrapper"], resolve_aliases=True)
    exported = [str(name) for name in package.exports or []]
    return "".join(f"{line}\n" for name in exported for line in _described(package[name], set(exported)))


def _described(each: griffe.Object | griffe.Alias, exported: set[str]) -> Iterator[str]:
    target = each.final_target if isinstance(each, griffe.Alias) else each
    if not isinstance(target, griffe.Class):
        yield from _member(target)
        return
    # A base that is not exported only holds the shared members of its subclasses.
    hidden = list(takewhile(lambda base: base.name not in exported, target.mro()))
    named = [str(base) for kind in [target, *hidden] for base in kind.bases]
    bases = [base for base in named if base not in {kind.name for kind in hidden}]
    decorators = "".join(f" @{decorator.value}" for decorator in target.decorators)
    yield f"class {target.name}({', '.join(bases)}){decorators}"
    for member in _members([*reversed(hidden), target]):
        yield from (f"    {line}" for line in _member(member))


def _members(kinds: list[griffe.Class]) -> list[griffe.Object]:
    """Return the public members of the last kind: attributes in order, which is that of arguments, then the rest."""
    named = {name: member for kind in kinds for name, member in kind.members.items()}
    members = [
        member
        for name, member in named.items()
        if isinstance(member, griffe.Object) and (name in _SPECIAL or not name.startswith("_"))
    ]
    return sorted(members, key=lambda member: "" if member.is_attribute else member.name)


def _member(member: griffe.Object) -> Iterator[str]:
    if isinstance(member, griffe.Function):
        labels = "".join(f"{label} " for label in sorted(member.labels))
        yield f"{labels}{member.signature(return_type=True)}"
    elif isinstance(member, griffe.Attribute):
        kind = "property " if "property" in member.labels else ""
        annotation = f": {member.annotation}" if member.annotation is not None else ""
        yield f"{kind}{member.name}{annotation}{_default(member)}"


def _default(member: griffe.Attribute) -> str:
    """Describe how an attrs field appears in the constructor."""
    value = member.value
    if not isinstance(value, griffe.ExprCall) or str(value.function) != "field":
        return ""
    told = [str(each) for each in value.arguments if str(each).partition("=")[0] in _OF_CONSTRUCTORS]
    return f" [{', '.join(told)}]" if told else ""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when anything would change")
    made = surface()
    if not parser.parse_args().check:
        _SNAPSHOT.write_text(made, encoding="utf-8")
        return
    committed = _SNAPSHOT.read_text(encoding="utf-8")
    difference = difflib.unified_diff(committed.splitlines(), made.splitlines(), "committed", "now", n=2, lineterm="")
    if lines := list(difference):
        print("\n".join(lines))
        sys.exit(
            "The public surface has changed. If that is meant, run `make surface`, commit the snapshot, and note it\n"
            "in CHANGELOG.md: what is gone, or asks for more, breaks the code of those who use it."
        )


if __name__ == "__main__":
    main()
