"""The command `meshydb`, or another, as a process: in pipes or at a terminal."""

from __future__ import annotations

import codecs
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, Self

from tests.support.forked import Forked, decoded, run_forked

COMMAND: Final = str(Path(sys.executable).with_name("meshydb"))
# A command that hangs fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 60.0


def run_client(
    *arguments: str, environment: Mapping[str, str], given: str | bytes = "", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, without a terminal: in a session that has none, with `given` as standard input."""
    done = run_forked(
        "meshydb",
        *arguments,
        folder=folder or Path.cwd(),
        environment={**os.environ, **environment},
        timeout=_PATIENCE_SECONDS,
        given=given.encode() if isinstance(given, str) else given,
    )
    return decoded(done)


class Terminal:
    """The command at a terminal, which is its standard input, output and error unless input is piped."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        piped: bytes | None = None,
        folder: Path | None = None,
        command: str = COMMAND,
    ) -> None:
        self._master, slave = pty.openpty()
        self.transcript = ""
        # What is read may end within a letter.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._answered = 0
        name = Path(command).name
        with open(slave, "r+b", buffering=0) as terminal, TemporaryFile() as pipe:  # noqa: PTH123 - a descriptor
            pipe.write(piped or b"")
            pipe.seek(0)
            self._process = Forked(
                name.replace("-", "_") if name.startswith("meshydb") else command,
                *arguments,
                folder=folder or Path.cwd(),
                environment={**os.environ, **environment},
                files=(terminal if piped is None else pipe, terminal, terminal),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def echoes(self) -> bool:
        """Whether what is typed is shown."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def read_until(self, text: str) -> None:
        """Read the output until a text appears in its new part."""
        seen = len(self.transcript)
        while text not in self.transcript[seen:]:
            assert self._read(), f"{text!r} is not shown: {self.transcript!r}"

    def read_prompt(self, beginnings: Iterable[str]) -> str | None:
        """Read until a prompt that begins so, and return it; None at the end of the output."""
        while True:
            unanswered = self.transcript[self._answered :]
            if unanswered.endswith(": "):
                self._answered = len(self.transcript)
                prompt = unanswered.splitlines()[-1]
                return next(beginning for beginning in beginnings if prompt.startswith(beginning))
            if not self._read():
                return None

    def type(self, line: str) -> None:
        """Type a line, and return."""
        os.write(self._master, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Send what Ctrl-C sends."""
        self._process.send_signal(signal.SIGINT)

    def finish(self) -> int:
        """Read to the end; returns the exit code."""
        while self._read():
            pass
        return self._process.wait(_PATIENCE_SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], _PATIENCE_SECONDS)
        assert ready, f"Nothing more is shown: {self.transcript!r}"
        try:
            shown = os.read(self._master, 4096)
        except OSError:
            # How Linux tells that the last one has closed the terminal.
            return False
        self.transcript += self._decoder.decode(shown)
        return bool(shown)
