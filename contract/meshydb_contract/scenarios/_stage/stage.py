"""What stories are told with: requests, and users who are made up and gone when the story is over."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import field, frozen

from meshydb_contract._deployment.sessions import Sending
from meshydb_contract._deployment.site import Site, Tenant
from meshydb_contract.scenarios._stage.answers import Answer, BreachError, UntoldError
from meshydb_contract.scenarios._stage.client import Client

QUESTION: Final = "Which street did this story begin in?"
ANSWER: Final = "Elm Street"
# The hint that tells nothing.
NOWHERE: Final = "xxxx"
PASSWORD: Final = "a passphrase of this story"  # noqa: S105 - of users who are made up
NEW_PASSWORD: Final = "another passphrase of it"  # noqa: S105 - likewise


@frozen
class Person:
    """A user who was made up."""

    tenant: Tenant
    username: str
    id: str
    password: str = field(default=PASSWORD, repr=False)


class Stage(Client):
    """Where one story is told. `close` removes what it has left."""

    def __init__(self, site: Site, story: str, sending: Sending | None = None) -> None:
        """Prepare a story."""
        super().__init__(site, sending or Sending(site.proxy))
        self.here = site.tenants[0]
        self._names = _names(site.seed, story)

    @property
    def elsewhere(self) -> Tenant:
        """Another tenant, and an administrator of it."""
        for tenant in self.site.tenants[1:]:
            if tenant.token is not None:
                return tenant
        raise UntoldError("needs a second tenant, and an administrator's access token of it")

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
