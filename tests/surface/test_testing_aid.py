"""`meshydb.testing`: what it gives to the tests of people's applications."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from meshydb import BadRequestError, MeshyClient, RateLimitError, SecurityQuestion
from meshydb.testing import MeshyServer, Message

# Somebody's application, and how they test it. It has types, as theirs may.
CONFTEST: Final = """
import pytest

from meshydb.testing import MeshyServer

pytest_plugins = ["meshydb.testing"]


@pytest.fixture
def ada(meshydb_server: MeshyServer) -> str:
    meshydb_server.create_user("ada", email="ada@example.org", password="correct horse")
    return "ada"
"""
APPLICATION: Final = '''
from meshydb import AsyncMeshyClient, MeshyClient, UserVerificationHash


class Recovery:
    """What a web application would keep in a session."""

    def __init__(self, client: MeshyClient) -> None:
        self._client = client
        self._pending: dict[str, UserVerificationHash] = {}

    def start(self, username: str) -> str:
        self._pending[username] = self._client.forgot_password(username)
        return self._pending[username].hint

    def finish(self, username: str, code: str, password: str) -> None:
        self._client.reset_password(self._pending.pop(username), code, password)


async def hint_for(client: AsyncMeshyClient, username: str) -> str:
    return (await client.forgot_password(username)).hint
'''
TESTS: Final = """
import asyncio

import pytest
from application import Recovery, hint_for

from meshydb import BadRequestError, MeshyClient
from meshydb.testing import MeshyServer


def test_recovery(meshydb_server: MeshyServer, ada: str) -> None:
    client = meshydb_server.client()
    recovery = Recovery(client)
    assert recovery.start(ada) == "a***@example.org"
    recovery.finish(ada, meshydb_server.last_code(ada), "battery staple")
    assert client.login(ada, "battery staple").current_user.username == ada
    with pytest.raises(BadRequestError):
        client.login(ada, "correct horse")


def test_awaited(meshydb_server: MeshyServer) -> None:
    meshydb_server.create_user("ada", email="ada@example.org")

    async def ask() -> str:
        async with meshydb_server.async_client() as client:
            return await hint_for(client, "ada")

    assert asyncio.run(ask()) == "a***@example.org"
    assert len(meshydb_server.outbox) == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_nothing_is_left_of_the_one_before(meshydb_server: MeshyServer, turn: int) -> None:
    assert meshydb_server.outbox == []
    assert not meshydb_server.client().check_user_exist("ada")
    meshydb_server.create_user("ada", email="ada@example.org")
    meshydb_server.client().forgot_password("ada")


