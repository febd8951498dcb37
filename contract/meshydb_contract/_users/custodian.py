"""Keeps random requests from users who were there before the run, and deletes those whom it made."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from attrs import define, field
from schemathesis import Response
from schemathesis.core.parameters import ParameterLocation

from meshydb_contract._contract.cases import AnyCase, operation_id
from meshydb_contract._deployment.sessions import Sending
from meshydb_contract._deployment.site import Site
from meshydb_contract._users.cleaning import delete_users
from meshydb_contract.scenarios._stage.answers import BreachError, UntoldError
from meshydb_contract.scenarios._stage.stage import Person, Stage

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
_NOBODY: Final = "0" * 24
_NO_TOKEN: Final = "Bearer none"  # noqa: S105 - a token that no server accepts
_SPARES: Final = 3
_MOST_MADE: Final = 40

# Limits count these by user, for an hour or a day. So few leave enough of them for the next run.
_COUNTED_BY_USER: Final = frozenset({"forgotPassword", "checkHash", "resetPassword", "verifyUser", "requestToken"})
_USES: Final = 4
_STATEFUL_USES: Final = 1


@define
class _Double:
    """A user who was made for the run, and is logged in."""

    person: Person
    token: str
    password: str


@define
class Custodian:
    """A guide that has requests change users whom the run made, and nobody else.

    The administrator's access token is replaced where a request would change its own user. An id that the server told
    of somebody else is replaced where a request would change them. Both become those of users made for the purpose; if
    none can be made, the request goes to nobody.
    """

    site: Site
    usernames: Sequence[str] = ()
    """Users of the tenant whom the operator named. They are asked for, but only a few times."""

    changeable: frozenset[str] = frozenset()
    """The ids of those users whom the operator lets the run change."""

    _stage: Stage = field(init=False)
    _made_ids: set[str] = field(init=False, factory=set[str])
    _made_names: dict[str, None] = field(init=False, factory=dict[str, None])
    _others: set[str] = field(init=False, factory=set[str])
    _spares: list[str] = field(init=False, factory=list[str])
    _double: _Double | None = field(init=False, default=None)
    _uses: Counter[tuple[str, str, bool]] = field(init=False, factory=Counter[tuple[str, str, bool]])
    _can_make: int = field(init=False, default=_MOST_MADE)

    def begin(self, sending: Sending) -> None:
        """Find out whose access token this is."""
        self._stage = Stage(self.site, "custodian", sending)
        if self._token is None:
            return
        try:
            me = self._stage.call("getSelf", self._stage.here, token=self._token).must_be(200, "Nobody is logged in.")
            self._others.add(me.json["id"].lower())
        except (BreachError, UntoldError, LookupError, TypeError, AttributeError):
            # Then nothing that the server tells can be told from it.
            self._can_make = 0

    def close(self) -> int:
        """Delete whom the run made, within a minute; returns how many are left."""
        self._stage.close()
        return delete_users(self.site, self._made_ids, self._made_names, keep=self.usernames)

    @property
    def _token(self) -> str | None:
        return self.site.tenants[0].token

    def before_call(self, case: AnyCase) -> None:
        """Send a case to somebody else where it would do harm."""
        operation, unsafe = operation_id(case), case.method.upper() not in _SAFE_METHODS
        if "id" in case.path_parameters:
            self._spare_others(case, unsafe=unsafe)
        if unsafe and self._token is not None and "me" in case.operation.path.split("/"):
            self._spare_administrator(case, operation)
        if isinstance(case.body, dict):
            body = cast("dict[str, Any]", case.body)
            if self._token is not None and body.get("token") == self._token:
                case.body = {**body, "token": "none"}
            elif operation in _COUNTED_BY_USER and case.method.upper() == "POST":
                case.body = self._spare_limits(case, operation, body)

    def _spare_others(self, case: AnyCase, *, unsafe: bool) -> None:
        user_id = str(case.path_parameters["id"]).lower()
        is_own = user_id in self._made_ids or user_id in self.changeable
        if unsafe and not is_own and (user_id == "me" or any(each in user_id for each in self._others)):
            case.path_parameters["id"] = self._spare() or _NOBODY
        elif not is_own and self._token is not None and _fits(case) and not _is_step(case) and not self.changeable:
            # Of the ids that chance makes, none is anybody's.
            case.path_parameters["id"] = self._spare() or case.path_parameters["id"]

    def _spare_administrator(self, case: AnyCase, operation: str) -> None:
        if str(self._token) not in str(case.headers.get("Authorization", "")):
            return
        double = self._logged_in()
        case.headers["Authorization"] = _NO_TOKEN if double is None else f"Bearer {double.token}"
        if double is not None and operation == "updatePassword" and _fits(case) and isinstance(case.body, dict):
            case.body = {**cast("dict[str, Any]", case.body), "previousPassword": double.password}

    def _spare_limits(self, case: AnyCase, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        username = body.get("username")
        # A body that does not fit is refused before it is counted, and tests nothing if it is about nobody.
        if not isinstance(username, str) or not _body_fits(case):
            return body
        if username.lower() not in {each.lower() for each in self.usernames}:
            return body
        key = (operation, username.lower(), _is_step(case))
        self._uses[key] += 1
        if self._uses[key] <= (_STATEFUL_USES if _is_step(case) else _USES):
            return body
        double = self._logged_in() if operation == "requestToken" and _fits(case) else None
        if double is not None:
            return {**body, "username": double.person.username, "password": double.password}
        return {**body, "username": f"nobody-{self._uses[key]}"}

    def after_call(self, case: AnyCase, response: Response) -> None:
        """Note whom a case made, and of whom the server tells."""
        operation, status = operation_id(case), response.status_code
        double = self._double
        if double is not None and case.headers.get("Authorization") == f"Bearer {double.token}":
            if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}:
                self._double = None
            elif operation == "updatePassword" and status == HTTPStatus.NO_CONTENT and isinstance(case.body, dict):
                double.password = str(cast("dict[str, Any]", case.body).get("newPassword"))
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        answer = _json(response)
        if operation in {"registerUser", "registerAnonymousUser", "createUser"} and case.method.upper() == "POST":
            self._note_made(case, answer)
        if operation == "deleteUser":
            gone = str(case.path_parameters["id"]).lower()
            self._made_ids.discard(gone)
            self._spares = [each for each in self._spares if each != gone]
        self._others |= set(_ids(answer)) - self._made_ids

    def _note_made(self, case: AnyCase, answer: Any) -> None:
        self._made_ids |= set(_ids(answer))
        if isinstance(case.body, dict):
            username = cast("dict[str, Any]", case.body).get("username")
            if isinstance(username, str):
                self._made_names[username] = None

    def _spare(self) -> str | None:
        """The id of a user who may be changed."""
        if len(self._spares) < _SPARES and (person := self._person()) is not None:
            self._spares.append(person.id.lower())
        if not self._spares:
            return None
        self._spares.append(self._spares.pop(0))
        return self._spares[-1]

    def _logged_in(self) -> _Double | None:
        if self._double is None and self._stage.here.public_key is not None:
            person = self._person()
            if person is not None:
                try:
                    token = self._stage.log_in(person)["access_token"]
                    self._double = _Double(person, token, person.password)
                except (BreachError, UntoldError):
                    self._can_make = 0
        return self._double

    def _person(self) -> Person | None:
        if self._token is None or self._can_make <= 0:
            return None
        self._can_make -= 1
        try:
            person = self._stage.person()
        except (BreachError, UntoldError):
            self._can_make = 0
            return None
        self._made_ids.add(person.id.lower())
        return person


def _fits(case: AnyCase) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _body_fits(case: AnyCase) -> bool:
    """Whether the body of a case fits the contract, whatever is wrong with the rest."""
    body = None if case.meta is None else case.meta.components.get(ParameterLocation.BODY)
    # Examples say nothing of their parts.
    return _fits(case) if body is None else body.mode.is_positive


def _is_step(case: AnyCase) -> bool:
    """Whether a case is a step of a journey along the links."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def _json(response: Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _ids(value: Any) -> Iterator[str]:
    """All ids in an answer, in small letters."""
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            if name == "id" and isinstance(each, str) and each:
                yield each.lower()
            yield from _ids(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _ids(each)
