"""Hosts a server, recovers a password over HTTP, and keeps a document.

The last line on standard output is the response to forgot_password. The steps are printed to standard error. The first
unexpected result ends the program.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meshydb import BadRequestError, MeshyClient, MeshyConnection, UserVerificationHash

_ACCOUNT = "acme"
_TENANT = "north"
_USERNAME = "username_testermctesterson"
_OLD_PASSWORD = "correct horse"  # noqa: S105 - of a user that exists as long as this program
_NEW_PASSWORD = "battery staple"  # noqa: S105 - likewise
_SERVER = [sys.executable, "-m", "meshydb_server"]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _administer(*arguments: str) -> Any:
    """Run a command of the server and read its JSON."""
    _tell(f"$ {shlex.join(['meshydb-server', *arguments])}")
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


def _recover(client: MeshyClient) -> UserVerificationHash:
    """Recover a password and log in with it. Check that the old password and a used code are rejected.

    Returns the response to forgot_password.
    """
    _tell(f">>> reset = client.forgot_password({_USERNAME!r}, 1)")
    reset = client.forgot_password(_USERNAME, 1)
    _tell(f"A code was sent to {reset.hint}.")

    message = _administer("outbox", "list")[-1]
    code = message["code"]
    _tell(f"To {message['to']}: {code}")
    _tell(f">>> client.check_hash(reset, {code!r})")
    if not client.check_hash(reset, code):
        sys.exit("The code from the outbox was rejected.")
    _tell("True")

    _tell(f">>> client.reset_password(reset, {code!r}, {_NEW_PASSWORD!r})")
    client.reset_password(reset, code, _NEW_PASSWORD)

    _tell(f">>> client.login({_USERNAME!r}, {_NEW_PASSWORD!r}).current_user")
    _tell(str(client.login(_USERNAME, _NEW_PASSWORD).current_user))

    _tell(f">>> client.login({_USERNAME!r}, {_OLD_PASSWORD!r})")
    _refused(lambda: client.login(_USERNAME, _OLD_PASSWORD))
    _tell(f">>> client.reset_password(reset, {code!r}, {_OLD_PASSWORD!r})")
    _refused(lambda: client.reset_password(reset, code, _OLD_PASSWORD))
    return reset


def _keep_a_document(connection: MeshyConnection) -> None:
    """Create a document, find it by a filter, and change it."""
    meshes = connection.meshes
    _tell(">>> meshes = connection.meshes")
    _tell('>>> meshes.create("task", {"title": "Buy glue", "done": False})')
    created = meshes.create("task", {"title": "Buy glue", "done": False})
    _tell(str(created))

    _tell('>>> list(meshes.search("task", filter="{ title: /^Buy/, done: false }"))')
    found = list(meshes.search("task", filter="{ title: /^Buy/, done: false }"))
    _tell(str(found))
    if found != [created]:
        sys.exit("The search should have found the document.")

    _tell('>>> meshes.update_many("task", filter={"title": "Buy glue"}, update={"$set": {"done": True}})')
    meshes.update_many("task", filter={"title": "Buy glue"}, update={"$set": {"done": True}})
    _tell(f'>>> meshes.get("task", {created["_id"]!r})')
    changed = meshes.get("task", created["_id"])
    _tell(str(changed))
    if changed != {**created, "done": True}:
        sys.exit("The update should have changed the document.")


def _refused(call: Callable[[], object]) -> None:
    try:
        call()
    except BadRequestError as error:
        _tell(f"BadRequestError: {error}")
    else:
        sys.exit("The server should have rejected this.")


def main() -> None:
    """Run the demonstration."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MESHYDB_DATABASE_URL"] = f"sqlite+aiosqlite:///{Path(folder) / 'demo.sqlite3'}"
        account = _administer("account", "create", _ACCOUNT, "--tenant", _TENANT)
        _administer("user", "create", _ACCOUNT, _USERNAME, "--email", "u@example.org", "--password", _OLD_PASSWORD)
        public_key = account["tenants"][0]["publicKey"]
        with _serving() as url, MeshyClient(_ACCOUNT, _TENANT, public_key, base_url=url) as client:
            reset = _recover(client)
            _tell(f">>> connection = client.login({_USERNAME!r}, {_NEW_PASSWORD!r})")
            with client.login(_USERNAME, _NEW_PASSWORD) as connection:
                _keep_a_document(connection)
    _tell(">>> print(json.dumps(reset.to_dict()))")
    print(json.dumps(reset.to_dict()))


if __name__ == "__main__":
    main()
