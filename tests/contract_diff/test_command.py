"""`make contract-diff` compares with a revision of a real repository, and its exit status says what to do."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Final

import pytest
import yaml

from contract_diff.__main__ import main
from contract_diff.documents import NAME, read_revision
from contract_diff.errors import UsageError
from contract_diff.operations import compare
from tests.contract_diff.small import Node, document
from tests.support.commands import unmeasured
from tests.support.contract import ROOT

# Each takes half a second, and differs little from the one before, so this many are spread over the history.
_REVISIONS: Final = 10
_WIDE, _NARROW = ({"type": "string", "maxLength": size} for size in (9, 5))


def _of_version(version: str, schema: Any = _WIDE) -> Node:
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"name": schema}}}}}
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    answers = {"200": {"description": "Done."}}
    operation = {"parameters": [identifier], "requestBody": body, "responses": answers}
    return document(operation, info={"title": "Things", "version": version})


class _Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=self.folder, check=True)  # noqa: S607 - whichever git is there

    def write(self, content: Node | str) -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        (self.folder / NAME).write_text(text, encoding="utf-8")

    def commit(self, content: Node | str, tag: str) -> None:
        self.write(content)
        self.git("add", NAME)
        self.git("commit", "--quiet", "--allow-empty", "--message", tag)
        self.git("tag", tag)

    def compare(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command in this process, since to start Python takes longer than to compare."""
        output, errors = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, "argv", ["contract_diff", *words])
            with pytest.raises(SystemExit) as ended:
                main()
        assert isinstance(ended.value.code, int)
        return subprocess.CompletedProcess(words, ended.value.code, output.getvalue(), errors.getvalue())

    def start(self, *words: str, output: int | IO[bytes] = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
        """Run the command as `make` does."""
        return subprocess.run(
            [sys.executable, "-m", "contract_diff", *words],
            cwd=self.folder,
            env=unmeasured({"PYTHONPATH": str(ROOT / "scripts"), "PYTHONIOENCODING": "utf-8"}),
            stdout=output,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture
def repository(tmp_path: Path) -> _Repository:
    """A repository whose tag `v1` has the contract 1.0.0, which admits nine characters."""
    made = _Repository(tmp_path)
    made.commit(_of_version("1.0.0"), "v1")
    return made


def test_nothing(repository: _Repository) -> None:
    """Without differences, no table is printed, and the exit code is 0."""
    done = repository.compare("v1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Since v1: 0 breaking, 0 not.",
        "info.version 1.0.0 → 1.0.0: only a new major version may break clients.",
    ]


def test_breaking(repository: _Repository) -> None:
    """A breaking change fails, in a line that names the operation and the field."""
    repository.write(_of_version("1.1.0", _NARROW))
    done = repository.start("v1")
    assert (done.returncode, done.stderr) == (1, "")
    heading, line, *_ = done.stdout.splitlines()
    assert (heading, line) == ("BREAKING", "  send: request body, name: maxLength: 9 → 5")
    assert "Since v1: 1 breaking, 0 not.\n" in done.stdout


def test_lines_are_short(repository: _Repository) -> None:
    """No line is longer than a terminal is wide, and nothing is printed twice."""
    schema = {"type": "string", "pattern": f"^({'|'.join(f'word{number}' for number in range(50))})$"}
    repository.write(_of_version("1.0.1", schema))
    done = repository.compare("v1")
    printed = done.stdout.splitlines()
    assert max(map(len, printed)) <= 100
    assert schema["pattern"] in "".join(map(str.strip, printed))
    assert len(printed) == len(set(printed))


def test_output_that_cannot_be_written(repository: _Repository) -> None:
    """A result that cannot be written is exit code 2."""
    with Path("/dev/full").open("wb") as full:
        done = repository.start("v1", output=full)
    assert (done.returncode, done.stderr) == (
        2,
        "contract-diff: the result cannot be written: No space left on device\n",
    )


def test_last_release(repository: _Repository) -> None:
    """Without a revision, it compares with the last release. Without a release, it says so."""
    repository.git("tag", "v1.0.0", "v1")
    repository.commit(_of_version("1.0.0", _NARROW), "newest")
    done = repository.compare()
    assert done.returncode == 1
    assert "Since v1.0.0: 1 breaking" in done.stdout
    repository.git("tag", "--delete", "v1", "v1.0.0")
    done = repository.compare()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("There is no release yet")


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("1.0.0", "1.0.1", 1),
        ("1.0.0", "1.1.0", 1),
        ("1.0.0", "2.0.0", 0),
        ("1.9.0", "2.0.0-rc.1", 0),
        ("2.0.0", "1.0.0", 1),
        ("0.1.0", "0.1.1", 1),
        ("0.1.0", "0.2.0", 0),
        ("0.2.0", "0.1.0", 1),
        ("0.9.0", "1.0.0", 0),
        ("0.9.0", "0.10.0", 0),
    ],
)
def test_versions(repository: _Repository, old: str, new: str, status: int) -> None:
    """A breaking change needs a new major version, or before 1.0.0 a new minor one."""
    repository.commit(_of_version(old), "base")
    repository.write(_of_version(new, _NARROW))
    assert repository.compare("base").returncode == status


