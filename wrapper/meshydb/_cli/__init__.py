"""The command line: `meshydb`. Results on standard output, everything else on standard error."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, cast

from meshydb._cli.arguments import JSON_OPTION, parse
from meshydb._cli.outcomes import Outcome, UsageError, report
from meshydb._exceptions import MeshyError


def main() -> NoReturn:
    """Run the command line, and exit as `Outcome` tells."""
    _open_closed_streams()
    # A name that the terminal cannot show is no reason to withhold the rest of the answer.
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    try:
        try:
            outcome = _run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough.
        outcome = _give_up_output(Outcome.NOT_READ)
    except OSError as error:
        with suppress(OSError):
            print(f"meshydb: the answer cannot be written: {error.strerror}", file=sys.stderr)
        outcome = _give_up_output(Outcome.NOT_WRITTEN)
    except KeyboardInterrupt:
        outcome = Outcome.INTERRUPTED
    sys.exit(outcome)


def _open_closed_streams() -> None:
    """Stand in for streams that were closed when this was started, which Python has as None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open until the end


def _give_up_output(outcome: Outcome) -> Outcome:
    # Python flushes both once more when it exits, and must not fail then.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return outcome


def _run(arguments: Sequence[str]) -> Outcome:
    try:
        options = parse(arguments)
        outcome: Outcome = options.command(options)
    # The client raises ValueError for what it does not send.
    except (UsageError, ValueError, MeshyError) as error:
        return report(error, as_json=JSON_OPTION in arguments)
    return outcome
