"""Whether all places that name the version agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import yaml

_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")
_HEADING: Final = re.compile(r"^## \[(?P<name>[^\]]*)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
_ASSIGNED: Final = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
_UNRELEASED: Final = "Unreleased"


def package_version(root: Path) -> str:
    """The version that the build reads."""
    text = (root / "wrapper" / "meshydb" / "_version.py").read_text(encoding="utf-8")
    (version,) = (match[1] for match in _ASSIGNED.finditer(text))
    return version


def version_problems(root: Path, tag: str = "") -> list[str]:
    """One line for each place that disagrees with the version of the package; for a release, pass its tag."""
    version = package_version(root)
    contract = yaml.safe_load((root / "openapi.yaml").read_text(encoding="utf-8"))["info"]["version"]
    problems = [] if _VERSION.fullmatch(version) else [f"_version.py: {version!r} is no version such as 1.4.0."]
    if contract != version:
        problems.append(f"openapi.yaml: info.version is {contract}, but the package has {version}.")
    problems += _changelog_problems((root / "CHANGELOG.md").read_text(encoding="utf-8"), version, released=bool(tag))
    if tag and tag != f"v{version}":
        problems.append(f"The tag is {tag}, but must be v{version}.")
    return problems


def _changelog_problems(text: str, version: str, *, released: bool) -> list[str]:
    sections = list(_HEADING.finditer(text))
    names = [each["name"] for each in sections]
    undated = [each["name"] for each in sections if (each["date"] is None) != (each["name"] == _UNRELEASED)]
    if undated:
        return [f"CHANGELOG.md: write `## [{name}] - YYYY-MM-DD`." for name in undated]
    unreleased = names[:1] == [_UNRELEASED]
    newest = next((name for name in names if name != _UNRELEASED), None)
    if released:
        problems = (
            [] if newest == version else [f"CHANGELOG.md: the newest section is {newest}, but must be {version}."]
        )
        if unreleased and text[sections[0].end() : sections[1].start() if sections[1:] else None].strip():
            problems.append(f"CHANGELOG.md: move what is in [{_UNRELEASED}] to [{version}].")
        return problems
    if newest is None or _number(newest) < _number(version):
        return [] if unreleased else [f"CHANGELOG.md: there is neither [{_UNRELEASED}] nor [{version}]."]
    return [] if newest == version else [f"CHANGELOG.md: {newest} is released, but the package has {version}."]


def _number(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
