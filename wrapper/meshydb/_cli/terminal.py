"""What passes between a command and the person at the terminal, if there is one."""

import getpass
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from meshydb._cli.outcomes import UsageError, printable

_WAITING = "Waiting for the service..."


class Secrets:
    """What must not be seen: from the terminal without echo, or from the lines of standard input where that is none.

    Args:
        file: Where the request is; None when standard input held it, so that only the terminal is left to be asked.
    """

    def __init__(self, file: str | None) -> None:
        self._at_terminal = file is None or sys.stdin.isatty()

    def code(self, hint: str) -> str:
        """The code, or the answer to the security question that the hint is."""
        return self._next(f"Code or answer ({printable(hint)}): ", "the code")

    def new_password(self) -> str:
        """The new password; asked for twice, as what is typed cannot be seen."""
        password = self._next("New password: ", "the new password")
        if self._at_terminal and self._next("New password, again: ", "the new password") != password:
            raise UsageError("the two passwords differ; nothing was sent")
        return password

    def _next(self, prompt: str, what: str) -> str:
        try:
            return _hidden(prompt) if self._at_terminal else _line()
        except EOFError as error:
            raise UsageError(f"the input ends before {what}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{what} is not UTF-8") from error


def _hidden(prompt: str) -> str:
    with warnings.catch_warnings():
        # What getpass says before it would ask with echo.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning as error:
            message = "there is no terminal to ask at: give FILE, and the rest as lines of standard input"
            raise UsageError(message) from error


def _line() -> str:
    line = sys.stdin.buffer.readline()
    if not line:
        raise EOFError
    return line.decode().removesuffix("\n").removesuffix("\r")


@contextmanager
def waiting() -> Generator[None]:
    """Tell who looks on that there is an answer to wait for, until there is."""
    if not sys.stderr.isatty():
        yield
        return
    try:
        print(_WAITING, end="", file=sys.stderr, flush=True)
        yield
    finally:
        print(f"\r{' ' * len(_WAITING)}\r", end="", file=sys.stderr, flush=True)
