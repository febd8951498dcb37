"""The client's log, and its redaction."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from meshydb import MeshyClient, MeshyError, RedactingFilter
from meshydb._core.redaction import REDACTED
from tests.client.calls import RESET, Play, once
from tests.support.contract import read, walk
from tests.support.tcp import ScriptedServer, refusing_url, reply

FIELDS: Final = ("method", "route", "status", "error", "duration", "request_id", "retry")
ROUTE: Final = "/{accountName}/users/forgotpassword"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS if name != "duration"}


def test_each_request_is_one_record(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    """Each request is logged with its fields, failures at INFO and successes at DEBUG."""
    caplog.set_level(logging.DEBUG, "meshydb")
    script = [reply(503, headers={"Retry-After": "0"}), reply(200, RESET, {"X-Request-ID": "4bf9"})]
    with ScriptedServer(*script) as server:
        play(once(lambda it: it.forgot_password("rosa")), server.url, max_retries=1)
    refused, succeeded = (record for record in caplog.records if record.name == "meshydb")
    common = {"method": "POST", "route": ROUTE, "error": None}
    assert _fields(refused) == {**common, "status": 503, "request_id": None, "retry": 0}
    assert _fields(succeeded) == {**common, "status": 200, "request_id": "4bf9", "retry": 1}
    assert [refused.levelno, succeeded.levelno] == [logging.INFO, logging.DEBUG]
    for record in (refused, succeeded):
        duration: float = vars(record)["duration"]
        assert 0 < duration < 60
        ending = f"in {duration:.3f} s (request {vars(record)['request_id']}, retry {vars(record)['retry']})"
        assert record.getMessage() == f"POST {ROUTE} {vars(record)['status']} {ending}"


def test_no_response_is_one_record(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    """A request without a response is logged with the class of the error and no status."""
    caplog.set_level(logging.DEBUG, "meshydb")
    with pytest.raises(MeshyError):
        play(once(lambda it: it.forgot_password("rosa")), refusing_url())
    (record,) = (record for record in caplog.records if record.name == "meshydb")
    expected = {"method": "POST", "route": ROUTE, "status": None, "error": "ConnectError"}
    assert _fields(record) == {**expected, "request_id": None, "retry": 0}
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith(f"POST {ROUTE} no response, ConnectError, in ")


def test_incomplete_response_is_one_record(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    """A success whose body breaks off is logged with its status and the class of the error."""
    caplog.set_level(logging.DEBUG, "meshydb")
    with ScriptedServer(reply(200, RESET)[:-5]) as server, pytest.raises(MeshyError):
        play(once(lambda it: it.forgot_password("rosa")), server.url)
    (record,) = (record for record in caplog.records if record.name == "meshydb")
    expected = {"method": "POST", "route": ROUTE, "status": 200, "error": "RemoteProtocolError"}
    assert _fields(record) == {**expected, "request_id": None, "retry": 0}
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith(f"POST {ROUTE} 200, RemoteProtocolError, in ")


def test_record_has_no_path(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    """A record holds the route, not the path, which may hold a username."""
    caplog.set_level(logging.DEBUG, "meshydb")
    with ScriptedServer(reply(200, {"exists": True})) as server:
        play(once(lambda it: it.check_user_exist("rosa.kern")), server.url)
    (record,) = (record for record in caplog.records if record.name == "meshydb")
    assert vars(record)["route"] == "/{accountName}/users/{username}/exists"
    assert "rosa.kern" not in repr(vars(record))


# Makes the call that its arguments describe, after what they say first.
PROGRAM: Final = """
import sys
from meshydb import MeshyClient, MeshyError
exec(sys.argv[1])
try:
    with MeshyClient("acme", "north", "key", base_url=sys.argv[2], max_retries=0) as client:
        client.forgot_password("rosa")
    MeshyClient("acme", "north", "key").close()
except (MeshyError, ValueError) as error:
    print(error)
"""


def _run(level: str | None, url: str, first: str = "") -> tuple[str, list[str]]:
    """Make a call in a new process; return its output, and the lines of its standard error."""
    environment = {} if level is None else {"MESHYDB_LOG": level}
    command = [sys.executable, "-W", "error", "-c", PROGRAM, first, url]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return run.stdout, run.stderr.splitlines()


@pytest.mark.parametrize(("level", "lines"), [(None, 0), ("", 0), ("info", 0), ("debug", 1), ("DEBUG", 1)])
def test_environment_switches_the_log_on(level: str | None, lines: int) -> None:
    """With the variable, each record of its level is a line on standard error; without it, nothing is written."""
    with ScriptedServer(reply(200, RESET)) as server:
        printed, logged = _run(level, server.url)
    assert printed == ""
    assert len(logged) == lines
    assert all(f"meshydb DEBUG POST {ROUTE} 200 in" in line for line in logged)


def test_environment_shows_failures() -> None:
    """At `info`, a failure is a line."""
    with ScriptedServer(reply(404)) as server:
        _, (line,) = _run("info", server.url)
    assert f"meshydb INFO POST {ROUTE} 404 in" in line


def test_handlers_of_the_application_are_used() -> None:
    """If the application has configured logging, nothing is written twice."""
    with ScriptedServer(reply(200, RESET)) as server:
        _, logged = _run("debug", server.url, "import logging; logging.basicConfig(format='app %(name)s')")
    assert logged == ["app meshydb"]


def test_unknown_level() -> None:
    """An unknown level raises an error that names the variable."""
    assert _run("loud", "http://localhost") == ("MESHYDB_LOG must be one of debug, info\n", [])


def test_nothing_is_written_without_a_handler() -> None:
    """Without a handler, nothing is written to standard error, not even errors."""
    with ScriptedServer(reply(200, RESET)) as server:
        _, logged = _run(
            None, server.url, "import logging, meshydb._core.logging; logging.getLogger('meshydb').error('x')"
        )
    assert logged == []


def test_the_logger_redacts(caplog: pytest.LogCaptureFixture) -> None:
    """The filter redacts every record of the client's logger."""
    logging.getLogger("meshydb").error("sent password=%s", "s3cr3t")
    assert [record.getMessage() for record in caplog.records] == [f"sent password={REDACTED}"]


