"""The command line: `meshydb`. Results on standard output, everything else on standard error."""

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, cast

from meshydb._cli.arguments import JSON_OPTION, parse
from meshydb._cli.outcomes import Outcome, UsageError, report
from meshydb._exceptions import MeshyError


def main() -> NoReturn:
    """Run the command line, and exit as `Outcome` tells."""
    # A name that the terminal cannot show is no reason to withhold the rest of the answer.
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    try:
        try:
            outcome = _run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough. Python flushes once more when it exits, and must not fail then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome = Outcome.NOT_READ
    except KeyboardInterrupt:
        outcome = Outcome.INTERRUPTED
    sys.exit(outcome)


def _run(arguments: Sequence[str]) -> Outcome:
    try:
        options = parse(arguments)
        outcome: Outcome = options.command(options)
    # The client raises ValueError for what it does not send.
    except (UsageError, ValueError, MeshyError) as error:
        return report(error, as_json=JSON_OPTION in arguments)
    return outcome
