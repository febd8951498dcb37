"""The command `meshydb`, as a process against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest

from meshydb import BadRequestError
from meshydb.testing import MeshyServer
from tests.support.tcp import RespondingServer, ScriptedServer, Silence, reply
from tests.support.terminal import Terminal, run_client
from tests.surface.reset_requests import NEW_PASSWORD, NOWHERE, OLD_PASSWORD, RESET, USERNAME, at, request_in

CODE_PROMPT: Final = "Code or answer (r***@example.org): "


def _can_log_in(server: MeshyServer, password: str) -> bool:
    try:
        server.client().login(USERNAME, password)
    except BadRequestError:
        return False
    return True


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
    """With --json, the response is printed unchanged; without, control characters are removed."""
    with ScriptedServer(reply(200, RESET), reply(200, RESET)) as scripted:
        environment = {**at(scripted.url), "TZ": "UTC", "PYTHONUTF8": "1"}
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
    """Options override variables; an empty tenant means the account's default."""
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
    """Two different passwords are an error, and the old password stays."""
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
        RespondingServer(stall) as stalling,
        Terminal("forgot-password", USERNAME, environment=at(stalling.url)) as terminal,
    ):
        assert arrived.wait(60)
        terminal.interrupt()
        assert terminal.finish() == 130
    assert terminal.transcript.startswith("Waiting for the service...\r")
    assert terminal.transcript.endswith("\r")
    assert "Traceback" not in terminal.transcript


def test_interrupted_while_asking(tmp_path: Path) -> None:
    """Ctrl-C at a prompt ends a command likewise, and the terminal shows again what is typed."""
    with Terminal("check-hash", request_in(tmp_path), environment=NOWHERE) as terminal:
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
    assert "meshydb: the request is missing: pass FILE" in terminal.transcript
