"""Hooks that help cases succeed on our own server, whose messages, users and permissions are known."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from attrs import frozen
from schemathesis import Case, Response
from schemathesis.core import NotSet

from meshydb_contract import Target, operation_id
from tests.contract.own_server.completion import Body, Completion, fit_body, fit_query, record_effects, tenant_of
from tests.support.contract import operations, read
from tests.support.dependencies import SetClock
from tests.support.server import ACCOUNT, DEFAULT_TENANT, OTHER_TENANT
from tests.support.world import ANSWER, DELETABLE, KEPT, NAMES, QUESTION_TENANT, World, public_key, user_id

# Short enough that no access token expires during a run.
_SECONDS_EACH: Final = 0.1

# Replaced by an administrator's token when the tenant of a case is known.
_PLACEHOLDER: Final = "placeholder"

# Where chains start: a tenant that mails codes, and one that asks questions. Each can do what the other cannot. Neither
# is the default tenant, which a link without the tenant leads to.
_TENANTS: Final = (OTHER_TENANT, QUESTION_TENANT)

# Values that the links of a chain do not carry, and random ones hardly ever fit.
_COMPLETED_IN_CHAINS: Final = {
    "registerUser",
    "createUser",
    "updateUser",
    "createRole",
    "updateRole",
    "createPermission",
    "updatePermission",
    "addUsersToRole",
    "removeUsersFromRole",
    "updateMeshData",
    "updateManyMeshData",
}

# Their responses have a hash or an id, by which later steps of a chain are recognised.
_ISSUING: Final = {
    *("registerUser", "forgotPassword", "createUser", "createRole", "createPermission"),
    *("createMeshData", "searchMeshData", "updateMeshData"),
}

_KEPT: Final = {user_id(kind, 1) for kind in ("ad", "5e", "a0")} | {user_id("ee", 1 + each) for each in range(KEPT)}


def target_of(world: World) -> Target:
    """Return the server of a world as a target for `WhiteBoxHooks`."""
    return Target(world.url, ACCOUNT, token=_PLACEHOLDER, names=NAMES)


def fits(case: Case[Any]) -> bool:
    """Return whether a case is valid by the contract."""
    return case.meta is not None and case.meta.generation.mode.is_positive


class WhiteBoxHooks:
    """Hooks that know the data of a world.

    They complete half of the valid cases, and all steps of chains along links. Each case has the token of its tenant's
    administrator; some have that of a user with few permissions, and are completed as well, so that nothing but the
    permission is missing. The server's clock advances with each case, however long it takes.
    """

    def __init__(self, world: World, clock: SetClock) -> None:
        self._world = world
        self._clock = clock
        self._complete = Completion(world)
        self._chains = LinkChains(world)
        self.repetition = 0
        """Decides, with the case, what is done to it. Operations without a body get the same few cases each time."""

    def before_call(self, case: Case[Any]) -> None:
        """Complete a case, and set the token."""
        self._clock.move(seconds=_SECONDS_EACH)
        number = _number_of(case, self.repetition)
        if operation_id(case) == "deleteUser" and case.path_parameters.get("id") in _KEPT:
            # schemathesis reuses ids from responses. These users are needed until the end.
            case.path_parameters["id"] = user_id("de", 1 + number % DELETABLE)
        gets_weak_token = _gets_weak_token(case, number)
        if fits(case) and case.method == case.operation.method.upper():
            if _is_step(case):
                self._chains.complete(case, number)
            elif number % 2 or gets_weak_token:
                self._complete(case)
        if case.headers.get("Authorization") == f"Bearer {_PLACEHOLDER}":
            tokens = self._world.weak_tokens if gets_weak_token else self._world.tokens
            case.headers["Authorization"] = f"Bearer {tokens[tenant_of(case) or DEFAULT_TENANT]}"

    def after_call(self, case: Case[Any], response: Response) -> None:
        """Record what the case has changed, and what was issued."""
        record_effects(case, response, self._world)
        self._chains.remember(case, response)


def _is_step(case: Case[Any]) -> bool:
    """Return whether a case is a step of a chain along links."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def _gets_weak_token(case: Case[Any], number: int) -> bool:
    """Return whether a case gets the token of a user with few permissions."""
    if fits(case):
        # An even number, because odd ones are completed to succeed. Invalid cases alone would not do: they are often
        # rejected before permissions are checked, so it would be random whether each operation returns 403.
        return number % 8 == 0 and not _is_step(case) and "403" in case.operation.definition.raw["responses"]
    # Some cases are only invalid by an unknown header, which the server ignores.
    return number % 3 == 0 and not any(name.startswith("x-schemathesis-") for name in case.headers)


def _number_of(case: Case[Any], repetition: int) -> int:
    """Return a number to decide by. In one repetition it depends on the case alone, so that it is treated the same."""
    # Signatures of tokens differ each time.
    headers = {name: value for name, value in case.headers.items() if name.lower() != "authorization"}
    # The repr of an absent body contains its address.
    body = None if isinstance(case.body, NotSet) else case.body
    return zlib.crc32(repr((repetition, case.method, case.path_parameters, headers, case.query, body)).encode())


