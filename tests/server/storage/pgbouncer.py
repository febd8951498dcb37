"""PgBouncer in transaction mode, where the machine has it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from sqlalchemy.engine import URL, make_url

# Debian has it where only the administrator looks for commands.
_PATH: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
_CONFIGURATION: Final = """
[databases]
{database} = {target}

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
log_connections = 0
log_disconnections = 0
{further}
"""


@contextmanager
def pooling(url: str, *, connections: int = 2, further: str = "") -> Generator[str]:
    """Pool the connections to a database until the block ends; gives the URL of the pool. Skips where there is none.

    `further` is what else the pooler is told, as it stands in its configuration.
    """
    command = shutil.which("pgbouncer", path=_PATH)
    if command is None:
        pytest.skip("There is no pooler: pgbouncer is not on the path.")
    server = make_url(url)
    # Not in pytest's own folder, as it is with PostgreSQL.
    with TemporaryDirectory(prefix="meshydb-") as folder:
        configuration = Path(folder) / "pgbouncer.ini"
        configuration.write_text(
            _CONFIGURATION.format(
                database=server.database,
                target=_target(server),
                folder=folder,
                connections=connections,
                further=further,
            )
        )
        arguments = [command, str(configuration)]
        if os.geteuid() == 0:
            # It does not run as root.
            user = _owner(server)
            os.chown(folder, user.pw_uid, user.pw_gid)
            arguments[1:1] = ["-u", user.pw_name]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            lines: list[str] = []
            while not (lines and "process up" in lines[-1]):
                lines.append(process.stderr.readline())
                assert lines[-1], lines
            try:
                query = {"host": folder, "port": "6432"}
                pool = server.set(host=None, port=None, password=None, query=query)
                yield pool.render_as_string(hide_password=False)
            finally:
                process.kill()


def _target(server: URL) -> str:
    words = {
        "host": server.query.get("host") or server.host,
        "port": server.query.get("port") or server.port,
        "dbname": server.database,
        "user": server.username,
        "password": server.password,
    }
    return " ".join(f"{name}='{value}'" for name, value in words.items() if value)


def _owner(server: URL) -> pwd.struct_passwd:
    """Whoever reaches the server's socket, and is not root."""
    folder = str(server.query.get("host") or server.host or "")
    owner = pwd.getpwuid(Path(folder).stat().st_uid) if folder.startswith("/") else None
    return pwd.getpwnam("nobody") if owner is None or owner.pw_uid == 0 else owner
