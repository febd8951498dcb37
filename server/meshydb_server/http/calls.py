"""Turns a request into a call of an operation, with values that are valid by the contract."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any, Final

from attrs import field, frozen
from starlette.exceptions import HTTPException
from starlette.requests import Request

from meshydb_server.contract import JSON_MEDIA_TYPE, Operation, Parameter, Schema
from meshydb_server.http.errors import bad_request
from meshydb_server.http.normalise import normalise
from meshydb_server.http.strict_json import JsonError, parse, require_storable

MAX_BODY_BYTES: Final = 65_536


@frozen
class Call:
    """The valid arguments of an operation: parameters by their documented names, and the body."""

    parameters: Mapping[str, str]
    body: Any = field(repr=False)


async def read_call(request: Request, operation: Operation) -> Call:
    """Read and validate what the operation takes. Raises HTTPException or InvalidValueError."""
    parameters: dict[str, str] = {}
    for parameter in operation.parameters:
        value = _read_parameter(request, parameter)
        if value is not None:
            parameter.schema.validate(value, name=parameter.name)
            parameters[parameter.name] = value
    return Call(parameters, None if operation.body is None else await _read_body(request, operation.body))


def _read_parameter(request: Request, parameter: Parameter) -> str | None:
    if parameter.location == "path":
        value: str = request.path_params[parameter.name]
        return value
    values = request.headers.getlist(parameter.name)
    if len(values) > 1:
        raise bad_request(f"The header {parameter.name} is there more than once.")
    if not values and parameter.required:
        raise bad_request(f"The header {parameter.name} is missing.")
    return values[0] if values else None


async def _read_body(request: Request, schema: Schema) -> object:
    _require_json(request)
    try:
        value = normalise(parse(await _read_bytes(request)), schema)
        require_storable(value)
    except JsonError as error:
        raise bad_request(str(error)) from error
    schema.validate(value)
    return value


def _require_json(request: Request) -> None:
    declared = request.headers.getlist("content-type")
    value = declared[0] if len(declared) == 1 else ""
    # The standard library's reader of media types is the one of its mail headers, where `=?` begins an encoded word.
    header = EmailMessage()
    header["content-type"] = value if value.isascii() and "=?" not in value else ""
    media_type, charset = header.get_content_type(), header.get_content_charset("utf-8")
    if media_type != JSON_MEDIA_TYPE or charset not in {"utf-8", "utf8"}:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {JSON_MEDIA_TYPE} in UTF-8.")
    if any(encoding.lower() != "identity" for encoding in request.headers.getlist("content-encoding")):
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A compressed body is not supported.")


async def _read_bytes(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            # Not HTTPStatus.CONTENT_TOO_LARGE, which Python 3.11 and 3.12 do not have.
            raise HTTPException(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    return bytes(body)
