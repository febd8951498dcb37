"""`meshydb-server projection …`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import run, run_json

_SERVER: Final = str(Path(sys.executable).with_name("meshydb-server"))
_PIPELINE: Final = "[{ $sortByCount: '$owner' }]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has an account."""
    folder = tmp_path_factory.mktemp("projections")
    run_json(folder, "account", "create", "acme")
    (folder / "pipeline").write_text(f"{_PIPELINE}\n", encoding="utf-8")
    (folder / "refused").write_text("[{ $match: {} }, { $lookup: {} }]", encoding="utf-8")
    (folder / "bytes").write_bytes(b"[\xff]")
    return folder


def test_create_list_and_delete(folder: Path) -> None:
    """A projection is created from a file, listed and deleted, each as JSON."""
    created = run_json(folder, "projection", "create", "acme", "perOwner", "--mesh", "Task", "--pipeline", "pipeline")
    assert created.pop("createdAt").endswith("Z")
    assert created == {
        "account": "acme",
        "tenant": "default",
        "name": "perowner",
        "mesh": "task",
        "pipeline": _PIPELINE,
    }
    assert [each["name"] for each in run_json(folder, "projection", "list", "acme")] == ["perowner"]
    deleted = run_json(folder, "projection", "delete", "acme", "PEROWNER")
    assert deleted == {"account": "acme", "tenant": "default", "name": "perowner"}
    assert run_json(folder, "projection", "list", "acme") == []


def test_pipeline_from_standard_input(folder: Path) -> None:
    """The pipeline may come from standard input."""
    command = [_SERVER, "projection", "create", "acme", "piped", "--mesh", "task", "--pipeline", "-"]
    done = subprocess.run(command, cwd=folder, input=_PIPELINE.encode(), check=True, capture_output=True, timeout=60)
    assert json.loads(done.stdout)["pipeline"] == _PIPELINE
    run_json(folder, "projection", "delete", "acme", "piped")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["create", "acme", "x", "--mesh", "task", "--pipeline", "refused"], 1, "invalid at [1].$lookup"),
        (["create", "acme", "x", "--mesh", "task", "--pipeline", "bytes"], 1, "The pipeline is not UTF-8."),
        (["create", "acme", "x", "--mesh", "t1", "--pipeline", "pipeline"], 1, "MESH: "),
        (["create", "acme", ".x", "--mesh", "task", "--pipeline", "pipeline"], 1, "NAME: "),
        (["create", "globex", "x", "--mesh", "task", "--pipeline", "pipeline"], 1, "There is no account"),
        (["create", "acme", "x", "--mesh", "task", "--pipeline", "missing"], 2, "No such file"),
        (["create", "acme", "x", "--mesh", "task"], 2, "--pipeline"),
        (["delete", "acme", "lost"], 1, "The tenant has no projection of this name."),
        (["list", "globex"], 1, "There is no account of this name."),
    ],
)
def test_refused(folder: Path, arguments: list[str], code: int, reason: str) -> None:
    """What is wrong is refused with a message that says so."""
    done = run(folder, "projection", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert reason in done.stderr
