"""Documents as instances of classes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Literal, NewType, Optional
from uuid import UUID

import attrs
import pytest

from meshydb import APIResponseError, BadRequestError, DeleteManyResult, Page, UpdateManyResult
from tests.client.calls import DELETED, UPDATED, Play, once
from tests.client.pages import results_of
from tests.support.tcp import ScriptedServer, parse_request, reply

Score = NewType("Score", int)
NOON: Final = datetime(2019, 11, 4, 12, 0, 0, 250_000, tzinfo=UTC)


class Colour(Enum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Address:
    """A class inside another. Its id is a property like others."""

    city: str
    id: int = 0


@dataclass
class Person:
    """A dataclass with a field of each kind."""

    kind: ClassVar[str] = "person"
    name: str
    age: int
    height: float | None = None
    score: Score = Score(0)
    at: datetime | None = None
    born: Optional[date] = None  # noqa: UP045 - as people write it
    key: UUID | None = None
    colour: Colour = Colour.RED
    size: Literal["s", "m", 1] = "m"
    home: Address | None = None
    addresses: list[Address] = dataclasses.field(default_factory=list)
    friends: Sequence[Person] = ()
    pair: tuple[int, str] = (0, "")
    many: tuple[date, ...] = ()
    marks: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    note: Annotated[str, "free"] | int = ""
    anything: Any = None
    shown: str = dataclasses.field(init=False, default="x")
    id: str | None = None


@attrs.define(kw_only=True)
class Task:
    """An attrs class with private fields, which keeps what it does not know."""

    _id: str | None = None
    title: str = attrs.field(validator=attrs.validators.max_len(9))
    _secret: int = 0
    extra: Mapping[str, Any] = attrs.field(factory=dict)


ROSA: Final = Person(
    "Rosa",
    41,
    height=1.0,
    score=Score(7),
    at=NOON,
    born=date(1978, 2, 1),
    key=UUID("5f3a0c52-0000-4000-8000-00000000abcd"),
    colour=Colour.BLUE,
    size=1,
    home=Address("Bonn"),
    addresses=[Address("Bonn", 3)],
    friends=[Person("Ben", 28)],
    pair=(1, "a"),
    many=(date(2019, 1, 1),),
    marks={"a": [1]},
    note=5,
    anything={"x": [None]},
)
ROSA_DOCUMENT: Final[dict[str, Any]] = {
    "name": "Rosa",
    "age": 41,
    "height": 1.0,
    "score": 7,
    "at": "2019-11-04T12:00:00.250Z",
    "born": "1978-02-01",
    "key": "5f3a0c52-0000-4000-8000-00000000abcd",
    "colour": "blue",
    "size": 1,
    "home": {"city": "Bonn", "id": 0},
    "addresses": [{"city": "Bonn", "id": 3}],
    "pair": [1, "a"],
    "many": ["2019-01-01"],
    "marks": {"a": [1]},
    "note": 5,
    "anything": {"x": [None]},
}
LEAST: Final = {"_id": "b", "name": "Ben", "age": 28}


def _body(server: ScriptedServer) -> Any:
    return json.loads(parse_request(server.requests[0]).body)


def test_round_trip(play_connected: Play) -> None:
    """An instance is stored under the names of its fields, and comes back with its id."""
    stored = {"_id": "a", **ROSA_DOCUMENT, "height": 1, "friends": [{"name": "Ben", "age": 28.0}]}
    with ScriptedServer(reply(201, stored)) as server:
        created = play_connected(once(lambda it: it.meshes.of(Person).create(ROSA)), server.url)
    assert created == dataclasses.replace(ROSA, id="a")
    assert (type(created.height), type(created.friends[0].age)) == (float, int)
    assert parse_request(server.requests[0]).line == "POST /acme/meshes/person"
    sent = _body(server)
    assert [each["name"] for each in sent.pop("friends")] == ["Ben"]
    assert sent == ROSA_DOCUMENT


def test_each_call(play_connected: Play) -> None:
    """Each call sends what the meshes service sends, and returns instances."""
    ben = Person("Ben", 28, id="b")
    page = {"results": [LEAST], "page": 1, "pageSize": 25, "totalRecords": 1}
    calls: list[tuple[Any, str, object, object]] = [
        (lambda it: it.create(ben), "POST /acme/meshes/human", LEAST, ben),
        (
            lambda it: it.create_many([ben]),
            "POST /acme/meshes/human",
            {"createdCount": 1, "createdData": [LEAST]},
            (ben,),
        ),
        (lambda it: it.get("b"), "GET /acme/meshes/human/b", LEAST, ben),
        (lambda it: it.update("b", ben), "PUT /acme/meshes/human/b", LEAST, ben),
        (lambda it: it.delete("b"), "DELETE /acme/meshes/human/b", None, None),
        (
            lambda it: it.update_many(filter={}, update="{$set:{a:1}}"),
            "PATCH /acme/meshes/human",
            UPDATED,
            UpdateManyResult.from_dict(UPDATED),
        ),
        (
            lambda it: it.delete_many(filter={}),
            "DELETE /acme/meshes/human?filter=%7B%7D",
            DELETED,
            DeleteManyResult.from_dict(DELETED),
        ),
        (
            lambda it: it.search(filter="{a:1}", order_by={"a": 1}, page_size=25).page(1),
            "GET /acme/meshes/human?filter=%7Ba%3A1%7D&orderBy=%7B%22a%22%3A1%7D&page=1&pageSize=25",
            page,
            Page((ben,), page=1, page_size=25, total_records=1),
        ),
        (
            lambda it: results_of(it.search()),
            "GET /acme/meshes/human?page=1&pageSize=25",
            page,
            [ben],
        ),
        (
            lambda it: results_of(it.search(order_by="{a:1}")),
            "GET /acme/meshes/human?orderBy=%7Ba%3A1%7D&page=1&pageSize=25",
            page,
            [ben],
        ),
    ]
    for call, line, body, result in calls:
        with ScriptedServer(reply(200, b"" if body is None else body)) as server:
            found = play_connected(once(lambda it: call(it.meshes.of(Person, mesh_name="human"))), server.url)  # noqa: B023
        assert found == result, line
        assert parse_request(server.requests[0]).line == line


def test_raw(play_connected: Play) -> None:
    """A call has a raw response, whose result is an instance."""
    with ScriptedServer(reply(200, LEAST)) as server:
        raw = play_connected(once(lambda it: it.meshes.of(Person).with_raw_response.get("b")), server.url)
    assert (json.loads(raw.body), raw.parsed) == (LEAST, Person("Ben", 28, id="b"))


def test_extra_properties_are_kept(play_connected: Play) -> None:
    """Properties without a field stay in `extra`, and an update sends them again."""
    document = {"_id": "a", "title": "Buy glue", "_secret": 3, "colour": "red", "extra": [1], "id": 5}
    with ScriptedServer(reply(200, document), reply(200, document)) as server:

        def scenario(connection: Any) -> Any:
            tasks = connection.meshes.of(Task)
            task = yield tasks.get("a")
            assert task == Task(id="a", title="Buy glue", secret=3, extra={"colour": "red", "extra": [1], "id": 5})
            return (yield tasks.update("a", task))

        play_connected(scenario, server.url)
    assert json.loads(parse_request(server.requests[1]).body) == document


def test_extra_properties_are_refused(play_connected: Play) -> None:
    """Without `extra`, a property that has no field raises an error, so that no update loses it."""
    document = {**LEAST, "nickname": "B"}
    page = {"results": [LEAST, document], "page": 1, "pageSize": 25, "totalRecords": 1}
    calls: list[tuple[Callable[[Any], Any], Any]] = [
        (lambda it: it.get("b"), document),
        (lambda it: it.search().page(1), page),
        (lambda it: results_of(it.search()), page),
    ]
    for call, body in calls:
        with ScriptedServer(reply(200, body)) as server, pytest.raises(APIResponseError) as caught:
            play_connected(once(lambda it: call(it.meshes.of(Person))), server.url)  # noqa: B023
        assert caught.value.message == (
            "the document does not fit the class: Person has no field for 'nickname': add one, or "
            "`extra: dict[str, Any]` to keep all others"
        )
        assert caught.value.body == body


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, r"Person\.name must be a string, not NoneType"),
        ({"age": True}, r"Person\.age must be an integer, not bool"),
        ({"age": 1.5}, r"Person\.age must be an integer, not float"),
        ({"height": "1"}, r"Person\.height must be a number, not str"),
        ({"at": 7}, r"Person\.at must be a string, not int"),
        ({"at": "2019-11-04"}, r"Person\.at must be a timestamp"),
        ({"born": "2019"}, r"Person\.born must be a date, such as 2019-11-04"),
        ({"key": "x"}, r"Person\.key must be the text of a UUID"),
        ({"colour": []}, r"Person\.colour must be a value of Colour"),
        ({"size": True}, r"Person\.size must be one of the values"),
        ({"home": {"id": 1}}, r"Person\.home\.city is missing"),
        ({"addresses": [{"city": "Bonn", "zip": 1}]}, r"Person\.addresses\[0\] has no field for 'zip'"),
        ({"friends": [{"name": "Ben", "age": "1"}]}, r"Person\.friends\[0\]\.age must be an integer, not str"),
        ({"pair": [1]}, r"Person\.pair must hold 2 values, not 1"),
        ({"pair": ["a", "a"]}, r"Person\.pair\[0\] must be an integer"),
        ({"many": {}}, r"Person\.many must be a list, not dict"),
        ({"marks": {"a": [1, None]}}, r"Person\.marks\.a\[1\] must be an integer"),
        ({"marks": []}, r"Person\.marks must be a JSON object, not list"),
        ({"note": 1.5}, r"Person\.note must be a string, not float"),
    ],
)
def test_documents_that_do_not_fit(play_connected: Play, change: dict[str, Any], message: str) -> None:
    """A document whose values do not fit the fields raises an error with the path, which shows no value."""
    with ScriptedServer(reply(200, {**LEAST, **change})) as server, pytest.raises(APIResponseError) as caught:
        play_connected(once(lambda it: it.meshes.of(Person).get("b")), server.url)
    assert isinstance(caught.value.message, str)
    with pytest.raises(ValueError, match=rf"^the document does not fit the class: {message}"):
        raise ValueError(caught.value.message)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_validators_of_the_class(play_connected: Play) -> None:
    """A value that the class itself rejects is not shown."""
    with (
        ScriptedServer(reply(200, {"_id": "a", "title": "canary-7f3a"})) as server,
        pytest.raises(APIResponseError) as e,
    ):
        play_connected(once(lambda it: it.meshes.of(Task).get("a")), server.url)
    assert e.value.message == "the document does not fit the class: Task rejects the values (ValueError)"
    assert "canary" not in str(e.value)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda it: it.create({"name": "Rosa"}), TypeError, "document must be an instance of Person, not dict"),
        (lambda it: it.create_many([Person("a", 1), 7]), TypeError, r"documents\[1\] must be an instance of Person"),
        (lambda it: it.create(Person(7, 1)), ValueError, r"document\.name must be a string, not int"),  # type: ignore[arg-type]
        (lambda it: it.create(Person("a", 2**63)), ValueError, r"document\.age must fit 64 bits"),
        (lambda it: it.create(Person("a", 1, id="")), ValueError, r"document\._id must not be empty"),
        (
            lambda it: it.create(Person("a", 1, at=datetime(2030, 1, 1))),  # noqa: DTZ001
            ValueError,
            r"document\.at must have an offset",
        ),
        (
            lambda it: it.create(Person("a", 1, anything=Decimal(1))),
            TypeError,
            r"document\.anything must be .* Decimal",
        ),
        (lambda it: it.create(Person("a", 1, anything={"$a": 1})), ValueError, r"document\.anything\.\$a must not"),
        (lambda it: it.update("a/b", Person("a", 1)), ValueError, "document_id must not contain '/'"),
        (lambda it: it.delete_many(filter=None), ValueError, "filter must not be empty"),
    ],
)
def test_instances_that_are_rejected(play_connected: Play, call: Any, error: type[Exception], message: str) -> None:
    """An instance that has no JSON, or could not be read again, is rejected before anything is sent."""
    with ScriptedServer() as server, pytest.raises(error, match=f"^{message}"):
        play_connected(once(lambda it: call(it.meshes.of(Person))), server.url)
    assert server.requests == []


def test_extra_that_is_rejected(play_connected: Play) -> None:
    """What has a field, and the id, must not be in `extra` too."""
    for extra, error, message in (
        ({"title": "x"}, ValueError, "document must not have 'title' in extra"),
        ({"_id": "x"}, ValueError, "document must not have '_id' in extra"),
        ({"a.b": 1}, ValueError, r"document\.a\.b must not have a name that contains a dot"),
        ([], TypeError, "document must have a mapping as extra, not list"),
    ):
        task = Task(title="x", extra=extra)  # type: ignore[arg-type]
        with ScriptedServer() as server, pytest.raises(error, match=f"^{message}"):
            play_connected(once(lambda it: it.meshes.of(Task).create(task)), server.url)  # noqa: B023


def _with(annotation: Any) -> Any:
    return dataclasses.make_dataclass("Odd", [("field", annotation)])


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        (dict, TypeError, "kind must be an attrs class or a dataclass, not dict"),
        (Person("a", 1), TypeError, "kind must be an attrs class or a dataclass, not Person"),
        (_with(Decimal), TypeError, "Odd.field has a type that has no JSON: Decimal"),
        (_with(set[str]), TypeError, "Odd.field has a type that has no JSON: "),
        (_with(list[bytes]), TypeError, "Odd.field has a type that has no JSON: bytes"),
        (_with(dict[int, str]), TypeError, "Odd.field has a mapping whose names are no strings"),
        (_with("Unheard"), TypeError, "Odd has an annotation that is not known where the class is"),
        (
            dataclasses.make_dataclass("Odd", [("id", str), ("_id", str)]),
            TypeError,
            "Odd must have one field for _id, not two",
        ),
    ],
)
def test_classes_that_are_rejected(play_connected: Play, kind: Any, error: type[Exception], message: str) -> None:
    """A class that cannot be stored is rejected at once."""
    with ScriptedServer() as server, pytest.raises(error, match=f"^{message}"):
        play_connected(once(lambda it: it.meshes.of(kind)), server.url)


def test_class_without_an_id(play_connected: Play) -> None:
    """A class that has no field for the id gets none."""
    with ScriptedServer(reply(201, {"_id": "a", "city": "Bonn"})) as server:
        kind = attrs.make_class("City", {"city": attrs.field(type=str)})
        assert play_connected(once(lambda it: it.meshes.of(kind).create(kind("Bonn"))), server.url) == kind("Bonn")
    assert _body(server) == {"city": "Bonn"}


def test_required_id(play_connected: Play) -> None:
    """An id of another type is written as documents have it, and read as the field has it."""
    kind = attrs.make_class("Item", {"id": attrs.field(type=UUID)})
    key = UUID("5f3a0c52-0000-4000-8000-00000000abcd")
    with ScriptedServer(reply(201, {"_id": str(key)})) as server:
        assert play_connected(once(lambda it: it.meshes.of(kind).create(kind(key))), server.url) == kind(key)
    assert _body(server) == {"_id": str(key)}
    with ScriptedServer() as server, pytest.raises(ValueError, match=r"^document\._id must be a string, not NoneType"):
        play_connected(once(lambda it: it.meshes.of(kind).create(kind(None))), server.url)


def test_error_of_the_service(play_connected: Play) -> None:
    """The error of a call is that of the service."""
    with (
        ScriptedServer(reply(400, {"message": "No.", "code": "document_exists"})) as server,
        pytest.raises(BadRequestError) as caught,
    ):
        play_connected(once(lambda it: it.meshes.of(Person).create(ROSA)), server.url)
    assert caught.value.code == "document_exists"
