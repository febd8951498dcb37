"""The command line: tables at a terminal, and output that cannot be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from meshydb_server.cli.tables import Column, Row, Screen, Table, render_record, width_of
from tests.support.commands import run_json
from tests.support.terminal import Terminal

_SERVER: Final = str(Path(sys.executable).with_name("meshydb-server"))
_PEOPLE: Final = Table([Column("NAME", "name"), Column("KEY", "key", cut=False)], empty="There is nobody.")
_SCREEN: Final = Screen(20, "utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has an account, a user and a role."""
    folder = tmp_path_factory.mktemp("output")
    run_json(folder, "account", "create", "acme")
    run_json(folder, "user", "create", "acme", "rosa", "--email", "rosa@example.org")
    return folder


def _show(folder: Path, *arguments: str, columns: int = 80) -> list[str]:
    """Run a command that must succeed at a terminal; returns the lines that it shows."""
    environment = {"COLUMNS": str(columns), "PYTHONUTF8": "1"}
    with Terminal(*arguments, environment=environment, folder=folder, command=_SERVER) as terminal:
        assert terminal.finish() == 0
    return terminal.transcript.splitlines()


def test_tables(folder: Path) -> None:
    """At a terminal, listings are tables under headings."""
    heading, line = _show(folder, "account", "list")
    assert heading.split() == ["ACCOUNT", "DEFAULT", "TENANT", "CREATED"]
    assert line.startswith("acme     default         20")
    heading, line = _show(folder, "tenant", "list", "acme")
    (tenant,) = run_json(folder, "tenant", "list", "acme")
    assert line.index(tenant["publicKey"]) == heading.index("PUBLIC KEY")
    heading, line = _show(folder, "user", "list", "acme")
    assert line.split() == ["rosa", "rosa@example.org", "-", "yes", "yes", "meshy.user"]
    heading, line = _show(folder, "audit", "list", "acme", columns=120)
    assert "user-created" in line
    assert "ACTOR ID  SUBJECT" in heading


def test_nothing_to_list(tmp_path: Path, folder: Path) -> None:
    """An empty listing says so."""
    expected = "There are no accounts yet. Create one with: meshydb-server account create ACCOUNT"
    assert _show(tmp_path, "account", "list", columns=100) == [expected]
    assert _show(folder, "outbox", "list") == ["There are no messages."]
    assert run_json(folder, "outbox", "list") == []


def test_records_and_changes(tmp_path: Path) -> None:
    """At a terminal, a change is a sentence, with what people need to go on."""
    lines = _show(tmp_path, "account", "create", "acme")
    (tenant,) = run_json(tmp_path, "tenant", "list", "acme")
    assert lines == [
        "Created the account acme.",
        "",
        "TENANT   DEFAULT  PUBLIC KEY",
        f"default  yes      {tenant['publicKey']}",
    ]
    assert _show(tmp_path, "user", "create", "acme", "rosa")[0] == "Created the user rosa."
    shown = _show(tmp_path, "user", "show", "acme", "rosa")
    assert "Username            rosa" in shown
    assert "Email address       -" in shown
    assert _show(tmp_path, "user", "deactivate", "acme", "rosa") == ["The user rosa can no longer log in."]
    assert _show(tmp_path, "role", "create", "acme", "editors")[0] == "Created the role editors."
    granted = _show(tmp_path, "role", "grant", "acme", "rosa", "editors")
    when = "This takes effect at the next login or token refresh."
    assert granted == [f"Granted the role editors to rosa. Roles now: meshy.user, editors. {when}"]
    assert _show(tmp_path, "role", "delete", "acme", "editors") == [f"Deleted the role editors. {when}"]


def test_json_at_a_terminal(folder: Path) -> None:
    """--json prints JSON at a terminal too."""
    (line,) = _show(folder, "tenant", "list", "acme", "--json", columns=1000)
    assert json.loads(line) == run_json(folder, "tenant", "list", "acme")


