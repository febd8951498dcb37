"""Runs the command meshydb-contract."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

_PREFIX: Final = "MESHYDB_CONTRACT_"

FEW: Final = ("--max-examples", "5")
"""The option for a short run."""


def environment(**given: str) -> dict[str, str]:
    """Return the environment of the command, with only the given tokens."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}, **given}


def command(url: str, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Test a server. The result contains the output."""
    command = [sys.executable, "-m", "meshydb_contract", "--url", url, *arguments]
    return subprocess.run(command, env=environment(**given), capture_output=True, encoding="utf-8", check=False)
