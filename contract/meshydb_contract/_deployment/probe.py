"""Checks, before a run, that the server knows the names and tokens that it is tested with."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import requests

from meshydb_contract._deployment.target import CannotTestError, Target
from meshydb_contract._deployment.transport import Session, Transport

_PATIENCE_SECONDS: Final = 10.0
_UNKNOWN_USERNAME: Final = "meshydb-contract"


def is_loopback(url: str) -> bool:
    """Return whether a URL points to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def probe(target: Target, variable: str) -> None:
    """Raise CannotTestError if the server cannot be reached, or does not know a name or token.

    Other errors are left to the tests. `variable` is the environment variable of the access token.
    """
    name = "" if target.tenant is None else f" {target.tenant}"
    tenant = "" if target.tenant is None else f", or it has no tenant {target.tenant}"
    url, response = _send(target, f"users/{_UNKNOWN_USERNAME}/exists")
    if response.status_code == requests.codes.not_found:
        raise CannotTestError(f"The server has no account {target.account}{tenant}: {url} returns 404.")
    for username in target.names.get("usernames", ()):
        url, response = _send(target, f"users/{quote(username, safe='')}/exists")
        if _member(response, "exists") is False:
            raise CannotTestError(f"There is no user {username}: {url} says so.")
    for public_key in target.names.get("publicKeys", ()):
        form = {"client_id": public_key, "grant_type": "refresh_token", "refresh_token": _UNKNOWN_USERNAME}
        url, response = _send(target, "connect/token", form)
        if _member(response, "error") == "invalid_client":
            raise CannotTestError(
                f"The public key {public_key} is not that of the tenant{name}: {url} does not know it."
            )
    if target.token is not None:
        url, response = _send(target, "users/me", token=target.token)
        if response.status_code == requests.codes.unauthorized:
            raise CannotTestError(
                f"The access token is not accepted, and may have expired: {url} returns 401. It is in {variable}."
            )


def _send(
    target: Target, path: str, form: Mapping[str, str] | None = None, *, token: str | None = None
) -> tuple[str, requests.Response]:
    """Send a GET, or a form to the auth host. Returns the URL too."""
    origin = target.url if form is None else target.auth_url or target.url
    url = f"{origin}/{quote(target.account, safe='')}/{path}"
    headers = {} if target.tenant is None else {"tenant": target.tenant}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    method = "GET" if form is None else "POST"
    try:
        with Session(Transport(target.proxy)) as session:
            return url, session.request(
                method, url, headers=headers, data=form, timeout=_PATIENCE_SECONDS, allow_redirects=False
            )
    except (requests.RequestException, ValueError) as error:
        raise CannotTestError(f"{origin} cannot be reached: {_cause(error)}") from error


def _member(response: requests.Response, name: str) -> Any:
    """Return a member of a response's JSON object, or None if the response has no such object."""
    try:
        body: Any = response.json()
    except ValueError:
        return None
    return cast("dict[str, Any]", body).get(name) if isinstance(body, dict) else None


def _cause(error: BaseException) -> str:
    """Return the innermost cause, without the messages of the libraries in between."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error)
