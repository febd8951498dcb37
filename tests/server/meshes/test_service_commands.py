"""`meshydb-server mesh …`: documents in and out, as lines of JSON."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.commands import run, run_json
from tests.support.server import SECRET_KEYS
from tests.support.terminal import Terminal

_SERVER: Final = str(Path(sys.executable).with_name("meshydb-server"))
_OID: Final = "64d1c0ffee00112233445566"
_EXPORTED: Final = (
    b'{"_id":{"$oid":"64D1C0FFEE00112233445566"},"due":{"$date":"2019-11-08T12:00:00Z"},'
    b'"at":{"$date":{"$numberLong":"1573214400000"}},"n":{"$numberLong":"9007199254740993"},'
    b'"p":{"$numberDecimal":"1.5"},"i":{"$numberInt":"7"},"by":[{"$oid":"64d1c0ffee00112233445577"}]}\n'
)
_PLAIN: Final = {
    "_id": _OID,
    "due": "2019-11-08T12:00:00.000Z",
    "at": "2019-11-08T12:00:00.000Z",
    "n": 9007199254740993,
    "p": 1.5,
    "i": 7,
    "by": ["64d1c0ffee00112233445577"],
}


def _folder(tmp_path: Path, database_url: str) -> Mapping[str, str]:
    """The settings of a database that has an account."""
    keys = {"secret_keys": SECRET_KEYS} if database_url.startswith("postgresql") else {}
    settings = {"database_url": database_url, **keys}
    run_json(tmp_path, "account", "create", "acme", "--tenant", "north", "--tenant", "south", **settings)
    return settings


def _file(folder: Path, content: bytes) -> str:
    path = folder / "documents.ndjson"
    path.write_bytes(content)
    return str(path)


def _export(folder: Path, mesh: str, **settings: str) -> list[dict[str, Any]]:
    done = run(folder, "mesh", "export", "acme", mesh, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_there_and_back(tmp_path: Path, database_url: str) -> None:
    """What mongoexport writes is imported in plain values, and exported so that it can be imported again."""
    settings = _folder(tmp_path, database_url)
    path = _file(tmp_path, _EXPORTED + b'\n{"_id":"b","\xc3\xa9":"\xf0\x9f\x98\x80","a":null}\n')
    value = run_json(tmp_path, "mesh", "import", "acme", "Task", path, **settings)
    assert value == {"account": "acme", "tenant": "north", "mesh": "task", "imported": 2, "skipped": 0}
    done = run(tmp_path, "mesh", "export", "acme", "TASK", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1] == '{"_id":"b","é":"😀","a":null}'
    exported = [json.loads(line) for line in done.stdout.splitlines()]
    assert exported == [_PLAIN, {"_id": "b", "é": "😀", "a": None}]
    copy = _file(tmp_path, done.stdout.encode())
    assert run_json(tmp_path, "mesh", "import", "acme", "copy", copy, "--tenant", "south", **settings)["imported"] == 2
    done = run(tmp_path, "mesh", "export", "acme", "copy", "--tenant", "south", **settings)
    assert [json.loads(line) for line in done.stdout.splitlines()] == exported
    assert _export(tmp_path, "copy", **settings) == []
    kinds = [(each["kind"], each["tenant"]) for each in run_json(tmp_path, "audit", "list", "acme", **settings)]
    assert kinds == [("mesh-imported", "north"), ("mesh-imported", "south")]


def test_many(tmp_path: Path, database_url: str) -> None:
    """More documents than are stored at once are imported and exported; a second run skips those that are there."""
    settings = _folder(tmp_path, database_url)
    lines = [json.dumps({"_id": f"{number:05}", "n": number}) for number in range(2500)]
    path = _file(tmp_path, "\n".join(lines).encode())
    assert run_json(tmp_path, "mesh", "import", "acme", "n", path, **settings)["imported"] == 2500
    assert [each["n"] for each in _export(tmp_path, "n", **settings)] == list(range(2500))
    path = _file(tmp_path, "\n".join([*lines, '{"_id":"x"}', '{"n":-1}']).encode())
    again = run_json(tmp_path, "mesh", "import", "acme", "n", path, "--skip-existing", **settings)
    assert (again["imported"], again["skipped"]) == (2, 2500)


_WRONG: Final[dict[str, tuple[bytes, str]]] = {
    "JSON": (b"{", "The document is not JSON: "),
    "UTF-8": (b'{"a":"\xff"}', "The document is not UTF-8."),
    "twice": (b'{"a":1,"a":1}', "A name appears twice in one object."),
    "value": (b"5", "The document is invalid at its top level: it must be an object."),
    "name": (b'{"a":{"$b":1}}', "The document is invalid at a.$b: names neither begin with $ nor contain a dot."),
    "NUL": (b'{"a":"\\u0000"}', "A string contains NUL or a lone surrogate."),
    "oid": (b'{"_id":{"$oid":"5"}}', "The document is invalid at _id.$oid: an ObjectId is text of 24 hexadecimal"),
    "binary": (b'{"a":{"$binary":{"base64":"","subType":"00"}}}', "The document is invalid at a.$binary: this type"),
    "regex": (b'{"a":{"$regularExpression":{"pattern":"a","options":""}}}', "The document is invalid at a: a document"),
    "id": (b'{"_id":5}', "The document is invalid at _id: it must be text of 1 to 128 characters."),
    "path": (b'{"_id":"a/b"}', "_id: the value is not allowed. "),
    "same": (b'{"_id":"a"}', "Another line has this _id."),
    "taken": (b'{"_id":"taken"}', "Another document of the mesh has this _id."),
    "depth": (b'{"a":' * 101 + b"1" + b"}" * 101, "The document is invalid at a."),
    "deep": (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "The document is nested deeper than "),
    "array": (
        b"[",
        "The document is an array; write one object on each line, as mongoexport does without --jsonArray.",
    ),
    "value later": (b'{"a":', "The document is not JSON: Expecting value at column 6."),
    "size": (b'{"a":"' + b"x" * 4_194_304 + b'"}', "The document is larger than 4194304 bytes."),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has an account with a document."""
    folder = tmp_path_factory.mktemp("meshes")
    run_json(folder, "account", "create", "acme")
    run_json(folder, "mesh", "import", "acme", "task", _file(folder, b'{"_id":"taken"}\n'))
    return folder


