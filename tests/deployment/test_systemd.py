"""The systemd unit."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from meshydb_server.process.stopping import DRAIN_SECONDS
from tests.deployment.files import DEPLOY, served, settings_of, unit, variables
from tests.support.commands import Served
from tests.support.http.raw import compose, exchange

_ANALYZE: Final = shutil.which("systemd-analyze") or ""
_needs_systemd = pytest.mark.skipif(not _ANALYZE, reason="there is no systemd-analyze on this machine")
# Of 100. What is left is the network, and what it takes to serve.
_EXPOSURE: Final = 15


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit, starting the server that this interpreter has."""
    text = (DEPLOY / "meshydb.service").read_text(encoding="utf-8")
    copy = tmp_path / "meshydb.service"
    copy.write_text(text.replace("ExecStart=/opt/meshydb/bin", f"ExecStart={Path(sys.executable).parent}"), "utf-8")
    return copy


def _analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_ANALYZE, *arguments], check=False, capture_output=True, encoding="utf-8")


@_needs_systemd
def test_is_valid(installed: Path) -> None:
    """For systemd, the unit is valid: it knows each directive and its value, and finds the program."""
    verified = _analyze("verify", "--man=no", installed)
    assert (verified.returncode, verified.stderr) == (0, "")


@_needs_systemd
def test_is_hardened(installed: Path) -> None:
    """What the service could reach is little, by systemd's own measure."""
    measured = _analyze("security", "--offline=true", f"--threshold={_EXPOSURE}", "--no-pager", installed)
    assert measured.returncode == 0, measured.stdout


def test_is_no_root() -> None:
    """The server has a user of its own, can gain no rights, and writes only to its own folder."""
    directives = unit()
    assert directives["User"] == directives["StateDirectory"] == ["meshydb"]
    assert directives["NoNewPrivileges"] == ["yes"]
    assert directives["ProtectSystem"] == ["strict"]
    assert directives["CapabilityBoundingSet"] == [""]
    assert directives["WorkingDirectory"] == ["/var/lib/meshydb"]


def test_starts_what_there_is(tmp_path: Path) -> None:
    """The command line parses; started by it, the server serves, and ends with code 0 on the unit's signal."""
    program, *arguments = shlex.split(unit()["ExecStart"][0])
    assert program == "/opt/meshydb/bin/meshydb-server"
    options = served(arguments).params
    with Served(tmp_path, "--host", options["host"], "--workers", str(options["workers"])) as server:
        assert exchange(server.url, compose(method="GET", target="/healthz", content_type=None)).status == 200
        code, _ = server.stop()
    assert code == 0
    assert unit()["KillSignal"] == ["SIGTERM"]


def test_waits_for_the_end() -> None:
    """The unit waits longer for the end than the server takes."""
    assert int(unit()["TimeoutStopSec"][0]) > DRAIN_SECONDS


def test_settings() -> None:
    """The unit and its environment file name settings that there are, with values that they take."""
    (own,) = unit()["Environment"]
    name, _, value = own.partition("=")
    assert settings_of({name: value}).database_url.endswith(f":///{unit()['WorkingDirectory'][0]}/meshydb.sqlite3")
    examples = variables(DEPLOY / "meshydb.env")
    assert len(examples) > 4
    settings_of(examples)
