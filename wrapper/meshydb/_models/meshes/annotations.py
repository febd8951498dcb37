"""Reads the JSON of a property by the annotation of its field."""

import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any, Final, Literal, NewType, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

from meshydb._models.model import MalformedError, read_integer, read_time

# Makes the value of a field from JSON. Raises MalformedError.
Reader: TypeAlias = Callable[[Any], Any]
# Makes the reader of an attrs class or a dataclass; None if the annotation is neither.
ReaderOfClass: TypeAlias = Callable[[Any], Reader | None]

_PLAIN = {str: "a string", bool: "True or False", int: "an integer", float: "a number"}
_SCALARS = (str, bool, int, float, types.NoneType)
_LISTS = (list, tuple, Sequence)
_MAPPINGS = (dict, Mapping)


class UnsupportedError(TypeError):
    """An annotation has no JSON."""


def reader_for(annotation: Any, reader_of_class: ReaderOfClass) -> Reader:  # noqa: PLR0911 - one for each kind
    """Choose the reader for an annotation.

    Raises:
        UnsupportedError: There is none.
    """
    if annotation is Any or annotation is object:
        return _unchanged
    if isinstance(annotation, NewType):
        return reader_for(annotation.__supertype__, reader_of_class)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Annotated, Final}:
        return reader_for(arguments[0], reader_of_class)
    if origin is Literal:
        return partial(_one_of, [*arguments])
    if origin in {Union, types.UnionType}:
        return partial(_any_of, [reader_for(each, reader_of_class) for each in arguments])
    kind = origin or annotation
    if kind in _LISTS:
        return _list_reader(kind, arguments, reader_of_class)
    if kind in _MAPPINGS:
        return _mapping_reader(arguments, reader_of_class)
    return _class_reader(annotation, reader_of_class)


def _list_reader(kind: Any, arguments: tuple[Any, ...], reader_of_class: ReaderOfClass) -> Reader:
    made = tuple if kind is tuple else list
    if kind is tuple and arguments[1:] not in {(), (Ellipsis,)}:
        return partial(_fixed, [reader_for(each, reader_of_class) for each in arguments])
    if kind is tuple and len(arguments) == 1:
        return partial(_fixed, [reader_for(arguments[0], reader_of_class)])
    return partial(_each, made, reader_for(arguments[0], reader_of_class) if arguments else _unchanged)


def _mapping_reader(arguments: tuple[Any, ...], reader_of_class: ReaderOfClass) -> Reader:
    if not arguments:
        return partial(_members, _unchanged)
    if arguments[0] is not str:
        raise UnsupportedError("has a mapping whose names are no strings")
    return partial(_members, reader_for(arguments[1], reader_of_class))


def _class_reader(annotation: Any, reader_of_class: ReaderOfClass) -> Reader:
    if (of_class := reader_of_class(annotation)) is not None:
        return of_class
    if annotation in {None, types.NoneType}:
        return _nothing
    if not isinstance(annotation, type):
        raise UnsupportedError(f"has a type that has no JSON: {annotation!r}")
    if issubclass(annotation, Enum):
        return _enumeration_reader(annotation)
    if annotation in _PLAIN:
        return partial(_plain, annotation)
    # By subclass, not by identity: freezegun puts other classes in place of these.
    for kind, reader in _TEXT:
        if issubclass(annotation, kind):
            return reader
    raise UnsupportedError(f"has a type that has no JSON: {annotation.__name__}")


def _enumeration_reader(kind: type[Enum]) -> Reader:
    for member in kind:
        # Others are written in a form by which the enumeration does not find its member again.
        if not isinstance(member.value, _SCALARS):
            raise UnsupportedError(f"has an enumeration with a value that is neither text nor number: {member}")
    return partial(_member_of, kind)


def _unchanged(value: object) -> object:
    return value


def _nothing(value: object) -> None:
    if value is not None:
        raise MalformedError(f" must be null, not {type(value).__name__}")


def _plain(kind: type, value: object) -> object:
    if kind is int:
        value = read_integer(value)
    elif kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise MalformedError(f" must be {_PLAIN[kind]}, not {type(value).__name__}")
    return value


def _date(value: object) -> date:
    made: date = _parsed(date.fromisoformat, "a date, such as 2019-11-04", value)
    return made


def _uuid(value: object) -> UUID:
    made: UUID = _parsed(UUID, "the text of a UUID", value)
    return made


def _parsed(parse: Callable[[str], Any], what: str, value: object) -> Any:
    if not isinstance(value, str):
        raise MalformedError(f" must be a string, not {type(value).__name__}")
    try:
        return parse(value)
    except ValueError:
        raise MalformedError(f" must be {what}") from None


# A datetime is a date, too.
_TEXT: tuple[tuple[type, Reader], ...] = ((datetime, read_time), (date, _date), (UUID, _uuid))


def _member_of(kind: type[Enum], value: object) -> Enum:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise MalformedError(f" must be a value of {kind.__name__}") from None


def _one_of(allowed: list[object], value: object) -> object:
    for each in allowed:
        plain = each.value if isinstance(each, Enum) else each
        # By type, too: True equals 1.
        if type(plain) is type(value) and plain == value:
            return each
    raise MalformedError(" must be one of the values that are listed")


def _any_of(readers: list[Reader], value: object) -> object:
    """Read with the first reader that can. The error is that of the first, which is usually not the one of None."""
    first: MalformedError | None = None
    for reader in readers:
        try:
            return reader(value)
        except MalformedError as error:
            first = first or error
    raise MalformedError(str(first))


def _each(made: Callable[[list[Any]], Any], reader: Reader, values: object) -> Any:
    return made([_element(reader, number, value) for number, value in enumerate(_list(values))])


def _fixed(readers: list[Reader], values: object) -> tuple[Any, ...]:
    given = _list(values)
    if len(given) != len(readers):
        raise MalformedError(f" must hold {len(readers)} values, not {len(given)}")
    return tuple(
        _element(reader, number, value) for number, (reader, value) in enumerate(zip(readers, given, strict=True))
    )


def _list(values: object) -> list[Any]:
    if not isinstance(values, list):
        raise MalformedError(f" must be a list, not {type(values).__name__}")
    return cast("list[object]", values)


def _element(reader: Reader, number: int, value: object) -> Any:
    try:
        return reader(value)
    except MalformedError as error:
        raise MalformedError(f"[{number}]{error}") from None


def _members(reader: Reader, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError(f" must be a JSON object, not {type(value).__name__}")
    made: dict[str, Any] = {}
    for name, each in cast("dict[str, Any]", value).items():
        try:
            made[name] = reader(each)
        except MalformedError as error:
            raise MalformedError(f".{name}{error}") from None
    return made
