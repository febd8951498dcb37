"""The main job, from nothing: host a server, and ask it for a password reset over HTTP.

The last line on standard output is the response; what happens on the way there is told on standard error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meshydb import MeshyClient

_ACCOUNT = "acme"
_TENANT = "north"
_USERNAME = "username_testermctesterson"
_SERVER = [sys.executable, "-m", "meshydb_server"]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _administer(*arguments: str) -> Any:
    """Run a command of the server and read its JSON."""
    _tell(f"$ meshydb-server {' '.join(arguments)}")
    return json.loads(subprocess.run([*_SERVER, *arguments], check=True, stdout=subprocess.PIPE).stdout)


@contextmanager
def _serving() -> Generator[str]:
    """Run the server on a free port, and yield its URL."""
    _tell("$ meshydb-server serve --port 0")
    with subprocess.Popen([*_SERVER, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        _tell(line.rstrip())
        try:
            yield line.split()[-1]
        finally:
            process.terminate()


def main() -> None:
    """Run the demonstration."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MESHYDB_DATABASE_URL"] = f"sqlite+aiosqlite:///{Path(folder) / 'demo.sqlite3'}"
        account = _administer("account", "create", _ACCOUNT, "--tenant", _TENANT)
        _administer("user", "create", _ACCOUNT, _USERNAME, "--email", "u@example.org")
        public_key = account["tenants"][0]["publicKey"]
        with _serving() as url, MeshyClient(_ACCOUNT, _TENANT, public_key, base_url=url) as client:
            _tell(f">>> client.forgot_password({_USERNAME!r}, 1)")
            reset = client.forgot_password(_USERNAME, 1)
    expires = reset.expires.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    response = {
        "username": reset.username,
        "attempt": reset.attempt,
        "hash": reset.hash,
        "expires": expires,
        "hint": reset.hint,
    }
    print(json.dumps(response))


if __name__ == "__main__":
    main()
