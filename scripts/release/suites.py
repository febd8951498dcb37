"""Runs suites from an unpacked sdist, on the package as the wheel installs it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Final, Literal

from release.environments import Environment, clean_environment

# Those that need neither git, nor a browser, nor the tools of the documentation, and end in a few minutes.
SUITES: Final = ("tests/spec", "tests/query", "tests/wire")


def run_suites(
    source: Path, environment: Environment, suites: tuple[str, ...] = SUITES, workers: int | Literal["auto"] = "auto"
) -> int:
    """Run suites of an unpacked sdist, with this interpreter's tools; returns the exit code of pytest."""
    command = _pytest(environment, "--numprocesses", str(workers), "--dist", "loadfile", *suites)
    kept = {name: value for name, value in os.environ.items() if name.startswith("MESHYDB_TEST_")}
    return subprocess.run(command, cwd=source, env={**clean_environment(), **kept}, check=False).returncode


def uncollected(source: Path, environment: Environment) -> str:
    """Collect all tests of an unpacked sdist; returns what pytest writes if it cannot, as where a file is missing."""
    command = _pytest(environment, "--collect-only", "--quiet", "--no-header", "tests")
    done = subprocess.run(
        command, cwd=source, env=clean_environment(), check=False, capture_output=True, encoding="utf-8"
    )
    return f"{done.stdout.partition(' ERRORS ')[2].lstrip('=')}{done.stderr}".strip() if done.returncode else ""


def _pytest(environment: Environment, *arguments: str) -> list[str]:
    # Behind what is installed. The package of the checkout is not found there, as it is installed as editable, and
    # Python follows the .pth files of no folder that is added so.
    (environment.site / "tools.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return [str(environment.python), "-m", "pytest", "--quiet", *arguments]
