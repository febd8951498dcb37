"""Converts models to JSON and back. Operations read responses in the same way.

The type of an attribute decides how its JSON is read. Its validator checks the value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Self, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs

from meshydb._models.timestamps import read_timestamp, write_timestamp

T = TypeVar("T")

# Makes the value of an attribute from decoded JSON. Raises MalformedError.
_Reader: TypeAlias = Callable[[Any], Any]

_NAME = "name"
_WRAPPER = "wrapper"
_FIRST_WORD = re.compile(r"\w+")


class MalformedError(ValueError):
    """The data does not match the model. The message names model and member, and does not show the value."""


class UnfitError(MalformedError):
    """The data matches the contract, but does not fit the class that the caller chose for it."""


class Model:
    """A model that converts to JSON and back, with the names of the API."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the model as the JSON of the API: strings, numbers, booleans, None, lists and dictionaries.

        It holds every value, including secrets that the `repr` leaves out. Timestamps are strings in UTC, such as
        `2030-01-01T01:00:00.000Z`.

        Returns:
            A dictionary for `json.dumps`. `from_dict` makes an equal model from it.
        """
        return write(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Make a model from the JSON of the API, such as `to_dict` returns. Unknown members are ignored.

        Args:
            data: The decoded JSON. Members with a default may be missing or None.

        Raises:
            ValueError: A member is missing, has the wrong type or is out of bounds. The message names the model and
                the member, and does not show the value.
        """
        return read(cls, data)


@attrs.frozen
class _Member:
    attribute: str
    name: str
    required: bool
    read: _Reader
    wrapper: Callable[[Any], Model] | None


def named(name: str) -> dict[str, object]:
    """Return the metadata of an attribute whose JSON name is not its name in camel case."""
    return {_NAME: name}


def wrapped(wrapper: type[Model]) -> dict[str, object]:
    """Return the metadata of a tuple whose JSON wraps each value in an object with one member."""
    return {_WRAPPER: wrapper}


def write(model: object) -> dict[str, Any]:
    """Write a model as JSON."""
    members = _members_of(type(model))
    return {each.name: _written(getattr(model, each.attribute), each.wrapper) for each in members}


def read(kind: type[T], data: object, item: Any = None) -> T:
    """Read a model from JSON.

    Args:
        kind: The class of the model.
        data: The decoded JSON.
        item: The type parameter of a generic model.

    Raises:
        MalformedError: The data does not match the model.
    """
    try:
        return _read(kind, item, data)
    except MalformedError as error:
        raise MalformedError(f"{kind.__name__}{error}") from None


def _read(kind: type[T], item: Any, data: object) -> T:
    """Read a model. The message of an error begins with the path within the model."""
    if not isinstance(data, Mapping):
        raise MalformedError(f" must be a JSON object, not {type(data).__name__}")
    given = cast("Mapping[str, object]", data)
    members = _members_of(kind, item)
    values: dict[str, Any] = {}
    for member in members:
        value = given.get(member.name)
        if value is None and not member.required:
            continue
        if member.name not in given:
            raise MalformedError(f".{member.name} is missing")
        try:
            values[member.attribute] = member.read(value)
        except MalformedError as error:
            raise MalformedError(f".{member.name}{error}") from None
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        # Validators begin with the name of the attribute.
        names = {member.attribute: member.name for member in members}
        reason = _FIRST_WORD.sub(lambda word: names.get(word[0], word[0]), str(error), count=1)
    raise MalformedError(f".{reason}")


def _describe(kind: Any, item: Any = None) -> tuple[_Member, ...]:
    return tuple(_member(attribute, item) for attribute in attrs.fields(kind))


# Not as a decorator: type checkers do not accept classes as hashable arguments then.
_members_of: Callable[..., tuple[_Member, ...]] = cache(_describe)


def _member(attribute: "attrs.Attribute[Any]", item: Any) -> _Member:
    wrapper = attribute.metadata.get(_WRAPPER)
    return _Member(
        attribute=attribute.name,
        name=attribute.metadata.get(_NAME) or _camel_case(attribute.name),
        required=attribute.default is attrs.NOTHING,
        read=_reader(attribute.type, item) if wrapper is None else partial(_unwrapped, wrapper),
        wrapper=wrapper,
    )


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


def _written(value: object, wrapper: Callable[[Any], Model] | None = None) -> object:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime):
        return write_timestamp(value)
    if isinstance(value, tuple):
        values = cast("tuple[object, ...]", value)
        return [_written(each if wrapper is None else wrapper(each)) for each in values]
    return value


def _reader(annotation: Any, item: Any) -> _Reader:
    """Choose the reader for the type of an attribute."""
    if isinstance(annotation, TypeVar):
        annotation = item
    if get_origin(annotation) is UnionType:
        (kind,) = {*get_args(annotation)} - {NoneType}
        return partial(_optional, _reader(kind, item))
    if get_origin(annotation) is tuple:
        return partial(_each, _reader(get_args(annotation)[0], item))
    if (reader := _READERS.get(get_origin(annotation) or annotation)) is not None:
        return reader
    # Not by identity: freezegun puts another class in place of the one that is imported here.
    if isinstance(annotation, type) and issubclass(annotation, datetime):
        return read_time
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return partial(_read, annotation, None)
    return _unchanged


def _unchanged(value: object) -> object:
    """Leave a value to the validator."""
    return value


def _free_form(value: object) -> object:
    """Leave an object of any properties as it is."""
    if not isinstance(value, dict):
        raise MalformedError(f" must be a JSON object, not {type(value).__name__}")
    return cast("dict[str, Any]", value)


def _optional(read_value: _Reader, value: object) -> object:
    return None if value is None else read_value(value)


def read_integer(value: object) -> object:
    """Read a number without a fraction as an integer, as JSON Schema does. Leave other values to the validator."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_READERS: dict[object, _Reader] = {int: read_integer, dict: _free_form}


def read_time(value: object) -> datetime:
    """Read a timestamp."""
    if not isinstance(value, str):
        raise MalformedError(f" must be a string, not {type(value).__name__}")
    try:
        return read_timestamp(value)
    except ValueError as error:
        raise MalformedError(f" must be a timestamp, such as 2030-01-01T01:00:00.000Z: {error}") from None


def _each(read_value: _Reader, values: object) -> tuple[Any, ...]:
    if not isinstance(values, list | tuple):
        raise MalformedError(f" must be a list, not {type(values).__name__}")
    made: list[Any] = []
    for number, value in enumerate(cast("list[object]", values)):
        try:
            made.append(read_value(value))
        except MalformedError as error:
            raise MalformedError(f"[{number}]{error}") from None
    return tuple(made)


def _unwrapped(wrapper: type[Model], values: object) -> tuple[Any, ...]:
    wraps: tuple[Any, ...] = _each(partial(_read, wrapper, None), values)
    return tuple(attrs.astuple(each)[0] for each in wraps)
