"""Stories of users who are created, found, changed and deleted by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from meshydb_contract.scenarios._stage.stage import PASSWORD, Stage

_MALFORMED: Final[Mapping[str, Sequence[str]]] = {
    "emailAddress": [
        "nobody",
        "@example.org",
        "a b@example.org",
        "nobody@example.org\n",
        "nobody@-",
        "nobody@" + "a" * 250,
    ],
    "phoneNumber": ["15550100100", "+0", "+1 555", "+1555010010\n", "+1555010010055555"],
    "firstName": ["\x07", "\n", "a" * 257],
    "lastName": ["\x9f", "a" * 257],
}


# Of three users, 0 to 2: who is active, and who is found by a search for all.
_ACTIVE: Final = (0, 1)
_SEARCHES: Final[Sequence[tuple[Sequence[int], Mapping[str, str]]]] = (
    ([0, 1], {}),
    ([0, 1, 2], {"activeOnly": "FALSE"}),
    ([1, 0], {"orderBy": '{"username":-1}'}),
    ([0], {"orderBy": '{"username":1}', "pageSize": "1"}),
    ([1], {"orderBy": '{"username":1}', "pageSize": "1", "page": "2"}),
    ([], {"roleId": "0" * 24}),
)


def deleted_users_are_gone(stage: Stage) -> None:
    """A user who was deleted cannot be read, found or changed, and is logged out."""
    person, token = stage.person(), stage.administrator(stage.here)
    tokens, path = stage.log_in(person), {"id": person.id}
    stage.call("getUser", stage.here, path=path, token=token).must_be(200, "A user cannot be read.")
    stage.call("deleteUser", stage.here, path=path, token=token).must_be(204, "A user cannot be deleted.")
    stage.call("getUser", stage.here, path=path, token=token).must_be(404, "A deleted user can still be read.")
    change = stage.registration(stage.here, person.username)
    changed = stage.call("updateUser", stage.here, change, path=path, token=token)
    changed.must_be(404, "A deleted user can still be changed.")
    stage.me(stage.here, tokens).must_be(401, "A deleted user is still logged in.")
    stage.try_log_in(stage.here, person.username, PASSWORD).must_be(400, "A deleted user can still log in.")
    found = stage.call("searchUsers", stage.here, query={"name": person.username}, token=token)
    found.must_be(200, "Users cannot be searched.").must_say("A deleted user can still be found.", totalRecords=0)
    again = stage.call("deleteUser", stage.here, path=path, token=token)
    again.must_be(404, "A user can be deleted twice.")


def usernames_are_taken_once(stage: Stage) -> None:
    """A username is taken in whatever case it is written, for whoever wants it."""
    person = stage.person()
    name = person.username.upper()
    exists = stage.call("checkUserExist", stage.here, path={"username": name})
    exists.must_be(200, "Nobody can be found.").must_say("A taken username is free in capitals.", exists=True)
    body, token = stage.registration(stage.here, name), stage.administrator(stage.here)
    created = stage.call("createUser", stage.here, body, token=token)
    created.must_be(400, "A username can be taken twice.")
    stage.call("registerUser", stage.here, body).must_be(400, "A username can be taken twice.")
    anonymous = stage.call("registerAnonymousUser", stage.here, {"username": name})
    anonymous.must_be(400, "A username can be taken twice.")


def malformed_values_are_refused(stage: Stage) -> None:
    """What cannot be an address, a number or a name is refused, from whoever sends it."""
    person, token = stage.person(), stage.administrator(stage.here)
    body = stage.registration(stage.here)
    for name, values in _MALFORMED.items():
        for value in values:
            tried = {**body, name: value}
            refused = [
                stage.call("registerUser", stage.here, tried),
                stage.call("createUser", stage.here, tried, token=token),
                stage.call("updateUser", stage.here, {**tried, "username": None}, path={"id": person.id}, token=token),
            ]
            for answer in refused:
                answer.must_be(400, f"{value!r} is taken for {name}.")


def changes_are_made(stage: Stage) -> None:
    """A change replaces what can be changed, is refused for what cannot, and can be read afterwards."""
    person, token = stage.person(firstName="Ada", lastName="Lovelace"), stage.administrator(stage.here)
    path = {"id": person.id}
    kept = stage.registration(stage.here, person.username)
    body = {name: kept[name] for name in ("emailAddress", "phoneNumber")}
    for name, value in (("username", f"{person.username}-2"), ("roles", [{"name": "meshy.admin"}])):
        refused = stage.call("updateUser", stage.here, {**body, name: value}, path=path, token=token)
        refused.must_be(400, f"{name} can be changed.")
    changed = stage.call("updateUser", stage.here, {**body, "firstName": "Augusta"}, path=path, token=token)
    changed.must_be(200, "A user cannot be changed.")
    read = stage.call("getUser", stage.here, path=path, token=token).must_be(200, "A user cannot be read.")
    for answer in (changed, read):
        answer.must_say("A change is not made.", firstName="Augusta")
        answer.must_say("What a change leaves out is kept.", lastName=None)


def searches_narrow(stage: Stage) -> None:
    """A search finds those who match, active ones unless told otherwise, by pages of the size that is asked for."""
    token = stage.administrator(stage.here)
    prefix = stage.free_name(stage.here)
    for number in range(3):
        stage.person(username=f"{prefix}-{number}", isActive=number in _ACTIVE)

    def find(**query: str) -> list[str]:
        answer = stage.call("searchUsers", stage.here, query={"name": prefix.upper(), **query}, token=token)
        found = answer.must_be(200, "Users cannot be searched.").json["results"]
        return [user["username"] for user in found]

    for numbers, query in _SEARCHES:
        names, wanted = find(**query), [f"{prefix}-{number}" for number in numbers]
        if (names if "orderBy" in query else sorted(names)) != wanted:
            stage.object("searchUsers", f"A search with {query} finds {names} and not {wanted}.")
