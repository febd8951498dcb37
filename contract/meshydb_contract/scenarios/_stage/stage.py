"""What stories are told with: requests, and users who are made up and gone when the story is over."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, NoReturn, cast
from urllib.parse import quote

import requests
from attrs import field, frozen

from meshydb_contract._contract.files import hosts
from meshydb_contract._deployment.sessions import ImpatientSession, Pacing, Sending, Session
from meshydb_contract._deployment.site import Site, Tenant
from meshydb_contract.scenarios._stage.answers import Answer, BreachError, UntoldError, answer_of, operation

QUESTION: Final = "Which street did this story begin in?"
ANSWER: Final = "Elm Street"
# The hint that tells nothing.
NOWHERE: Final = "xxxx"
PASSWORD: Final = "a passphrase of this story"  # noqa: S105 - of users who are made up
NEW_PASSWORD: Final = "another passphrase of it"  # noqa: S105 - likewise
_PATIENCE_SECONDS: Final = 10.0
_CLEANING_SECONDS: Final = 60.0


@frozen
class Person:
    """A user who was made up."""

    tenant: Tenant
    username: str
    id: str
    password: str = field(default=PASSWORD, repr=False)


@frozen
class Written:
    """A body as it is sent, byte for byte, and what it is declared as."""

    content: bytes
    declared: str = "application/json"


class Stage:
    """Where one story is told. `close` removes what it has left."""

    def __init__(self, site: Site, story: str, sending: Sending | None = None) -> None:
        """Prepare a story."""
        self.site = site
        self.here = site.tenants[0]
        self.answers = Counter[tuple[str, int]]()
        self._sending = sending or Sending(site.proxy)
        self._session: Session = Session(self._sending)
        self._names = _names(site.seed, story)
        self._created: list[tuple[Tenant, str]] = []
        self._registered: list[tuple[Tenant, str]] = []

    def close(self) -> None:
        """Delete the users who were made up, as far as the server lets us, even if the time for stories is over."""
        self._session.close()
        self._session = Session(Sending(self.site.proxy, Pacing(time.monotonic() + _CLEANING_SECONDS)))
        for tenant, username in self._registered:
            query, token = {"name": username, "activeOnly": "false"}, tenant.token
            with suppress(BreachError, UntoldError):
                found = self.call("searchUsers", tenant, query=query, token=token).must_be(200, "Nobody is found.")
                same = (user for user in found.json["results"] if user["username"] == username)
                self._created += [(tenant, user["id"]) for user in same]
        for tenant, user_id in self._created:
            with suppress(BreachError, UntoldError):
                self.call("deleteUser", tenant, path={"id": user_id}, token=tenant.token)
        self._session.close()

    @property
    def elsewhere(self) -> Tenant:
        """Another tenant, and an administrator of it."""
        for tenant in self.site.tenants[1:]:
            if tenant.token is not None:
                return tenant
        raise UntoldError("needs a second tenant, and an administrator's access token of it")

    def call(
        self,
        operation_id: str,
        tenant: Tenant,
        body: Any = None,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        token: str | None = None,
        method: str | None = None,
        spell: Callable[[str], str] = str,
    ) -> Answer:
        """Call an operation in a tenant, or try another method where it is; `spell` says how the path is written.

        Raises BreachError when the answer is not one that the contract documents, or there is none.
        """
        definition, is_auth = operation(operation_id), hosts()[operation_id]
        values = {"accountName": self.site.account, **(path or {})}
        target = definition.path.format_map({name: quote(value, safe="") for name, value in values.items()})
        origin = self.site.auth_url if is_auth and self.site.auth_url else self.site.url
        headers = {} if tenant.name is None else {"tenant": tenant.name}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        form, content = (body, None) if is_auth else (None, body)
        if isinstance(body, Written):
            headers["Content-Type"] = body.declared
            form, content = body.content, None
        try:
            response = self._session.request(
                method or definition.method,
                origin.rstrip("/") + spell(target),
                params=query,
                headers=headers,
                data=form,
                json=content,
                timeout=_PATIENCE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise BreachError(operation_id, f"There is no answer: {error}") from error
        self._note(operation_id, tenant, body, response)
        answer = answer_of(operation_id, values, response)
        if token and token == tenant.token and answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise UntoldError("needs an access token that is good, and may do everything with users")
        return answer

    def call_until_limited(
        self,
        operation_id: str,
        tenant: Tenant,
        bodies: Iterable[Mapping[str, Any]],
        then: Callable[[Answer], Any] = lambda _: None,
    ) -> bool:
        """Call an operation with one body after the other, until a limit rejects one; returns whether one did.

        A limit on all requests of an address is another one, which is waited for. `then` looks at each other answer.
        """
        with self._impatience():
            for body in bodies:
                answer = self.call(operation_id, tenant, body)
                while answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    other = self.call("checkUserExist", tenant, path={"username": "nobody"})
                    if other.status != HTTPStatus.TOO_MANY_REQUESTS:
                        return True
                    if not self._sending.pacing.wait(float(other.headers["retry-after"])):
                        other.must_be(200, "Whether a username is taken cannot be told.")
                    answer = self.call(operation_id, tenant, body)
                then(answer)
        return False

    @contextmanager
    def _impatience(self) -> Generator[None]:
        """Retry nothing until the block ends."""
        patient, self._session = self._session, ImpatientSession(self._sending)
        try:
            yield
        finally:
            self._session.close()
            self._session = patient

    def object(self, operation_id: str, message: str) -> NoReturn:
        """End the story: this is not as it must be."""
        raise BreachError(operation_id, message)

    def administrator(self, tenant: Tenant) -> str:
        """The access token of somebody who may do everything with users."""
        if tenant.token is None:
            raise UntoldError("needs an administrator's access token")
        return tenant.token

    def helper(self, tenant: Tenant) -> str:
        """The access token of somebody who may manage users, and may do nothing else that not every user may."""
        if tenant.helper_token is None:
            raise UntoldError("needs the access token of a user who may manage users and nothing else")
        return tenant.helper_token

    def public_key(self, tenant: Tenant) -> str:
        """What logins to a tenant need."""
        if tenant.public_key is None:
            raise UntoldError("needs the public key of the tenant")
        return tenant.public_key

    def person(self, tenant: Tenant | None = None, *, username: str | None = None, **but: Any) -> Person:
        """Create a user who can log in, unless told otherwise."""
        tenant = tenant or self.here
        token = self.administrator(tenant)
        body: dict[str, Any] = {**self.registration(tenant, username), "verified": True, "isActive": True, **but}
        created = self.call("createUser", tenant, body, token=token)
        created.must_be(201, "A user cannot be created.")
        return Person(tenant, created.json["username"], created.json["id"])

    def register(self, body: dict[str, Any]) -> Answer:
        """Register a user."""
        return self.call("registerUser", self.here, body)

    def registration(self, tenant: Tenant, username: str | None = None) -> dict[str, Any]:
        """A registration of nobody yet, good in every mode of verification."""
        username = username or self.free_name(tenant)
        return {
            "username": username,
            "newPassword": PASSWORD,
            "emailAddress": f"{username.lower()}@example.org",
            "phoneNumber": "+15550100100",
            "securityQuestions": [{"question": QUESTION, "answer": ANSWER}],
        }

    def free_name(self, tenant: Tenant) -> str:
        """A username that is nobody's, though the same stories may have been told here before."""
        return next(name for name in self._names if not self.exists(tenant, name))

    def exists(self, tenant: Tenant, username: str) -> bool:
        """Whether the server says that there is a user of this name."""
        answer = self.call("checkUserExist", tenant, path={"username": username})
        found: bool = answer.must_be(200, "Whether a username is taken cannot be told.").json["exists"]
        return found

    def try_log_in(self, tenant: Tenant, username: str, password: str, **but: str) -> Answer:
        """Ask for tokens."""
        return self.call("requestToken", tenant, {**self.login(tenant, username, password), **but})

    def login(self, tenant: Tenant, username: str, password: str) -> dict[str, Any]:
        """The form of a login."""
        return {
            "client_id": self.public_key(tenant),
            "grant_type": "password",
            "username": username,
            "password": password,
        }

    def log_in(self, person: Person, password: str | None = None) -> dict[str, Any]:
        """Tokens of a user."""
        answer = self.try_log_in(person.tenant, person.username, password or person.password)
        tokens: dict[str, Any] = answer.must_be(200, "A user cannot log in.").json
        return tokens

    def try_refresh(self, tenant: Tenant, tokens: Mapping[str, Any]) -> Answer:
        """Ask for another access token for a refresh token."""
        form = {"client_id": self.public_key(tenant), "grant_type": "refresh_token"}
        return self.call("requestToken", tenant, {**form, "refresh_token": tokens["refresh_token"]})

    def me(self, tenant: Tenant, tokens: Mapping[str, Any]) -> Answer:
        """Ask who is logged in."""
        return self.call("getSelf", tenant, token=tokens["access_token"])

    def _note(self, operation_id: str, tenant: Tenant, body: Any, response: requests.Response) -> None:
        """Remember what was answered, and whom the server has made, be it rightly or not."""
        self.answers[operation_id, response.status_code] += 1
        if not response.ok or not isinstance(body, dict):
            return
        if operation_id in {"registerUser", "registerAnonymousUser"}:
            self._registered.append((tenant, str(cast("dict[str, Any]", body)["username"])))
        elif operation_id == "createUser":
            with suppress(ValueError, LookupError, TypeError):
                self._created.append((tenant, response.json()["id"]))

    def ask(self, person: Person) -> dict[str, Any]:
        """Ask for a password reset; returns it with its code, as it is to be sent back."""
        answer = self.call("forgotPassword", person.tenant, {"username": person.username, "attempt": 1})
        return self.with_code(person.tenant, answer.must_be(200, "A user cannot ask for a password reset.").json)

    def with_code(self, tenant: Tenant, request: dict[str, Any]) -> dict[str, Any]:
        """A request with what the user was sent, or is asked."""
        if request["hint"] == QUESTION:
            return {**request, "verificationCode": ANSWER}
        code = self.codes()(tenant.name, request["username"])
        if code is None:
            raise BreachError("forgotPassword", "No code was sent.")
        return {**request, "verificationCode": code}

    def codes(self) -> Callable[[str | None, str], str | None]:
        """What tells the code that a user was sent last."""
        if self.site.newest_code is None:
            raise UntoldError("needs to read the codes that users are sent")
        return self.site.newest_code

    def check(self, tenant: Tenant, tried: Mapping[str, Any]) -> Answer:
        """Ask whether a code is the right one."""
        return self.call("checkHash", tenant, dict(tried)).must_be(200, "A code cannot be checked.")

    def reset(self, tenant: Tenant, tried: Mapping[str, Any], password: str = NEW_PASSWORD) -> Answer:
        """Try to set a new password."""
        return self.call("resetPassword", tenant, {**tried, "newPassword": password})


def wrong(tried: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a code that is not the right one."""
    code = tried["verificationCode"]
    return {**tried, "verificationCode": ("B" if code[0] != "B" else "C") + code[1:]}


def _names(seed: int, story: str) -> Iterator[str]:
    # Not a secret: the same in each run, which is what a seed is for.
    source = random.Random(f"{seed} {story}")  # noqa: S311
    while True:
        yield f"contract-{source.getrandbits(48):012x}"
