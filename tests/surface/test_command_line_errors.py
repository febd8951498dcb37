"""Error messages and exit codes of the command `meshydb`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Final

import pytest

from meshydb.testing import MeshyServer
from tests.support.tcp import RespondingServer, Silence, refusing_url, reply
from tests.support.terminal import COMMAND, run_client
from tests.surface.reset_requests import NEW_PASSWORD, NOWHERE, RESET, USERNAME, at, request_in

CANARIES: Final = ("canary", "Traceback")

# Arguments after the command's name, standard input, and what the error says. `{file}` is a request's.
REJECTED: Final[dict[str, tuple[list[str], str | bytes, str]]] = {
    "no-command": ([], "", "the following arguments are required: COMMAND (see meshydb --help)"),
    "unknown-command": (["login"], "", "argument COMMAND: invalid choice: 'login'"),
    "no-username": (["forgot-password"], "", "the following arguments are required: USERNAME"),
    "username": (["forgot-password", ""], "", "username must not be empty"),
    "attempt": (["forgot-password", USERNAME, "--attempt", "0"], "", "attempt must be at least 1"),
    "attempt-no-number": (["forgot-password", USERNAME, "--attempt", "x"], "", "argument --attempt: invalid int value"),
    "code-as-argument": (["check-hash", "{file}", "canary"], "", "unknown or too many arguments; meshydb prompts "),
    "password-as-option": (["reset-password", "{file}", "--password=canary"], "", "unknown or too many arguments"),
    "abbreviation": (["forgot-password", USERNAME, "--js"], "", "unknown or too many arguments"),
    "base-url": (["forgot-password", USERNAME, "--base-url", "x"], "", "base_url must be an absolute URL"),
    "no-file": (["check-hash", "missing.json"], "", "missing.json: No such file or directory"),
    "no-line": (["check-hash", "{file}"], "", "standard input ends before the code"),
    "no-second-line": (["reset-password", "{file}"], "canary", "standard input ends before the new password"),
    "empty-line": (["check-hash", "{file}"], "\n", "verification_code must not be empty"),
    "short-password": (["reset-password", "{file}"], "x\ncanary\n", "new_password must have at least 8 characters"),
    "not-UTF-8": (["check-hash", "{file}"], b"canary-\xff\n", "the code is not UTF-8"),
    "request-not-JSON": (["check-hash"], "canary", "standard input does not hold the output of forgot-password --json"),
    "no-terminal": (["check-hash"], json.dumps(RESET), "there is no terminal: pass the request as FILE, and the "),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
@pytest.mark.parametrize("case", REJECTED)
def test_usage(tmp_path: Path, case: str, as_json: bool) -> None:  # noqa: FBT001 - pytest's way to hand it over
    """Invalid arguments print one line without secrets and exit with 2."""
    arguments, given, message = REJECTED[case]
    file = request_in(tmp_path)
    arguments = [argument.format(file=file) for argument in arguments]
    if as_json:
        arguments[1:1] = ["--json"]
    done = run_client(*arguments, environment=NOWHERE, given=given, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    if as_json:
        told = json.loads(line)
        assert told["error"] == "UsageError"
        assert told["message"].startswith(message)
        assert set(told) == {"error", "message"}
    else:
        assert line.startswith(f"meshydb: {message}")
    assert not any(canary in done.stderr for canary in CANARIES)


def test_one_line(tmp_path: Path) -> None:
    """An error is one line, whatever it has to name."""
    done = run_client("check-hash", "missing\x1b\n.json", environment=NOWHERE, folder=tmp_path)
    assert done.stderr == "meshydb: missing\ufffd\ufffd.json: No such file or directory\n"


@pytest.mark.parametrize("content", [b"", b"[]", {**RESET, "expires": "canary"}, {**RESET, "hash": 1}, b"[" * 100_000])
def test_file_is_no_request(tmp_path: Path, content: object) -> None:
    """A file that is not a reset request is reported by name, before any prompt."""
    file = request_in(tmp_path, content)
    done = run_client("check-hash", file, environment=NOWHERE)
    expected = f"meshydb: {file} does not hold the output of forgot-password --json\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


@pytest.mark.parametrize(
    ("variable", "option"), [("MESHYDB_ACCOUNT_NAME", "--account-name"), ("MESHYDB_PUBLIC_KEY", "--public-key")]
)
def test_setting_is_missing(variable: str, option: str) -> None:
    """A setting that is missing is named in both ways to give it."""
    done = run_client("forgot-password", USERNAME, environment={**NOWHERE, variable: ""})
    expected = f"meshydb: {option} is missing: pass it, or set {variable}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


ANSWERS: Final[dict[str, tuple[bytes | Silence, int, str]]] = {
    "refused": (reply(400, {"message": "No\x1b way."}), 1, "BadRequestError"),
    "forbidden": (reply(403, {"message": "No."}), 1, "PermissionDeniedError"),
    "limited": (reply(429, {"message": "No.", "code": "full"}, {"Retry-After": "3600"}), 4, "RateLimitError"),
    "failed": (reply(500, {"message": "Oh."}), 6, "ServerError"),
    "redirected": (reply(302, b"", {"Location": "/"}), 6, "APIStatusError"),
    "garbage": (reply(200, b"<html>"), 6, "APIResponseError"),
    "reset": (Silence.RESET, 5, "APIConnectionError"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_exit_codes(case: str) -> None:
    """Each class of errors has its exit code, one line of words, and an object for scripts."""
    reply, code, kind = ANSWERS[case]
    with RespondingServer(lambda _: reply) as answering:
        environment = at(answering.url)
        done = run_client("forgot-password", USERNAME, environment=environment)
        as_json = run_client("forgot-password", USERNAME, "--json", environment=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith("meshydb: ")
    assert done.stderr[:-1].isprintable()
    assert (as_json.returncode, as_json.stdout, as_json.stderr.count("\n")) == (code, "", 1)
    told = json.loads(as_json.stderr)
    assert told["error"] == kind
    if kind == "RateLimitError":
        assert told == {"error": kind, "message": "No.", "statusCode": 429, "code": "full", "retryAfter": 3600}
        assert done.stderr == "meshydb: 429: No.; retry in 3600 seconds\n"


def test_exit_codes_of_a_server(server: MeshyServer, request_file: str) -> None:
    """Exit codes tell errors apart: 3 for unknown users, 1 for wrong codes, 4 for exceeded limits."""
    environment = server.environment
    done = run_client("forgot-password", "nobody", environment=environment)
    assert done.returncode == 3
    assert done.stderr.startswith("meshydb: 404: ")
    done = run_client("check-hash", request_file, environment=environment, given="AAAAAAAA\n")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "The code is wrong, or the request has expired or was used.\n"
    done = run_client("reset-password", request_file, environment=environment, given=f"AAAAAAAA\n{NEW_PASSWORD}\n")
    assert done.returncode == 1
    assert done.stderr.startswith("meshydb: 400: ")
    with server.client() as client:
        for _ in range(9):
            client.forgot_password(USERNAME)
    done = run_client("forgot-password", USERNAME, environment=environment)
    assert done.returncode == 4
    assert "; retry in " in done.stderr


def test_unreachable() -> None:
    """An unreachable service prints one line and exits with 5."""
    url = refusing_url()
    done = run_client("forgot-password", USERNAME, environment=at(url))
    assert (done.returncode, done.stdout) == (5, "")
    host = url.removeprefix("http://")
    assert done.stderr.startswith(f"meshydb: no usable response from {host}: ")
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


@pytest.mark.parametrize(
    ("command", "redirections", "code"),
    [
        (f"forgot-password {USERNAME}", "2>&-", 0),
        (f"forgot-password {USERNAME}", ">&-", 7),
        (f"forgot-password {USERNAME}", "<&- >&- 2>&-", 7),
        (f"forgot-password {USERNAME}", ">/dev/full", 7),
        (f"forgot-password {USERNAME}", ">/dev/full 2>/dev/full", 7),
        ("forgot-password nobody", "2>&-", 3),
        ("forgot-password nobody", "2>/dev/full", 3),
        ("check-hash {file}", "<&-", 2),
    ],
)
def test_streams_that_are_closed_or_full(
    server: MeshyServer, request_file: str, command: str, redirections: str, code: int
) -> None:
    """With closed or full streams, the exit code still tells the result."""
    shell = f"exec {COMMAND} {command.format(file=request_file)} {redirections}"
    environment = {**os.environ, **server.environment}
    done = subprocess.run(["/bin/sh", "-c", shell], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    said = {
        2: "meshydb: standard input ends before the code\n",
        7: "meshydb: the result cannot be written: No space left on device\n",
    }
    if redirections == ">&-":
        said[7] = "meshydb: the result cannot be written: standard output is closed\n"
    assert done.stderr == ("" if "2>" in redirections else said.get(code, ""))


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["--help", "--version", "check-hash --help"])
def test_help_that_cannot_be_written(command: str, unbuffered: str) -> None:
    """Help that cannot be written is an error, with and without Python's buffer."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {COMMAND} {command} >/dev/full"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (7, "meshydb: the result cannot be written: No space left on device\n")


def test_help_lists_every_exit_code() -> None:
    """Each command's help tells the exit codes, and never offers an option for a secret."""
    for command in ([], ["forgot-password"], ["check-hash"], ["reset-password"]):
        shown = run_client(*command, "--help", environment=NOWHERE).stdout
        codes = [line.split()[0] for line in shown.partition("exit codes:\n")[2].splitlines() if line[2] != " "]
        assert codes == ["0", "1", "2", "3", "4", "5", "6", "7", "141"]
        assert "--code" not in shown
        assert "--password" not in shown