def _redacted(message: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.makeLogRecord({"msg": message, "args": args, **extra})
    assert RedactingFilter().filter(record) is True
    return record


def test_every_secret_of_the_contract_is_known_by_its_name() -> None:
    """Every secret of the contract is redacted by its name, in JSON and as a field."""
    document = read()
    names = {
        path.rpartition("/")[2]
        for path, node in walk(document)
        if path.rpartition("/")[0].endswith("/properties")
        and isinstance(node, dict)
        and node.get("format") == "password"
    }
    assert {"newPassword", "hash", "verificationCode", "answer", "access_token", "token"} <= names
    for name in names:
        record = _redacted(json.dumps({name: "s3cr3t"}), **{name: "s3cr3t"})
        assert json.loads(record.getMessage().replace(REDACTED, f'"{REDACTED}"')) == {name: REDACTED}
        assert vars(record)[name] == REDACTED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.def-g_h", "Authorization: [redacted]"),
        ("sent Bearer abc.def", "sent Bearer [redacted]"),
        ("{'password': 'it\\'s', 'a': 1}", "{'password': [redacted], 'a': 1}"),
        ('{"newPassword":"a \\"b, c"}', '{"newPassword":[redacted]}'),
        ("grant_type=password&refresh_token=abc&x=1", "grant_type=password&refresh_token=[redacted]&x=1"),
        ("[(b'Set-Cookie', b'a=b; c'), (b'Date', b'x')]", "[(b'Set-Cookie', [redacted]), (b'Date', b'x')]"),
        ("Cookie: a=b; session=abc\nDate: x", "Cookie: [redacted]\nDate: x"),
        ('authorization: Digest username="a", response="b"', "authorization: [redacted]"),
        ('{"password":["abc"],"a":1}', '{"password":[redacted],"a":1}'),
        ("User(code='P4ZHR5DA')", "User(code=[redacted])"),
        ("status_code=200 token_type=Bearer hint=r***", "status_code=200 token_type=Bearer hint=r***"),
        ("POST /{accountName}/users/checkhash: 200", "POST /{accountName}/users/checkhash: 200"),
        ("the password is too common", "the password is too common"),
    ],
)
def test_texts_are_redacted(text: str, expected: str) -> None:
    """The value beside the name of a secret is redacted, and nothing else."""
    assert _redacted("%s", text).getMessage() == expected


def test_fields_are_redacted() -> None:
    """Extra fields are redacted at any depth, and the standard fields are not."""
    body = {"username": "rosa", "questions": [{"question": "Pet?", "answer": "Moth"}], "codes": ("Bearer abc",)}
    record = _redacted("sent %d", 7, body=body, refresh_token="abc", retry=3)  # noqa: S106 - not one
    assert vars(record)["body"] == {
        "username": "rosa",
        "questions": [{"question": "Pet?", "answer": REDACTED}],
        "codes": ("Bearer [redacted]",),
    }
    assert vars(record)["refresh_token"] == REDACTED
    assert vars(record)["retry"] == 3
    assert record.args == (7,)
    assert body["username"] == "rosa"
    assert body["questions"] == [{"question": "Pet?", "answer": "Moth"}]


def test_fields_of_headers_are_redacted() -> None:
    """Headers are redacted in pairs and as bytes too."""
    record = _redacted("sent", headers=[(b"Authorization", b"Bearer abc"), ("Date", "x")], raw=b"password=abc")
    assert vars(record)["headers"] == [(b"Authorization", REDACTED), ("Date", "x")]
    assert vars(record)["raw"] == f"password={REDACTED}".encode()


def test_the_filter_never_fails() -> None:
    """The filter never raises: a bad format is left to the handler, and a field that contains itself is redacted."""
    record = _redacted("%d of password=abc", "many")
    assert (record.msg, record.args) == (f"%d of password={REDACTED}", ("many",))
    knot: dict[str, object] = {"code": "P4ZHR5DA"}
    knot["self"] = knot
    assert vars(_redacted("sent", knot=knot))["knot"] == REDACTED


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The output of a handler with the filter, for all loggers."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    handler.addFilter(RedactingFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


def test_a_handler_covers_the_logs_of_others(heard: list[str]) -> None:
    """On a handler, the filter also redacts the headers that httpcore logs."""
    with (
        ScriptedServer(reply(200, RESET, {"Set-Cookie": "session=s3cr3t"})) as server,
        # The faster transport has no httpcore.
        httpx.Client() as http_client,
        MeshyClient("acme", "north", "key", base_url=server.url, http_client=http_client) as client,
    ):
        client.forgot_password("rosa")
    assert any("(b'Set-Cookie', [redacted])" in line for line in heard)
    assert not any("s3cr3t" in line for line in heard)
