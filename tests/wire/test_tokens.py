"""Authentication and permissions, which are checked before anything else."""

from __future__ import annotations

from typing import Final

import pytest

from meshydb_server.contract import Contract, Operation
from tests.support.http.raw import JSON_TYPE, Response, assert_documented, compose, exchange
from tests.support.server import DEFAULT_TENANT, OTHER_TENANT
from tests.support.world import ADMIN, World, user_id

_VALUES: Final = {
    "{accountName}": "acme",
    "{id}": user_id("de", 1),
    "{username}": "rosa.k",
    "{roleId}": user_id("c0", 1),
    "{permissionId}": user_id("c1", 1),
    "{mesh}": "task",
    "{projectionName}": "tasks",
}
_OPERATIONS: Final = Contract.load().operations


def _cases(*, protected: bool, permitted: bool = False) -> list[object]:
    found = [
        operation
        for operation in _OPERATIONS
        if (operation.permissions is not None) is protected and (not permitted or _is_reserved(operation))
    ]
    return [pytest.param(operation, id=operation.operation_id) for operation in found]


def _is_reserved(operation: Operation) -> bool:
    """Whether an operation needs a permission that not every user has from the start."""
    needed = [permission for alternative in operation.permissions or () for permission in alternative]
    return any(each.startswith(("users:", "roles:")) for each in needed)


def _call(world: World, operation: Operation, *headers: str, body: bytes = b"") -> Response:
    target = operation.path
    for placeholder, value in _VALUES.items():
        target = target.replace(placeholder, value)
    return exchange(world.url, compose(body, *headers, method=operation.method, target=target, content_type=None))


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


@pytest.mark.parametrize("operation", _cases(protected=True))
@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        pytest.param([], "Bearer", id="none"),
        pytest.param(["Authorization:"], "Bearer", id="empty"),
        pytest.param(["Authorization: Bearer"], "Bearer", id="scheme-alone"),
        pytest.param(["Authorization: Basic cm9zYTpr"], "Bearer", id="another-scheme"),
        pytest.param(["Authorization: Bearer a b"], "Bearer", id="two-words"),
        pytest.param(["Authorization: Bearer a\xe9"], "Bearer", id="non-ASCII"),
        pytest.param(["Authorization: Bearer a", "Authorization: Bearer a"], "Bearer", id="twice"),
        pytest.param(["Authentication: Bearer a"], "Bearer", id="misspelt"),
        pytest.param([_bearer("a")], 'Bearer error="invalid_token"', id="no-such"),
        pytest.param([_bearer("a.b.c")], 'Bearer error="invalid_token"', id="no-JWT"),
        pytest.param([_bearer("a" * 20_000)], 'Bearer error="invalid_token"', id="long"),
    ],
)
def test_unauthorized(world: World, operation: Operation, headers: list[str], challenge: str) -> None:
    """A request without a valid token gets 401 with WWW-Authenticate, whatever else is wrong with it."""
    for body in (b"", b"{"):
        response = _call(world, operation, *headers, "tenant:", body=body)
        assert_documented(response, 401)
        (given,) = response.all("www-authenticate")
        assert given.partition(",")[0] == challenge


@pytest.mark.parametrize("operation", _cases(protected=True, permitted=True))
def test_forbidden(world: World, operation: Operation) -> None:
    """A request with a token that lacks the permission gets 403, whatever else is wrong with it."""
    for body in (b"", b"{", b"x" * 70_000):
        response = _call(world, operation, _bearer(world.weak_tokens[DEFAULT_TENANT]), body=body)
        assert_documented(response, 403)
        assert response.json["message"] == f"The permission {(operation.permissions or [['']])[0][0]} is required."


