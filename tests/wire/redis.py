"""A Redis: the machine's own, where it has one, else what speaks like it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from fakeredis import TcpFakeServer

from tests.support.tcp import refusing_url

_SETTINGS: Final = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")


@contextmanager
def fake() -> Generator[str]:
    """Something that speaks Redis, on loopback; gives its URL."""
    with TcpFakeServer(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()
        thread.join()


@contextmanager
def real(folder: Path) -> Generator[str]:
    """A Redis of the machine, until the block ends; gives its URL. Skips where there is none."""
    command = shutil.which("redis-server")
    if command is None:
        pytest.skip("There is no Redis: redis-server is not on the path.")
    port = refusing_url().rpartition(":")[2]
    with subprocess.Popen(
        [command, "--port", port, "--dir", str(folder), *_SETTINGS], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and "Ready to accept connections" in lines[-1]):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
