"""The checks of `_validation` as attrs validators.

The validators of attrs show the value in their message, and it may be a secret.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from attrs import Attribute

from meshydb._validation import check_count, check_instance, check_text

Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]


def by(check: Callable[..., object], **bounds: int) -> Validator:
    """Check a value."""

    def validate(_: object, attribute: "Attribute[Any]", value: object) -> None:
        check(attribute.name, value, **bounds)

    return validate


def by_optional(check: Callable[..., object], **bounds: int) -> Validator:
    """Check a value that is not None."""

    def validate(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if value is not None:
            check(attribute.name, value, **bounds)

    return validate


def by_each(check: Callable[..., object], *, most: int | None = None, **bounds: int) -> Validator:
    """Check each value of a tuple, and the number of values."""

    def validate(_: object, attribute: "Attribute[Any]", values: object) -> None:
        held = cast("tuple[object, ...]", check_instance(attribute.name, values, tuple))
        for number, value in enumerate(held):
            check(f"{attribute.name}[{number}]", value, **bounds)
        if most is not None:
            check_count(attribute.name, held, maximum=most)

    return validate


def each_is(kind: type[object], *, most: int | None = None) -> Validator:
    """Check that each value of a tuple is an instance of a class, and the number of values."""

    def check(name: str, value: object) -> object:
        return check_instance(name, value, kind)

    return by_each(check, most=most)


def optional_text(maximum: int) -> Validator:
    """Check a text that is not None."""
    return by_optional(check_text, minimum=0, maximum=maximum)
