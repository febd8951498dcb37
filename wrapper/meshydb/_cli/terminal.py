"""Prompts and progress at the terminal, if there is one."""

import getpass
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from meshydb._cli.outcomes import UsageError, printable

_WAITING = "Waiting for the service..."


class Secrets:
    """Reads secrets from the terminal without echo, or from lines of standard input if that is not a terminal.

    Args:
        file: The file of the request. None if standard input held it, and only the terminal is left to read from.
    """

    def __init__(self, file: str | None) -> None:
        self._at_terminal = file is None or sys.stdin.isatty()

    def code(self, hint: str) -> str:
        """Read the code, or the answer to the security question in the hint."""
        return self._next(f"Code or answer ({printable(hint)}): ", "the code")

    def new_password(self) -> str:
        """Read the new password, at a terminal twice, because the user cannot see it."""
        password = self._next("New password: ", "the new password")
        if self._at_terminal and self._next("New password, again: ", "the new password") != password:
            raise UsageError("the two passwords differ; nothing was sent")
        return password

    def _next(self, prompt: str, what: str) -> str:
        try:
            return _hidden(prompt) if self._at_terminal else _line()
        except EOFError as error:
            raise UsageError(f"standard input ends before {what}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{what} is not UTF-8") from error


def _hidden(prompt: str) -> str:
    with warnings.catch_warnings():
        # getpass warns before it prompts with echo.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning as error:
            message = "there is no terminal: pass the request as FILE, and the secrets on standard input"
            raise UsageError(message) from error


def _line() -> str:
    line = sys.stdin.buffer.readline()
    if not line:
        raise EOFError
    return line.decode().removesuffix("\n").removesuffix("\r")


@contextmanager
def waiting() -> Generator[None]:
    """Show a progress line at a terminal until the response arrives."""
    if not sys.stderr.isatty():
        yield
        return
    try:
        print(_WAITING, end="", file=sys.stderr, flush=True)
        yield
    finally:
        print(f"\r{' ' * len(_WAITING)}\r", end="", file=sys.stderr, flush=True)
