"""The demonstration, as `make demo` runs it."""

import json
import subprocess
import sys
from typing import Final

from tests.support.contract import ROOT

_DEMO: Final = ROOT / "examples" / "demo.py"
_DOCUMENT_STEPS: Final = (">>> meshes.create(", ">>> list(meshes.search(", ">>> meshes.get(")


def test_demo() -> None:
    """It recovers a password and changes a document, and its last line is the response to `forgot_password`."""
    done = subprocess.run([sys.executable, _DEMO], capture_output=True, text=True, check=True)
    reset = json.loads(done.stdout)
    assert f"A code was sent to {reset['hint']}." in done.stderr.splitlines()
    assert done.stderr.count("\nBadRequestError: 400: ") == 2
    steps = done.stderr.splitlines()
    created, found, changed = (steps[i + 1] for i, step in enumerate(steps) if step.startswith(_DOCUMENT_STEPS))
    assert found == f"[{created}]"
    assert changed == created.replace("'done': False", "'done': True") != created
