"""Reads the documents to compare."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import openapi_spec_validator
import yaml

from contract_diff.errors import UsageError

NAME: Final = "openapi.yaml"


def read_working_tree(folder: Path) -> dict[str, Any]:
    """The document in a folder, as it is now."""
    try:
        return _parse((folder / NAME).read_bytes(), NAME)
    except OSError as error:
        raise UsageError(f"{NAME} cannot be read: {error.strerror}.") from error


def read_revision(folder: Path, revision: str) -> dict[str, Any]:
    """The document in a revision of the folder's repository."""
    # Checked first, so that a leading dash is no option, and each error has its own message.
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise UsageError(f"{revision!r} is no revision of this repository.")
    content = _git(folder, "show", f"{commit.decode().strip()}:./{NAME}")
    if content is None:
        raise UsageError(f"{revision} has no {NAME}.")
    return _parse(content, f"{NAME} of {revision}")


def last_release(folder: Path) -> str | None:
    """The newest version tag, such as v1.2.0, before the newest commit; None if there is none."""
    tag = _git(folder, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*.[0-9]*.[0-9]*")
    return None if tag is None else tag.decode().strip()


def _git(folder: Path, *words: str) -> bytes | None:
    git = shutil.which("git")
    if git is None:
        raise UsageError("git is not installed.")
    done = subprocess.run([git, *words], cwd=folder, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _parse(content: bytes, name: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = yaml.safe_load(content)
        openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML: {_one_line(error)}") from error
    except Exception as error:
        # The validator raises errors of several libraries, and its own.
        raise UsageError(f"{name} is not OpenAPI 3.1: {_one_line(error)}") from error
    return document


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
