"""`meshydb.testing` and tests whose clock stands still."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from freezegun import freeze_time

from meshydb.testing import MeshyServer

_PASSWORD: Final = "a passphrase of hers"  # noqa: S105 - of nobody

# A session of its own: what a frozen clock once left behind was a server that did not end.
_TESTS: Final = """
from datetime import datetime

import pytest
from freezegun import freeze_time

pytest_plugins = ["meshydb.testing"]


@pytest.fixture(autouse=True)
def frozen():
    with freeze_time("2030-01-01 12:00:00"):
        yield


@pytest.mark.parametrize("turn", [1, 2])
def test_frozen(meshydb_server, turn):
    meshydb_server.create_user("ada", email="ada@example.org")
    meshydb_server.client().forgot_password("ada")
    assert meshydb_server.last_code("ada")
    assert datetime.now().year == 2030
"""


def test_session_ends(tmp_path: Path) -> None:
    """A session whose tests run under a frozen clock, the start of the server too, ends."""
    (tmp_path / "test_application.py").write_text(_TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_clocks_apart(meshydb_server: MeshyServer) -> None:
    """The clock of a test is not the server's: what the server dates is of the time of the machine."""
    meshydb_server.create_user("ada", email="ada@example.org", password=_PASSWORD)
    now = datetime.now(UTC)
    with freeze_time("2040-01-01"):
        client = meshydb_server.client()
        reset = client.forgot_password("ada")
        # A login of an hour, as the client counts it.
        assert client.login("ada", _PASSWORD).users.get_self().username == "ada"
        (message,) = meshydb_server.outbox
        client.reset_password(reset, meshydb_server.last_code("ada"), f"{_PASSWORD}, changed")
    assert timedelta() <= message.created_at - now < timedelta(hours=1)
    assert reset.expires - now < timedelta(days=1)


def test_any_case_of_letters(meshydb_server: MeshyServer) -> None:
    """A user is found by any spelling of the name, only in their tenant."""
    meshydb_server.create_tenant("south")
    for tenant, username in (("default", "Ada"), ("default", "Stra\u00dfe"), ("south", "ada")):
        meshydb_server.create_user(username, tenant=tenant, email="ada@example.org")
        meshydb_server.client(tenant).forgot_password(username)
    first, second, third = (message.code for message in meshydb_server.outbox)
    assert {meshydb_server.last_code(name) for name in ("ada", "ADA", "Ada", "\uff21da")} == {first}
    assert meshydb_server.last_code("STRASSE") == second
    assert meshydb_server.last_code("ADA", tenant="south") == third
