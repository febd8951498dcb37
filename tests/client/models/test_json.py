"""Models convert to JSON and back; malformed data raises an error that names the model and the member."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType, UnionType
from typing import Any, Final, get_args, get_origin
from zoneinfo import ZoneInfo

import attrs
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import meshydb
from meshydb import (
    CreateManyResult,
    CurrentUser,
    DeleteManyResult,
    NewUser,
    Page,
    Permissible,
    Permission,
    RegisterUser,
    Role,
    SecurityQuestion,
    SecurityQuestionHash,
    UpdateManyResult,
    User,
    UserRole,
    UserUpdate,
    UserVerificationHash,
)
from meshydb._models import Tokens
from tests.client.calls import DELETED, PERMISSIBLE, PERMISSION, RESET, ROLE, TASK, UPDATED, USER
from tests.client.values import EDITORS, ROSA
from tests.support.contract import read
from tests.support.schema_values import values

CANARY: Final = "quetzal-7f3a"
PERSON: Final = {
    "username": "rosa.k",
    "newPassword": "correct horse",
    "firstName": "Rosa",
    "lastName": "",
    "phoneNumber": None,
    "emailAddress": "rosa@example.org",
    "securityQuestions": [{"question": "Pet?", "answer": "Moth"}],
}
UPDATE: Final = {
    "firstName": None,
    "lastName": "Kern",
    "phoneNumber": None,
    "emailAddress": None,
    "verified": None,
    "isActive": False,
}
CURRENT: Final = {
    "id": USER["id"],
    "username": "rosa.k",
    "firstName": "Rosa",
    "lastName": None,
    "roles": ["meshy.user", "editors"],
    "permissions": [],
    "authTime": "2019-11-04T10:00:00.000Z",
}
TOKENS: Final = {"access_token": "e30.e30.c2ln", "refresh_token": None, "expires_in": 3600}

CREATED: Final = {"createdCount": 2, "createdData": [TASK, {"_id": "b", "tags": [1, {"a": None}]}]}

# Each model, with its JSON.
ALL: Final[list[tuple[Any, dict[str, Any]]]] = [
    (CreateManyResult, CREATED),
    (CurrentUser, CURRENT),
    (DeleteManyResult, DELETED),
    (NewUser, {**PERSON, "verified": True, "isActive": False, "roles": [{"name": "editors"}]}),
    (Page, {"results": [USER], "page": 2, "pageSize": 25, "totalRecords": 26}),
    (Permissible, PERMISSIBLE),
    (Permission, PERMISSION),
    (RegisterUser, PERSON),
    (Role, ROLE),
    (SecurityQuestion, {"question": "Pet?", "answer": "Moth"}),
    (SecurityQuestionHash, USER["securityQuestions"][0]),
    (Tokens, TOKENS),
    (UpdateManyResult, UPDATED),
    (User, USER),
    (UserRole, USER["roles"][0]),
    (UserUpdate, UPDATE),
    (UserVerificationHash, RESET),
]
EACH: Final = pytest.mark.parametrize(("kind", "data"), ALL, ids=[kind.__name__ for kind, _ in ALL])
WRONG: Final[dict[type, list[object]]] = {
    str: [7, 1.5, True, [CANARY], {CANARY: CANARY}],
    bool: [0, 1, 1.0, CANARY, [True], {CANARY: True}],
    int: [True, False, 1.5, float("nan"), float("-inf"), CANARY, "1", [1], {CANARY: 1}],
    datetime: [7, 1.5, True, CANARY, [CANARY], {CANARY: CANARY}, "2030-01-01", "2030-01-01T00:00:00", "Z"],
    tuple: [7, True, CANARY, {CANARY: CANARY}, [[CANARY]], [None], [7]],
}
# The schemas of those that the API sends or takes.
DOCUMENT: Final = read()
SCHEMAS: Final = {Page: "UserPage", Tokens: "TokenResponse"}


def test_all_are_tried() -> None:
    """Every exported model is tested here."""
    exported = {value for value in vars(meshydb).values() if isinstance(value, type)}
    models = {kind for kind in exported if attrs.has(kind) and kind.__module__.startswith("meshydb._models")}
    assert models == {kind for kind, _ in ALL} - {Tokens}
    assert len(models) == 16


@EACH
def test_round_trip(kind: Any, data: dict[str, Any]) -> None:
    """A model writes the JSON that it was read from, and an equal model is read from that, also as text."""
    model = kind.from_dict(data)
    assert type(model) is kind
    written = model.to_dict()
    assert written == data
    assert list(written) == list(data)
    assert kind.from_dict(json.loads(json.dumps(written, allow_nan=False))) == model
    assert kind.from_dict(MappingProxyType(written)) == model


@EACH
def test_written_json_is_valid(kind: Any, data: dict[str, Any]) -> None:
    """The JSON of a model is valid by the schema of the contract, if there is one."""
    name = SCHEMAS.get(kind, kind.__name__)
    if kind is CurrentUser:
        assert name not in DOCUMENT["components"]["schemas"]
        return
    written = kind.from_dict(data).to_dict()
    if kind is Tokens:
        # What the API leaves out, this has as None.
        written = {"token_type": "Bearer", **{name: value for name, value in written.items() if value is not None}}
    jsonschema_rs.validate({**DOCUMENT, "$ref": f"#/components/schemas/{name}"}, written, validate_formats=True)


@pytest.mark.parametrize(
    "kind",
    [
        NewUser,
        Permissible,
        Permission,
        RegisterUser,
        Role,
        SecurityQuestion,
        User,
        UserUpdate,
        UserVerificationHash,
    ],
)
def test_valid_json(kind: Any) -> None:
    """Valid JSON is read and written back, or raises a ValueError that names the model."""

    @settings(max_examples=60, derandomize=True, database=None, deadline=None)
    @given(values(DOCUMENT, {"$ref": f"#/components/schemas/{kind.__name__}"}))
    def check(data: dict[str, Any]) -> None:
        if kind in {NewUser, RegisterUser} and _is_rejected(kind, data):
            return
        model = kind.from_dict(data)
        assert kind.from_dict(json.loads(json.dumps(model.to_dict()))) == model

    check()


def _is_rejected(kind: Any, data: dict[str, Any]) -> bool:
    """Whether the client checks more than schemas can say: which usernames may be new."""
    try:
        kind.from_dict(data)
    except ValueError as error:
        assert str(error).startswith(f"{kind.__name__}.username must be letters")  # noqa: PT017 - not each is refused
        return True
    return False


@EACH
def test_unknown_members(kind: Any, data: dict[str, Any]) -> None:
    """Unknown members are ignored, including the names of Python attributes."""
    unknown = {"first_name": 1, "kind": "x", "": None, "Username": 7, "self": {}}
    assert kind.from_dict({**unknown, **data}) == kind.from_dict(data)


@EACH
def test_missing_members(kind: Any, data: dict[str, Any]) -> None:
    """A member without a default is required; one with a default may be absent or None."""
    defaults = {each.name for each in attrs.fields(kind) if each.default is not attrs.NOTHING}
    for name in data:
        less = {key: value for key, value in data.items() if key != name}
        attribute = name if kind is Tokens else "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
        if attribute in defaults:
            expected = attrs.evolve(kind.from_dict(data), **{attribute: attrs.fields_dict(kind)[attribute].default})
            assert kind.from_dict(less) == kind.from_dict({**data, name: None}) == expected
        else:
            with pytest.raises(ValueError, match=rf"^{kind.__name__}\.{name} is missing$"):
                kind.from_dict(less)


@EACH
@pytest.mark.parametrize("data_of_no_kind", [None, [], "{}", 7, [("username", CANARY)]], ids=repr)
def test_not_a_mapping(kind: Any, data: dict[str, Any], data_of_no_kind: Any) -> None:
    """Data that is no mapping, such as a list of pairs, raises an error that names the model."""
    assert data
    with pytest.raises(ValueError, match=rf"^{kind.__name__} must be a JSON object, not \w+$"):
        kind.from_dict(data_of_no_kind)


@EACH
def test_wrong_types(kind: Any, data: dict[str, Any]) -> None:
    """A value of a wrong type raises an error that names model and member, and does not show the value."""
    for name, attribute in zip(data, attrs.fields(kind), strict=True):
        for wrong in WRONG[_plain(attribute.type)]:
            with pytest.raises(ValueError, match=rf"^{kind.__name__}\.{name}\S* must ") as caught:
                kind.from_dict({**data, name: wrong})
            assert CANARY not in f"{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}"


def _plain(annotation: Any) -> Any:
    """The type of a value that is not None."""
    if isinstance(annotation, UnionType):
        annotation = get_args(annotation)[0]
    return get_origin(annotation) or annotation


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (UserVerificationHash, {**RESET, "attempt": True}, "UserVerificationHash.attempt must be an integer, not bool"),
        (UserVerificationHash, {**RESET, "hash": 7}, "UserVerificationHash.hash must be a string, not int"),
        (
            UserVerificationHash,
            {**RESET, "expires": "2030-01-01T01:00:00"},
            "UserVerificationHash.expires must be a timestamp, such as 2030-01-01T01:00:00.000Z",
        ),
        (
            UserVerificationHash,
            {**RESET, "expires": "2030-02-30T01:00:00.000Z"},
            "UserVerificationHash.expires must be a timestamp, such as 2030-01-01T01:00:00.000Z: day is out of range",
        ),
        (User, {**USER, "roles": [{"name": "a"}]}, "User.roles[0].addedDate is missing"),
        (User, {**USER, "roles": [*USER["roles"], CANARY]}, "User.roles[1] must be a JSON object, not str"),
        (User, {**USER, "isActive": 1}, "User.isActive must be True or False, not int"),
        (
            Page,
            {"results": [USER, {**USER, "securityQuestions": [{"question": "Pet?", "answerHash": None}]}]},
            "Page.results[1].securityQuestions[0].answerHash must be a string, not NoneType",
        ),
        (Page, {"results": CANARY}, "Page.results must be a list, not str"),
        (NewUser, {**PERSON, "newPassword": "canary"}, "NewUser.newPassword must have at least 8 characters"),
        (NewUser, {**PERSON, "roles": ["editors"]}, "NewUser.roles[0] must be a JSON object, not str"),
        (
            NewUser,
            {**PERSON, "roles": [{"name": "a" * 65}]},
            "NewUser.roles[0] must have at most 64 characters, not 65",
        ),
        (
            RegisterUser,
            {**PERSON, "securityQuestions": [{"question": "Pet?", "answer": ""}]},
            "RegisterUser.securityQuestions[0].answer must not be empty",
        ),
        (
            Tokens,
            {**TOKENS, "access_token": f"{CANARY} "},
            "Tokens.access_token must be a bearer token (RFC 6750)",
        ),
        (Role, {**ROLE, "numberOfUsers": "3"}, "Role.numberOfUsers must be an integer, not str"),
        (Permission, {**PERMISSION, "delete": "false"}, "Permission.delete must be True or False, not str"),
        (
            CreateManyResult,
            {**CREATED, "createdData": [TASK, [CANARY]]},
            "CreateManyResult.createdData[1] must be a JSON",
        ),
        (
            CreateManyResult,
            {**CREATED, "createdData": [TASK, {"_id": None, "a": CANARY}]},
            "CreateManyResult.createdData[1]._id must be a string, not NoneType",
        ),
        (UpdateManyResult, {**UPDATED, "matchedCount": "5"}, "UpdateManyResult.matchedCount must be an integer"),
        (CurrentUser, {**CURRENT, "roles": ["a", 7]}, "CurrentUser.roles[1] must be a string, not int"),
    ],
)
def test_messages(kind: Any, data: Mapping[str, Any], message: str) -> None:
    """An error names the path to the value, with the names of the API."""
    with pytest.raises(ValueError, match=r"must|missing") as caught:
        kind.from_dict(data)
    assert str(caught.value).startswith(message)
    assert CANARY not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - it was pickled here


@given(
    st.datetimes(
        timezones=st.just(UTC)
        | st.timedeltas(-timedelta(1), timedelta(1)).filter(lambda it: abs(it) < timedelta(1)).map(timezone)
    )
)
@settings(max_examples=300, derandomize=True, database=None, deadline=None)
def test_timestamps(instant: datetime) -> None:
    """Any datetime comes back to the microsecond, from any offset, or is rejected when the model is made."""
    try:
        role = UserRole("editors", instant)
    except ValueError as error:
        assert str(error) == "added_date must be in the years 1 to 9999 in UTC"  # noqa: PT017 - most are not refused
        return
    written = role.to_dict()["addedDate"]
    assert written.endswith("Z")
    assert len(written) == (27 if instant.astimezone(UTC).microsecond % 1000 else 24)
    assert UserRole.from_dict({"name": "editors", "addedDate": written}) == role


def test_zones() -> None:
    """A time in a time zone is written in UTC."""
    role = UserRole("editors", datetime(2030, 7, 1, 9, 30, 0, 500_000, tzinfo=ZoneInfo("America/New_York")))
    assert role.to_dict() == {"name": "editors", "addedDate": "2030-07-01T13:30:00.500Z"}


def test_integers() -> None:
    """A number without a fraction is an integer, as in responses."""
    assert UserVerificationHash.from_dict({**RESET, "attempt": 2.0}).to_dict()["attempt"] == 2
    for wrong in (2.5, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=r"^UserVerificationHash\.attempt must be an integer, not float$"):
            UserVerificationHash.from_dict({**RESET, "attempt": wrong})


def test_pages_of_other_models() -> None:
    """A page writes models of any class."""
    page = Page(ROSA.roles, page=1, page_size=25, total_records=1)
    assert page.to_dict() == {"results": USER["roles"], "page": 1, "pageSize": 25, "totalRecords": 1}


def test_pages_of_roles() -> None:
    """A page is read as one of any model, by its class."""
    page = Page((EDITORS,), page=1, page_size=25, total_records=1)
    assert Page.from_dict(json.loads(json.dumps(page.to_dict())), Role) == page
    with pytest.raises(ValueError, match=r"^Page\.results\[0\]\.numberOfUsers is missing$"):
        Page.from_dict({**page.to_dict(), "results": [{"id": "", "name": "", "description": None}]}, Role)


def test_pages_of_documents() -> None:
    """A page of documents is read with their class, and holds them as they are."""
    page = Page((TASK,), page=1, page_size=25, total_records=1)
    assert page.to_dict()["results"] == [TASK]
    assert Page.from_dict(json.loads(json.dumps(page.to_dict())), dict) == page
    with pytest.raises(ValueError, match=r"^Page\.results\[0\] must be a JSON object, not list$"):
        Page.from_dict({**page.to_dict(), "results": [[]]}, dict)


def test_nothing_is_shared() -> None:
    """A change of the written dictionary does not change the model."""
    written = ROSA.to_dict()
    written["roles"].clear()
    written["securityQuestions"][0]["question"] = "?"
    assert ROSA.to_dict() == USER
