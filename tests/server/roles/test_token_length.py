"""Access tokens stay short enough for callers and servers, whatever roles a user is given."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from meshydb_server.contract import Contract
from meshydb_server.runtime import open_services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.logins.issuing import IssuedTokens
from meshydb_server.services.roles import NewRole
from meshydb_server.services.users import NewUser
from tests.support.dependencies import CHEAP_HASHER
from tests.support.people import ACCOUNT, PASSWORD, claims
from tests.support.role_calls import RoleCalls, permission, users
from tests.support.server import serving, settings_in

pytestmark = pytest.mark.anyio

_OPERATIONS: Final = ("create", "read", "update", "delete")
_REFUSED: Final = (400, "too_many_permissions")
_MOST: Final = 12_288
_LONGEST: Final = "x" * 64
# Each mesh of 64 letters with all operations takes 322 characters: `"meshes.….read",` and three of 81.
_MESHES: Final = 37


def _meshes(count: int) -> list[str]:
    return [f"{_LONGEST[:62]}{first}{second}" for first in "abcde" for second in "abcdefghijkl"][:count]


def _words(count: int) -> list[str]:
    """All permissions for so many meshes."""
    return [f"meshes.{name}:{operation}" for name in _meshes(count) for operation in _OPERATIONS]


def _length(tokens: IssuedTokens) -> int:
    """How many characters the claims about roles take, each with quotes and a comma."""
    said = claims(tokens)
    return sum(len(f'"{each}",') for each in (*said["role"], *said["permission"]))


async def test_a_role_can_be_so_long(calls: RoleCalls) -> None:
    """A permission is refused that would make a token too long, and one that fits to the character is taken."""
    role = await calls.role("broad", *_words(_MESHES), *(f"meshes.{_LONGEST}:{each}" for each in ("create", "delete")))
    ben = (await calls.people.add("ben", roles=["broad"])).user_id
    left = _MOST - _length(await calls.people.log_in("ben"))
    path = f"roles/{role}/permissions"
    mesh = "y" * ((left - 2 * len('"meshes..read",')) // 2)
    rest = "z" * (left - len(f'"meshes.{mesh}.read",') - len('"meshes..read",'))
    await calls.permission(role, f"meshes.{mesh}", "read")
    fitting = rest
    assert await calls.refused("POST", path, permission(f"meshes.{fitting}y", "read")) == _REFUSED
    before = (await calls.call("GET", f"{path}?pageSize=200")).json()
    made = await calls.permission(role, f"meshes.{fitting}", "read")
    assert _length(await calls.people.log_in("ben")) == _MOST
    # Longer in any way is refused, shorter or equal is not.
    for longer in (permission(f"meshes.{fitting}y", "read"), permission(f"meshes.{fitting}", "create")):
        assert await calls.refused("PUT", f"{path}/{made}", longer) == _REFUSED
    assert await calls.refused("PUT", f"roles/{role}", {"name": "broader"}) == _REFUSED
    other = permission(f"meshes.{'w' * len(fitting)}", "read")
    assert (await calls.call("PUT", f"{path}/{made}", other)).status_code == 200
    assert (await calls.call("PUT", f"roles/{role}", {"name": "wider"})).status_code == 200
    assert (await calls.call("DELETE", f"{path}/{made}")).status_code == 204
    assert (await calls.call("GET", f"{path}?pageSize=200")).json() == before
    assert [each["name"] for each in (await calls.call("GET", f"users/{ben}")).json()["roles"]] == [
        "meshy.user",
        "wider",
    ]


async def test_roles_count_together(calls: RoleCalls) -> None:
    """A role is given to no user whose roles would be too long together, by any operation, and to nobody else then."""
    await calls.role("broad", *_words(_MESHES))
    second = await calls.role("second", *_words(3))
    full = (await calls.people.add("full", roles=["broad"])).user_id
    free = (await calls.people.add("free")).user_id
    assert await calls.refused("POST", f"roles/{second}/users", users(free, full)) == _REFUSED
    new = {"username": "eve", "newPassword": PASSWORD, "emailAddress": "e@example.org"}
    both: dict[str, Any] = {**new, "roles": [{"name": "broad"}, {"name": "second"}]}
    assert await calls.refused("POST", "users", both) == _REFUSED
    services = calls.people.services
    with pytest.raises(InvalidRequestError, match="12,288 characters in an access token"):
        await services.roles.grant_role(ACCOUNT, None, "full", "second")
    with pytest.raises(InvalidRequestError, match="12,288 characters in an access token"):
        await services.accounts.create_user(ACCOUNT, None, NewUser(username="eve", roles=["broad", "second"]))
    for user_id, names in ((full, ["broad", "meshy.user"]), (free, ["meshy.user"])):
        assert [each["name"] for each in (await calls.call("GET", f"users/{user_id}")).json()["roles"]] == names
    assert (await calls.call("GET", f"roles/{second}")).json()["numberOfUsers"] == 0
    # It is the user's roles that count, not those of the tenant.
    assert (await calls.call("POST", f"roles/{second}/users", users(free))).status_code == 204
    assert (await calls.call("POST", "users", {**both, "roles": [{"name": "second"}]})).status_code == 201
    # A permission counts for those who have other roles too.
    third = await calls.role("third")
    await calls.call("POST", f"roles/{third}/users", users(full, free))
    path = f"roles/{third}/permissions"
    mesh = permission("meshes.note", *_OPERATIONS), permission(f"meshes.{_LONGEST}", *_OPERATIONS)
    assert await calls.refused("POST", path, mesh[1]) == _REFUSED
    await calls.call("DELETE", f"roles/{third}/users", users(full))
    assert (await calls.call("POST", path, mesh[1])).status_code == 201


async def test_the_roles_of_everybody(calls: RoleCalls) -> None:
    """What every user or every anonymous user has counts, though nobody has the role."""
    # The administrator has meshy.user beside another role.
    for name, count in {"meshy.anonymous": _MESHES + 1, "meshy.user": _MESHES}.items():
        role = await calls.id_of(name)
        path = f"roles/{role}/permissions"
        (meshes, _) = (await calls.call("GET", path)).json()["results"]
        await calls.call("DELETE", f"{path}/{meshes['id']}")
        codes = []
        for mesh in _meshes(_MESHES + 3):
            answer = await calls.call("POST", path, permission(f"meshes.{mesh}", *_OPERATIONS))
            codes.append(answer.status_code if answer.is_success else answer.json()["code"])
        assert codes == [201] * count + ["too_many_permissions"] * (_MESHES + 3 - count), name
    await calls.people.add("device", anonymous=True)
    for tokens in (await calls.people.log_in("device", "nopassword"), await calls.people.log_in("admin")):
        assert len(tokens.access_token) <= 32_768


async def test_a_role_of_the_command_line(calls: RoleCalls) -> None:
    """A role with too many permissions is not created at all."""
    with pytest.raises(InvalidRequestError, match="12,288 characters in an access token"):
        await calls.role("broad", *_words(40))
    assert (await calls.call("GET", "roles?name=broad")).json()["totalRecords"] == 0


async def test_at_the_same_time(calls: RoleCalls) -> None:
    """Of a permission and a role that a user would have together, one is refused if both are too long."""
    ben = (await calls.people.add("ben")).user_id
    longer = permission(f"meshes.{_LONGEST}", *_OPERATIONS)
    for letter in "abcdef":
        role, other = await calls.role(f"broad{letter}", *_words(_MESHES)), await calls.role(f"other{letter}")
        await calls.call("POST", f"roles/{other}/users", users(ben))
        new = {
            "newPassword": PASSWORD,
            "emailAddress": "e@example.org",
            "username": f"eve-{letter}",
            "verified": True,
            "isActive": True,
        }
        answers = await asyncio.gather(
            calls.call("POST", f"roles/{role}/users", users(ben)),
            calls.call("POST", f"roles/{other}/permissions", longer),
            calls.call("POST", "users", {**new, "roles": [{"name": f"broad{letter}"}, {"name": f"other{letter}"}]}),
        )
        given, permitted, _ = (answer.status_code for answer in answers)
        assert (given, permitted) in {(204, 400), (400, 201)}
        for name in ("ben", f"eve-{letter}"):
            if (await calls.call("GET", f"users?name={name}")).json()["totalRecords"]:
                assert _length(await calls.people.log_in(name)) <= _MOST
        await calls.call("DELETE", f"roles/{role}")
        await calls.call("DELETE", f"roles/{other}")


async def test_the_longest_token_is_accepted(tmp_path: Path, database_url: str) -> None:
    """The token of a user with the longest names and roles is as the contract says, and the server accepts it."""
    settings = settings_in(tmp_path, database_url=database_url, account_rate_limit="off")
    account, tenant, name = "a" * 64, "t" * 64, "\U00020000" * 256
    async with open_services(settings, Dependencies(hasher=CHEAP_HASHER)) as services:
        (made,) = await services.accounts.create_account(account, [tenant])
        await services.roles.create_role(account, None, NewRole(name="x" * 64, permissions=_words(_MESHES)))
        new = NewUser(username=name, first_name=name, last_name=name, password=PASSWORD, roles=["x" * 64])
        await services.accounts.create_user(account, None, new)
    with serving(settings) as server:
        async with httpx.AsyncClient(base_url=f"{server.url}/{account}") as client:
            form = {"grant_type": "password", "client_id": made.public_key, "username": name, "password": PASSWORD}
            answer = await client.post("connect/token", data=form)
            token = answer.json()["access_token"]
            Contract.load().component("TokenResponse").validate(answer.json())
            assert len(token) > 28_000
            mine = await client.get("users/me", headers={"Authorization": f"Bearer {token}"})
            assert (mine.status_code, mine.json()["username"]) == (200, name)
            gone = await client.post("connect/revocation", data={"token": token, "client_id": made.public_key})
            assert gone.status_code == 200
