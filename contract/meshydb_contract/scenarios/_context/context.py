"""The context of a scenario: calls of operations, and users, roles and documents that are deleted at its end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import field, frozen

from meshydb_contract._deployment.deployment import Deployment, Tenant
from meshydb_contract._deployment.transport import Transport
from meshydb_contract.scenarios._context.client import Client
from meshydb_contract.scenarios._context.responses import ApiResponse, SkippedError, ViolationError

QUESTION: Final = "Which street did this story begin in?"
ANSWER: Final = "Elm Street"
# A hint that does not show where the code went.
UNHELPFUL_HINT: Final = "xxxx"
PASSWORD: Final = "a passphrase of this story"  # noqa: S105 - of users that scenarios create
NEW_PASSWORD: Final = "another passphrase of it"  # noqa: S105 - likewise
_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


@frozen
class User:
    """A user that the scenario created."""

    tenant: Tenant
    username: str
    id: str
    password: str = field(default=PASSWORD, repr=False)


class Context(Client):
    """The context of one scenario. `close` deletes the users, roles and documents that it created."""

    def __init__(self, deployment: Deployment, scenario: str, transport: Transport | None = None) -> None:
        """Prepare a scenario."""
        super().__init__(deployment, transport or Transport(deployment.proxy))
        self.tenant = deployment.tenants[0]
        self._names = _names(deployment.seed, scenario)

    @property
    def other_tenant(self) -> Tenant:
        """Return a second tenant, with an administrator's token."""
        for tenant in self.deployment.tenants[1:]:
            if tenant.token is not None:
                return tenant
        raise SkippedError("needs a second tenant, and an administrator's access token of it")

    def admin_token(self, tenant: Tenant) -> str:
        """Return the access token of a user who may manage users."""
        if tenant.token is None:
            raise SkippedError("needs an administrator's access token")
        return tenant.token

    def helper_token(self, tenant: Tenant) -> str:
        """Return the access token of a user who may manage users and nothing else."""
        if tenant.helper_token is None:
            raise SkippedError("needs the access token of a user who may manage users and nothing else")
        return tenant.helper_token

    def public_key(self, tenant: Tenant) -> str:
        """Return the public key, which logins need."""
        if tenant.public_key is None:
            raise SkippedError("needs the public key of the tenant")
        return tenant.public_key

    def create_user(self, tenant: Tenant | None = None, *, username: str | None = None, **overrides: Any) -> User:
        """Create a user, who can log in unless `overrides` say otherwise."""
        tenant = tenant or self.tenant
        token = self.admin_token(tenant)
        body: dict[str, Any] = {
            **self.registration_body(tenant, username),
            "verified": True,
            "isActive": True,
            **overrides,
        }
        created = self.call("createUser", tenant, body, token=token)
        created.expect(201, "A user cannot be created.")
        return User(tenant, created.json["username"], created.json["id"])

    def register(self, body: dict[str, Any]) -> ApiResponse:
        """Register a user."""
        return self.call("registerUser", self.tenant, body)

    def registration_body(self, tenant: Tenant, username: str | None = None) -> dict[str, Any]:
        """Return a registration of a new user that is valid in every mode of verification."""
        username = username or self.free_username(tenant)
        return {
            "username": username,
            "newPassword": PASSWORD,
            "emailAddress": f"{username.lower()}@example.org",
            "phoneNumber": "+15550100100",
            "securityQuestions": [{"question": QUESTION, "answer": ANSWER}],
        }

    def free_username(self, tenant: Tenant) -> str:
        """Return a username that is not taken, even if the scenarios ran here before."""
        return next(name for name in self._names if not self.exists(tenant, name))

    def free_role_name(self, tenant: Tenant) -> str:
        """Return a role name that is not taken, even if the scenarios ran here before."""
        names = (in_letters(username) for username in self._names)
        return next(name for name in names if not self._is_role(tenant, name))

    def free_mesh_name(self, *tenants: Tenant) -> str:
        """Return the name of a mesh that is empty in these tenants, or in the first, and becomes the scenario's own."""
        tenants = tenants or (self.tenant,)
        names = (in_letters(username) for username in self._names)
        mesh = next(name for name in names if all(self._is_empty(tenant, name) for tenant in tenants))
        self._own_meshes += [(tenant, mesh) for tenant in tenants]
        return mesh

    def _is_empty(self, tenant: Tenant, mesh: str) -> bool:
        found = self.call("searchMeshData", tenant, path={"mesh": mesh}, token=self.admin_token(tenant))
        count: int = found.expect(200, "A mesh cannot be searched.").json["totalRecords"]
        return count == 0

    def projection(self) -> str:
        """Return the name of a projection of the tenant."""
        if self.deployment.projection is None:
            raise SkippedError("needs the name of a projection")
        return self.deployment.projection

    def _is_role(self, tenant: Tenant, name: str) -> bool:
        found = self.call("searchRoles", tenant, query={"name": name}, token=self.admin_token(tenant))
        count: int = found.expect(200, "Roles cannot be searched.").json["totalRecords"]
        return count > 0

    def exists(self, tenant: Tenant, username: str) -> bool:
        """Return whether the server knows a user of this name."""
        response = self.call("checkUserExist", tenant, path={"username": username})
        found: bool = response.expect(200, "Whether a username is taken cannot be told.").json["exists"]
        return found

    def try_log_in(self, tenant: Tenant, username: str, password: str, **overrides: str) -> ApiResponse:
        """Request tokens."""
        return self.call("requestToken", tenant, {**self.login_form(tenant, username, password), **overrides})

    def login_form(self, tenant: Tenant, username: str, password: str) -> dict[str, Any]:
        """Return the form of a login."""
        return {
            "client_id": self.public_key(tenant),
            "grant_type": "password",
            "username": username,
            "password": password,
        }

    def log_in(self, user: User, password: str | None = None) -> dict[str, Any]:
        """Log a user in. Returns the tokens."""
        response = self.try_log_in(user.tenant, user.username, password or user.password)
        tokens: dict[str, Any] = response.expect(200, "A user cannot log in.").json
        return tokens

    def try_refresh(self, tenant: Tenant, tokens: Mapping[str, Any]) -> ApiResponse:
        """Request an access token with a refresh token."""
        form = {"client_id": self.public_key(tenant), "grant_type": "refresh_token"}
        return self.call("requestToken", tenant, {**form, "refresh_token": tokens["refresh_token"]})

    def get_self(self, tenant: Tenant, tokens: Mapping[str, Any]) -> ApiResponse:
        """Get the user who is logged in."""
        return self.call("getSelf", tenant, token=tokens["access_token"])

    def request_reset(self, user: User) -> dict[str, Any]:
        """Request a password reset. Returns it with its code, ready to be sent back."""
        response = self.call("forgotPassword", user.tenant, {"username": user.username, "attempt": 1})
        return self.with_code(user.tenant, response.expect(200, "A user cannot ask for a password reset.").json)

    def with_code(self, tenant: Tenant, request: dict[str, Any]) -> dict[str, Any]:
        """Return a request with the code that was sent, or the answer to the question."""
        if request["hint"] == QUESTION:
            return {**request, "verificationCode": ANSWER}
        code = self.require_codes()(tenant.name, request["username"])
        if code is None:
            raise ViolationError("forgotPassword", "No code was sent.")
        return {**request, "verificationCode": code}

    def require_codes(self) -> Callable[[str | None, str], str | None]:
        """Return the function that looks up the last code sent to a user."""
        if self.deployment.newest_code is None:
            raise SkippedError("needs to read the codes that users are sent")
        return self.deployment.newest_code

    def check_code(self, tenant: Tenant, request: Mapping[str, Any]) -> ApiResponse:
        """Check whether a code is right."""
        return self.call("checkHash", tenant, dict(request)).expect(200, "A code cannot be checked.")

    def try_reset(self, tenant: Tenant, request: Mapping[str, Any], password: str = NEW_PASSWORD) -> ApiResponse:
        """Try to set a new password."""
        return self.call("resetPassword", tenant, {**request, "newPassword": password})


def in_letters(text: str) -> str:
    """Return a text with letters for its digits, and without hyphens. Role names have neither."""
    return text.replace("-", "").translate(_LETTERS)


def with_wrong_code(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same request with a wrong code."""
    code = request["verificationCode"]
    return {**request, "verificationCode": ("B" if code[0] != "B" else "C") + code[1:]}


def _names(seed: int, scenario: str) -> Iterator[str]:
    # Not a secret: a seed makes the same names in each run.
    source = random.Random(f"{seed} {scenario}")  # noqa: S311
    while True:
        yield f"contract-{source.getrandbits(48):012x}"
