"""Derives facts of the contract that the wrapper needs and the generated client does not have."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

_MODULE = '''# Derived from openapi.yaml by scripts/derive_contract.py; do not edit.
"""Facts of the contract about operations, by their operationId."""

from typing import Final

# Those whose `x-meshydb-replay` is `safe`: their requests may be sent again when they may have been carried out.
SAFE_TO_REPLAY: Final = frozenset({%s})

# Their paths, with the names of parameters in place of their values.
ROUTES: Final = {%s}
'''
_METHODS = ("delete", "get", "head", "patch", "post", "put")
_REPLAY = {"safe": True, "never": False}


def derive_contract(document: Path, target: Path) -> None:
    """Write a package with one module to `target`."""
    paths: dict[str, dict[str, Any]] = yaml.safe_load(document.read_text(encoding="utf-8"))["paths"]
    operations = [(path, item[method]) for path, item in paths.items() for method in _METHODS if method in item]
    # Raises KeyError if an operation has no value, or an unknown one.
    safe = sorted(each["operationId"] for _, each in operations if _REPLAY[each["x-meshydb-replay"]])
    routes = sorted((each["operationId"], path) for path, each in operations)
    module = target / "__init__.py"
    text = _MODULE % ("".join(f"{name!r}," for name in safe), "".join(f"{name!r}: {path!r}," for name, path in routes))
    module.write_text(text, encoding="utf-8")
    style = ("--isolated", "--no-cache", "--quiet", "--config", "line-length = 120")
    subprocess.run([sys.executable, "-m", "ruff", "format", *style, module], check=True)
