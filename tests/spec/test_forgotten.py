"""What a contributor hears of an operation that lacks something, from `make generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from check_operations import faults_of, require_complete
from tests.support.contract import ROOT, placed_operations, read

_FORGOTTEN: Final[list[tuple[str, Any, str]]] = [
    ("operationId", None, "(GET /{accountName}/users/me) lacks an operationId."),
    ("summary", None, "getSelf (GET /{accountName}/users/me) lacks a summary."),
    ("description", None, "getSelf (GET /{accountName}/users/me) lacks a description."),
    ("responses", None, "getSelf (GET /{accountName}/users/me) lacks responses."),
    ("security", None, "getSelf (GET /{accountName}/users/me) lacks `security`: "),
    ("tags", None, "getSelf (GET /{accountName}/users/me) needs exactly one tag: one of "),
    ("tags", ["canary"], "getSelf (GET /{accountName}/users/me) has the tag 'canary', "),
    ("x-meshydb-replay", None, "getSelf (GET /{accountName}/users/me) lacks `x-meshydb-replay`: "),
    ("x-meshydb-replay", "save", "getSelf (GET /{accountName}/users/me) has `x-meshydb-replay: save`, "),
    ("operationId", "updateSelf", "updateSelf (GET /{accountName}/users/me) shares its operationId "),
]


def test_nothing_is_forgotten() -> None:
    """The contract lacks nothing of the kind."""
    require_complete(ROOT / "openapi.yaml")


@pytest.mark.parametrize(("member", "instead", "line"), _FORGOTTEN)
def test_forgotten(tmp_path: Path, member: str, instead: Any, line: str) -> None:
    """What is forgotten, or mistyped, is one line that begins with the operation's name."""
    document = read()
    (node,) = [each.node for each in placed_operations(document) if each.id == "getSelf"]
    del node[member]
    if instead is not None:
        node[member] = instead
    assert any(fault.startswith(line) for fault in faults_of(document))
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        require_complete(path)
    assert all(fault.startswith("openapi.yaml: ") for fault in str(caught.value).splitlines())


def test_no_yaml(tmp_path: Path) -> None:
    """A document that is no YAML is one line, which says where."""
    path = tmp_path / "openapi.yaml"
    path.write_text("paths:\n  a: b\n c: d\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"^openapi\.yaml, line 3: "):
        require_complete(path)
