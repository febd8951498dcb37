"""The command meshydb-contract, and `make contract-live`, against running servers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meshydb_contract import Options, Target, run
from meshydb_contract._cli.command import main
from meshydb_server.configuration.settings import Settings
from tests.contract.command import FEW, command
from tests.support.contract import ROOT
from tests.support.server import ACCOUNT, DEFAULT_TENANT, OTHER_TENANT, USERNAME, LiveServer, serving
from tests.support.world import World

_FORGOT: Final = ("--operation", "forgotPassword", *FEW)


class _WithoutHint:
    """Drops `hint` from the responses of forgotPassword."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        start: Message | None = None

        async def change(message: Message) -> None:
            nonlocal start
            if scope.get("path", "").lower().endswith("/forgotpassword"):
                if message["type"] == "http.response.start":
                    start = message
                    return
                if start is not None and start["status"] == 200:
                    body = json.loads(message["body"])
                    del body["hint"]
                    message = {**message, "body": json.dumps(body).encode()}
                    headers = [each for each in start["headers"] if each[0] != b"content-length"]
                    start["headers"] = [*headers, (b"content-length", str(len(message["body"])).encode())]
                if start is not None:
                    await send(start)
            await send(message)

        await self._app(scope, receive, change)


@pytest.fixture
def faulty(seeded_settings: Settings) -> Generator[LiveServer]:
    """A server with that fault."""
    with serving(seeded_settings, wrap=_WithoutHint) as server:
        yield server


def _make(url: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    options = " ".join([*_FORGOT, "--report", str(tmp_path)])
    words = [f"URL={url}", f"ACCOUNT={ACCOUNT}", f"TENANT={DEFAULT_TENANT}", f"USERNAME={USERNAME}"]
    command = ["make", "contract-live", *words, f"OPTIONS={options}"]
    # Independent of the make that may run this test.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False)


def test_dropped_field(faulty: LiveServer, tmp_path: Path) -> None:
    """`make contract-live` fails for a server that drops a field, and names the operation and the field."""
    done = _make(faulty.url, tmp_path)
    assert done.returncode != 0
    (finding,) = (line for line in done.stdout.splitlines() if line.startswith("forgotPassword: "))
    assert '"hint" is a required property' in finding
    assert "response_schema_conformance" in finding
    assert done.stdout.rstrip().splitlines()[-1].startswith("The server does not conform to the contract.")


def test_conforming(live_server: LiveServer, tmp_path: Path) -> None:
    """Without that fault it passes, prints plain lines, and writes the reports."""
    done = _make(live_server.url, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout.rstrip().endswith("The server conforms to the contract. Seed: 20190709")
    assert ET.parse(tmp_path / "junit.xml").getroot().findall(".//testcase")  # noqa: S314 - our own file
    har = json.loads((tmp_path / "exchanges.har").read_text(encoding="utf-8"))
    statuses = {each["response"]["status"] for each in har["log"]["entries"]}
    assert {200, 400, 404} <= statuses
    assert "forgotpassword" in (tmp_path / "html" / "index.html").read_text(encoding="utf-8")


def test_exit_code_of_failure(faulty: LiveServer) -> None:
    """The command itself exits with 1 if the server does not conform."""
    done = command(faulty.url, "--account", ACCOUNT, "--username", USERNAME, *_FORGOT)
    assert done.returncode == 1


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def test_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    """An unreachable server is reported with exit code 2."""
    url = f"http://127.0.0.1:{_unused_port()}"
    assert _exit_code("--url", url, "--account", ACCOUNT) == 2
    assert f"{url} cannot be reached: [Errno " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--account", "nobody"), "has no account nobody: "),
        (("--account", ACCOUNT, "--tenant", "nowhere"), "or it has no tenant nowhere: "),
        (("--account", ACCOUNT, "--operation", "forgetPassword"), "no operation forgetPassword"),
        (("--account", ACCOUNT, "--username", "no body"), "There is no user no body: "),
        (("--account", ACCOUNT, "--public-key", "none"), "The public key none is not that of the tenant: "),
        ((), "--account"),
        (("--account", ACCOUNT, "--max-time", "0"), "must be a number of at least 1"),
        (("--account", ACCOUNT, "--max-time", "x"), "must be a number of at least 1"),
        (("--account", ACCOUNT, "--rate-limit", "9"), "must be a number and a unit, such as 9/s"),
        (("--account", ACCOUNT, "--report", "/dev/null"), "/dev/null"),
        (("--account", ACCOUNT, "--token", "secret"), "unrecognized arguments: --token"),
        (
            ("--account", ACCOUNT, "--codes-from", "no-such-program list"),
            "a program that there is not: no-such-program",
        ),
        (("--account", ACCOUNT, "--codes-from", " "), "must be a command"),
        (("--account", ACCOUNT, "--second-public-key", "key"), "need --second-tenant"),
        (
            ("--account", ACCOUNT, "--tenant", OTHER_TENANT, "--second-tenant", OTHER_TENANT),
            "--second-tenant must name another tenant",
        ),
        (
            ("--account", ACCOUNT, "--public-key", "k", "--second-tenant", OTHER_TENANT, "--second-public-key", "k"),
            "--second-tenant must name another tenant",
        ),
        (("--account", ACCOUNT, "--second-tenant", "nowhere"), "or it has no tenant nowhere: "),
        (
            ("--account", ACCOUNT, "--second-tenant", OTHER_TENANT, "--second-public-key", "none"),
            f"The public key none is not that of the tenant {OTHER_TENANT}: ",
        ),
    ],
)
def test_usage(
    live_server: LiveServer, arguments: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong option is rejected with its reason and exit code 2, and so is an access token on the command line."""
    assert _exit_code("--url", live_server.url, *arguments) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://[bad", "http://", "http://127.0.0.1:99999", "localhost:8000"])
def test_url(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid URL is rejected before any request."""
    assert _exit_code("--url", url, "--account", ACCOUNT) == 2
    assert "argument --url: must " in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["TOKEN", "HELPER_TOKEN", "SECOND_TOKEN"])
