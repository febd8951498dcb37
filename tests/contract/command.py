"""The command meshydb-contract, as it is run at a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

FEW: Final = ("--max-examples", "5")
"""The option for a short run."""


def command(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Test a server; what is written is part of the result."""
    command = [sys.executable, "-m", "meshydb_contract", "--url", url, *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=False)
