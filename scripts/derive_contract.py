"""Derives what the wrapper needs to know of the contract, and the generated client does not tell."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

_HEADER = '''# Derived from openapi.yaml by scripts/derive_contract.py; do not edit.
"""What the contract says of operations, which go by their operationId."""

from typing import Final

# Their paths, with the names of parameters in place of their values.
ROUTES: Final = {
'''
_METHODS = ("delete", "get", "patch", "post", "put")


def derive_contract(document: Path, target: Path) -> None:
    """Write a package of one module to `target`."""
    paths: dict[str, dict[str, Any]] = yaml.safe_load(document.read_text(encoding="utf-8"))["paths"]
    routes = {
        item[method]["operationId"]: path for path, item in paths.items() for method in _METHODS if method in item
    }
    lines = [f"    {operation_id!r}: {route!r},\n" for operation_id, route in sorted(routes.items())]
    module = target / "__init__.py"
    module.write_text("".join([_HEADER, *lines, "}\n"]), encoding="utf-8")
    style = ("--isolated", "--no-cache", "--quiet", "--config", "line-length = 120")
    subprocess.run([sys.executable, "-m", "ruff", "format", *style, module], check=True)
