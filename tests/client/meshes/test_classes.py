"""Which classes documents can be instances of, and which instances they take."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, Final, Literal
from uuid import UUID

import pytest

from meshydb import APIResponseError
from tests.client.calls import Play, once
from tests.support.tcp import ScriptedServer, parse_request, reply

KEY: Final = UUID("5F3A0C52-0000-4000-8000-00000000ABCD")


class Size(StrEnum):
    """An enumeration of text."""

    BIG = "big"


class Phase(Enum):
    """An enumeration whose values JSON changes."""

    NEW = (1, 2)


@dataclass
class Task:
    """A document."""

    title: str
    size: Literal[Size.BIG] = Size.BIG
    kind: Final[str] = "task"
    id: str | None = None


@dataclass
class Chore(Task):
    """A document with a property that tasks do not have."""

    room: str = "kitchen"


@dataclass
class Item:
    """A document whose id is a UUID."""

    id: UUID


@dataclass
class Counted:
    """A document whose other properties are all of one type."""

    title: str
    extra: dict[str, datetime] | None = None


@dataclass
class Padded:
    """A class that needs an argument that is no field."""

    title: str
    padding: dataclasses.InitVar[int]


@dataclass(init=False)
class Made:
    """A class that does not take its field as an argument."""

    title: str


@dataclass
class Picky:
    """A class that looks something up when it is made."""

    title: str

    def __post_init__(self) -> None:
        """Raise KeyError for unknown titles."""
        {"Sweep": 1}[self.title]


@dataclass
class Phased:
    """A class with an enumeration that cannot be read again."""

    phase: Phase


@dataclass
class Noted:
    """A class with a field of its own that is called extra."""

    extra: str = ""


@dataclass
class To_Do:  # noqa: N801 - as people name them
    """A class whose name is not that of a mesh."""

    title: str


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        (Padded, TypeError, "Padded cannot be made from its fields: missing a required argument: 'padding'"),
        (Made, TypeError, "Made cannot be made from its fields: got an unexpected keyword argument 'title'"),
        (
            Phased,
            TypeError,
            r"Phased\.phase has an enumeration with a value that is neither text nor number: Phase\.NEW",
        ),
        (Noted, TypeError, r"Noted\.extra must be a dictionary: it keeps the properties that have no field"),
        (
            To_Do,
            ValueError,
            "mesh_name must be given: To_Do, the name of the class, is not 1 to 64 letters from A to Z",
        ),
    ],
)
def test_classes_that_could_not_be_read(play_connected: Play, kind: type, error: type[Exception], message: str) -> None:
    """A class of which documents could be stored, but not read again, is rejected at once."""
    with ScriptedServer() as server, pytest.raises(error, match=f"^{message}$"):
        play_connected(once(lambda it: it.meshes.of(kind)), server.url)


def test_instances_of_a_subclass(play_connected: Play) -> None:
    """An instance of a subclass is rejected, if the class has no fields for all that it holds."""
    with ScriptedServer() as server, pytest.raises(ValueError, match=r"^document has no field for 'room': add one"):
        play_connected(once(lambda it: it.meshes.of(Task).create(Chore("Sweep"))), server.url)
    assert server.requests == []


def test_subclass_that_has_no_json(play_connected: Play) -> None:
    """An instance of a subclass that cannot be stored is rejected, each time."""
    kind = dataclasses.make_dataclass("Odd", [("field", bytes, b"")], bases=(Task,))

    def scenario(connection: Any) -> Any:
        tasks = connection.meshes.of(Task)
        for _ in range(2):
            with pytest.raises(TypeError, match=r"^Odd\.field has a type that has no JSON: bytes"):
                yield tasks.create(kind("Sweep"))

    with ScriptedServer() as server:
        play_connected(scenario, server.url)
    assert server.requests == []


def test_forms_of_annotations(play_connected: Play) -> None:
    """A member of an enumeration in `Literal` comes back as the member, and `Final` changes nothing."""
    stored = {"_id": "a", "title": "Sweep", "size": "big", "kind": "task"}
    with ScriptedServer(reply(201, stored)) as server:
        task = play_connected(once(lambda it: it.meshes.of(Task).create(Task("Sweep"))), server.url)
    assert (task, type(task.size)) == (Task("Sweep", id="a"), Size)
    assert json.loads(parse_request(server.requests[0]).body) == {"title": "Sweep", "size": "big", "kind": "task"}


def test_types_of_extra_properties(play_connected: Play) -> None:
    """Properties without a field have the type that `extra` has for them. None is none of them."""
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    stored = {"_id": "a", "title": "Sweep", "seen": "2030-01-01T12:00:00.000Z"}
    with ScriptedServer(reply(201, stored), reply(200, {**stored, "seen": 5})) as server:

        def scenario(connection: Any) -> Any:
            mesh = connection.meshes.of(Counted)
            assert (yield mesh.create(Counted("Sweep"))) == Counted("Sweep", {"seen": noon})
            with pytest.raises(APIResponseError, match=r"class: Counted\.seen must be a string, not int"):
                yield mesh.get("a")

        play_connected(scenario, server.url)
    assert json.loads(parse_request(server.requests[0]).body) == {"title": "Sweep"}


def test_class_that_raises_another_error(play_connected: Play) -> None:
    """Any error of the class means that the document does not fit it, and its value is not shown."""
    with ScriptedServer(reply(200, {"_id": "a", "title": "canary"})) as server, pytest.raises(APIResponseError) as e:
        play_connected(once(lambda it: it.meshes.of(Picky).get("a")), server.url)
    assert e.value.message == "the document does not fit the class: Picky rejects the values (KeyError)"


def test_ids_that_are_uuids(play_connected: Play) -> None:
    """A UUID stands for its text where a document is named."""
    body = {"_id": str(KEY)}
    path = f"/acme/meshes/item/{KEY}"
    with ScriptedServer(*[reply(200, body)] * 3, reply(204), reply(200, body)) as server:

        def scenario(connection: Any) -> Any:
            items = connection.meshes.of(Item)
            item = yield items.create(Item(KEY))
            assert (yield items.get(item.id)) == (yield items.update(item.id, item)) == item
            yield items.delete(item.id)
            assert (yield connection.meshes.get("item", KEY)) == body

        play_connected(scenario, server.url)
    lines = [parse_request(each).line for each in server.requests]
    assert lines == ["POST /acme/meshes/item", *(f"{method} {path}" for method in ("GET", "PUT", "DELETE", "GET"))]
