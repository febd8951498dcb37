"""Whether there is what is to be tested."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import quote, urlsplit

import requests

from meshydb_contract._target import CannotTestError, Target

_PATIENCE_SECONDS: Final = 10.0
_NOBODY: Final = "meshydb-contract"


def is_loopback(url: str) -> bool:
    """Whether a URL is of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def probe(target: Target) -> None:
    """Raise CannotTestError if the server cannot be reached, or has no such account and tenant."""
    url = f"{target.url}/{quote(target.account, safe='')}/users/{_NOBODY}/exists"
    headers = {} if target.tenant is None else {"tenant": target.tenant}
    try:
        answer = requests.get(url, headers=headers, timeout=_PATIENCE_SECONDS, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        raise CannotTestError(f"{target.url} cannot be reached: {error}") from error
    # Any other answer than this one is for the tests to judge.
    if answer.status_code == requests.codes.not_found:
        tenant = "" if target.tenant is None else f", or it has no tenant {target.tenant}"
        raise CannotTestError(f"The server has no account {target.account}{tenant}: it answers {url} with 404.")
