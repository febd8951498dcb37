"""`meshydb-server serve` as a process: how it starts, what it logs, and how it stops."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.serve import listen
from tests.support.commands import Served, run, run_json
from tests.support.dependencies import SetClock
from tests.support.http.bodies import GOOD, asking_for
from tests.support.http.raw import Connection, assert_documented, compose, exchange
from tests.support.mail.sending import EMAIL, ask, opened
from tests.support.mail.smtp import Sink, receiving
from tests.support.server import EMAIL as SEEDED_EMAIL
from tests.support.server import OTHER_USERNAME, USERNAME, seed, settings_in
from tests.support.tcp import listens
from tests.support.waiting import wait_until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a seeded database, which is where `serve` looks for it."""
    settings = settings_in(tmp_path)
    seed(settings)
    return settings


@pytest.mark.usefixtures("settings")
def test_serves_and_logs(tmp_path: Path) -> None:
    """A server says where it listens, serves, logs each exchange as JSON without secrets, and stops when told to."""
    tenant = "tenant: south"
    requests: list[tuple[bytes, int]] = [
        (compose(GOOD), 200),
        (compose(asking_for(OTHER_USERNAME), tenant, "Authorization: Bearer canary-7f3a"), 200),
        (compose(asking_for(USERNAME), tenant), 404),
        (compose(b'{"username":"canary-7f3a"', target="/acme/users/forgotpassword?canary-7f3a"), 400),
        (compose(method="GET", target="/healthz", content_type=None), 200),
    ]
    with Served(tmp_path) as server:
        answers = [exchange(server.url, request) for request, _ in requests]
        code, lines = server.stop()
    assert code == 0
    assert server.first_line == f"meshydb-server listens at {server.url}\n"
    assert server.url.startswith("http://127.0.0.1:")
    for answer, line, (_, status) in zip(answers, lines, requests, strict=True):
        assert_documented(answer, status)
        entry = json.loads(line)
        assert entry["requestId"] == answer.all("x-request-id")[0]
        assert (entry["status"], entry["level"], entry["logger"]) == (status, "INFO", "meshydb_server.access")
        assert entry["durationMs"] > 0
    assert [(json.loads(line)["method"], json.loads(line)["route"]) for line in lines] == [
        *[("POST", "/{accountName}/users/forgotpassword")] * 4,
        ("GET", "/healthz"),
    ]
    codes = [message["code"] for message in run_json(tmp_path, "outbox", "list")]
    hashes = [answer.json["hash"] for answer in answers[:2]]
    for secret in [*codes, *hashes, USERNAME, OTHER_USERNAME, SEEDED_EMAIL, "canary-7f3a"]:
        assert secret not in "\n".join(lines)
    assert len(codes) == 2


def test_finishes_what_is_under_way(tmp_path: Path, settings: Settings) -> None:
    """A request that is half sent when the signal comes is still served, and then the server exits with 0."""
    with Served(tmp_path, "--database-url", settings.database_url) as server, Connection(server.url) as connection:
        connection.send(compose(b"", "Expect: 100-continue", length=len(GOOD)))
        # The server has seen the head, and asks for the body.
        assert connection.read().status == 100
        connection.send(GOOD[:10])
        server.send(signal.SIGTERM)
        wait_until(lambda: not listens(server.url))
        connection.send(GOOD[10:])
        assert_documented(connection.read(), 200)
        assert connection.rest() == b""
        code, lines = server.wait()
    assert code == 0
    assert [json.loads(line)["status"] for line in lines] == [200]


_STOPS = [
    pytest.param("1", signal.SIGINT, id="SIGINT"),
    pytest.param("1", signal.SIGTERM, id="SIGTERM"),
    pytest.param("2", signal.SIGTERM, id="SIGTERM-to-several"),
]


@pytest.mark.parametrize(("workers", "number"), _STOPS)
def test_stops_at_once(tmp_path: Path, workers: str, number: signal.Signals) -> None:
    """A server that gets SIGTERM right after it starts listening stops without further output."""
    with Served(tmp_path, "--workers", workers) as server:
        assert server.stop(number) == (0, [])


@pytest.mark.usefixtures("settings")
def test_workers(tmp_path: Path) -> None:
    """Several processes serve one socket and one database, and all of them end together."""
    with Served(tmp_path, "--workers", "2") as server:
        for _ in range(10):
            assert_documented(exchange(server.url, compose(GOOD)), 200)
        code, lines = server.stop()
        assert not listens(server.url)
    assert code == 0
    assert [json.loads(line)["status"] for line in lines] == [200] * 10
    assert len(run_json(tmp_path, "outbox", "list")) == 10


@pytest.mark.usefixtures("settings")
def test_workers_of_a_parent_that_is_killed(tmp_path: Path) -> None:
    """Several processes end with the one that has started them, even if it is killed, and leave the port."""
    with Served(tmp_path, "--workers", "2") as server:
        assert_documented(exchange(server.url, compose(GOOD)), 200)
        code, lines = server.stop(signal.SIGKILL)
        assert not listens(server.url)
    assert code == -signal.SIGKILL
    assert [json.loads(line)["status"] for line in lines] == [200]


# Breaks the database between the preparations, which the command makes, and the start of the servers.
_CANNOT_START = """
from pathlib import Path
from meshydb_server.serve import listen, serve
from meshydb_server.configuration.settings import Settings

def break_database(_):
    Path("meshydb.sqlite3").write_bytes(b"no database" * 1000)

serve(listen("127.0.0.1", 0), Settings(), workers=2, announce=break_database)
"""


def test_workers_that_cannot_start(tmp_path: Path) -> None:
    """Several processes of which one cannot start end with an error, as a single one does, and are not tried again."""
    done = subprocess.run(
        [sys.executable, "-c", _CANNOT_START],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=60.0,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "failed to start" in done.stderr


def test_port_in_use(tmp_path: Path) -> None:
    """A port in use is an error of one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: Cannot listen at 127.0.0.1, port {port}: Address already in use\n"


@pytest.mark.anyio
async def test_answers_are_not_held_back() -> None:
    """Nagle's algorithm is off: no answer waits until its own headers are acknowledged."""
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    with listen("127.0.0.1", 0) as sock:
        async with await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), sock=sock):
            _, client = await asyncio.open_connection(*sock.getsockname())
            server = await accepted.get()
            assert server.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for writer in (client, server):
                writer.close()


@pytest.mark.anyio
async def test_mail(tmp_path: Path) -> None:
    """With a mail server set, codes go out by mail, also those of before the start, and are never listed."""
    with receiving(Sink()) as sink:
        async with opened(tmp_path, SetClock(datetime.now(UTC)), smtp_url=sink.url) as services:
            await ask(services)
        with Served(tmp_path, smtp_url=sink.url, smtp_from="codes@example.org") as server:
            sink.wait()
            assert_documented(exchange(server.url, compose(asking_for("rosa.k"))), 200)
            sink.wait()
            code, lines = server.stop()
        messages = run_json(tmp_path, "outbox", "list", smtp_url=sink.url)
    assert code == 0
    assert [json.loads(line)["status"] for line in lines] == [200]
    assert [(mail["From"], mail["To"]) for mail in sink.messages] == [("codes@example.org", EMAIL)] * 2
    for message in messages:
        del message["createdAt"]
        assert message == {
            "account": "acme",
            "tenant": "default",
            "username": "rosa.k",
            "kind": "reset",
            "channel": "email",
            "to": EMAIL,
            "status": "sent",
        }
    assert len(messages) == 2
