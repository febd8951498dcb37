"""Parses a request into a `Call`: the arguments of an operation, valid by the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, cast

from attrs import field, frozen
from starlette.requests import Request

from meshydb_server.contract import FORM_MEDIA_TYPE, Body, ContractError, Operation, Parameter
from meshydb_server.http.errors import bad_request, content_too_large, unsupported_media_type
from meshydb_server.http.headers import client_of, media_type_of, origin_of, values_of
from meshydb_server.http.requests.normalise import normalise
from meshydb_server.http.requests.strict_json import JsonError, parse, require_storable
from meshydb_server.http.requests.urlencoded import Fields, Value
from meshydb_server.schemas import InvalidValueError
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.error_codes import ErrorCode

# A larger body is parsed in a thread, because it takes so long that others would notice.
_LARGEST_PARSED_HERE: Final = 65_536


@frozen
class Call:
    """The valid arguments of an operation: parameters and body members by their documented names.

    Arguments that the request omits are absent. No defaults are filled in.
    """

    parameters: Mapping[str, Any]
    body: Any = field(repr=False)
    base_url: str
    """The base URL of the server as the caller sees it: scheme, host and port, without a trailing slash."""

    client: str
    """The client address of the request, in the form of `addresses.normalise`; "" for none."""

    _caller: Caller | None = field(default=None, alias="caller")
    is_large: bool = False
    """Whether the body is so large that handling it takes long."""
    rejected_items: Mapping[int, InvalidValueError] = field(factory=dict[int, InvalidValueError])
    """Why items of the body break the contract, by index, where the contract has them reported one by one."""

    @property
    def caller(self) -> Caller:
        """The caller. It exists if and only if the contract requires an access token."""
        if self._caller is None:
            raise LookupError("The operation takes no access token.")
        return self._caller


class CallReader:
    """Parses the requests of one operation."""

    def __init__(self, operation: Operation, public_url: str | None) -> None:
        """Prepare the parts that all requests share. Raises ContractError for a type that cannot be parsed."""
        self._public_url = public_url
        self._path = [each for each in operation.parameters if each.location == "path"]
        self._headers = [(each.name.encode(), each) for each in operation.parameters if each.location == "header"]
        self._queried = [each for each in operation.parameters if each.location == "query"]
        try:
            self._query = Fields({each.name: each.schema for each in self._queried})
            self._body = None if operation.body is None else _BodyReader(operation.body)
        except ContractError as error:
            raise ContractError(f"openapi.yaml: {operation.title}: {error}.") from error

    async def read(self, request: Request, path: Mapping[str, str], caller: Caller | None) -> Call:
        """Parse and validate a request. Raises HttpError or InvalidValueError."""
        scope = request.scope
        parameters: dict[str, Any] = {}
        for parameter in self._path:
            _take(parameters, parameter, path[parameter.name])
        for name, parameter in self._headers:
            values = values_of(scope["headers"], name)
            if len(values) > 1:
                raise bad_request(f"The header {parameter.name} appears more than once.", ErrorCode.VALUE_INVALID)
            _take(parameters, parameter, values[0] if values else None)
        if self._queried:
            found = self._read_query(scope["query_string"])
            for parameter in self._queried:
                _take(parameters, parameter, found.get(parameter.name))
        origin, client = self._public_url or origin_of(scope), client_of(scope)
        if self._body is None:
            return Call(parameters, None, origin, client, caller)
        body, rejected, is_large = await self._body.read(request)
        return Call(parameters, body, origin, client, caller, is_large, rejected)

    def _read_query(self, encoded: bytes) -> Mapping[str, Value]:
        try:
            return self._query.read(encoded)
        except InvalidValueError as error:
            parameter = next(each for each in self._queried if each.name == error.path)
            raise error.with_code(parameter.codes.get("invalid")) from error


def _take(parameters: dict[str, Any], parameter: Parameter, value: Value | None) -> None:
    if value is not None:
        try:
            parameter.schema.validate(value, name=parameter.name)
        except InvalidValueError as error:
            raise error.with_code(parameter.codes.get("invalid")) from error
        parameters[parameter.name] = value
    elif parameter.required:
        code = ErrorCode(parameter.codes.get("missing", ErrorCode.VALUE_INVALID))
        raise bad_request(f"{parameter.name} is missing.", code)


class _BodyReader:
    """Parses the bodies of one operation."""

    def __init__(self, body: Body) -> None:
        self._media_type = body.media_type
        self._schema = body.schema
        self._max_bytes = body.max_bytes
        self._max_depth = body.max_depth
        is_form = body.media_type == FORM_MEDIA_TYPE
        self._form = Fields(dict(body.schema.properties.values())) if is_form else None

    async def read(self, request: Request) -> tuple[object, Mapping[int, InvalidValueError], bool]:
        """The body, the errors of its items, and whether it is large."""
        self._require_declaration(request)
        encoded = await _read_bytes(request, self._max_bytes)
        if len(encoded) > _LARGEST_PARSED_HERE:
            return *await asyncio.to_thread(self._parse, encoded), True
        return *self._parse(encoded), False

    def _parse(self, encoded: bytes) -> tuple[object, Mapping[int, InvalidValueError]]:
        value: object = self._read_json(encoded) if self._form is None else self._form.read(encoded)
        schema = self._schema.alternative_of(value)
        if "item" in schema.codes:
            return value, schema.errors_of_items(cast("list[object]", value))
        schema.validate(value)
        return value, {}

    def _read_json(self, encoded: bytes) -> object:
        try:
            value = normalise(parse(encoded, self._max_depth), self._schema)
            require_storable(value)
        except JsonError as error:
            raise bad_request(str(error), ErrorCode.JSON_INVALID) from error
        return value

    def _require_declaration(self, request: Request) -> None:
        headers = request.scope["headers"]
        media_type, charset = media_type_of(headers)
        if media_type != self._media_type or charset not in {"utf-8", "utf8"}:
            raise unsupported_media_type(f"Content-Type must be {self._media_type} in UTF-8.")
        if any(encoding.lower() != "identity" for encoding in values_of(headers, b"content-encoding")):
            raise unsupported_media_type("A compressed body is not supported.")


async def _read_bytes(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise content_too_large(most)
    return bytes(body)
