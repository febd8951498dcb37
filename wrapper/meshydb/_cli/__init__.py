"""The command `meshydb`. Results go to standard output, everything else to standard error."""

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn, cast

from meshydb._cli.arguments import JSON_OPTION, parse
from meshydb._cli.outcomes import Outcome, UsageError, discard, report
from meshydb._exceptions import MeshyError

# Standard output is opened so that writing to it fails: a result must not get lost without an error.
_STREAMS: Final = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))


def main() -> NoReturn:
    """Run the command line, and exit with the code of its `Outcome`."""
    _open_closed_streams()
    # If the terminal cannot show a name, show the rest of the result all the same.
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    try:
        try:
            outcome = _run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader closed the pipe.
        outcome = _give_up_output(Outcome.NOT_READ)
    except OSError as error:
        with suppress(OSError):
            reason = "standard output is closed" if error.errno == errno.EBADF else error.strerror
            print(f"meshydb: the result cannot be written: {reason}", file=sys.stderr)
        outcome = _give_up_output(Outcome.NOT_WRITTEN)
    except KeyboardInterrupt:
        outcome = Outcome.INTERRUPTED
    sys.exit(outcome)


def _open_closed_streams() -> None:
    """Open streams that were closed at start as the null device. Python sets them to None.

    Otherwise the next connection gets the descriptor of one of them, and text is written into it.
    """
    for descriptor, (name, mode, flags) in enumerate(_STREAMS):
        try:
            os.fstat(descriptor)
        except OSError:
            # open() returns the lowest free descriptor, which is this one.
            os.open(os.devnull, flags)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def _give_up_output(outcome: Outcome) -> Outcome:
    discard(sys.stdout, sys.stderr)
    return outcome


def _run(arguments: Sequence[str]) -> Outcome:
    try:
        options = parse(arguments)
        outcome: Outcome = options.command(options)
    # The client raises ValueError for invalid arguments.
    except (UsageError, ValueError, MeshyError) as error:
        return report(error, as_json=JSON_OPTION in arguments)
    return outcome
