"""The workflows of the repository, as far as they can be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.contract import ROOT

_FILES: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# A major version, or the branch that the publisher of this action keeps for one.
_PINNED: Final = re.compile(r"(actions/[\w-]+@v\d+|pypa/gh-action-pypi-publish@release/v\d+)")


def _read(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _steps(document: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_run_what_there_is(path: Path) -> None:
    """Actions are pinned; targets of make exist; a job may only read, unless it says what else."""
    document = _read(path)
    assert document["permissions"] == {"contents": "read"}
    for step in _steps(document):
        assert "uses" not in step or _PINNED.fullmatch(step["uses"])
        command = step.get("run", "")
        assert set(re.findall(r"^make ([a-z-]+)", command, re.MULTILINE)) <= _TARGETS
        # What a stranger can choose, such as the name of a branch, gets into no shell.
        assert "${{" not in command
        for named in re.findall(r"deploy/[\w.]+", command):
            assert (ROOT / named).exists()


def test_release_is_of_a_tag_and_needs_no_password() -> None:
    """Only a tag starts a release, and only one job of it, in its own environment, can publish."""
    document = _read(ROOT / ".github" / "workflows" / "release.yml")
    # YAML reads `on` as true.
    assert document[True] == {"push": {"tags": ["v*"]}}
    may_identify = {name for name, job in document["jobs"].items() if "id-token" in job.get("permissions", {})}
    assert may_identify == {"publish"}
    assert document["jobs"]["publish"]["environment"]["name"] == "pypi"
    assert "secrets." not in (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    build = [step.get("run") for step in document["jobs"]["build"]["steps"]]
    assert 'make dist TAG="$GITHUB_REF_NAME"' in build


def test_container_is_asked_for_its_health() -> None:
    """The image and the services of the compose file are started where there is an engine, and asked for `/healthz`."""
    jobs = _read(ROOT / ".github" / "workflows" / "container.yml")["jobs"]
    for name, starts in [("image", "docker build --file deploy/Containerfile"), ("compose", "up --build")]:
        commands = "\n".join(step.get("run", "") for step in jobs[name]["steps"])
        assert starts in commands
        assert re.search(r"curl --fail .*/healthz", commands)
