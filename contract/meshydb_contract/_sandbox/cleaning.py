"""Deletes the users, roles and documents that a run created."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import requests
from attrs import frozen

from meshydb_contract._deployment.deployment import Deployment
from meshydb_contract._deployment.transport import RetryBudget, Session, Transport

_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 10.0
_PAGE: Final = 200
_MOST_PAGES: Final = 25


@frozen
class Created:
    """What a run created: users by id and by name, roles by id, and documents in its mesh."""

    user_ids: Collection[str]
    usernames: Collection[str]
    role_ids: Collection[str]
    mesh: str | None = None


@frozen
class Left:
    """How many users and roles could not be deleted, and the mesh whose documents could not."""

    users: int = 0
    roles: int = 0
    mesh: str | None = None


def delete_created(deployment: Deployment, created: Created, *, keep: Iterable[str]) -> Left:
    """Delete what a run created in the first tenant, within a minute, except users of the names to keep."""
    tenant = deployment.tenants[0]
    wanted = {_folded(each) for each in created.usernames} - {_folded(each) for each in keep}
    if tenant.token is None:
        return Left(len(wanted), len(created.role_ids), created.mesh)
    headers = {"Authorization": f"Bearer {tenant.token}"}
    if tenant.name is not None:
        headers["tenant"] = tenant.name
    url = f"{deployment.url.rstrip('/')}/{quote(deployment.account, safe='')}"
    end = time.monotonic() + _SECONDS
    with Session(Transport(deployment.proxy, RetryBudget(end))) as session:
        session.headers.update(headers)
        user_ids = dict.fromkeys([*created.user_ids, *_ids_of(session, f"{url}/users", wanted)])
        roles = _delete(session, f"{url}/roles", created.role_ids, end)
        mesh = None if _empty(session, f"{url}/meshes", created.mesh) else created.mesh
        return Left(_delete(session, f"{url}/users", user_ids, end), roles, mesh)


def _delete(session: Session, url: str, ids: Iterable[str], end: float) -> int:
    """Delete until a time of the monotonic clock. Returns how many are left."""
    left = 0
    for each in ids:
        status = None
        if time.monotonic() < end:
            status = _status(session, f"{url}/{quote(each, safe='')}")
        left += status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}
    return left


def _empty(session: Session, url: str, mesh: str | None) -> bool:
    """Delete all documents of a mesh. Returns whether none is left."""
    if mesh is None:
        return True
    query = {"filter": "{}"}
    return _status(session, f"{url}/{quote(mesh, safe='')}", query) == HTTPStatus.OK


def _ids_of(session: Session, url: str, wanted: set[str]) -> Iterator[str]:
    """Yield the ids of users with these names."""
    for page in range(1, _MOST_PAGES + 1 if wanted else 1):
        query = {"activeOnly": "false", "pageSize": str(_PAGE), "page": str(page)}
        try:
            response = session.get(url, params=query, timeout=_PATIENCE_SECONDS, allow_redirects=False)
            users: list[dict[str, Any]] = response.json()["results"]
            yield from (user["id"] for user in users if _folded(user["username"]) in wanted)
        except (requests.RequestException, ValueError, LookupError, TypeError):
            return
        if len(users) < _PAGE:
            return


def _status(session: Session, url: str, query: Mapping[str, str] | None = None) -> int | None:
    try:
        return session.delete(url, params=query, timeout=_PATIENCE_SECONDS, allow_redirects=False).status_code
    except requests.RequestException:
        return None


def _folded(username: str) -> str:
    """Return a username in the form in which equal usernames compare equal."""
    return unicodedata.normalize("NFKC", username).casefold()
