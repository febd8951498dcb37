"""Invalid values of models: the error names the value and does not show it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import attrs
import pytest

from meshydb import NewUser, RegisterUser, SecurityQuestion, UserRole, UserUpdate
from tests.client.values import ROSA

CANARY: Final = "canary-7f3a"
ELM: Final = SecurityQuestion("First street?", "Elm")

BAD_TEXTS: Final[list[object]] = [7, CANARY.encode(), CANARY + "\n", CANARY + "\x9f", CANARY + "\ud800", CANARY * 100]
BAD_SECRETS: Final[list[object]] = ["", 7, None, CANARY + "\x00", CANARY + "\ud800", CANARY * 100]
BAD_USERNAMES: Final = [*BAD_TEXTS, "", None]
BAD_PASSWORDS: Final = [*BAD_SECRETS, "a" * 7, "a" * 129]
BAD_QUESTIONS: Final[list[object]] = [[ELM] * 11, [CANARY], CANARY, [None]]
BAD_FLAGS: Final[list[object]] = ["yes", 1]
BAD_ROLES: Final[list[object]] = [[7], [""], ["a" * 65], [CANARY + "\n"], ["a"] * 101]

PERSON: Final[dict[str, Any]] = {"username": "rosa", "new_password": "correct horse"}
QUESTION: Final[dict[str, Any]] = {"question": "Pet?", "answer": "Moth"}
BAD_NAMES: Final = dict.fromkeys(("first_name", "last_name", "phone_number", "email_address"), BAD_TEXTS)
BAD_PEOPLE: Final = {
    "username": BAD_USERNAMES,
    "new_password": BAD_PASSWORDS,
    "security_questions": BAD_QUESTIONS,
    **BAD_NAMES,
}
MODELS: Final[list[tuple[type[object], dict[str, Any], dict[str, list[object]]]]] = [
    (RegisterUser, PERSON, BAD_PEOPLE),
    (NewUser, PERSON, {**BAD_PEOPLE, "verified": BAD_FLAGS, "is_active": [*BAD_FLAGS, None], "roles": BAD_ROLES}),
    (UserUpdate, {}, {**BAD_NAMES, "verified": BAD_FLAGS, "is_active": BAD_FLAGS}),
    (SecurityQuestion, QUESTION, {"question": BAD_USERNAMES, "answer": BAD_SECRETS}),
]


@pytest.mark.parametrize(
    ("kind", "arguments", "name"),
    [
        pytest.param(kind, {**good, name: value}, name, id=f"{kind.__name__}-{name}-{number}")
        for kind, good, bad in MODELS
        for name, values in bad.items()
        for number, value in enumerate(values)
    ],
)
def test_invalid_values(kind: type[object], arguments: dict[str, Any], name: str) -> None:
    """A value that breaks the contract is rejected."""
    with pytest.raises((TypeError, ValueError), match=rf"^{name}(\[\d+\])? must") as caught:
        kind(**arguments)
    wrong_type = not isinstance(arguments[name], str | list)
    assert not wrong_type or type(caught.value) is TypeError
    assert CANARY not in str(caught.value)


def test_not_iterable() -> None:
    """A value that is not iterable is rejected by name."""
    with pytest.raises(TypeError, match="security_questions must be several values"):
        NewUser("rosa", "correct horse", security_questions=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_string_is_not_several_roles() -> None:
    """A string is not accepted as several roles."""
    with pytest.raises(TypeError, match="roles must be several values, such as a list, not str"):
        NewUser("rosa", "correct horse", roles="editors")


def test_models_are_frozen() -> None:
    """A list is kept as a tuple, and models are frozen."""
    questions = [ELM]
    user = RegisterUser("rosa", "correct horse", security_questions=questions)
    questions.append(ELM)
    assert user.security_questions == (ELM,)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        user.username = "ben"  # type: ignore[misc]


def test_values_at_the_bounds() -> None:
    """Values at the bounds of the contract are accepted."""
    user = NewUser(
        "r" * 256,
        "a\x01\n" + "ü" * 125,
        first_name="",
        last_name="a" * 256,
        phone_number="+" + "1" * 15,
        email_address="a" * 254,
        security_questions=[SecurityQuestion("q" * 256, "\n" * 256)] * 10,
        roles=["a" * 64] * 100,
    )
    assert len(user.security_questions) == 10


def test_results_reject_wrong_types() -> None:
    """A result that is built by hand is validated too."""
    with pytest.raises(TypeError, match=r"^roles\[0\] must be an instance of UserRole"):
        attrs.evolve(ROSA, roles=("editors",))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^roles must be an instance of tuple"):
        attrs.evolve(ROSA, roles=[])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^added_date must have an offset"):
        UserRole("editors", datetime(2019, 1, 1))  # noqa: DTZ001 - what is tested
