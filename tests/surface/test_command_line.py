"""The command `meshydb`, as a process against a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest

from meshydb import BadRequestError
from meshydb.testing import MeshyServer
from tests.support.terminal import COMMAND, Terminal, run_client
from tests.unit.tcp import AnsweringServer, ScriptedServer, Silence, answer, refusing_url

USERNAME: Final = "rosa.k"
EMAIL: Final = "rosa.k@example.org"
OLD_PASSWORD: Final = "canary-old-7f3a"  # noqa: S105 - of a user who is made up
NEW_PASSWORD: Final = "canary-n\u00ebw-7f3a"  # noqa: S105 - likewise
RESET: Final = {
    "username": USERNAME,
    "attempt": 1,
    "hash": "canary-hash-7f3a",
    "expires": "2030-01-01T01:00:00.120Z",
    "hint": "Premi\u00e8re rue\u009b?",
}
NOWHERE: Final = {"MESHYDB_ACCOUNT_NAME": "acme", "MESHYDB_PUBLIC_KEY": "key", "MESHYDB_BASE_URL": refusing_url()}
CODE_PROMPT: Final = "Code or answer (r***@example.org): "


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


def _can_log_in(server: MeshyServer, password: str) -> bool:
    try:
        server.client().login(USERNAME, password)
    except BadRequestError:
        return False
    return True


def _at(url: str) -> dict[str, str]:
    return {**NOWHERE, "MESHYDB_BASE_URL": url}


def _file(folder: Path, content: object = RESET) -> str:
    path = folder / "reset.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


def test_from_end_to_end(server: MeshyServer, request_file: str) -> None:
    """In pipes, a password is recovered by three commands, which say nothing on standard error."""
    code = server.last_code(USERNAME)
    done = run_client("check-hash", request_file, environment=server.environment, given=f"{code}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "The code is right.\n", "")
    lines = f"{code}\r\n{NEW_PASSWORD}"
    done = run_client("reset-password", request_file, environment=server.environment, given=lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The password is set, and all logins have ended.\n"
    assert _can_log_in(server, NEW_PASSWORD)
    assert not _can_log_in(server, OLD_PASSWORD)


def test_from_end_to_end_as_json(server: MeshyServer, request_file: str) -> None:
    """For scripts, each command prints what the API answers, and nothing where that has no body."""
    code = server.last_code(USERNAME)
    for given, expected in ((code, (0, '{"isValid": true}\n')), ("AAAAAAAA", (1, '{"isValid": false}\n'))):
        done = run_client("check-hash", "--json", request_file, environment=server.environment, given=given)
        assert ((done.returncode, done.stdout), done.stderr) == (expected, "")
    lines = f"{code}\n{NEW_PASSWORD}\n"
    done = run_client("reset-password", request_file, "--json", environment=server.environment, given=lines)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert _can_log_in(server, NEW_PASSWORD)


def test_answer_is_that_of_the_api() -> None:
    """With --json, what the service answers is printed as it came; without, letters that steer a terminal are not."""
    with ScriptedServer(answer(200, RESET), answer(200, RESET)) as scripted:
        environment = {**_at(scripted.url), "TZ": "UTC", "PYTHONUTF8": "1"}
        done = run_client("forgot-password", USERNAME, "--json", environment=environment)
        assert (json.loads(done.stdout), done.stdout.count("\n")) == (RESET, 1)
        done = run_client("forgot-password", USERNAME, "--attempt", "3", environment=environment)
    assert done.stdout.splitlines() == [
        f"username  {USERNAME}",
        "attempt   1",
        "hash      canary-hash-7f3a",
        "expires   2030-01-01 01:00:00 UTC",
        "hint      Premi\u00e8re rue\ufffd?",
    ]
    sent = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in scripted.requests]
    assert sent == [{"username": USERNAME, "attempt": number} for number in (1, 3)]


def test_options_beat_the_environment(server: MeshyServer) -> None:
    """What is given on the command line counts more than a variable; an empty tenant is the account's default."""
    environment = {**server.environment, "MESHYDB_TENANT": "north"}
    options = ["--account-name", server.account, "--public-key", server.public_key, "--base-url", server.url]
    wrong = {**dict.fromkeys(environment, "x"), "MESHYDB_BASE_URL": NOWHERE["MESHYDB_BASE_URL"]}
    wrong["MESHYDB_AUTH_URL"] = server.url
    for tenant in (server.tenant, ""):
        arguments = ["forgot-password", USERNAME, *options, "--tenant", tenant]
        assert run_client(*arguments, environment=wrong).returncode == 0
    assert run_client("forgot-password", USERNAME, environment=environment).returncode == 3
    options = ["--auth-url", "x"]
    done = run_client("forgot-password", USERNAME, *options, environment=server.environment)
    assert (done.returncode, done.stderr) == (
        2,
        "meshydb: auth_url must be an absolute URL that begins with http:// or https://\n",
    )


