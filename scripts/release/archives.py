"""Builds the sdist and the wheel, and compares what they hold with the checkout."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath
from typing import Final

from release.versions import package_version

_PACKAGES: Final = ("generated/meshydb_api", "wrapper/meshydb", "server/meshydb_server", "contract/meshydb_contract")
# Where the server and the gate read them.
_COPIED: Final = {
    "openapi.yaml": "meshydb_server/openapi.yaml",
    "schemathesis.toml": "meshydb_contract/schemathesis.toml",
}
_OF_THE_BUILD: Final = ("METADATA", "WHEEL", "RECORD", "entry_points.txt")


def build_sdist(root: Path, into: Path) -> Path:
    """Build the sdist by the project's build backend, without network."""
    _build(root, into, "sdist")
    return into / f"meshydb-{package_version(root)}.tar.gz"


def build_wheel(root: Path, into: Path) -> Path:
    """Build the wheel of a checkout or of an unpacked sdist, without network."""
    _build(root, into, "wheel")
    return into / f"meshydb-{package_version(root)}-py3-none-any.whl"


def unpack(sdist: Path, into: Path) -> Path:
    """Unpack an sdist; returns the folder in it."""
    with tarfile.open(sdist) as archive:
        archive.extractall(into, filter="data")
    return into / sdist.name.removesuffix(".tar.gz")


def sdist_problems(sdist: Path, root: Path) -> list[str]:
    """What the sdist lacks of the files that git would commit, and what it holds besides."""
    with tarfile.open(sdist) as archive:
        held = {PurePosixPath(member.name).relative_to(sdist.name.removesuffix(".tar.gz")) for member in archive}
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, encoding="utf-8").stdout
    expected = {PurePosixPath(name) for name in listed.split("\0") if name and (root / name).exists()}
    return _differences(sdist, map(str, held), map(str, {*expected, PurePosixPath("PKG-INFO")}))


def wheel_problems(wheel: Path, root: Path) -> list[str]:
    """What the wheel lacks, what it holds besides, such as tests and caches, and which files differ."""
    info = f"{wheel.name.partition('-py3')[0]}.dist-info"
    sources = {
        path.relative_to((root / package).parent).as_posix(): path
        for package in _PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    sources |= {target: root / source for source, target in _COPIED.items()}
    sources[f"{info}/licenses/LICENSE"] = root / "LICENSE"
    built = {f"{info}/{name}" for name in _OF_THE_BUILD}
    typed = {f"{PurePosixPath(package).name}/py.typed" for package in _PACKAGES}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        problems = _differences(wheel, names, {*sources, *built, *typed})
        differing = sorted(name for name in names & sources.keys() if archive.read(name) != sources[name].read_bytes())
    return [*problems, *(f"{wheel.name}: {name} differs from the checkout." for name in differing)]


def differing(one: Path, other: Path) -> list[str]:
    """The files that differ between two wheels."""
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
        mine, theirs = ({name: archive.read(name) for name in archive.namelist()} for archive in (first, second))
    return sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))


def metadata(wheel: Path) -> Message:
    """The wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def _build(root: Path, into: Path, target: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into.resolve())]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"The {target} cannot be built:\n{done.stdout}{done.stderr}")


def _differences(archive: Path, held: Iterable[str], expected: Iterable[str]) -> list[str]:
    here, wanted = set(held), set(expected)
    return [
        *(f"{archive.name}: lacks {name}." for name in sorted(wanted - here)),
        *(f"{archive.name}: holds {name}, which does not belong there." for name in sorted(here - wanted)),
    ]
