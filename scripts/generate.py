"""Generates every derived file. With --check, lists those that are out of date.

Derived are the client in `generated/` and the wrapper's facts of the contract, both from openapi.yaml, and the
synchronous half of the wrapper, from its folders `_async`.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from check_operations import require_complete
from derive_contract import derive_contract
from derive_sync import derive

_ROOT = Path(__file__).parents[1]
_WRAPPER = _ROOT / "wrapper" / "meshydb"
_NOT_COMMITTED = ["__pycache__"]


def _generate_client(folder: Path) -> None:
    command = [sys.executable, "-m", "openapi_python_client", "generate"]
    options = {
        "--path": _ROOT / "openapi.yaml",
        "--config": _ROOT / "generator-config.yaml",
        "--custom-template-path": _ROOT / "generator-templates",
        "--output-path": folder / "meshydb_api",
        "--meta": "none",
    }
    arguments = [str(word) for option in options.items() for word in option]
    # The hooks call `ruff` and `python` by name, and must get those of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    subprocess.run([*command, *arguments, "--fail-on-warning"], check=True, env={**os.environ, "PATH": path})


def _derive_sync(package: Path, folder: Path) -> None:
    derive(package / "_async", folder)


def _derive_contract(folder: Path) -> None:
    derive_contract(_ROOT / "openapi.yaml", folder)


_DERIVED: dict[Path, Callable[[Path], None]] = {
    _ROOT / "generated": _generate_client,
    _WRAPPER / "_contract": _derive_contract,
    **{package / "_sync": partial(_derive_sync, package) for package in (_WRAPPER, _WRAPPER / "_transports")},
}


def _differences(made: Path, committed: Path) -> Iterator[Path]:
    """Every file and folder that differs or is missing on one side, as a path on the committed side."""
    comparison = filecmp.dircmp(made, committed, ignore=_NOT_COMMITTED)
    for name in [*comparison.left_only, *comparison.right_only, *comparison.common_funny]:
        yield committed / name
    # dircmp itself compares only sizes and times.
    _, different, unreadable = filecmp.cmpfiles(made, committed, comparison.common_files, shallow=False)
    for name in [*different, *unreadable]:
        yield committed / name
    for name in comparison.common_dirs:
        yield from _differences(made / name, committed / name)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when anything would change")
    check = parser.parse_args().check
    # Checked first: generators ignore it, or do not say where it is.
    require_complete(_ROOT / "openapi.yaml")
    stale: list[Path] = []
    for target, make in _DERIVED.items():
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / target.name
            made.mkdir()
            make(made)
            if check:
                stale += _differences(made, target)
            else:
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(made, target)
    for path in sorted(stale):
        print(f"not as generated: {path.relative_to(_ROOT)}")
    if stale:
        sys.exit("Derived files are not edited by hand: change what they are made from, then run `make generate`.")


if __name__ == "__main__":
    main()
