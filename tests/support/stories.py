"""Does what a section of a document tells its reader to do: in an empty folder, beside a server that is at hand.

The documents show `http://127.0.0.1:8000` and `the public key` where a reader has something else; so does a story.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import open_services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.users.new_users import NewUser
from tests.support.commands import Served, run_json, unmeasured
from tests.support.dependencies import CHEAP_HASHER
from tests.support.documents import Block
from tests.support.forked import run_forked
from tests.support.server import serving, settings_in
from tests.support.terminal import Terminal

# What the documents call them.
_URL: Final = "http://127.0.0.1:8000"
_PUBLIC_KEY: Final = "the public key"
_ACCOUNT: Final = "acme"
_TENANT: Final = "north"
_USERNAME: Final = "rosa.k"
_EMAIL: Final = "rosa.k@example.org"
_PASSWORD: Final = "a new correct horse"  # noqa: S105 - it stands in the documents
_PATIENCE_SECONDS: Final = 300.0

_CONTINUED: Final = re.compile(r"\\\n\s*")
_OVERWRITTEN: Final = re.compile(r"[^\n]*\r(?!\n)")
_NEEDS_NO_SHELL: Final = re.compile(r"meshydb(-server)? [\w\s.,:=@/'{}\"\[\]-]+")
_SERVE: Final = "meshydb-server serve"
_CREATE_ACCOUNT: Final = "meshydb-server account create"


class Story:
    """One reader's session.

    Attributes:
        folder: Where the reader works, with a database of its own once there is one.
        database_url: That of the server that the reader talks to: at first of one that is at hand, then of their own.
    """

    def __init__(self, folder: Path, url: str, public_key: str, settings: Settings, stack: ExitStack) -> None:
        self.folder = folder
        self.database_url = settings.database_url
        self._url = url
        self._public_key = self._own_public_key = public_key
        self._stack = stack

    def tell(self, block: Block) -> None:
        """Do what a block says, and compare what comes of it with what the block shows."""
        try:
            if block.language == "console":
                self._console(block)
            elif block.title is not None:
                (self.folder / block.title).write_text(self._here(block.source), encoding="utf-8")
            elif re.search("^(async )?def test_", block.source, re.MULTILINE):
                self._tests(block)
            else:
                self._program(block)
        except BaseException as error:
            error.add_note(f"in {block}")
            raise

    @property
    def environment(self) -> dict[str, str]:
        """What the reader has set."""
        return {
            "MESHYDB_ACCOUNT_NAME": _ACCOUNT,
            "MESHYDB_TENANT": _TENANT,
            "MESHYDB_PUBLIC_KEY": self._public_key,
            "MESHYDB_BASE_URL": self._url,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TZ": "UTC",
        }

    def _code(self, _: object = None) -> str:
        """The code that was sent last."""
        codes = [message["code"] for message in run_json(self.folder, "outbox", "list", database_url=self.database_url)]
        return str(codes[-1])

    def _here(self, text: str) -> str:
        return text.replace(_URL, self._url).replace(_PUBLIC_KEY, self._public_key)

    def _program(self, block: Block) -> None:
        """Run Python as a program; whoever is asked for something has read their mail."""
        # Lines are counted from the top of the document, so that a traceback shows the block itself.
        source = "\n" * block.line + self._here(block.source)
        # Without the future imports of this module.
        code = compile(source, block.path, "exec", dont_inherit=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            exec(code, {"__name__": "__main__", "input": self._code})  # noqa: S102 - the project's own documents

    def _tests(self, block: Block) -> None:
        """Run Python as tests."""
        (self.folder / "test_block.py").write_text(block.source, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "test_block.py"]
        done = subprocess.run(command, cwd=self.folder, env=unmeasured(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def _console(self, block: Block) -> None:
        for command, shown in _commands(block.source):
            if command.startswith(_SERVE):
                arguments = shlex.split(command.removeprefix(_SERVE))
                self._url = self._stack.enter_context(Served(self.folder, *arguments)).url
                self.database_url = f"sqlite+aiosqlite:///{self.folder / 'meshydb.sqlite3'}"
                self._public_key = self._own_public_key
            else:
                printed = self._ask(command) if _is_at_terminal(command, shown) else self._shell(command)
                if command.startswith(_CREATE_ACCOUNT):
                    self._own_public_key = run_json(self.folder, "tenant", "list", _ACCOUNT)[0]["publicKey"]
                _compare(command, shown, printed)

    def _ask(self, command: str) -> str:
        """Run one of the project's commands at a terminal, and answer what it asks for."""
        program, *arguments = shlex.split(command)
        path = str(Path(sys.executable).with_name(program))
        answers = {"Code or answer": self._code, "New password": lambda: _PASSWORD}
        with Terminal(*arguments, environment=self.environment, folder=self.folder, command=path) as terminal:
            while (prompt := terminal.read_prompt(answers)) is not None:
                terminal.type(answers[prompt]())
            code = terminal.finish()
        assert code == 0, terminal.transcript
        return _OVERWRITTEN.sub("", terminal.transcript.replace("\r\n", "\n"))

    def _shell(self, command: str) -> str:
        here, environment = self._here(command), unmeasured(self.environment)
        if _NEEDS_NO_SHELL.fullmatch(here):
            program, *arguments = shlex.split(here)
            module = program.replace("-", "_")
            done = run_forked(
                module, *arguments, folder=self.folder, environment=environment, timeout=_PATIENCE_SECONDS
            )
        else:
            done = subprocess.run(
                ["/bin/sh", "-c", here],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@contextmanager
def beginning(folder: Path) -> Generator[Story]:
    """Begin a story, in a folder."""
    with ExitStack() as stack:
        prepared, own = folder / "prepared", folder / "own"
        for each in (prepared, own):
            each.mkdir()
        settings = settings_in(prepared)
        public_key = asyncio.run(_prepare(settings))
        server = stack.enter_context(serving(settings, Dependencies(hasher=CHEAP_HASHER)))
        yield Story(own, server.url, public_key, settings, stack)


async def _prepare(settings: Settings) -> str:
    async with open_services(settings, Dependencies(hasher=CHEAP_HASHER)) as services:
        (tenant,) = await services.accounts.create_account(_ACCOUNT, [_TENANT])
        user = NewUser(username=_USERNAME, email=_EMAIL, password=_PASSWORD, roles=["meshy.admin"])
        await services.accounts.create_user(_ACCOUNT, _TENANT, user)
    return tenant.public_key


def _commands(source: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, and the lines that each is shown to print."""
    commands: list[tuple[str, list[str]]] = []
    for line in _CONTINUED.sub("", source).splitlines():
        if line.startswith("$ "):
            commands.append((line.removeprefix("$ "), []))
        else:
            commands[-1][1].append(line)
    return commands


def _is_at_terminal(command: str, shown: list[str]) -> bool:
    """Whether a terminal shows what a block shows: the server's command prints JSON elsewhere."""
    program, *rest = shlex.split(command)
    if ">" in rest:
        return False
    return program == "meshydb" or (program == "meshydb-server" and bool(shown) and not _is_json(shown[0]))


def _is_json(line: str) -> bool:
    return line.startswith(("{", "["))


def _compare(command: str, shown: list[str], printed: str) -> None:
    """Compare what is shown, if anything is: JSON by its shape, and otherwise letter by letter, but for `…`."""
    if not shown:
        return
    lines = printed.splitlines()
    assert len(lines) == len(shown), f"{command} printed: {printed}"
    for expected, line in zip(shown, lines, strict=True):
        if _is_json(expected):
            assert _shape(json.loads(line)) == _shape(json.loads(expected)), f"{command} printed: {line}"
        else:
            pattern = ".*".join(re.escape(part) for part in expected.strip().split("…"))
            assert re.fullmatch(pattern, line.strip()), f"{command} printed: {line}"


def _shape(value: Any) -> Any:
    """A JSON value without what differs from one time to the next."""
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_shape(member) for member in value]
    return type(value)