def test_revisions(repository: _Repository) -> None:
    """Any name of a revision is compared with the working tree."""
    repository.commit(_of_version("1.0.0", _NARROW), "v2")
    repository.write(_of_version("1.0.0"))
    # The working tree is as it was. The newest commit differs.
    assert repository.compare("v1").stdout.startswith("Since v1: 0 breaking, 0 not.")
    assert repository.compare("HEAD~1").returncode == repository.compare("main").returncode == 0
    repository.write(_of_version("1.0.0", {"type": "integer"}))
    assert {repository.compare(each).returncode for each in ("v1", "v2", "HEAD", "main^")} == {1}


_ERRORS = {
    "nothing": "'nothing' is no revision of this repository.",
    "--help-all": "'--help-all' is no revision of this repository.",
    "": "'' is no revision of this repository.",
    "v1:openapi.yaml": "'v1:openapi.yaml' is no revision of this repository.",
    "empty": "empty has no openapi.yaml.",
    "text": "openapi.yaml of text is not OpenAPI 3.1: ",
    "yaml": "openapi.yaml of yaml is not YAML: ",
    "unversioned": "info.version is 'newest', which is no semantic version, such as 1.4.0.",
}


@pytest.mark.parametrize("revision", _ERRORS)
def test_unknown(repository: _Repository, revision: str) -> None:
    """An unusable revision is reported in one line, with exit code 2."""
    repository.commit("Things", "text")
    repository.commit("openapi: [", "yaml")
    repository.commit(_of_version("newest"), "unversioned")
    repository.git("rm", "--quiet", NAME)
    repository.git("commit", "--quiet", "--message", "empty")
    repository.git("tag", "empty")
    repository.write(_of_version("1.0.0"))
    done = repository.compare("--", revision)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"contract-diff: {_ERRORS[revision]}")
    assert done.stderr.count("\n") == 1


_UNREADABLE: dict[str, Node | str] = {
    "no OpenAPI": {"things": []},
    "an older OpenAPI": {**_of_version("1.0.0"), "swagger": "2.0", "openapi": "2.0"},
    "a reference to nothing": _of_version("1.0.0", {"$ref": "#/components/schemas/Nothing"}),
    "a reference to elsewhere": _of_version("1.0.0", {"$ref": "other.yaml#/Thing"}),
    "a reference to itself": {
        **_of_version("1.0.0", {"$ref": "#/components/schemas/A"}),
        "components": {"schemas": {"A": {"$ref": "#/components/schemas/A"}}},
    },
    "all of itself": {
        **_of_version("1.0.0", {"$ref": "#/components/schemas/A"}),
        "components": {"schemas": {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}}},
    },
    "a byte that is no text": "openapi: \x00",
}


@pytest.mark.parametrize("name", _UNREADABLE)
def test_unreadable(repository: _Repository, name: str) -> None:
    """An invalid document in the working tree is reported in one line."""
    repository.write(_UNREADABLE[name])
    done = repository.compare("v1")
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.startswith("contract-diff: ")
    assert done.stderr.count("\n") == 1


def test_missing(repository: _Repository) -> None:
    """A missing document is reported in one line."""
    (repository.folder / NAME).unlink()
    done = repository.compare("v1")
    assert (done.returncode, done.stderr) == (
        2,
        "contract-diff: openapi.yaml cannot be read: No such file or directory.\n",
    )


def test_make() -> None:
    """`make contract-diff` without a revision compares with the last release, if there is one."""
    ready = ["--assume-old=.venv/.ready", "--assume-old=.venv/.locked"]
    command = ["make", "--no-print-directory", *ready, "contract-diff"]
    # Otherwise this make would share the jobs of the make that runs the test.
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(("There is no release yet", "Since v")) or "\nSince v" in done.stdout


def test_own_history() -> None:
    """Revisions of this project's own contract can be compared with the newest, or are rejected with a reason."""
    command = ["git", "log", "--format=%H", "--", NAME]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    revisions = done.stdout.split()
    if not revisions:
        pytest.skip("There is no history here: this is no git checkout, or git is not installed.")
    documents = []
    for revision in revisions[:: -(-len(revisions) // _REVISIONS)]:
        try:
            documents.append(read_revision(ROOT, revision))
        except UsageError as error:
            # Such as a flow sequence with a question mark, which libyaml reads and PyYAML does not.
            assert "is not YAML" in str(error)  # noqa: PT017 - most revisions have no error at all
    assert documents
    for one in documents:
        assert compare(one, one) == []
        there, back = compare(one, documents[0]), compare(documents[0], one)
        assert bool(there) is bool(back) is (one != documents[0])
