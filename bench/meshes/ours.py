"""The tasks, done by the server of this project."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from attrs import frozen

from bench.meshes import documents
from bench.meshes.connection import Connection, dumped
from bench.meshes.documents import Call, Task
from bench.servers import ACCOUNT, Running, administer, environment_for, serving

# The default of the account, which requests have that name none.
_TENANT: Final = "default"
_USERNAME: Final = "rosa.k"
_PASSWORD: Final = "a new correct horse"  # noqa: S105 - of a user that exists as long as the benchmark
MESH: Final = f"/{ACCOUNT}/meshes/person"
_BULK_MESH: Final = f"/{ACCOUNT}/meshes/bulk"
# The database cannot apply it, so every document is held against it.
UNTRANSLATED: Final = {"filter": dumped({"name": {"$regex": "[aeiou]b .*4$"}}).decode()}


@frozen
class Ours:
    """A server with the documents."""

    running: Running
    connection: Connection
    first_id: str

    def tasks(self) -> dict[str, Task]:
        """What prepares each task, with values that the number chooses, and returns what does it."""
        return {
            documents.GET: lambda _: partial(self.connection.send, "GET", f"{MESH}/{self.first_id}"),
            documents.RARE: lambda number: self._search({"group": number % documents.GROUPS}),
            documents.COMMON: lambda number: self._search({"active": number % 2 == 0}),
            documents.RANGE: lambda number: self._search({"score": _between(number, 0.1)}),
            documents.PREFIX: lambda _: self._search({"name": {"$regex": "^Rob"}}),
            documents.FIRST_PAGE: lambda _: self._search({}, orderBy='{"score":1}'),
            documents.FAR_PAGE: lambda _: self._search({}, orderBy='{"score":1}', page=documents.FAR),
            documents.CREATE: lambda number: self._create(MESH, documents.document(-number)),
            documents.CREATE_MANY: lambda number: self._create(_BULK_MESH, documents.bulk(number)),
            documents.UPDATE_MANY: self._update_many,
        }

    @staticmethod
    def count(response: bytes) -> int:
        """How many documents a search found, from its response."""
        return int(json.loads(response)["totalRecords"])

    def stream(self) -> int:
        """Search so that every document is read, and return how many were found."""
        return self.count(self.connection.send("GET", MESH, query=UNTRANSLATED))

    def _search(self, condition: dict[str, Any], **others: Any) -> Call:
        query = {"filter": dumped(condition).decode()} if condition else {}
        return partial(self.connection.send, "GET", MESH, query={**query, "pageSize": documents.PAGE_SIZE, **others})

    def _create(self, path: str, value: object) -> Call:
        return partial(self.connection.send, "POST", path, dumped(value))

    def _update_many(self, number: int) -> Call:
        body = {"filter": {"score": _between(number, 0.01)}, "update": {"$inc": {"visits": 1}}}
        return partial(self.connection.send, "PATCH", MESH, dumped(body))


def _between(number: int, share: float) -> dict[str, int]:
    low, high = documents.bounds(number, share)
    return {"$gte": low, "$lt": high}


@contextmanager
def ours(database_url: str, folder: Path) -> Generator[Ours]:
    """The server on an empty database, with the documents."""
    environment = environment_for(database_url, {"MESHYDB_KEY_FILE": str(folder / "keys")})
    account = administer(environment, "account", "create", ACCOUNT)
    user = (ACCOUNT, _USERNAME, "--email", "rosa.k@example.org", "--role", "meshy.admin", "--password-stdin")
    administer(environment, "user", "create", *user, given=_PASSWORD)
    with tempfile.NamedTemporaryFile("wb", dir=folder, suffix=".ndjson") as file:
        for number in range(documents.DOCUMENTS):
            file.write(dumped(documents.document(number)) + b"\n")
        file.flush()
        administer(environment, "mesh", "import", ACCOUNT, "person", file.name)
    with serving(environment, folder / "server.log") as running, Connection(running.port) as connection:
        connection.headers = {"tenant": _TENANT, **_authorized(connection, account["tenants"][0]["publicKey"])}
        first = connection.json("GET", MESH, query={"pageSize": 1})["results"][0]
        yield Ours(running, connection, first["_id"])


def _authorized(connection: Connection, public_key: str) -> dict[str, str]:
    form = {
        "grant_type": "password",
        "client_id": public_key,
        "username": _USERNAME,
        "password": _PASSWORD,
        "scope": "meshy.api",
    }
    connection.headers = {"tenant": _TENANT}
    media_type = "application/x-www-form-urlencoded"
    answer = connection.send("POST", f"/{ACCOUNT}/connect/token", urlencode(form).encode(), media_type=media_type)
    return {"Authorization": f"Bearer {json.loads(answer)['access_token']}"}
