"""Searches for users: filters, order and pages."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.pages import Page
from meshydb_server.services.roles.service import NewRole
from meshydb_server.services.users.profiles import Profile, ProfileChange
from meshydb_server.services.users.service import UserSearch
from tests.support.people import ACCOUNT, People

pytestmark = pytest.mark.anyio

# Needs no login: that a caller may search is checked elsewhere.
_CALLER = Caller("acme", "north", "0" * 24, "admin", b"", frozenset())


async def _search(people: People, caller: Caller = _CALLER, **given: Any) -> Page[Profile]:
    return await people.services.users.search(caller, UserSearch(**given))


async def _find(people: People, **given: Any) -> list[str]:
    return [each.user.username for each in (await _search(people, **given)).results]


async def _add(people: People, username: str, **given: Any) -> str:
    # Without a password, whose hash takes its time.
    return (await people.add(username, **{"password": None, **given})).user_id


async def test_everyone(people: People) -> None:
    """Without anything to search for, those who are active in the caller's tenant are found, by their ids."""
    for name in ("rosa", "Ben", "device"):
        await _add(people, name, anonymous=name == "device")
    await _add(people, "gone", is_active=False)
    await _add(people, "stranger", tenant="south")
    found = await _search(people)
    assert [each.user.user_id for each in found.results] == sorted(each.user.user_id for each in found.results)
    assert {each.user.username for each in found.results} == {"rosa", "Ben", "device"}
    assert (found.page, found.page_size, found.total) == (1, 25, 3)
    assert len(await _find(people, active_only=False)) == 4
    assert await _find(people, active_only=True, name="gone") == []
    south = await _search(people, evolve(_CALLER, tenant="south"))
    assert [each.user.username for each in south.results] == ["stranger"]


async def test_name(people: People) -> None:
    """A name is found in any part of a username, first name or last name, without regard to case."""
    await _add(people, "rosa.k", first_name="Rosa", last_name="Kern")
    await _add(people, "ben_t", first_name="\u00c9mile", last_name="Stra\u00dfe")
    await _add(people, "100%", last_name="O'Neil\\n")
    await _add(people, "\u0130STANBUL")
    for name, found in {
        "ROS": ["rosa.k"],
        "ER": ["rosa.k"],
        "osa": ["rosa.k"],
        "\u00e9MI": ["ben_t"],
        "e\u0301mi": ["ben_t"],
        "emi": [],
        "STRASSE": ["ben_t"],
        "STANBUL": ["\u0130STANBUL"],
        "o'n": ["100%"],
        "\\": ["100%"],
        "%": ["100%"],
        "_": ["ben_t"],
        "n_t": ["ben_t"],
        "r%k": [],
        "/": [],
        "rosakern": [],
        "\u00ffnobody": [],
    }.items():
        assert await _find(people, name=name) == found, name
    assert len(await _find(people, name="")) == 4


async def test_changed_names(people: People) -> None:
    """A user is found by changed names, and no longer by the former ones."""
    await people.configure("question")
    user_id = await _add(people, "rosa.k", first_name="Rosa", last_name="Kern")
    admin = await people.enter_new("boss", roles=["meshy.admin"])
    await people.services.users.update(admin, user_id, ProfileChange(first_name="Rosa", last_name="Vale"))
    assert await _find(people, name="kern") == []
    assert await _find(people, name="vale") == ["rosa.k"]


async def test_role(people: People) -> None:
    """Users with a role are found by its id, in upper or lower case."""
    role, _ = await people.services.roles.create_role(ACCOUNT, None, NewRole(name="editors"))
    other, _ = await people.services.roles.create_role(ACCOUNT, "south", NewRole(name="editors"))
    await _add(people, "rosa", roles=["editors"])
    await _add(people, "ben", roles=["meshy.admin"])
    assert await _find(people, role_id=role.role_id) == ["rosa"]
    assert await _find(people, role_id=role.role_id.upper(), name="ro") == ["rosa"]
    assert await _find(people, role_id=role.role_id, name="ben") == []
    assert await _find(people, role_id=other.role_id) == []
    assert len(await _find(people, role_id="")) == 2


