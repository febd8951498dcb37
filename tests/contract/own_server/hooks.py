"""Helps cases to succeed on a server of our own, of which it is known what was sent to whom, and who may do what."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from schemathesis import Case, Response
from schemathesis.core import NotSet

from meshydb_contract import Target, operation_id
from tests.contract.own_server.completion import Body, Completion, fit_body, record_effects, tenant_of
from tests.support.contract import operations, read
from tests.support.server import ACCOUNT, DEFAULT_TENANT, OTHER_TENANT
from tests.support.sources import SetClock
from tests.support.world import ANSWER, DELETABLE, KEPT, NAMES, QUESTION_TENANT, World, public_key, user_id

# So little that no access token expires within a run.
_SECONDS_EACH: Final = 0.1

# Stands for the token of an administrator until it is known which tenant a case is about.
_PLACEHOLDER: Final = "placeholder"

# Where journeys begin: where codes are mailed, and where questions are asked. Each can do what the other cannot, and
# neither is the default, where a link leads that does not carry the tenant.
_TENANTS: Final = (OTHER_TENANT, QUESTION_TENANT)

_KEPT: Final = {user_id(kind, 1) for kind in ("ad", "5e", "a0")} | {user_id("ee", 1 + each) for each in range(KEPT)}


def target_of(world: World) -> Target:
    """The server of a world, to be tested with an insider for a guide."""
    return Target(world.url, ACCOUNT, token=_PLACEHOLDER, names=NAMES)


def fits(case: Case[Any]) -> bool:
    """Whether a case was made to fit the contract."""
    return case.meta is not None and case.meta.generation.mode.is_positive


class WhiteBoxHooks:
    """The guide to a world.

    Of the cases that fit the contract, half are completed, and all that are steps of a journey along the links. Each
    has the token of its tenant's administrator; some of the others have that of a user who may do little. The server's
    clock goes by cases, however long each takes.
    """

    def __init__(self, world: World, clock: SetClock) -> None:
        self._world = world
        self._clock = clock
        self._complete = Completion(world)
        self._chains = LinkChains(world)

    def before_call(self, case: Case[Any]) -> None:
        """Complete a case, and put in the token."""
        self._clock.move(seconds=_SECONDS_EACH)
        number = _number_of(case)
        if operation_id(case) == "deleteUser" and case.path_parameters.get("id") in _KEPT:
            # schemathesis takes up ids that it was answered, and these are needed to the end.
            case.path_parameters["id"] = user_id("de", 1 + number % DELETABLE)
        if fits(case) and case.method == case.operation.method.upper():
            if _is_step(case):
                self._chains.complete(case, number)
            elif number % 2:
                self._complete(case)
        if case.headers.get("Authorization") == f"Bearer {_PLACEHOLDER}":
            tokens = self._world.weak_tokens if _gets_weak_token(case, number) else self._world.tokens
            case.headers["Authorization"] = f"Bearer {tokens[tenant_of(case) or DEFAULT_TENANT]}"

    def after_call(self, case: Case[Any], response: Response) -> None:
        """Settle what the case has changed, and remember what was issued."""
        record_effects(case, response, self._world)
        self._chains.remember(case, response)


def _is_step(case: Case[Any]) -> bool:
    """Whether a case is a step of a journey along the links."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def _gets_weak_token(case: Case[Any], number: int) -> bool:
    """Whether a case has the token of a user who may do little."""
    if fits(case):
        # An even number, as odd ones are completed to succeed. Cases that do not fit are often refused for that before
        # anybody looks at permissions: they alone would leave it to chance whether each operation gives 403.
        return number % 8 == 0 and not _is_step(case) and "403" in case.operation.definition.raw["responses"]
    # A header that nobody knows is all that is wrong with some, and it is ignored.
    return number % 3 == 0 and not any(name.startswith("x-schemathesis-") for name in case.headers)


def _number_of(case: Case[Any]) -> int:
    """A number by which to decide. Not by turns, so that a case that is sent again is treated as it was."""
    # No two signatures of a token are alike.
    headers = {name: value for name, value in case.headers.items() if name.lower() != "authorization"}
    # Which shows by its address where it is absent.
    body = None if isinstance(case.body, NotSet) else case.body
    return zlib.crc32(repr((case.method, case.path_parameters, headers, case.query, body)).encode())


class LinkChains:
    """Begins journeys in one tenant or another, follows links to the letter, and puts in what no link can know.

    That is public keys, codes and passwords. schemathesis leaves out some of what a link gives, in short journeys
    nearly always the tenant. So a step has the tenant that its link carries, and none if its link carries none.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._origins: dict[str, tuple[str, str]] = {}
        """What was issued, to the operation that did so and its tenant."""

        self._passwords: dict[str, str] = {}

    def complete(self, case: Case[Any], number: int) -> None:
        """Make a step one that can succeed."""
        origins = (self._origins[each] for each in _handles(case) if each in self._origins)
        source, tenant = next(origins, ("", ""))
        carries = _links().get((source, operation_id(case)))
        if carries is False:
            case.headers.pop("tenant", None)
        else:
            case.headers["tenant"] = tenant if carries else _TENANTS[number % len(_TENANTS)]
        tenant = case.headers.get("tenant", DEFAULT_TENANT)
        if operation_id(case) in {"registerUser", "createUser", "updateUser"}:
            fit_body(case, tenant, self._world, next(self._numbers))
        if isinstance(case.body, dict):
            case.body = {**case.body, **self._known(cast("Body", case.body), tenant)}

    def remember(self, case: Case[Any], response: Response) -> None:
        """Remember what was issued by whom in which tenant, and the password of whoever was registered."""
        tenant, operation = tenant_of(case), operation_id(case)
        if tenant is None or not 200 <= response.status_code < 300:
            return
        if operation in {"registerUser", "forgotPassword", "createUser"} and response.content:
            issued = response.json()
            self._origins |= {issued[name]: (operation, tenant) for name in ("hash", "id") if issued.get(name)}
        if operation == "registerUser":
            body = cast("Body", case.body)
            self._passwords[body["username"]] = body["newPassword"]
        if operation == "verifyUser":
            self._origins[cast("Body", case.body)["username"]] = (operation, tenant)

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


def _handles(case: Case[Any]) -> Iterator[str]:
    """What a case has from an answer before it, if it is a step that leads on from one."""
    body: Any = case.body if isinstance(case.body, dict) else {}
    for value in (body.get("hash"), case.path_parameters.get("id"), body.get("username")):
        if isinstance(value, str):
            yield value


@cache
def _links() -> Mapping[tuple[str, str], bool]:
    """The operations that a link of the contract leads from and to, and whether it carries the tenant."""
    return {
        (operation["operationId"], link["operationId"]): "header.tenant" in link["parameters"]
        for operation in operations(read())
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    }
