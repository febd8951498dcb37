"""The measured servers, each in its own process on a free port."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from bench.load import username

ACCOUNT: Final = "acme"
_ROOT: Final = Path(__file__).parents[1]
_PRISM: Final = "@stoplight/prism-cli@5.16.0"
# Of user and system mode, counted from the field after the name.
_CPU_FIELDS: Final = (11, 12)
_COMMAND: Final = (sys.executable, "-m", "meshydb_server")
# No request is rejected, because the benchmark measures the work.
_SETTINGS: Final = {
    "MESHYDB_RATE_LIMIT": "off",
    "MESHYDB_ACCOUNT_RATE_LIMIT": "off",
    "MESHYDB_RECOVERY_REQUESTS_PER_USER_PER_HOUR": "1000000",
    "MESHYDB_RECOVERY_REQUESTS_BACKSTOP": "1000000",
    "MESHYDB_RECOVERY_GUESSES_PER_USER_AND_ADDRESS_PER_DAY": "1000000",
    "MESHYDB_RECOVERY_GUESSES_PER_USER_PER_DAY": "1000000",
    "MESHYDB_CONNECTIONS_PER_ADDRESS": "1000000",
    "MESHYDB_HASHES_WAITING": "1000000",
    "MESHYDB_HASHES_WAITING_PER_ADDRESS": "1000000",
    "MESHYDB_LOGIN_GUESSES": "1000000",
    "MESHYDB_LOGIN_GUESSES_PER_USER": "1000000",
    "MESHYDB_UNPROVED_MESSAGES_PER_RECIPIENT_PER_HOUR": "1000000",
}


@frozen
class Running:
    """A server that listens on a port of this machine."""

    port: int
    pid: int

    @property
    def memory(self) -> int:
        """Resident memory of the process in KiB, from Linux."""
        return self._status("VmRSS:")

    @property
    def peak_memory(self) -> int:
        """The most resident memory since the start, or since `reset_peak_memory`, in KiB, from Linux."""
        return self._status("VmHWM:")

    @property
    def cpu_seconds(self) -> float:
        """The CPU seconds of the process since its start, from Linux."""
        # The name of the program, which may have spaces, comes before.
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(int(fields[each]) for each in _CPU_FIELDS) / os.sysconf("SC_CLK_TCK")

    def reset_peak_memory(self) -> None:
        """Forget the peak of memory."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition(name)[2].split()[0])


def environment_for(database_url: str, given: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The environment of the server on a database, with these settings."""
    return {**os.environ, **_SETTINGS, **given, "MESHYDB_DATABASE_URL": database_url}


def administer(environment: Mapping[str, str], *arguments: str, given: str = "") -> Any:
    """Run a command of the server, with this as its standard input, and read its JSON."""
    command = [*_COMMAND, *arguments]
    done = subprocess.run(command, env=environment, input=given, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


@contextmanager
def serving(environment: Mapping[str, str], log: Path) -> Generator[Running]:
    """The server in its own process. It logs to a file."""
    with (
        log.open("w") as file,
        subprocess.Popen([*_COMMAND, "serve", "--port", "0"], env=environment, stderr=subprocess.PIPE) as process,
    ):
        assert process.stderr is not None
        port = int(process.stderr.readline().rsplit(b":", 1)[1])
        drain = subprocess.Popen(["/bin/cat"], stdin=process.stderr, stdout=file)
        try:
            yield Running(port, process.pid)
        finally:
            process.terminate()
            process.wait()
            drain.wait()


@contextmanager
def meshydb(folder: Path, users: int, given: Mapping[str, str] = MappingProxyType({})) -> Generator[Running]:
    """The server, on an SQLite database with this many users and with these settings."""
    file = folder / f"{users}.sqlite3"
    environment = environment_for(f"sqlite+aiosqlite:///{file}", given)
    if not file.exists():
        administer(environment, "account", "create", ACCOUNT)
        seed(file, users)
    with serving(environment, folder / f"{users}.log") as running:
        yield running


@contextmanager
def prism() -> Generator[Running | None]:
    """A mock of the same contract; None if npx is missing."""
    npx = shutil.which("npx")
    if npx is None:
        yield None
        return
    port = free_port()
    command = [npx, "--yes", _PRISM, "mock", str(_ROOT / "openapi.yaml"), "--port", str(port)]
    # In its own process group, because npx leaves behind what it has started.
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            wait_for(port, process, "Prism")
            yield Running(port, process.pid)
        finally:
            os.killpg(process.pid, signal.SIGTERM)


_SEED: Final = """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
    INSERT INTO users (account, tenant, user_id, username, username_key, names_key, email, anonymous, verified,
        email_proved, phone_proved, questions_proved, is_active, credential_version, created_at)
    SELECT 'acme', 'default', printf('%024x', n), printf('user%07d', n), printf('user%07d', n), '', 'u@example.org',
        0, 1, 1, 0, 0, 1, 1, 0 FROM numbers
"""


def seed(file: Path, users: int) -> None:
    """Put users into the SQLite database of an account."""
    # One statement: a million commands would take days.
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(_SEED, (users,))
    assert username(7) == "user0000007"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    """Wait until a process listens on a port."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit(f"{name} did not start.")