def test_narrow_screen() -> None:
    """On a narrow screen, long values are shortened, and if that is not enough, rows become records."""
    rows: list[Row] = [{"name": "a long name indeed", "key": "0123456789"}, {"name": None, "key": "x"}]
    assert _PEOPLE.render(rows, _SCREEN).splitlines() == [
        "NAME      KEY",
        "a long \N{HORIZONTAL ELLIPSIS}  0123456789",
        "-         x",
    ]
    assert _PEOPLE.render(rows, Screen(19, "ascii")).splitlines() == [
        "Name  a long name indeed",
        "Key   0123456789",
        "",
        "Name  -",
        "Key   x",
    ]


def test_letters_that_are_wide_or_harmful() -> None:
    """Wide letters take two columns, marks none, and control characters are replaced."""
    wide, composed = "\u65e5\u672c", "e\u0301"
    assert (width_of(wide), width_of(composed)) == (4, 1)
    rows = [{"name": name, "key": "k"} for name in (wide, composed, "a\x1b[2Jb\u202e\n")]
    assert _PEOPLE.render(rows, _SCREEN).splitlines() == [
        "NAME      KEY",
        f"{wide}      k",
        f"{composed}         k",
        "a\ufffd[2Jb\ufffd\ufffd  k",
    ]
    assert render_record({"emailAddress": "\x1b"}, _SCREEN) == "Email address  \ufffd"


def test_letters_that_the_encoding_lacks() -> None:
    """Characters that the terminal's encoding lacks are escaped, and the columns stay aligned."""
    assert _PEOPLE.render([{"name": "\u65e5\u65e5\u65e5", "key": "k"}], Screen(20, "ascii")).splitlines() == [
        "NAME             KEY",
        "\\u65e5\\u65e5\\u~  k",
    ]


# Where standard output goes, and the exit code, with the reason that is given unless the reader has gone.
_NOWHERE: Final = {">/dev/full": (7, "No space left on device"), ">&-": (7, "it is closed"), "| head -c0": (141, "")}


def _redirected(folder: Path, command: str, redirection: str) -> subprocess.CompletedProcess[str]:
    # The reader is gone before the command writes: it ends at once, and the command takes its time to start.
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", f"{_SERVER} {command} {redirection}"],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("redirection", _NOWHERE)
def test_result_that_cannot_be_written(tmp_path: Path, redirection: str) -> None:
    """A result that cannot be written to standard output goes to standard error, so that no key is lost."""
    code, reason = _NOWHERE[redirection]
    done = _redirected(tmp_path, "account create acme", redirection)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: The change was made, but its result cannot be written: {reason}")
    told: Any = json.loads(line.partition("The result: ")[2])
    (tenant,) = run_json(tmp_path, "tenant", "list", "acme")
    assert told["tenants"][0]["publicKey"] == tenant["publicKey"]


@pytest.mark.parametrize(
    ("command", "redirection"),
    [
        ("account list", ">/dev/full"),
        ("account list", ">&-"),
        ("account list", "| head -c0"),
        ("--help", ">/dev/full"),
        ("user create --help", "| head -c0"),
        ("--version", ">&-"),
    ],
)
def test_text_that_cannot_be_written(folder: Path, command: str, redirection: str) -> None:
    """A listing that cannot be written is an error of one line, or silent if the reader has gone."""
    code, reason = _NOWHERE[redirection]
    done = _redirected(folder, command, redirection)
    expected = f"Error: Standard output cannot be written: {reason}\n" if reason else ""
    assert (done.returncode, done.stdout, done.stderr) == (code, "", expected)


@pytest.mark.parametrize(
    ("command", "redirections", "code"),
    [
        ("account list", "2>&-", 0),
        ("account list", "<&- >&- 2>&-", 7),
        ("account create acme", "2>/dev/full", 1),
        ("account create acme", "2>&-", 1),
        ("account create", "2>/dev/full", 2),
        ("user create acme rosa --password-stdin", "<&-", 1),
    ],
)
def test_exit_code_where_nothing_can_be_said(folder: Path, command: str, redirections: str, code: int) -> None:
    """The exit code is the same if no error can be written."""
    done = _redirected(folder, command, redirections)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_help_tells_the_exit_codes(folder: Path) -> None:
    """The help of the command line lists its exit codes."""
    shown = _redirected(folder, "--help", "").stdout.partition("Exit codes:\n")[2]
    codes = [line.split()[0] for line in shown.splitlines() if line.strip()[:1].isdigit()]
    assert codes == ["0", "1", "2", "3", "7", "141"]