def test_token_that_is_none(
    live_server: LiveServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A token that the server does not accept is rejected."""
    monkeypatch.setenv(f"MESHYDB_CONTRACT_{kind}", "none")
    second = ("--second-tenant", OTHER_TENANT) if kind == "SECOND_TOKEN" else ()
    assert _exit_code("--url", live_server.url, "--account", ACCOUNT, *second) == 2
    reason = capsys.readouterr().err
    assert "The access token is not accepted, and may have expired: " in reason
    assert f" It is in MESHYDB_CONTRACT_{kind}." in reason


@pytest.mark.parametrize("url", ["https://api.example.org", "http://10.0.0.7:8000", "http://[2001:db8::1]"])
def test_elsewhere(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A server on another machine requires --yes, and the output says why."""
    assert _exit_code("--url", url, "--account", ACCOUNT) == 2
    assert "registers users" in capsys.readouterr().err
    # So does the auth host.
    assert _exit_code("--url", "http://localhost:1", "--auth-url", url, "--account", ACCOUNT) == 2
    assert f"{url} is not this machine" in capsys.readouterr().err


def test_yes(capsys: pytest.CaptureFixture[str]) -> None:
    """With --yes, requests are sent: here, to a name that does not resolve."""
    assert _exit_code("--url", "http://meshydb.invalid", "--account", ACCOUNT, "--yes") == 2
    assert "http://meshydb.invalid cannot be reached" in capsys.readouterr().err


def test_time(live_server: LiveServer) -> None:
    """A run ends when its time is up, and says what it left out."""
    done = command(live_server.url, "--account", ACCOUNT, "--max-time", "1", "--max-examples", "100000")
    assert done.returncode in {0, 2}, done.stdout
    assert ("Not tested: " in done.stdout) is (done.returncode == 2)


def test_token(world: World, tmp_path: Path) -> None:
    """An access token from the environment is used, and is in no report."""
    token = world.tokens[DEFAULT_TENANT]
    arguments = ("--account", ACCOUNT, "--operation", "getSelf", *FEW, "--report", str(tmp_path))
    done = command(world.url, *arguments, MESHYDB_CONTRACT_TOKEN=token)
    assert done.returncode == 0, done.stdout
    written = (tmp_path / "exchanges.har").read_text(encoding="utf-8")
    assert 200 in {each["response"]["status"] for each in json.loads(written)["log"]["entries"]}
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and token in path.read_text("utf-8", "replace")]


def test_auth_host(world: World, live_server: LiveServer) -> None:
    """Only operations of the public auth host are sent to the auth host of the target."""
    target = Target(live_server.url, ACCOUNT, auth_url=world.url)
    verdict = run(target, Options(operations=["requestToken", "checkUserExist"], phases=["examples"]))
    origins = {
        exchange.case.operation.definition.raw["operationId"]: _origin(exchange.response.request)
        for exchange in verdict.exchanges
    }
    assert origins == {"requestToken": world.url, "checkUserExist": live_server.url}


def _origin(request: Any) -> str:
    return str(request.url).partition(f"/{ACCOUNT}")[0]


def _exit_code(*arguments: str) -> Any:
    try:
        return main(arguments)
    except SystemExit as exit_:
        return exit_.code
