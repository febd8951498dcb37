"""Warnings about unknown variables that are named like settings."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.configuration.variables import warnings_of
from tests.support.commands import run
from tests.support.contract import ROOT

_MISTYPED = {"MESHYDB_RATE_LIMT": "canary", "MESHYDB_COLOUR": "canary"}
_WARNINGS = [
    "MESHYDB_COLOUR is not a setting; it has no effect.",
    "MESHYDB_RATE_LIMT is not a setting; did you mean MESHYDB_RATE_LIMIT?",
]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_settings(name: str) -> None:
    """Settings cause no warning in any case of letters, and each is suggested for a similar name."""
    variable = f"MESHYDB_{name.upper()}"
    assert warnings_of({variable: "", variable.lower(): ""}) == []
    (warning,) = warnings_of({f"{variable}S_": ""})
    assert warning == f"{variable}S_ is not a setting; did you mean {variable}?"


def test_variables_of_others() -> None:
    """Variables of the client, the gate and the tests cause no warning."""
    rooms = ("wrapper", "contract", "tests/support")
    sources = [path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / room).rglob("*.py")]
    names = {name for source in sources for name in re.findall(r"\bMESHYDB_[A-Z_]*[A-Z]\b", source)}
    assert {"MESHYDB_ACCOUNT_NAME", "MESHYDB_LOG", "MESHYDB_TEST_POSTGRES_URL"} <= names
    assert warnings_of(dict.fromkeys(names, "x")) == []
    assert warnings_of({"PATH": "/bin", "MESHY_TENANT": "north"}) == []


def test_variables_of_kubernetes() -> None:
    """Variables that Kubernetes sets for a service cause no warning, but a port set by hand does."""
    assert (
        warnings_of(
            {
                "MESHYDB_SERVICE_HOST": "10.0.0.7",
                "MESHYDB_SERVICE_PORT": "8000",
                "MESHYDB_SERVICE_PORT_HTTP": "8000",
                "MESHYDB_PORT": "tcp://10.0.0.7:8000",
                "MESHYDB_PORT_8000_TCP": "tcp://10.0.0.7:8000",
                "MESHYDB_PORT_8000_TCP_ADDR": "10.0.0.7",
                "MESHYDB_SERVER_PORT": "tcp://10.0.0.7:8000",
            }
        )
        == []
    )
    assert warnings_of({"MESHYDB_PORT": "8000"}) == ["MESHYDB_PORT is not a setting; it has no effect."]


def test_one_line_each() -> None:
    """A warning is one line in ASCII, whatever the name is, and does not show the value."""
    (warning,) = warnings_of({"MESHYDB_A\nB\udcff": "canary"})
    assert warning == r"MESHYDB_A\nB\udcff is not a setting; it has no effect."


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command warns about each, and still runs."""
    for name, value in _MISTYPED.items():
        monkeypatch.setenv(name, value)
    done = run(tmp_path, "account", "create", "acme")
    assert (done.returncode, json.loads(done.stdout)["account"]) == (0, "acme")
    assert done.stderr.splitlines() == [f"Warning: {warning}" for warning in _WARNINGS]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="The system has no /dev/full.")
def test_nobody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command whose warnings cannot be written still runs."""
    monkeypatch.setenv("MESHYDB_COLOUR", "blue")
    command = [sys.executable, "-m", "meshydb_server", "account", "create", "acme"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=full, check=False)
    assert (done.returncode, json.loads(done.stdout)["account"]) == (0, "acme")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve(tmp_path: Path, workers: str) -> None:
    """A server logs one warning about each, once for all processes, before it listens."""
    with subprocess.Popen(
        [sys.executable, "-m", "meshydb_server", "serve", "--port", "0", "--workers", workers],
        cwd=tmp_path,
        env={**os.environ, **_MISTYPED},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines: list[str] = []
        while not (lines and " listens at " in lines[-1]):
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
    assert (process.returncode, rest) == (0, "")
    entries = [json.loads(line) for line in lines[:-1]]
    assert [entry["message"] for entry in entries] == _WARNINGS
    assert {(entry["level"], entry["logger"]) for entry in entries} == {("WARNING", "meshydb_server.cli.serving")}
