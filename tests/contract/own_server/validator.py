"""A second validator, which shares no code with the server or with schemathesis.

Those two use the same library for JSON Schema, so neither can check the other.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import schemathesis
from attrs import frozen
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError
from requests import PreparedRequest
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.support.contract import read
from tests.support.error_codes import flaw_in_code


@frozen
class ValidatedExchange:
    """A request and its response, and whether the request is meant to be valid."""

    request: PreparedRequest
    response: schemathesis.Response
    fits: bool

    @property
    def as_request(self) -> _Request:
        """Return the request in the form that openapi-core reads."""
        return _Request(self.request)

    @property
    def as_response(self) -> _Response:
        """Return the response in the form that openapi-core reads."""
        headers = Headers([(name, value) for name, values in self.response.headers.items() for value in values])
        content_type = headers.get("content-type", "")
        return _Response(self.response.status_code, content_type, headers, self.response.content or None)


@frozen
class _Response:
    status_code: int
    content_type: str
    headers: Headers
    data: bytes | None


class _Request:
    # Any origin that the contract lists for self-hosted servers.
    host_url: Final = "http://127.0.0.1:8000"

    def __init__(self, request: PreparedRequest) -> None:
        url = urlsplit(request.url or "")
        self.path = unquote(url.path)
        self.method = (request.method or "").lower()
        self.body = request.body.encode() if isinstance(request.body, str) else cast("bytes | None", request.body)
        self.content_type = _text(request.headers.get("content-type", ""))
        # Without empty parameters. The server treats them as absent, which openapi-core does not know.
        query = ImmutableMultiDict(parse_qsl(url.query))
        header = Headers({name: _text(value) for name, value in request.headers.items()})
        self.parameters = RequestParameters(query=query, header=header)


class Validator:
    """Validates exchanges. Raises PathError for an exchange of no operation."""

    def __init__(self) -> None:
        self._openapi = OpenAPI.from_dict(read())

    def request_error(self, exchange: ValidatedExchange) -> str | None:
        """Return why a request violates the contract, or None."""
        return _error(lambda: self._openapi.validate_request(exchange.as_request))

    def response_error(self, exchange: ValidatedExchange) -> str | None:
        """Return why a response violates the contract, or None."""
        return _error(lambda: self._openapi.validate_response(exchange.as_request, exchange.as_response))


def code_error(exchange: ValidatedExchange) -> str | None:
    """Return why the `code` of our own server's error is not in the contract's table, or None.

    For other servers, `code` is optional and may have other values.
    """
    response = exchange.response
    if response.status_code < HTTPStatus.BAD_REQUEST or not response.content:
        return None
    try:
        flaw = flaw_in_code(response.status_code, response.json())
    except ValueError:
        flaw = "an error is JSON"
    return flaw and f"{exchange.request.method} {exchange.request.path_url}: {response.status_code}: {flaw}"


def _error(validate: Any) -> str | None:
    try:
        validate()
    except PathError:
        raise
    except OpenAPIError as error:
        return f"{error}: {error.__cause__}"
    return None


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
