"""Installs a wheel where there is nothing else but what it declares.

What it needs is copied from the packages beside this interpreter, which the lock pins, so that no network is needed.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.archives import metadata

_PIP: Final = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python")
_PATIENCE_SECONDS: Final = 60.0


class Environment:
    """A virtual environment with one wheel and what it declares, and without pip."""

    def __init__(self, folder: Path, wheel: Path, *extras: str) -> None:
        venv.create(folder, symlinks=os.name == "posix")
        paths = {"base": str(folder), "platbase": str(folder)}
        self.site: Final = Path(sysconfig.get_path("purelib", "venv", paths))
        self._bin = Path(sysconfig.get_path("scripts", "venv", paths))
        self.python: Final = self._bin / "python"
        needed = _needed(metadata(wheel).get_all("Requires-Dist", []), extras)
        self.names: Final = {canonicalize_name(each.name) for each in needed}
        for each in needed:
            _copy(each, self.site)
        install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
        subprocess.run([*_PIP, str(self.python), *install], check=True)
        # Whatever is declared is there, in a version that is allowed.
        subprocess.run([*_PIP, str(self.python), "check"], check=True, stdout=subprocess.DEVNULL)

    @property
    def megabytes(self) -> float:
        """The size of all that is installed."""
        return sum(path.stat().st_size for path in self.site.rglob("*") if path.is_file()) / 1e6

    def run(self, command: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run an installed command, or `python`, to its end."""
        return subprocess.run(
            [self._bin / command, *arguments],
            cwd=folder,
            env=clean_environment(),
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE_SECONDS,
        )

    def ask_for_health(self, folder: Path) -> tuple[int, bytes, int]:
        """Serve from a folder; returns status and body of `/healthz`, and the exit code after SIGTERM."""
        command = [str(self._bin / "meshydb-server"), "serve", "--port", "0"]
        with subprocess.Popen(
            command, cwd=folder, env=clean_environment(), stderr=subprocess.PIPE, text=True
        ) as server:
            try:
                line = server.stderr.readline() if server.stderr else ""
                connection = http.client.HTTPConnection(urlsplit(line.split()[-1]).netloc, timeout=_PATIENCE_SECONDS)
                connection.request("GET", "/healthz")
                response = connection.getresponse()
                body = response.read()
                connection.close()
                server.send_signal(signal.SIGTERM)
                return response.status, body, server.wait(_PATIENCE_SECONDS)
            finally:
                server.kill()


def clean_environment() -> dict[str, str]:
    """Nothing of this process that would lead Python to other packages, or be a setting."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "MESHYDB"))}


def _needed(requirements: Iterable[str], extras: Iterable[str]) -> list[Distribution]:
    """The installed packages that requirements bring, with what those bring."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(Requirement(text), frozenset(extras)) for text in requirements]
    while waiting:
        requirement, of_parent = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": each}) for each in ("", *of_parent)):
            continue
        name, own = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, own) not in seen:
            seen.add((name, own))
            found[name] = distribution(name)
            waiting += [(Requirement(text), own) for text in found[name].requires or []]
    return list(found.values())


def _copy(package: Distribution, site: Path) -> None:
    for file in package.files or []:
        # Commands are outside of site-packages.
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(package.locate_file(file)), target)
