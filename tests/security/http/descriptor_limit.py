"""`meshydb-server serve` with a limit of file descriptors, which can be changed while it runs."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.commands import unmeasured
from tests.support.waiting import wait_until

_PATIENCE_SECONDS: Final = 60.0


class LimitedServer:
    """A server whose log is a file."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        wait_until(lambda: log.read_text().endswith("\n") or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        self.url = log.read_text().split()[-1]
        self.port = int(self.url.rpartition(":")[2])

    def limit(self, descriptors: int) -> None:
        """Change the limit, as an operator may do."""
        resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))

    def lines_of(self, logger: str) -> list[dict[str, Any]]:
        """What a logger has said so far."""
        lines = [json.loads(line) for line in self._log.read_text().rpartition("\n")[0].splitlines()[1:]]
        return [line for line in lines if line["logger"] == logger]


@contextmanager
def serving_with_descriptors(folder: Path, descriptors: int, **settings: str) -> Generator[LimitedServer]:
    """Serve, with settings given by their names, until the block ends."""
    log = folder / "log"
    variables = {f"MESHYDB_{name.upper()}": value for name, value in {"rate_limit": "off", **settings}.items()}
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "meshydb_server", "serve", "--port", "0"],
            cwd=folder,
            env=unmeasured(variables),
            stderr=stderr,
        ) as process,
    ):
        try:
            server = LimitedServer(process, log)
            server.limit(descriptors)
            yield server
            process.send_signal(signal.SIGTERM)
            assert process.wait(_PATIENCE_SECONDS) == 0
        finally:
            process.kill()