def test_application_configured_by_its_environment(
    meshydb_server: MeshyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in meshydb_server.environment.items():
        monkeypatch.setenv(name, value)
    with MeshyClient() as client:
        assert not client.check_user_exist("ada")
"""


def _outsider(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "application.py").write_text(APPLICATION)
    (folder / "test_application.py").write_text(TESTS)
    # A mail server and a database that the developer has set up must not be touched, and no proxy comes between.
    environment = {
        **os.environ,
        "HTTP_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "localhost",
        "MESHYDB_SMTP_URL": "smtp://127.0.0.1:1",
        "MESHYDB_DATABASE_URL": "sqlite:////dev/null",
    }
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_for_an_outsider(tmp_path: Path) -> None:
    """Somebody's tests recover passwords, blocking and awaited, without a warning, and share nothing."""
    done = _outsider(tmp_path, "pytest", "-W", "error", "-p", "no:cacheprovider", "--strict-markers", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert "meshydb.sqlite3" not in {path.name for path in tmp_path.iterdir()}


def test_typed_for_an_outsider(tmp_path: Path) -> None:
    """Somebody's tests pass pyright in its strictest mode."""
    settings = f'{{"typeCheckingMode": "strict", "extraPaths": {[*map(str, sys.path)]!r}}}'.replace("'", '"')
    (tmp_path / "pyrightconfig.json").write_text(settings)
    done = _outsider(tmp_path, "pyright", "--pythonpath", sys.executable)
    assert done.stdout == "0 errors, 0 warnings, 0 informations\n", done.stdout + done.stderr


def test_says_how_to_install(tmp_path: Path) -> None:
    """Without what the server needs, the import says how to install it."""
    program = "import sys; sys.modules['uvicorn'] = None; import meshydb.testing"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: meshydb.testing needs uvicorn. From a checkout: pip install '.[server]' pytest."
        " From a wheel: pip install 'FILE.whl[server]' pytest."
    )


def test_is_not_loaded_unasked(tmp_path: Path) -> None:
    """A pytest run of somebody who does not name the plugin imports nothing of this package."""
    check = "assert not {'meshydb', 'meshydb_server'} & set(sys.modules)"
    (tmp_path / "test_other.py").write_text(f"import sys\n\n\ndef test_nothing_is_imported():\n    {check}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_tenants(meshydb_server: MeshyServer) -> None:
    """Tenants of one account have keys, users and messages of their own."""
    key = meshydb_server.create_tenant("south")
    assert key != meshydb_server.public_key
    meshydb_server.create_user("ada", email="ada@example.org")
    meshydb_server.create_user("ada", email="ada@example.net", tenant="south", password="correct horse")  # noqa: S106 - of nobody
    meshydb_server.client().forgot_password("ada")
    assert meshydb_server.client("south").forgot_password("ada").hint == "a***@example.net"
    first, second = meshydb_server.outbox
    assert (first.tenant, first.to) == ("default", "ada@example.org")
    assert second == Message(
        tenant="south",
        username="ada",
        kind="reset",
        channel="email",
        to="ada@example.net",
        code=meshydb_server.last_code("ada", tenant="south"),
        created_at=second.created_at,
    )
    assert first.code == meshydb_server.last_code("ada") != second.code
    with MeshyClient(meshydb_server.account, "south", key, base_url=meshydb_server.url) as client:
        assert client.login("ada", "correct horse").current_user.username == "ada"


def test_questions_and_texts(meshydb_server: MeshyServer) -> None:
    """Tenants may verify by question or by text."""
    meshydb_server.create_tenant("east", verification="question")
    meshydb_server.create_user("ada", tenant="east", security_questions=[SecurityQuestion("First street?", "Elm")])
    client = meshydb_server.client("east")
    reset = client.forgot_password("ada")
    assert reset.hint == "First street?"
    assert client.check_hash(reset, "elm")
    meshydb_server.create_tenant("west", verification="text")
    meshydb_server.create_user("ben", tenant="west", phone="+15551230000")
    meshydb_server.client("west").forgot_password("ben")
    assert (meshydb_server.outbox[-1].channel, meshydb_server.outbox[-1].to) == ("text", "+15551230000")


def test_roles_and_verification(meshydb_server: MeshyServer) -> None:
    """Users may be administrators, and may have yet to prove who they are."""
    password = "correct horse"  # noqa: S105 - of users who are made up
    meshydb_server.create_user("admin", password=password, roles=["meshy.admin"])
    user_id = meshydb_server.create_user("ada", password=password, verified=False)
    client = meshydb_server.client()
    connection = client.login("admin", password)
    assert connection.users.get(user_id).username == "ada"
    with pytest.raises(BadRequestError):
        client.login("ada", password)


def test_limits_hold(meshydb_server: MeshyServer) -> None:
    """The limits on recovery are the real server's, so that applications can be tested on them."""
    meshydb_server.create_user("ada", email="ada@example.org")
    client = meshydb_server.client()
    for _ in range(10):
        client.forgot_password("ada")
    with pytest.raises(RateLimitError):
        client.forgot_password("ada")


def test_mistakes(meshydb_server: MeshyServer) -> None:
    """Mistakes raise an error that names them."""
    with pytest.raises(ValueError, match="there is no tenant 'west': create it with create_tenant"):
        meshydb_server.client("west")
    with pytest.raises(ValueError, match="'a b' cannot be a name: "):
        meshydb_server.create_tenant("a b")
    with pytest.raises(ValueError, match="'' cannot be a name: "):
        meshydb_server.create_user("")
    meshydb_server.create_user("ada")
    with pytest.raises(ValueError, match="The tenant already has a user of this name"):
        meshydb_server.create_user("ADA")
    with pytest.raises(LookupError, match="no code was sent to 'ada' of the tenant 'default'"):
        meshydb_server.last_code("ada")


def test_clients_are_closed(meshydb_server: MeshyServer) -> None:
    """The clients of a test are closed with it."""
    with meshydb_server:
        client = meshydb_server.client()
    with pytest.raises(RuntimeError, match="closed"):
        client.check_user_exist("ada")