@pytest.mark.parametrize("case", _WRONG)
def test_wrong_lines(folder: Path, case: str) -> None:
    """A wrong line stops an import, and the message has its number and the reason."""
    line, reason = _WRONG[case]
    path = _file(folder, b'{"_id":"a"}\n\n' + line + b"\n")
    done = run(folder, "mesh", "import", "acme", "task", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: Line 3: {reason}"), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_wrong_line_after_many(folder: Path) -> None:
    """A wrong line after more documents than are stored at once leaves nothing stored."""
    path = _file(folder, b"{}\n" * 1500 + b"5\n")
    done = run(folder, "mesh", "import", "acme", "wrong", path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Line 1501: ")
    assert _export(folder, "wrong") == []


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["import", "globex", "task", "/dev/null"], 1, "There is no account of this name."),
        (["export", "globex", "task"], 1, "There is no account of this name."),
        (["import", "acme", "t1", "/dev/null"], 1, "MESH: "),
        (["import", "acme", "task", "missing.ndjson"], 2, "No such file"),
    ],
)
def test_refused(folder: Path, arguments: list[str], code: int, reason: str) -> None:
    """An unknown account, a wrong name and a missing file are refused with a message that says so."""
    done = run(folder, "mesh", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert reason in done.stderr


def test_pipes(folder: Path) -> None:
    """Standard input is imported, even if it can be read only once."""
    done = subprocess.run(
        [_SERVER, "mesh", "import", "acme", "piped"],
        cwd=folder,
        input=b'{"n":1}\n{"n":2}\n',
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["imported"] == 2
    assert [each["n"] for each in _export(folder, "piped")] == [1, 2]


def test_files_of_windows(folder: Path) -> None:
    """A byte order mark at the start and CRLF at the ends of lines are no part of documents; an empty file has none."""
    path = _file(folder, b'\xef\xbb\xbf{"n":1}\r\n\r\n{"n":2}\r\n')
    assert run_json(folder, "mesh", "import", "acme", "windows", path)["imported"] == 2
    assert [each["n"] for each in _export(folder, "windows")] == [1, 2]
    assert run_json(folder, "mesh", "import", "acme", "empty", _file(folder, b""))["imported"] == 0


def test_interruption(folder: Path) -> None:
    """An import that is interrupted says how many documents are stored at least, and a second run stores the rest."""
    lines = b"".join(b'{"_id":"i%d","text":"%s"}\n' % (number, b"x" * 100) for number in range(1500))
    fifo = folder / "lines"
    os.mkfifo(fifo)
    arguments = ("mesh", "import", "acme", "interrupted", str(fifo))
    with (
        Terminal(*arguments, environment={}, folder=folder, command=_SERVER) as terminal,
        closing(sqlite3.connect(folder / "meshydb.sqlite3", isolation_level=None)) as other,
    ):
        with fifo.open("wb") as stream:
            # More than a pipe holds: when it is written, the import has begun to read.
            stream.write(lines)
            # Lets it wait before its first group.
            other.execute("BEGIN IMMEDIATE")
        terminal.read_until("Importing")
        terminal.interrupt()
        terminal.read_until("Interrupted. At least 0 documents were imported; run the command again with ")
        other.execute("ROLLBACK")
        assert terminal.finish() == 1
    path = _file(folder, lines)
    again = run_json(folder, "mesh", "import", "acme", "interrupted", path, "--skip-existing")
    assert again["imported"] + again["skipped"] == 1500
    assert len(_export(folder, "interrupted")) == 1500


def test_output_that_cannot_be_written(folder: Path) -> None:
    """An export whose output is full or closed, or whose reader goes, exits with the code for it."""
    export = [_SERVER, "mesh", "export", "acme", "task"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(export, cwd=folder, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (
        7,
        b"Error: Standard output cannot be written: No space left on device\n",
    )
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *export]
    done = subprocess.run(closed, cwd=folder, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (7, b"Error: Standard output cannot be written: it is closed\n")
    with subprocess.Popen(export, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (141, b"")


def test_terminal(folder: Path) -> None:
    """At a terminal, an import shows how far it is, and says what it did."""
    path = _file(folder, b'{"n":1}\n')
    with Terminal("mesh", "import", "acme", "shown", path, environment={}, folder=folder, command=_SERVER) as terminal:
        assert terminal.finish() == 0
    assert "Checking" in terminal.transcript
    assert "100%" in terminal.transcript
    assert "Imported 1 documents into shown; skipped 0." in terminal.transcript
    command = ("-c", f"{_SERVER} mesh export acme shown > exported")
    with Terminal(*command, environment={}, folder=folder, command="/bin/sh") as terminal:
        assert terminal.finish() == 0
    assert "Exporting" in terminal.transcript
    assert b'"n":1' in (folder / "exported").read_bytes()
