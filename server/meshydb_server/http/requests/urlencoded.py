"""Parses queries and forms, which share an encoding, with the tolerances of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from meshydb_server.contract import ContractError
from meshydb_server.http.errors import bad_request
from meshydb_server.schemas import InvalidValueError, Schema
from meshydb_server.services.common.error_codes import ErrorCode

Value = str | int | bool

# The longest integer of 64 bits, with its sign. Anything longer is out of range without parsing it.
_LONGEST_INTEGER: Final = 20


class Fields:
    """The documented fields of a query or a form, found without regard to case."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        """Take the schema of each field. Raises ContractError for a type without a text form."""
        self._fields = {name.lower().encode(): (name, _converter_to(schema)) for name, schema in schemas.items()}

    def read(self, encoded: bytes) -> dict[str, Value]:
        """The documented fields that are present and not empty, by their documented names and converted to their types.

        Raises InvalidValueError for a value of another type, and HttpError for malformed input.
        """
        values: dict[str, Value] = {}
        seen: set[bytes] = set()
        for key, text in _pairs(encoded):
            key = key.lower()  # noqa: PLW2901 - the name is not needed as it was written
            if key not in self._fields:
                continue
            name, convert = self._fields[key]
            if key in seen:
                raise bad_request(f"{name} appears twice.", ErrorCode.VALUE_INVALID)
            seen.add(key)
            if text:
                values[name] = convert(_decode(text, name), name)
        return values


def _converter_to(schema: Schema) -> Callable[[str, str], Value]:
    """The function that converts text to the schema's type. Its second argument is the name of the value."""
    if schema.type not in _CONVERTERS:
        raise ContractError(f"a query or form field has the type {schema.type}, which the server cannot read")
    return _CONVERTERS[schema.type]


def _pairs(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    for pair in encoded.split(b"&"):
        key, _, text = pair.partition(b"=")
        yield _unquote(key), _unquote(text)


def _unquote(text: bytes) -> bytes:
    text = text.replace(b"+", b" ")
    return unquote_to_bytes(text) if b"%" in text else text


def _decode(text: bytes, name: str) -> str:
    if b"\x00" in text:
        raise InvalidValueError("the value contains NUL", path=name)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidValueError("the value is not UTF-8", path=name) from error


def _to_string(text: str, _: str) -> str:
    return text


def _to_integer(text: str, name: str) -> int:
    digits = text.removeprefix("-")
    # Python's own parser accepts white space, underscores, a plus sign and the digits of all scripts.
    if not (digits.isascii() and digits.isdigit()) or (digits[0] == "0" and digits != "0"):
        raise InvalidValueError("the value is not of type integer", path=name, keyword="type")
    if len(text) > _LONGEST_INTEGER:
        raise InvalidValueError("the value is out of range", path=name, keyword="maximum")
    return int(text)


def _to_boolean(text: str, name: str) -> bool:
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise InvalidValueError("the value is not of type boolean", path=name, keyword="type")


_CONVERTERS: Final[Mapping[str | None, Callable[[str, str], Value]]] = {
    "string": _to_string,
    "integer": _to_integer,
    "boolean": _to_boolean,
}
