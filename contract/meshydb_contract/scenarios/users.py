"""Scenarios of users that an administrator creates, finds, changes and deletes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from meshydb_contract.scenarios._context.context import PASSWORD, Context

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


# Of three users, 0 to 2: which are active, and which a search finds.
_ACTIVE: Final = (0, 1)
_SEARCHES: Final[Sequence[tuple[Sequence[int], Mapping[str, str]]]] = (
    ([0, 1], {}),
    ([0, 1, 2], {"activeOnly": "FALSE"}),
    ([1, 0], {"orderBy": '{"username":-1}'}),
    ([0], {"orderBy": '{"username":1}', "pageSize": "1"}),
    ([1], {"orderBy": '{"username":1}', "pageSize": "1", "page": "2"}),
    ([], {"roleId": "0" * 24}),
)


def deleted_users_are_gone(context: Context) -> None:
    """A deleted user cannot be read, found or changed, and is logged out."""
    user, token = context.create_user(), context.admin_token(context.tenant)
    tokens, path = context.log_in(user), {"id": user.id}
    context.call("getUser", context.tenant, path=path, token=token).expect(200, "A user cannot be read.")
    context.call("deleteUser", context.tenant, path=path, token=token).expect(204, "A user cannot be deleted.")
    context.call("getUser", context.tenant, path=path, token=token).expect(404, "A deleted user can still be read.")
    change = context.registration_body(context.tenant, user.username)
    changed = context.call("updateUser", context.tenant, change, path=path, token=token)
    changed.expect(404, "A deleted user can still be changed.")
    context.get_self(context.tenant, tokens).expect(401, "A deleted user is still logged in.")
    context.try_log_in(context.tenant, user.username, PASSWORD).expect(400, "A deleted user can still log in.")
    found = context.call("searchUsers", context.tenant, query={"name": user.username}, token=token)
    found.expect(200, "Users cannot be searched.").expect_members("A deleted user can still be found.", totalRecords=0)
    again = context.call("deleteUser", context.tenant, path=path, token=token)
    again.expect(404, "A user can be deleted twice.")


def usernames_are_taken_once(context: Context) -> None:
    """A username is taken in any case, for every kind of registration."""
    user = context.create_user()
    name = user.username.upper()
    exists = context.call("checkUserExist", context.tenant, path={"username": name})
    exists.expect(200, "Nobody can be found.").expect_members("A taken username is free in capitals.", exists=True)
    body, token = context.registration_body(context.tenant, name), context.admin_token(context.tenant)
    created = context.call("createUser", context.tenant, body, token=token)
    created.expect(400, "A username can be taken twice.")
    context.call("registerUser", context.tenant, body).expect(400, "A username can be taken twice.")
    anonymous = context.call("registerAnonymousUser", context.tenant, {"username": name})
    anonymous.expect(400, "A username can be taken twice.")


def malformed_values_are_rejected(context: Context) -> None:
    """Malformed addresses, phone numbers and names are rejected in every operation."""
    user, token = context.create_user(), context.admin_token(context.tenant)
    body = context.registration_body(context.tenant)
    for name, values in _MALFORMED.items():
        for value in values:
            tried = {**body, name: value}
            rejected = [
                context.call("registerUser", context.tenant, tried),
                context.call("createUser", context.tenant, tried, token=token),
                context.call(
                    "updateUser", context.tenant, {**tried, "username": None}, path={"id": user.id}, token=token
                ),
            ]
            for response in rejected:
                response.expect(400, f"{value!r} is taken for {name}.")


def changes_are_made(context: Context) -> None:
    """An update replaces all fields that can change, rejects the others, and is visible afterwards."""
    user, token = context.create_user(firstName="Ada", lastName="Lovelace"), context.admin_token(context.tenant)
    path = {"id": user.id}
    kept = context.registration_body(context.tenant, user.username)
    body = {name: kept[name] for name in ("emailAddress", "phoneNumber")}
    for name, value in (("username", f"{user.username}-2"), ("roles", [{"name": "meshy.admin"}])):
        rejected = context.call("updateUser", context.tenant, {**body, name: value}, path=path, token=token)
        rejected.expect(400, f"{name} can be changed.")
    changed = context.call("updateUser", context.tenant, {**body, "firstName": "Augusta"}, path=path, token=token)
    changed.expect(200, "A user cannot be changed.")
    read = context.call("getUser", context.tenant, path=path, token=token).expect(200, "A user cannot be read.")
    for response in (changed, read):
        response.expect_members("A change is not made.", firstName="Augusta")
        response.expect_members("What a change leaves out is kept.", lastName=None)


def searches_narrow(context: Context) -> None:
    """A search finds matching users, by default active ones, in pages of the requested size."""
    token = context.admin_token(context.tenant)
    prefix = context.free_username(context.tenant)
    for number in range(3):
        context.create_user(username=f"{prefix}-{number}", isActive=number in _ACTIVE)

    def find(**query: str) -> list[str]:
        response = context.call("searchUsers", context.tenant, query={"name": prefix.upper(), **query}, token=token)
        found = response.expect(200, "Users cannot be searched.").json["results"]
        return [user["username"] for user in found]

    for numbers, query in _SEARCHES:
        names, wanted = find(**query), [f"{prefix}-{number}" for number in numbers]
        if (names if "orderBy" in query else sorted(names)) != wanted:
            context.fail("searchUsers", f"A search with {query} finds {names} and not {wanted}.")