@frozen
class _IssuedLink:
    """A link to a step, from an operation that issued what the step has."""

    tenant: str
    carries_tenant: bool


class LinkChains:
    """Starts chains in one of two tenants, follows links exactly, and adds what no link can know.

    That is public keys, codes and passwords. schemathesis omits some values of a link, in short chains nearly always
    the tenant. Here, a step has the tenant that its link carries, and none if the link carries none.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._origins: dict[str, dict[str, str]] = {}
        """Maps what was issued to the operations that issued it, each with its tenant."""

        self._passwords: dict[str, str] = {}

    def complete(self, case: Case[Any], number: int) -> None:
        """Complete a step, so that it can succeed."""
        link = next(self._links_to(case), None)
        if link is None:
            case.headers["tenant"] = _TENANTS[number % len(_TENANTS)]
        elif link.carries_tenant:
            case.headers["tenant"] = link.tenant
        else:
            case.headers.pop("tenant", None)
        tenant = case.headers.get("tenant", DEFAULT_TENANT)
        if operation_id(case) == "searchMeshData":
            self._fit_search(case, tenant)
        if operation_id(case) == "createMeshData":
            # Of one document, which has a new id: links have no other.
            case.body = {"number": next(self._numbers)}
        if operation_id(case) in _COMPLETED_IN_CHAINS:
            fit_body(case, tenant, self._world, next(self._numbers))
        if isinstance(case.body, dict):
            case.body = {**case.body, **self._known(cast("Body", case.body), tenant)}

    def remember(self, case: Case[Any], response: Response) -> None:
        """Record what was issued in which tenant, and the passwords of registered users."""
        tenant, operation = tenant_of(case), operation_id(case)
        if tenant is None or not 200 <= response.status_code < 300:
            return
        if operation in _ISSUING and response.content:
            issued = response.json()
            # A link leads from the first document of a page.
            issued = next(iter(issued.get("results", ())), {}) if operation == "searchMeshData" else issued
            for name in ("hash", "id", "_id"):
                if _is_text(issued, name):
                    self._note_origin(issued[name], operation, tenant)
        if operation == "registerUser":
            body = cast("Body", case.body)
            self._passwords[body["username"]] = body["newPassword"]
        if operation == "verifyUser":
            self._note_origin(cast("Body", case.body)["username"], operation, tenant)

    def _note_origin(self, issued: str, operation: str, tenant: str) -> None:
        self._origins.setdefault(issued, {})[operation] = tenant

    def _links_to(self, case: Case[Any]) -> Iterator[_IssuedLink]:
        """Yield the links that lead to a step from what was issued to it."""
        for handle in _handles(case):
            # Several operations return the same document. Not each of them has a link to this step.
            for source, tenant in self._origins.get(handle, {}).items():
                carries_tenant = _links().get((source, operation_id(case)))
                if carries_tenant is not None:
                    yield _IssuedLink(tenant, carries_tenant)

    def _fit_search(self, case: Case[Any], tenant: str) -> None:
        """Let a search find a document on its page. A link leads to the first."""
        fit_query(case)
        case.query = {name: each for name, each in case.query.items() if name != "page"}
        if case.path_parameters["accountName"] == ACCOUNT:
            path = f"meshes/{case.path_parameters['mesh']}"
            self._world.post(tenant, path, {"number": next(self._numbers)}, as_admin=True)

    def _known(self, body: Body, tenant: str) -> Body:
        known: Body = {}
        if body.get("verificationCode") == "the code":
            sent = self._world.newest_code(tenant, body["username"])
            known["verificationCode"] = ANSWER if tenant == QUESTION_TENANT else sent or "none was sent"
        if body.get("client_id") == "the public key":
            known["client_id"] = public_key(tenant)
        if body.get("password") == "the password":
            known["password"] = self._passwords.get(body.get("username", ""), "")
            known["scope"] = "meshy.api offline_access"
        return known


def _is_text(issued: Mapping[str, Any], name: str) -> bool:
    return isinstance(issued.get(name), str) and bool(issued[name])


def _handles(case: Case[Any]) -> Iterator[str]:
    """Yield the values that a case has from an earlier response."""
    body: Any = case.body if isinstance(case.body, dict) else {}
    path = case.path_parameters
    # A permission before its role, which an earlier response issued.
    ids = (path.get(name) for name in ("permissionId", "roleId", "id"))
    for value in (body.get("hash"), *ids, body.get("username")):
        if isinstance(value, str):
            yield value


@cache
def _links() -> Mapping[tuple[str, str], bool]:
    """Map the operations at both ends of each link to whether the link carries the tenant."""
    return {
        (operation["operationId"], link["operationId"]): "header.tenant" in link["parameters"]
        for operation in operations(read())
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    }
