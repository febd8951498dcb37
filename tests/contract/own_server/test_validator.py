"""The second validator finds errors."""

from __future__ import annotations

from typing import Any, Final

import pytest
import requests
import schemathesis
from openapi_core.templating.paths.exceptions import PathError

from tests.contract.own_server.validator import ValidatedExchange, Validator, code_error

_ASKED: Final = {"username": "rosa.k", "attempt": 1}
_EXIST: Final = b'{"exists":true}'
_ID: Final = {"x-request-id": ["0" * 32], "content-type": ["application/json"]}


def _exchange(
    request: requests.Request, status: int, content: bytes, headers: dict[str, list[str]]
) -> ValidatedExchange:
    prepared = request.prepare()
    response = schemathesis.Response(status, headers, content, prepared, elapsed=0, verify=True)
    return ValidatedExchange(prepared, response, fits=True)


@pytest.mark.parametrize(
    ("status", "content", "headers", "fits"),
    [
        (200, _EXIST, _ID, True),
        (200, b'{"exists":1}', _ID, False),
        (200, b"{}", _ID, False),
        (200, b"", _ID, False),
        (200, _EXIST, {**_ID, "content-type": ["text/plain"]}, False),
        (200, _EXIST, {**_ID, "x-request-id": []}, False),
        (200, _EXIST, {**_ID, "x-request-id": ["x"]}, False),
        (201, _EXIST, _ID, False),
        (404, b'{"message":"Why."}', _ID, True),
        (404, b"{}", _ID, False),
    ],
)
def test_answers(
    validator: Validator, status: int, content: bytes, headers: dict[str, list[str]], *, fits: bool
) -> None:
    """A response of an undocumented status, shape, media type or header is an error."""
    request = requests.Request("GET", "http://localhost:1/acme/users/rosa.k/exists")
    error = validator.response_error(_exchange(request, status, content, headers))
    assert (error is None) is fits


@pytest.mark.parametrize(
    ("status", "headers", "fits"),
    [
        (307, {**_ID, "location": ["docs"]}, True),
        (307, {**_ID, "location": ["/elsewhere"]}, False),
        (307, _ID, False),
        (302, {**_ID, "location": ["docs"]}, False),
    ],
)
def test_redirect(validator: Validator, status: int, headers: dict[str, list[str]], *, fits: bool) -> None:
    """A root that redirects elsewhere than to the reference is an error."""
    request = requests.Request("GET", "http://localhost:1/")
    error = validator.response_error(_exchange(request, status, b"", headers))
    assert (error is None) is fits


@pytest.mark.parametrize(
    ("body", "fits"), [(_ASKED, True), ({"username": "rosa.k"}, False), ({**_ASKED, "attempt": "1"}, False)]
)
def test_requests(validator: Validator, body: dict[str, Any], *, fits: bool) -> None:
    """A request that violates the contract is an error."""
    request = requests.Request("POST", "http://localhost:1/acme/users/forgotpassword", json=body)
    error = validator.request_error(_exchange(request, 200, b"", {}))
    assert (error is None) is fits


_GRANT: Final = {"client_id": "key", "grant_type": "password", "username": "rosa.k", "password": "correct horse"}


@pytest.mark.parametrize(
    ("form", "fits"),
    [
        (_GRANT, True),
        ({"client_id": "key", "grant_type": "refresh_token", "refresh_token": "x"}, True),
        ({"client_id": "key", "grant_type": "refresh_token"}, False),
        ({**_GRANT, "grant_type": "implicit"}, False),
    ],
)
def test_grants(validator: Validator, form: dict[str, str], *, fits: bool) -> None:
    """A form that matches no grant is an error."""
    request = requests.Request("POST", "http://localhost:1/acme/connect/token", data=form)
    error = validator.request_error(_exchange(request, 200, b"", {}))
    assert (error is None) is fits


@pytest.mark.parametrize(
    ("status", "content", "fits"),
    [
        (200, b"{}", True),
        (404, b"", True),
        (404, b'{"message":"Why.","code":"unknown_user"}', True),
        (400, b'{"error":"invalid_grant","error_description":"Why."}', True),
        (404, b'{"message":"Why."}', False),
        (404, b'{"message":"Why.","code":7}', False),
        (404, b'{"message":"Why.","code":"unknown_planet"}', False),
        (400, b'{"message":"Why.","code":"unknown_account"}', False),
        (404, b'{"error":"invalid_grant","error_description":"Why."}', False),
        (404, b"[]", False),
        (404, b"Why.", False),
    ],
)
def test_codes(status: int, content: bytes, *, fits: bool) -> None:
    """An error response of our own server without a documented code for its status is an error."""
    request = requests.Request("GET", "http://localhost:1/nowhere")
    assert (code_error(_exchange(request, status, content, _ID)) is None) is fits


def test_nowhere(validator: Validator) -> None:
    """An exchange of no operation cannot be validated."""
    with pytest.raises(PathError):
        validator.response_error(_exchange(requests.Request("GET", "http://localhost:1/nowhere"), 404, b"", {}))
