"""Exit code 1 only means that the server does not conform."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from schemathesis import Case, Response

from meshydb_contract import Options, Target, run
from tests.contract.command import FEW, command, environment
from tests.support.commands import Served, run_json
from tests.support.server import ACCOUNT, DEFAULT_TENANT, USERNAME, LiveServer

_OPTIONS: Final = ("--account", ACCOUNT, "--tenant", DEFAULT_TENANT, "--username", USERNAME)
_SHORT: Final = (*_OPTIONS, "--operation", "checkUserExist", *FEW)

_NO_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def _shell(url: str, redirection: str) -> subprocess.CompletedProcess[str]:
    words = shlex.join([sys.executable, "-m", "meshydb_contract", "--url", url, *_SHORT])
    return subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {words} {redirection}"],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    "redirection",
    [
        pytest.param(">/dev/full", marks=_NO_FULL),
        pytest.param(">/dev/full 2>/dev/full", marks=_NO_FULL),
        ">&-",
        ">&- 2>&-",
        "| true",
    ],
)
def test_output(live_server: LiveServer, redirection: str) -> None:
    """Output that cannot be written is exit code 2, with no traceback."""
    done = _shell(live_server.url, redirection)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@_NO_FULL
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_help(unbuffered: str) -> None:
    """Help that cannot be written is exit code 2, with and without Python's buffer."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {shlex.quote(sys.executable)} -m meshydb_contract --help >/dev/full"],
        env=environment(PYTHONUNBUFFERED=unbuffered),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "No space left on device" in done.stderr


@_NO_FULL
@pytest.mark.parametrize("name", ["junit.xml", "exchanges.har"])
def test_report(live_server: LiveServer, tmp_path: Path, name: str) -> None:
    """A report that cannot be written completely is exit code 2."""
    (tmp_path / name).symlink_to("/dev/full")
    done = command(live_server.url, *_SHORT, "--report", str(tmp_path))
    assert done.returncode == 2, done.stdout
    assert f"The report {tmp_path / name} could not be written." in done.stdout


class _Failing:
    """Hooks that fail."""

    def before_call(self, case: Case[Any]) -> None:
        """Fail."""
        raise LookupError(case.method)

    def after_call(self, case: Case[Any], response: Response) -> None:
        """Do nothing."""


def test_crash(live_server: LiveServer) -> None:
    """A fault of the test itself is exit code 2."""
    options = Options(operations=["checkUserExist"], max_examples=1)
    verdict = run(Target(live_server.url, ACCOUNT, DEFAULT_TENANT), options, hooks=_Failing())
    assert (verdict.exit_code, dict(verdict.findings)) == (2, {})
    assert any(problem.startswith("The test itself failed") for problem in verdict.problems)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('No mailbox here.')", "exits with 1: No mailbox here."),
        ("print('none')", "does not print JSON"),
        ("print('{}')", "does not print a list of messages"),
        ("print('[{}]')", "prints a message without `username`"),
    ],
)
def test_codes(live_server: LiveServer, program: str, said: str) -> None:
    """A `--codes-from` command that fails is exit code 2."""
    codes = shlex.join([sys.executable, "-c", program])
    done = command(live_server.url, *_OPTIONS, "--codes-from", codes, "--operation", "verifyUser", *FEW)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr


def test_server_goes_away(tmp_path: Path) -> None:
    """A server that stops during the run is exit code 2, and the last requests are printed."""
    run_json(tmp_path, "account", "create", ACCOUNT, "--tenant", DEFAULT_TENANT)
    options = ("--account", ACCOUNT, "--operation", "checkUserExist", "--max-examples", "100000")
    with Served(tmp_path, rate_limit="off") as served:
        process = subprocess.Popen(
            [sys.executable, "-m", "meshydb_contract", "--url", served.url, *options],
            env=environment(PYTHONUNBUFFERED="1"),
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        with process:
            assert process.stdout is not None
            next(line for line in process.stdout if "Coverage" in line)
            served.stop(signal.SIGKILL)
            output = process.stdout.read()
        assert process.returncode == 2, output
    assert "stopped responding." in output
    assert os.linesep.join(output.splitlines()[-1:]).startswith("The server could not be tested to the end.")