async def test_profiles(people: People) -> None:
    """Users are found with their roles, each with their own."""
    await _add(people, "rosa", roles=["meshy.admin"])
    await _add(people, "ben")
    await _add(people, "device", anonymous=True)
    found = await _search(people)
    assert {each.user.username: [role.name for role in each.roles] for each in found.results} == {
        "rosa": ["meshy.admin", "meshy.user"],
        "ben": ["meshy.user"],
        "device": [],
    }


def _speak_a_language(connection: Connection) -> None:
    """Have PostgreSQL sort names as a dictionary does, as many of its databases do, if it was built to be able to."""
    if connection.dialect.name != "postgresql":
        return
    found = connection.exec_driver_sql("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
    for column in ("username", "first_name") if found.first() else ():
        connection.exec_driver_sql(f'ALTER TABLE users ALTER {column} TYPE text COLLATE "und-x-icu"')


async def test_order(people: People) -> None:
    """Users are in the order that a MongoDB sort document asks for, in any way of writing it, and by ids at last."""
    await _add(people, "b", first_name="Zoe", email="x@example.org")
    await _add(people, "B", tenant="south")
    await _add(people, "a", first_name="\u00c9mile", phone="+15551230000")
    await _add(people, "C", first_name="Zoe")
    await _add(people, "\u00e4", first_name="adam", verified=False)
    await _add(people, "_")
    await people.services.database.write(_speak_a_language)
    for order, found in {
        "": "baC\u00e4_",
        "{}": "baC\u00e4_",
        " { } ": "baC\u00e4_",
        '{"username":1}': "C_ab\u00e4",
        "{username:-1}": "\u00e4ba_C",
        "{ 'Username' : 1 }": "C_ab\u00e4",
        "{_id:-1}": "_\u00e4Cab",
        "{id:1}": "baC\u00e4_",
        # What is absent is the least; of equal ones, the next property decides, or the id.
        '{"firstName":1}': "_bC\u00e4a",
        '{"firstName":1,"username":1}': "_Cb\u00e4a",
        '{"FirstName":-1,"Username":-1}': "a\u00e4bC_",
        "{emailAddress:-1}": "baC\u00e4_",
        "{phoneNumber:1, lastName:1}": "bC\u00e4_a",
        "{verified:1}": "\u00e4baC_",
        "{anonymous:1,isActive:1,lastAccessed:1}": "baC\u00e4_",
        "{shoeSize:1, roles:1, passwordHash:1, username:1}": "C_ab\u00e4",
    }.items():
        assert "".join(await _find(people, order_by=order)) == found, order


async def test_order_of_times(people: People) -> None:
    """Those who were there last come last, and those who never were come first."""
    await people.configure("question")
    for name in ("rosa", "ben", "eva"):
        await people.add(name)
    for name in ("eva", "rosa"):
        people.clock.move(seconds=1)
        await people.log_in(name)
    assert await _find(people, order_by="{lastAccessed:1}") == ["ben", "eva", "rosa"]
    assert await _find(people, order_by="{lastAccessed:-1}") == ["rosa", "eva", "ben"]


async def test_pages(people: People) -> None:
    """Pages hold 25 unless told otherwise and 200 at most, and each tells how many users there are on all of them."""
    names = [f"user{number:02}" for number in range(30)]
    for name in names:
        await _add(people, name)
    for page, page_size, expected in [
        (1, 25, (names[:25], 1, 25)),
        (0, 0, (names[:25], 1, 25)),
        (2, 25, (names[25:], 2, 25)),
        (3, 25, ([], 3, 25)),
        (10, 3, (names[27:], 10, 3)),
        (1, 200, (names, 1, 200)),
        (1, 201, (names, 1, 200)),
        (2147483647, 2147483647, ([], 2147483647, 200)),
    ]:
        found = await _search(people, order_by="{username:1}", page=page, page_size=page_size)
        assert ([each.user.username for each in found.results], found.page, found.page_size) == expected
        assert found.total == 30
    assert (await _search(people, name="user1", page_size=3)).total == 10
