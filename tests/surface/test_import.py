"""The cost of an import."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from meshydb import _operations
from meshydb._operations import catalogue

PROGRAM: Final = """
import sys
{statement}
needed = {{"httpx", "pyreqwest", "anyio", "meshydb_api"}}
tops = needed | {{"httpcore", "h11"}}
early = sorted(name for name in sys.modules if name.partition(".")[0] in tops)
assert not early, early
import meshydb
client = meshydb.MeshyClient("acme", None, "key")
late = sorted(needed - {{name.partition(".")[0] for name in sys.modules}})
assert not late, late
before = set(sys.modules)
try:
    client.forgot_password("")
except ValueError:
    pass
assert set(sys.modules) == before, set(sys.modules) - before
print("done")
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import meshydb",
        "from meshydb import MeshyClient, AsyncMeshyClient, MeshyConnection, UsersService",
        "from meshydb import *",
        "import meshydb; help(meshydb.MeshyClient); dir(meshydb)",
    ],
)
def test_nothing_that_sends_is_imported_before_there_is_a_client(statement: str) -> None:
    """Importing the package imports neither httpx nor the generated client; creating a client does."""
    program = PROGRAM.format(statement=statement)
    run = subprocess.run([sys.executable, "-I", "-c", program], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("done\n")


def test_operations_are_those_of_the_catalogue() -> None:
    """The lazily loaded operations are those of the catalogue."""
    for name in catalogue.__all__:
        assert getattr(_operations, name) is getattr(catalogue, name)
    with pytest.raises(AttributeError, match="no attribute 'lose_password'"):
        _operations.lose_password  # type: ignore[attr-defined]  # noqa: B018