def test_as_a_module(server: MeshyServer) -> None:
    """`python -m meshydb` is the same command."""
    command = [sys.executable, "-m", "meshydb", "forgot-password", USERNAME, "--json"]
    environment = {**os.environ, **server.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["hint"] == "r***@example.org"
    done = subprocess.run([*command[:3], "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("meshydb ")


# --- at a terminal


def test_asks_without_echo(server: MeshyServer, request_file: str) -> None:
    """At a terminal, code and password are asked for, the password twice, and nothing that is typed is shown."""
    code = server.last_code(USERNAME)
    with Terminal("check-hash", request_file, environment=server.environment) as terminal:
        terminal.read_until(CODE_PROMPT)
        terminal.type(code)
        assert terminal.finish() == 0
        assert code not in terminal.transcript
    with Terminal("reset-password", request_file, environment=server.environment) as terminal:
        for prompt, secret in (
            (CODE_PROMPT, code),
            ("New password: ", NEW_PASSWORD),
            ("New password, again: ", NEW_PASSWORD),
        ):
            terminal.read_until(prompt)
            terminal.type(secret)
        assert terminal.finish() == 0
        assert code not in terminal.transcript
        assert "canary" not in terminal.transcript
    assert _can_log_in(server, NEW_PASSWORD)


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["nothing", "dash"])
def test_request_is_piped_in(server: MeshyServer, request_file: str, arguments: list[str]) -> None:
    """With the request on standard input, the terminal is still asked for the code."""
    piped = Path(request_file).read_bytes()
    code = server.last_code(USERNAME)
    with Terminal("check-hash", *arguments, environment=server.environment, piped=piped) as terminal:
        terminal.read_until(CODE_PROMPT)
        terminal.type(code)
        assert terminal.finish() == 0
        assert "The code is right." in terminal.transcript
        assert code not in terminal.transcript


def test_passwords_differ(server: MeshyServer, request_file: str) -> None:
    """Two passwords that are not the same are told of, and the old one stays."""
    with Terminal("reset-password", request_file, environment=server.environment) as terminal:
        for prompt, secret in ((CODE_PROMPT, server.last_code(USERNAME)), ("word: ", NEW_PASSWORD), ("again: ", "x")):
            terminal.read_until(prompt)
            terminal.type(secret)
        assert terminal.finish() == 2
        assert "meshydb: the two passwords differ; nothing was sent" in terminal.transcript
    assert _can_log_in(server, OLD_PASSWORD)


def test_shows_that_it_waits(server: MeshyServer) -> None:
    """At a terminal, a line says that there is something to wait for, and is gone before the answer is shown."""
    with Terminal("forgot-password", USERNAME, environment=server.environment) as terminal:
        assert terminal.finish() == 0
    waiting, _, rest = terminal.transcript.partition("\r")
    assert waiting == "Waiting for the service..."
    blank, _, shown = rest.partition("\r")
    assert blank == " " * len(waiting)
    assert shown.startswith(f"username  {USERNAME}")


def test_interrupted_while_waiting() -> None:
    """Ctrl-C ends a command that waits, with 130 and without a traceback, and the line that says so is gone."""
    arrived = threading.Event()

    def stall(_: bytes) -> Silence:
        arrived.set()
        return Silence.STALL

    with (
        AnsweringServer(stall) as stalling,
        Terminal("forgot-password", USERNAME, environment=_at(stalling.url)) as terminal,
    ):
        assert arrived.wait(60)
        terminal.interrupt()
        assert terminal.finish() == 130
    assert terminal.transcript.startswith("Waiting for the service...\r")
    assert terminal.transcript.endswith("\r")
    assert "Traceback" not in terminal.transcript


def test_interrupted_while_asking(tmp_path: Path) -> None:
    """Ctrl-C at a prompt ends a command likewise, and the terminal shows again what is typed."""
    with Terminal("check-hash", _file(tmp_path), environment=NOWHERE) as terminal:
        terminal.read_until("): ")
        assert not terminal.echoes()
        terminal.interrupt()
        assert terminal.finish() == 130
        assert terminal.echoes()
    assert "Traceback" not in terminal.transcript


def test_no_request_at_a_terminal() -> None:
    """A command that has no request to work on says so, rather than waiting for one to be typed."""
    with Terminal("check-hash", environment=NOWHERE) as terminal:
        assert terminal.finish() == 2
    assert "meshydb: which request? Give the FILE " in terminal.transcript


# --- what can go wrong

CANARIES: Final = ("canary", "Traceback")

# Arguments after the command's name, standard input, and what the error says. `{file}` is a request's.
REFUSED: Final[dict[str, tuple[list[str], str | bytes, str]]] = {
    "no-command": ([], "", "the following arguments are required: COMMAND (see meshydb --help)"),
    "unknown-command": (["login"], "", "argument COMMAND: invalid choice: 'login'"),
    "no-username": (["forgot-password"], "", "the following arguments are required: USERNAME"),
    "username": (["forgot-password", ""], "", "username must not be empty"),
    "attempt": (["forgot-password", USERNAME, "--attempt", "0"], "", "attempt must be at least 1"),
    "attempt-no-number": (["forgot-password", USERNAME, "--attempt", "x"], "", "argument --attempt: invalid int value"),
    "code-as-argument": (["check-hash", "{file}", "canary"], "", "too many arguments, or unknown ones; codes and "),
    "password-as-option": (["reset-password", "{file}", "--password=canary"], "", "too many arguments, or unknown "),
    "abbreviation": (["forgot-password", USERNAME, "--js"], "", "too many arguments, or unknown ones"),
    "base-url": (["forgot-password", USERNAME, "--base-url", "x"], "", "base_url must be an absolute URL"),
    "no-file": (["check-hash", "missing.json"], "", "missing.json: No such file or directory"),
    "no-line": (["check-hash", "{file}"], "", "the input ends before the code"),
    "no-second-line": (["reset-password", "{file}"], "canary", "the input ends before the new password"),
    "empty-line": (["check-hash", "{file}"], "\n", "verification_code must not be empty"),
    "short-password": (["reset-password", "{file}"], "x\ncanary\n", "new_password must have at least 8 characters"),
    "not-UTF-8": (["check-hash", "{file}"], b"canary-\xff\n", "the code is not UTF-8"),
    "request-not-JSON": (["check-hash"], "canary", "standard input does not hold what forgot-password --json prints"),
    "no-terminal": (["check-hash"], json.dumps(RESET), "there is no terminal to ask at: give FILE, and the rest as "),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
@pytest.mark.parametrize("case", REFUSED)
def test_usage(tmp_path: Path, case: str, as_json: bool) -> None:  # noqa: FBT001 - pytest's way to hand it over
    """What cannot be sent is told in one line, which repeats no secret, and exits with 2."""
    arguments, given, message = REFUSED[case]
    file = _file(tmp_path)
    arguments = [argument.format(file=file) for argument in arguments]
    if as_json:
        arguments[1:1] = ["--json"]
    done = run_client(*arguments, environment=NOWHERE, given=given, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    if as_json and arguments != ["--json"]:
        told = json.loads(line)
        assert told["error"] == "UsageError"
        assert told["message"].startswith(message)
        assert set(told) == {"error", "message"}
    elif not as_json:
        assert line.startswith(f"meshydb: {message}")
    assert not any(canary in done.stderr for canary in CANARIES)


def test_one_line(tmp_path: Path) -> None:
    """An error is one line, whatever it has to name."""
    done = run_client("check-hash", "missing\x1b\n.json", environment=NOWHERE, folder=tmp_path)
    assert done.stderr == "meshydb: missing\ufffd\ufffd.json: No such file or directory\n"


@pytest.mark.parametrize("content", [b"", b"[]", {**RESET, "expires": "canary"}, {**RESET, "hash": 1}, b"[" * 100_000])
def test_file_is_no_request(tmp_path: Path, content: object) -> None:
    """A file that holds something else is told of by its name, before anything is asked."""
    file = _file(tmp_path, content)
    done = run_client("check-hash", file, environment=NOWHERE)
    expected = f"meshydb: {file} does not hold what forgot-password --json prints\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


@pytest.mark.parametrize(
    ("variable", "option"), [("MESHYDB_ACCOUNT_NAME", "--account-name"), ("MESHYDB_PUBLIC_KEY", "--public-key")]
)
def test_setting_is_missing(variable: str, option: str) -> None:
    """A setting that is missing is named in both ways to give it."""
    done = run_client("forgot-password", USERNAME, environment={**NOWHERE, variable: ""})
    expected = f"meshydb: {option} is missing: give it, or set {variable}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


ANSWERS: Final[dict[str, tuple[bytes | Silence, int, str]]] = {
    "refused": (answer(400, {"message": "No\x1b way."}), 1, "BadRequestError"),
    "forbidden": (answer(403, {"message": "No."}), 1, "PermissionDeniedError"),
    "limited": (answer(429, {"message": "No."}, {"Retry-After": "3600"}), 4, "RateLimitError"),
    "failed": (answer(500, {"message": "Oh."}), 6, "ServerError"),
    "redirected": (answer(302, b"", {"Location": "/"}), 6, "APIStatusError"),
    "garbage": (answer(200, b"<html>"), 6, "APIResponseError"),
    "reset": (Silence.RESET, 5, "APIConnectionError"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_exit_codes(case: str) -> None:
    """Each class of errors has its exit code, one line of words, and an object for scripts."""
    reply, code, kind = ANSWERS[case]
    with AnsweringServer(lambda _: reply) as answering:
        environment = _at(answering.url)
        done = run_client("forgot-password", USERNAME, environment=environment)
        as_json = run_client("forgot-password", USERNAME, "--json", environment=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith("meshydb: ")
    assert done.stderr[:-1].isprintable()
    assert (as_json.returncode, as_json.stdout, as_json.stderr.count("\n")) == (code, "", 1)
    told = json.loads(as_json.stderr)
    assert told["error"] == kind
    if kind == "RateLimitError":
        assert told == {"error": kind, "message": "No.", "statusCode": 429, "retryAfter": 3600}
        assert done.stderr == "meshydb: 429: No.; try again in 3600 seconds\n"


def test_exit_codes_of_a_server(server: MeshyServer, request_file: str) -> None:
    """A real server's refusals exit by what they are: unknown users with 3, wrong codes with 1, one too many with 4."""
    environment = server.environment
    done = run_client("forgot-password", "nobody", environment=environment)
    assert done.returncode == 3
    assert done.stderr.startswith("meshydb: 404: ")
    done = run_client("check-hash", request_file, environment=environment, given="AAAAAAAA\n")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "The code is wrong, or the request has lapsed or was used.\n"
    done = run_client("reset-password", request_file, environment=environment, given=f"AAAAAAAA\n{NEW_PASSWORD}\n")
    assert done.returncode == 1
    assert done.stderr.startswith("meshydb: 400: ")
    with server.client() as client:
        for _ in range(9):
            client.forgot_password(USERNAME)
    done = run_client("forgot-password", USERNAME, environment=environment)
    assert done.returncode == 4
    assert "; try again in " in done.stderr


def test_unreachable() -> None:
    """A service that cannot be reached is told of in one line, and exits with 5."""
    done = run_client("forgot-password", USERNAME, environment=NOWHERE)
    assert (done.returncode, done.stdout) == (5, "")
    host = NOWHERE["MESHYDB_BASE_URL"].removeprefix("http://")
    assert done.stderr.startswith(f"meshydb: no usable answer from {host}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["forgot-password", USERNAME]], ids=["help", "answer"])
def test_nobody_reads(server: MeshyServer, arguments: list[str]) -> None:
    """A command whose output nobody reads ends quietly, as one that SIGPIPE ends."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, **server.environment, "PYTHONUNBUFFERED": ""}
    with open(writer, "wb") as stdout:  # noqa: PTH123 - it is a descriptor
        done = subprocess.run(
            [COMMAND, *arguments], env=environment, stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_help_lists_every_exit_code() -> None:
    """Each command's help tells the exit codes, and never offers an option for a secret."""
    for command in ([], ["forgot-password"], ["check-hash"], ["reset-password"]):
        shown = run_client(*command, "--help", environment=NOWHERE).stdout
        codes = [line.split()[0] for line in shown.partition("exit codes:\n")[2].splitlines() if line[2] != " "]
        assert codes == ["0", "1", "2", "3", "4", "5", "6"]
        assert "--code" not in shown
        assert "--password" not in shown
