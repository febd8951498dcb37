"""Fixtures of the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshydb.testing import MeshyServer
from tests.support.terminal import run_client
from tests.surface.reset_requests import EMAIL, OLD_PASSWORD, USERNAME


@pytest.fixture
def server(meshydb_server: MeshyServer) -> MeshyServer:
    """A server with a user."""
    meshydb_server.create_user(USERNAME, email=EMAIL, password=OLD_PASSWORD)
    return meshydb_server


@pytest.fixture
def request_file(server: MeshyServer, tmp_path: Path) -> str:
    """The file of a request for a reset, made as people make it."""
    done = run_client("forgot-password", USERNAME, "--json", environment=server.environment)
    assert (done.returncode, done.stderr) == (0, "")
    path = tmp_path / "reset.json"
    path.write_text(done.stdout)
    return str(path)
