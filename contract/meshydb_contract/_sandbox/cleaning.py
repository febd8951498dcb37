"""Deletes the users that a run created."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import requests

from meshydb_contract._deployment.deployment import Deployment
from meshydb_contract._deployment.transport import RetryBudget, Session, Transport

_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 10.0
_PAGE: Final = 200
_MOST_PAGES: Final = 25


def delete_users(deployment: Deployment, ids: Iterable[str], usernames: Iterable[str], *, keep: Iterable[str]) -> int:
    """Delete users of the first tenant by ids and usernames, within a minute. Returns how many are left."""
    tenant = deployment.tenants[0]
    wanted = {_folded(each) for each in usernames} - {_folded(each) for each in keep}
    by_id = dict.fromkeys(ids)
    if tenant.token is None:
        return len(wanted)
    headers = {"Authorization": f"Bearer {tenant.token}"}
    if tenant.name is not None:
        headers["tenant"] = tenant.name
    url = f"{deployment.url.rstrip('/')}/{quote(deployment.account, safe='')}/users"
    users_left, end = 0, time.monotonic() + _SECONDS
    with Session(Transport(deployment.proxy, RetryBudget(end))) as session:
        session.headers.update(headers)
        by_id |= dict.fromkeys(_ids_of(session, url, wanted))
        for user_id in by_id:
            status = None
            if time.monotonic() < end:
                status = _status(session, f"{url}/{quote(user_id, safe='')}")
            users_left += status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}
    return users_left


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


def _status(session: Session, url: str) -> int | None:
    try:
        return session.delete(url, timeout=_PATIENCE_SECONDS, allow_redirects=False).status_code
    except requests.RequestException:
        return None


def _folded(username: str) -> str:
    """Return a username in the form in which equal usernames compare equal."""
    return unicodedata.normalize("NFKC", username).casefold()
