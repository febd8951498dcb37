"""Derives what the wrapper needs to know of the contract, and the generated client does not tell."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

_HEADER = '''# Derived from openapi.yaml by scripts/derive_contract.py; do not edit.
"""What the contract says of operations, which go by their operationId."""

from typing import Final

# Those whose `x-meshydb-replay` is `safe`: their requests may be sent again when they may have been carried out.
SAFE_TO_REPLAY: Final = frozenset(
    {
'''
_METHODS = ("delete", "get", "patch", "post", "put")
_REPLAY = {"safe": True, "never": False}


def derive_contract(document: Path, target: Path) -> None:
    """Write a package of one module to `target`."""
    paths: dict[str, dict[str, Any]] = yaml.safe_load(document.read_text(encoding="utf-8"))["paths"]
    operations = [item[method] for item in paths.values() for method in _METHODS if method in item]
    # A KeyError for an operation that does not say, or says something else.
    safe = sorted(each["operationId"] for each in operations if _REPLAY[each["x-meshydb-replay"]])
    module = target / "__init__.py"
    module.write_text("".join([_HEADER, *(f"{name!r},\n" for name in safe), "})\n"]), encoding="utf-8")
    style = ("--isolated", "--no-cache", "--quiet", "--config", "line-length = 120")
    subprocess.run([sys.executable, "-m", "ruff", "format", *style, module], check=True)
