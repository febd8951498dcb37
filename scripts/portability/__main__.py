"""Generates code from openapi.yaml with each generator, and compiles it.

Works in build/portability, where it installs the generators once. Exits with 0 if all code compiles, with 1 if some
does not, and with 2 if the generators cannot be installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]
_FOLDER: Final = _ROOT / "build" / "portability"
_PYTHON: Final = _FOLDER / "venv" / "bin" / "python"
_COMPILE: Final = (
    *("tsc", "--noEmit", "--strict", "--skipLibCheck", "false"),
    *("--target", "es2022", "--lib", "es2022,dom,dom.iterable"),
    *("--module", "nodenext", "--moduleResolution", "nodenext"),
)


@frozen
class Generator:
    """A code generator, with its command and the command that compiles its output."""

    name: str
    generate: Sequence[str]
    compile: Sequence[str]


_GENERATORS: Final = (
    Generator(
        "openapi-typescript",
        ("openapi-typescript", "openapi.yaml", "--output", "openapi-typescript/schema.d.ts"),
        (*_COMPILE, "openapi-typescript/schema.d.ts"),
    ),
    Generator(
        "hey-api",
        ("openapi-ts", "--input", "openapi.yaml", "--output", "hey-api", "--client", "@hey-api/client-fetch"),
        (*_COMPILE, "hey-api/index.ts"),
    ),
    Generator(
        "orval",
        ("orval", "--input", "openapi.yaml", "--output", "orval/api.ts", "--client", "fetch"),
        (*_COMPILE, "orval/api.ts"),
    ),
    Generator("oazapfts", ("oazapfts", "openapi.yaml", "oazapfts.ts"), (*_COMPILE, "oazapfts.ts")),
    Generator(
        "datamodel-code-generator",
        (
            *(str(_PYTHON), "-m", "datamodel_code_generator", "--formatters", "builtin"),
            *("--input", "openapi.yaml", "--input-file-type", "openapi"),
            *("--output", "models.py", "--output-model-type", "pydantic_v2.BaseModel"),
        ),
        (str(_PYTHON), "-c", "import models"),
    ),
)


def main() -> None:
    """Install missing generators, and try each one."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        _install_packages()
        _install_distributions()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"portability: the generators cannot be installed: {error}", file=sys.stderr)
        sys.exit(2)
    shutil.copy(_ROOT / "openapi.yaml", _FOLDER)
    failed = [each.name for each in _GENERATORS if not _tried(each)]
    sys.exit(1 if failed else 0)


def _install_packages() -> None:
    wanted = _HERE / "package.json"
    if _is_installed("package.json", wanted):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not on the path")
    shutil.copy(wanted, _FOLDER)
    subprocess.run([npm, "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=_FOLDER, check=True)
    _note("package.json", wanted)


def _install_distributions() -> None:
    wanted = _HERE / "requirements.txt"
    if _is_installed("requirements.txt", wanted):
        return
    venv.create(_FOLDER / "venv", with_pip=True, clear=True)
    subprocess.run([_PYTHON, "-m", "pip", "install", "--quiet", "--requirement", wanted], check=True)
    _note("requirements.txt", wanted)


def _is_installed(name: str, wanted: Path) -> bool:
    note = _FOLDER / f".installed-{name}"
    return note.exists() and note.read_bytes() == wanted.read_bytes()


def _note(name: str, wanted: Path) -> None:
    (_FOLDER / f".installed-{name}").write_bytes(wanted.read_bytes())


def _tried(generator: Generator) -> bool:
    for step, command in (("generate", generator.generate), ("compile", generator.compile)):
        done = _run(command)
        if done.returncode:
            print(f"{generator.name}: FAILED to {step}\n{done.stdout}", flush=True)
            return False
    print(f"{generator.name}: generates, and what it generates compiles", flush=True)
    return True


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    binaries = [_FOLDER / "node_modules" / "node" / "bin", _FOLDER / "node_modules" / ".bin"]
    path = os.pathsep.join([*map(str, binaries), os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=_FOLDER,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    main()
