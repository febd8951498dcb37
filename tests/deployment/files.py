"""Reads the files of `deploy/`."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Final

import click

from meshydb_server.cli.serving import serve_command
from meshydb_server.configuration.settings import Settings
from tests.support.contract import ROOT

DEPLOY: Final = ROOT / "deploy"
_PREFIX: Final = "MESHYDB_"


def unit() -> dict[str, list[str]]:
    """Each directive of the systemd unit, with its values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "meshydb.service").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def variables(path: Path) -> dict[str, str]:
    """The variables of an environment file, with those that are there as examples."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {match[1]: match[2] for line in lines if (match := re.fullmatch(r"#?([A-Z_]+)=(.*)", line))}


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, with their arguments on one line."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest.strip()) for line in lines if line for name, _, rest in [line.partition(" ")]]


def last_stage() -> dict[str, str]:
    """The instructions of the image itself, the last one of each name."""
    found = instructions()
    start = max(index for index, (name, _) in enumerate(found) if name == "FROM")
    return dict(found[start:])


def words(text: str) -> list[str]:
    """The words of an instruction that is written as JSON, so that no shell is between."""
    parsed: list[str] = json.loads(text)
    return parsed


def image_environment() -> dict[str, str]:
    """The variables of the image."""
    return dict(word.split("=", 1) for word in shlex.split(last_stage()["ENV"]))


def settings_of(environment: dict[str, str]) -> Settings:
    """The settings that the variables give. Fails for variables that are no settings, and for values that are none."""
    given = {name.removeprefix(_PREFIX).lower(): value for name, value in environment.items() if _PREFIX in name}
    assert given.keys() <= Settings.model_fields.keys()
    return Settings.model_validate(given)


def served(words_of_command: list[str]) -> click.Context:
    """What `meshydb-server` reads from its arguments, which must be those of `serve`."""
    assert words_of_command[0] == serve_command.name
    return serve_command.make_context("serve", words_of_command[1:])