@pytest.mark.parametrize("operation", _cases(protected=True))
def test_of_another_tenant(world: World, operation: Operation) -> None:
    """A token is good for its own tenant alone, named or not."""
    bearer = _bearer(world.tokens[DEFAULT_TENANT])
    assert_documented(_call(world, operation, bearer, f"tenant: {OTHER_TENANT}"), 401)
    assert_documented(_call(world, operation, bearer, "tenant: west"), 401)
    for headers in ([], [f"tenant: {DEFAULT_TENANT}"]):
        assert _call(world, operation, bearer, *headers).status not in {401, 403, 500}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["tenant:"], 400),
        ([f"tenant: {DEFAULT_TENANT}", f"tenant: {DEFAULT_TENANT}"], 400),
        (["tenant: n\xf6rth"], 400),
        ([], 200),
    ],
)
def test_tenant_that_cannot_be(world: World, headers: list[str], status: int) -> None:
    """A tenant header that is no tenant's is a malformed request of whoever has a good token."""
    token = world.tokens[DEFAULT_TENANT]
    request = compose(b"", _bearer(token), *headers, method="GET", target="/acme/users/me")
    assert_documented(exchange(world.url, request), status)


@pytest.mark.parametrize("account", ["nowhere", "ACME", "a*b", "%61cme2"])
def test_of_another_account(world: World, account: str) -> None:
    """A token is good for its own account alone, whether there is another or not."""
    request = compose(b"", _bearer(world.tokens[DEFAULT_TENANT]), method="GET", target=f"/{account}/users/me")
    assert_documented(exchange(world.url, request), 401)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_scheme(world: World, scheme: str) -> None:
    """The name of the scheme may be in any case."""
    header = f"Authorization: {scheme} {world.tokens[OTHER_TENANT]}"
    response = exchange(world.url, compose(b"", header, method="GET", target="/acme/users/me", content_type=None))
    assert_documented(response, 200)
    assert response.json["username"] == ADMIN


@pytest.mark.parametrize("operation", _cases(protected=True))
def test_what_comes_after(world: World, operation: Operation) -> None:
    """After authorization, the content type is checked first, then the size, then the body."""
    if operation.body is None:
        return
    bearer = _bearer(world.tokens[DEFAULT_TENANT])
    large = b"x" * (operation.body.max_bytes + 1)
    for headers, body, status in [([], b"{", 415), ([JSON_TYPE], large, 413), ([JSON_TYPE], b"{", 400)]:
        assert_documented(_call(world, operation, bearer, *headers, body=body), status)


@pytest.mark.parametrize("operation", _cases(protected=False))
@pytest.mark.parametrize("header", ["Authorization: Bearer a", "Authorization:", "Authorization: Basic x"])
def test_not_asked_for(world: World, operation: Operation, header: str) -> None:
    """Operations without security ignore a token."""
    assert _call(world, operation, header).status == _call(world, operation).status != 401


def test_me_is_no_id(world: World) -> None:
    """`/users/me` is who calls, even if they may not read users; it is not to be deleted."""
    bearer = _bearer(world.weak_tokens[DEFAULT_TENANT])
    response = exchange(world.url, compose(b"", bearer, method="GET", target="/acme/users/me", content_type=None))
    assert_documented(response, 200)
    response = exchange(world.url, compose(b"", bearer, method="DELETE", target="/acme/users/me", content_type=None))
    assert_documented(response, 405)
    assert response.all("allow") == ["GET, PUT"]


@pytest.mark.parametrize(("id_", "status"), [("Me", 400), ("me%20", 400), (user_id("ff", 1), 404), ("x", 400)])
def test_ids(world: World, id_: str, status: int) -> None:
    """The segment after `users` is `me` or an id."""
    bearer = _bearer(world.tokens[DEFAULT_TENANT])
    response = exchange(world.url, compose(b"", bearer, method="GET", target=f"/acme/users/{id_}", content_type=None))
    assert_documented(response, status)


def test_id_in_capitals(world: World) -> None:
    """The digits of an id may be in capitals."""
    bearer = _bearer(world.tokens[DEFAULT_TENANT])
    target = f"/acme/users/{user_id('ee', 2).upper()}"
    response = exchange(world.url, compose(b"", bearer, method="GET", target=target, content_type=None))
    assert_documented(response, 200)
    assert response.json["id"] == user_id("ee", 2)
