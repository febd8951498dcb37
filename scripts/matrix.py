"""Runs the suites on every Python of the machine that the package supports, each in its own environment.

Looks for interpreters on the PATH, and in the folders of pyenv and uv if they are installed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"python3(\.\d+)?(\.exe)?")
# Prints the version numbers of CPython. Most packages have wheels for it only.
_PROGRAM = "import sys; assert sys.implementation.name == 'cpython'; print(*sys.version_info[:3])"
# The arguments of `make suites`.
_EVERYTHING = ["--numprocesses", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]

Version = tuple[int, ...]


def interpreters() -> dict[str, Path]:
    """Find the newest interpreter of each minor version that the package supports."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    found: dict[Version, tuple[Version, Path]] = {}
    for path in dict.fromkeys([*_on_path(), *_of_pyenv(), *_of_uv()]):
        version = _version(path)
        if version is not None and version >= least:
            found[version[:2]] = max(found.get(version[:2], (version, path)), (version, path), key=lambda each: each[0])
    return {".".join(map(str, minor)): path for minor, (_, path) in sorted(found.items())}


def _on_path() -> Iterator[Path]:
    for folder in map(Path, os.environ.get("PATH", "").split(os.pathsep)):
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _of_pyenv() -> Iterator[Path]:
    for version in _lines("pyenv", "versions", "--bare", "--skip-aliases"):
        for prefix in _lines("pyenv", "prefix", version.strip()):
            yield Path(prefix) / "bin" / "python"


def _of_uv() -> Iterator[Path]:
    for line in _lines("uv", "python", "list", "--only-installed"):
        yield Path(line.split()[1])


def _lines(program: str, *arguments: str) -> list[str]:
    path = shutil.which(program)
    if path is None:
        return []
    run = subprocess.run([path, *arguments], check=False, capture_output=True, text=True)
    return run.stdout.splitlines() if run.returncode == 0 else []


def _version(path: Path) -> Version | None:
    """Ask an interpreter for its version. One of pyenv's may exist in name only."""
    run = subprocess.run([path, "-I", "-c", _PROGRAM], check=False, capture_output=True, text=True)
    return tuple(map(int, run.stdout.split())) if run.returncode == 0 else None


def main() -> None:
    """Run the command line; exit 1 when the suites fail on any Python."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", help="what to give to pytest; by default, everything")
    suites = parser.parse_args().suites
    found = interpreters()
    print("\n".join(f"Python {minor}: {path}" for minor, path in found.items()), flush=True)
    failed: list[str] = []
    for minor, path in found.items():
        print(f"\n== Python {minor}", flush=True)
        folder = f".venv-{minor}"
        setup = ["make", "--no-print-directory", "setup", f"VENV={folder}", f"PYTHON={path}"]
        run = [str(Path(folder) / "bin" / "pytest"), *(suites or _EVERYTHING)]
        # One Python after the other, until the first failure.
        if any(subprocess.run(command, cwd=_ROOT, check=False).returncode != 0 for command in (setup, run)):
            failed.append(minor)
    if failed:
        sys.exit(f"The suites fail on Python {', '.join(failed)}.")
    print(f"\nThe suites pass on Python {', '.join(found)}.")


if __name__ == "__main__":
    main()
