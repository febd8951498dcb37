"""Runs the command line, writes what it prints, and exits."""

from __future__ import annotations

import errno
import io
import json
import sys
from contextlib import redirect_stdout, suppress
from typing import Final, NoReturn, TextIO

import click

from meshydb_server.cli.results import Result
from meshydb_server.cli.tables import harmless
from meshydb_server.contract import ContractError
from meshydb_server.process.streams import discard, open_standard_streams, write

_FAILED: Final = 1
# The command `meshydb` exits with the same codes.
_NOT_WRITTEN: Final = 7
_NOT_READ: Final = 141

EXIT_CODES: Final = """\
\b
Exit codes:
  0    done
  1    refused or failed; the message says why, and what was changed if
       anything was
  2    an option or an argument is wrong; nothing was changed
  3    the server could not start; with several workers, none of them could
  7    done, but standard output could not be written; if something was
       changed, the message on standard error has the result
  141  done, but the reader of standard output had gone; likewise
"""


def run(command: click.Command) -> NoReturn:
    """Run a command with the arguments of the process, and exit."""
    open_standard_streams()
    # click prints help itself. Everything is written below, where a failed write is handled.
    with redirect_stdout(io.StringIO()) as printed:
        outcome = _invoke(command)
    if isinstance(outcome, Result):
        code = _write(outcome.text_for(sys.stdout), outcome)
    else:
        code = _write(printed.getvalue()) or outcome
    sys.exit(code)


def _invoke(command: click.Command) -> Result | int:
    """Run the command; returns its result, or else the exit code."""
    try:
        outcome = command.main(standalone_mode=False)
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        _print_error(message.getvalue())
        return error.exit_code
    except ContractError as error:
        _print_error(f"Error: {error}")
        return _FAILED
    except click.Abort:
        _print_error("Aborted!")
        return _FAILED
    return outcome if isinstance(outcome, Result | int) else 0


def _write(text: str, result: Result | None = None) -> int:
    """Write to standard output; returns the exit code."""
    if not text:
        # Without Python's buffer, even writing nothing to a full device fails.
        return 0
    try:
        write(sys.stdout, text)
    except OSError as error:
        if result is None or not result.is_change:
            return not_written(error, sys.stdout)
        value = json.dumps(result.value)
        _print_error(
            f"Error: The change was made, but its result cannot be written: {_reason(error)}. The result: {value}"
        )
        return _code_of(error)
    return 0


def not_written(error: OSError, output: TextIO) -> int:
    """Report that standard output cannot be written, unless its reader has gone; returns the exit code."""
    discard(output)
    if not isinstance(error, BrokenPipeError):
        _print_error(f"Error: Standard output cannot be written: {_reason(error)}")
    return _code_of(error)


def _code_of(error: OSError) -> int:
    return _NOT_READ if isinstance(error, BrokenPipeError) else _NOT_WRITTEN


def _reason(error: OSError) -> str:
    return "it is closed" if error.errno == errno.EBADF else str(error.strerror)


def _print_error(message: str) -> None:
    """Write to standard error. If that fails, the exit code is the only report."""
    with suppress(OSError):
        write(sys.stderr, "".join(f"{harmless(line)}\n" for line in message.splitlines()))
