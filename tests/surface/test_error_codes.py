"""Codes of errors, as a real server sends them and as the documents list them."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from meshydb import MeshyClient, NotFoundError, RegisterUser
from meshydb.testing import MeshyServer
from tests.support.contract import ROOT
from tests.support.error_codes import codes_in, known_codes
from tests.surface.reset_requests import OLD_PASSWORD, USERNAME

_PAGE: Final = (ROOT / "docs" / "reference" / "error-codes.md").read_text(encoding="utf-8")
_CALLS: Final[dict[str, Any]] = {
    "forgot_password": lambda client: client.forgot_password(USERNAME),
    "check_user_exist": lambda client: client.check_user_exist(USERNAME),
    "register_user": lambda client: client.register_user(RegisterUser("ben.t", OLD_PASSWORD)),
    "login": lambda client: client.login(USERNAME, OLD_PASSWORD),
    "login_with_refresh": lambda client: client.login_with_refresh("x"),
}


def test_documented_table() -> None:
    """The page of the reference has the contract's table, row by row."""
    assert list(codes_in(_PAGE).items()) == list(known_codes().items())


def test_docstring_of_not_found() -> None:
    """NotFoundError names each code that it can have."""
    named = set(re.findall("`(unknown_[a-z]+)`", NotFoundError.__doc__ or ""))
    assert named == {code for code, known in known_codes().items() if 404 in known.statuses}


@pytest.mark.parametrize("call", _CALLS)
def test_what_is_not_found(server: MeshyServer, call: str) -> None:
    """An unknown tenant, account and user raise different errors."""
    for account, tenant, code in ((server.account, "nroth", "unknown_tenant"), ("nobodys", None, "unknown_account")):
        with MeshyClient(account, tenant, server.public_key, base_url=server.url, auth_url=server.url) as client:
            with pytest.raises(NotFoundError) as caught:
                _CALLS[call](client)
            assert caught.value.code == code
            assert caught.value.headers["X-Request-ID"] == caught.value.request_id


def test_unknown_user(server: MeshyServer) -> None:
    """An unknown user has a code of their own, where the server tells of them."""
    with MeshyClient(server.account, None, server.public_key, base_url=server.url) as client:
        with pytest.raises(NotFoundError) as caught:
            client.forgot_password("nobody")
        assert caught.value.code == "unknown_user"
