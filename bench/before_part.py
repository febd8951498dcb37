"""Compares the server with an earlier revision: the same load, alternating between both.

`BASE` names the revision. It runs from its own working tree, in the same environment.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from bench import servers
from bench.load import Load, Result, forgot_password, send
from bench.report import Verdict

_ROOT: Final = Path(__file__).parents[1]
_USERS: Final = 1_000
_ROUNDS: Final = 9
_REQUESTS: Final = 4_000
_CONNECTIONS: Final = 32
_LOSS: Final = 0.05


@contextmanager
def _checked_out(revision: str, folder: Path) -> Generator[Path]:
    """Check out a revision into a folder until the block ends."""
    git = ["git", "-C", str(_ROOT), "worktree"]
    tree = folder / "tree"
    subprocess.run([*git, "add", "--detach", "--quiet", str(tree), revision], check=True)
    try:
        yield tree
    finally:
        subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def _servers_of(tree: Path) -> ModuleType:
    """How to start and seed the server of a revision, which depends on its tables."""
    spec = importlib.util.spec_from_file_location("bench_before", tree / "bench" / "servers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # attrs looks up the module of a class.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _path(tree: Path) -> Generator[None]:
    """Let processes started in the block import the server from a tree."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(str(tree / each) for each in ("server", "generated", "wrapper"))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _ask(port: int) -> Result:
    result = send(Load("127.0.0.1", port, forgot_password(servers.ACCOUNT), range(_USERS), _REQUESTS, _CONNECTIONS))
    if result.refused:
        sys.exit(f"{result.refused} of {_REQUESTS} requests were refused, so that nothing is measured.")
    return result


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Measure forgotPassword beside the revision that `BASE` names. Without it, nothing is measured."""
    revision = os.environ.get("BASE")
    if not revision:
        print("skip  beside an earlier revision: BASE names none")
        return [], {}
    results: dict[str, list[Result]] = {"now": [], "before": []}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        tree = stack.enter_context(_checked_out(revision, folder))
        ports: dict[str, int] = {}
        for kind, module, root in (("now", servers, _ROOT), ("before", _servers_of(tree), tree)):
            (folder / kind).mkdir(exist_ok=True)
            with _path(root):
                ports[kind] = stack.enter_context(module.meshydb(folder / kind, _USERS)).port
        for number in range(_ROUNDS):
            for kind in ("now", "before") if number % 2 else ("before", "now"):
                results[kind].append(_ask(ports[kind]))
    rates = {kind: statistics.median(each.rate for each in found) for kind, found in results.items()}
    slowest = {kind: statistics.median(each.percentile(99) for each in found) for kind, found in results.items()}
    verdicts = [
        Verdict.at_least(
            1 - _LOSS,
            f"requests a second, to those of {revision}",
            rates["now"] / rates["before"],
            f"{rates['now']:.0f} to {rates['before']:.0f}",
        ),
        Verdict.at_most(
            1 + _LOSS,
            f"p99, to that of {revision}",
            slowest["now"] / slowest["before"],
            f"{slowest['now']:.1f} to {slowest['before']:.1f} ms",
        ),
    ]
    return verdicts, {"rates": rates, "p99": slowest}
