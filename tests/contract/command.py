"""Runs the command meshydb-contract."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from tests.support.forked import HASH_SEED, decoded, run_forked

_PREFIX: Final = "MESHYDB_CONTRACT_"
# A run that hangs fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 600.0

FEW: Final = ("--max-examples", "5")
"""The option for a short run."""


def environment(**given: str) -> dict[str, str]:
    """Return the environment of the command, with only the given tokens."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}, **given}


def command(url: str, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Test a server. The result contains the output."""
    # The command would start Python again to have it.
    given = {"PYTHONHASHSEED": HASH_SEED, **given}
    done = run_forked(
        "meshydb_contract",
        "--url",
        url,
        *arguments,
        folder=Path.cwd(),
        environment=environment(**given),
        timeout=_PATIENCE_SECONDS,
    )
    return decoded(done)
