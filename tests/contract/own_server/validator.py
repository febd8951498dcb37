"""A second opinion on exchanges, by a validator that shares no code with the server or with schemathesis.

Those two have the same library for JSON Schema, so neither can be the other's judge.
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
    """A request and its answer, and whether the request was made to fit the contract."""

    request: PreparedRequest
    response: schemathesis.Response
    fits: bool

    @property
    def as_request(self) -> _Request:
        """The request as the judge looks at it."""
        return _Request(self.request)

    @property
    def as_response(self) -> _Response:
        """The answer as the judge looks at it."""
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
    # Any origin is that of a server of one's own.
    host_url: Final = "http://127.0.0.1:8000"

    def __init__(self, request: PreparedRequest) -> None:
        url = urlsplit(request.url or "")
        self.path = unquote(url.path)
        self.method = (request.method or "").lower()
        self.body = request.body.encode() if isinstance(request.body, str) else cast("bytes | None", request.body)
        self.content_type = _text(request.headers.get("content-type", ""))
        # Without those that are empty, which count as absent: a tolerance that this judge does not know.
        query = ImmutableMultiDict(parse_qsl(url.query))
        header = Headers({name: _text(value) for name, value in request.headers.items()})
        self.parameters = RequestParameters(query=query, header=header)


class Validator:
    """Holds exchanges against the contract. Raises PathError for one that is of no operation."""

    def __init__(self) -> None:
        self._openapi = OpenAPI.from_dict(read())

    def request_error(self, exchange: ValidatedExchange) -> str | None:
        """Why a request does not fit the contract, if it does not."""
        return _error(lambda: self._openapi.validate_request(exchange.as_request))

    def response_error(self, exchange: ValidatedExchange) -> str | None:
        """Why an answer does not fit the contract, if it does not."""
        return _error(lambda: self._openapi.validate_response(exchange.as_request, exchange.as_response))


def code_error(exchange: ValidatedExchange) -> str | None:
    """Why the code of our own server's error is none of the contract's table, if it is not.

    The contract does not ask it of other servers: there, `code` is optional, and may be another.
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
