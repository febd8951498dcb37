"""A server whose users, ids, keys and passwords are known beforehand, so that what is sent can succeed."""

from __future__ import annotations

import base64
import json
import string
from collections import Counter, deque
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import requests
from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import evolve, field, frozen
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.common.dependencies import Dependencies, Randomness
from meshydb_server.services.roles.service import NewRole
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage import schema
from meshydb_server.storage.meshes import MeshKey
from tests.support.databases import postgres
from tests.support.dependencies import CHEAP_HASHER
from tests.support.server import ACCOUNT, DEFAULT_TENANT, OTHER_TENANT, serving, settings_in

QUESTION_TENANT: Final = "east"
TENANTS: Final = (DEFAULT_TENANT, OTHER_TENANT, QUESTION_TENANT)
ADMIN: Final = "admin"
HELPER: Final = "helper"
USER: Final = "username_testermctesterson"
ANONYMOUS: Final = "device-7c1e"
PASSWORD: Final = "a seeded passphrase"  # noqa: S105 - of users who are made up
QUESTION: Final = "First street?"
ANSWER: Final = "Elm"
_EMAIL: Final = "user@example.org"
_KEY_BYTES: Final = 18

# A mesh of each tenant with as many documents, and a projection of it.
MESH: Final = "known"
DOCUMENTS: Final = 5
PROJECTION: Final = "knownPerOwner"

# So many to read and change, and so many to delete, in each tenant.
KEPT: Final = 4
DELETABLE: Final = 30


def public_key(tenant: str) -> str:
    """The public key of a tenant."""
    return base64.urlsafe_b64encode(f"{tenant}-public-key".encode().ljust(_KEY_BYTES, b"-")).decode()


def user_id(kind: str, number: int) -> str:
    """The id of a user, role or permission in each tenant, by two hexadecimal digits and a number."""
    return f"{kind}{number:022d}"


def letters(number: int) -> str:
    """A word of letters for a number, another for each."""
    word = ""
    while number >= 0:
        word = string.ascii_lowercase[number % 26] + word
        number = number // 26 - 1
    return word


NAMES: Final = {
    "tenants": TENANTS,
    "usernames": (USER, "kept-0", "kept-1"),
    "passwords": (PASSWORD,),
    "publicKeys": tuple(public_key(tenant) for tenant in TENANTS),
    "kept": tuple(user_id("ee", number) for number in range(1, 4)),
    "deletable": tuple(user_id("de", number) for number in range(1, 17)),
    "keptRoles": tuple(user_id("c0", number) for number in range(1, KEPT + 1)),
    "meshes": (MESH,),
    "documents": tuple(f"d{number}" for number in range(DOCUMENTS)),
    "projections": (PROJECTION,),
    "keptPermissions": tuple(user_id("c1", number) for number in range(1, KEPT + 1)),
}
"""What the gate is told of each world."""


class KnownIds:
    """A random source that gives what was put into it, to those who ask for as many bytes, and chance otherwise."""

    def __init__(self, chance: Randomness) -> None:
        self.coming: deque[bytes] = deque()
        self._chance = chance

    def __call__(self, count: int) -> bytes:
        """The next bytes."""
        if self.coming and len(self.coming[0]) == count:
            return self.coming.popleft()
        return self._chance(count)


@frozen
class World:
    """A server that listens, and what its tests know of it."""

    url: str
    settings: Settings
    session: requests.Session
    passwords: dict[str, str]
    """The password of the administrator of each tenant, as it is now."""

    _portal: BlockingPortal = field(repr=False)
    _services: Services = field(repr=False)
    tokens: dict[str, str] = field(factory=dict[str, str])
    """The access token of the administrator of each tenant."""

    weak_tokens: dict[str, str] = field(factory=dict[str, str])
    """The access token of the user of each tenant, who has no role."""

    helper_tokens: dict[str, str] = field(factory=dict[str, str])
    """The access token of a user of each tenant who may manage users, and nothing else."""

    refresh_tokens: dict[str, str] = field(factory=dict[str, str])
    """A refresh token of the user of each tenant."""

    def newest_code(self, tenant: str, username: str) -> str | None:
        """The code that a user was sent last, if any."""

        def look(connection: Connection) -> bytes | None:
            outbox = schema.outbox
            query = select(outbox.c.payload).where(outbox.c.tenant == tenant, outbox.c.username == username)
            return connection.execute(query.order_by(outbox.c.created_at.desc()).limit(1)).scalar()

        payload = self._portal.call(self._services.database.read, look)
        code: str | None = json.loads(self._services.outbox.keyring.decrypt(payload))["code"] if payload else None
        return code

    def post(self, tenant: str, path: str, body: dict[str, Any], *, as_admin: bool = False) -> dict[str, Any]:
        """Call an operation that must succeed, perhaps as the administrator of the tenant."""
        headers = {"tenant": tenant} | ({"Authorization": f"Bearer {self.tokens[tenant]}"} if as_admin else {})
        answer = self.session.post(f"{self.url}/{ACCOUNT}/{path}", json=body, headers=headers)
        answer.raise_for_status()
        json_: dict[str, Any] = answer.json()
        return json_

    def delete(self, tenant: str, path: str) -> None:
        """Delete something as the administrator of a tenant."""
        headers = {"Authorization": f"Bearer {self.tokens[tenant]}"}
        self.session.delete(f"{self.url}/{ACCOUNT}/{path}", headers=headers).raise_for_status()

    def remove_role(self, tenant: str, name: str, user: str) -> None:
        """Remove a user from a role as the administrator of a tenant. New tokens have none of its permissions."""
        headers = {"tenant": tenant, "Authorization": f"Bearer {self.tokens[tenant]}"}
        url = f"{self.url}/{ACCOUNT}/roles"
        (role,) = self.session.get(url, params={"name": name}, headers=headers).json()["results"]
        body = {"users": [{"id": user}]}
        self.session.delete(f"{url}/{role['id']}/users", json=body, headers=headers).raise_for_status()

    def log_in(self, tenant: str, username: str, password: str) -> dict[str, Any]:
        """New tokens."""
        form = {"client_id": public_key(tenant), "grant_type": "password", "username": username, "password": password}
        answer = self.session.post(f"{self.url}/{ACCOUNT}/connect/token", form, headers={"tenant": tenant})
        answer.raise_for_status()
        tokens: dict[str, Any] = answer.json()
        return tokens


def begin_reset(world: World, tenant: str, username: str) -> dict[str, Any]:
    """Ask for a reset, and give what completes it but for the new password."""
    asked = world.post(tenant, "users/forgotpassword", {"username": username, "attempt": 1})
    code = ANSWER if tenant == QUESTION_TENANT else world.newest_code(tenant, username)
    return {**asked, "verificationCode": code}


@contextmanager
def inhabited(settings: Settings, dependencies: Dependencies | None = None) -> Generator[World]:
    """Seed an empty database, and serve it until the block ends."""
    dependencies = dependencies or Dependencies(hasher=CHEAP_HASHER)
    ids = KnownIds(dependencies.randomness)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_services(settings, evolve(dependencies, randomness=ids))) as services,
    ):
        portal.call(_seed, services, ids)
        with serving(settings, dependencies) as server, requests.Session() as session:
            world = World(server.url, settings, session, dict.fromkeys(TENANTS, PASSWORD), portal, services)
            for tenant in TENANTS:
                world.tokens[tenant] = world.log_in(tenant, ADMIN, PASSWORD)["access_token"]
                world.helper_tokens[tenant] = world.log_in(tenant, HELPER, PASSWORD)["access_token"]
                world.remove_role(tenant, "meshy.user", user_id("5e", 1))
                tokens = world.log_in(tenant, USER, PASSWORD)
                world.weak_tokens[tenant] = tokens["access_token"]
                world.refresh_tokens[tenant] = tokens["refresh_token"]
            yield world


@contextmanager
def inhabited_on(database: str, dependencies: Dependencies, **given: str) -> Generator[World]:
    """The same on a new database of a kind, `sqlite` or `postgresql`, with the settings that are given."""
    with TemporaryDirectory(prefix="meshydb-") as folder, ExitStack() as stack:
        if database == "postgresql":
            server = stack.enter_context(postgres.running())
            given["database_url"] = stack.enter_context(server.database())
        yield stack.enter_context(inhabited(settings_in(Path(folder), **given), dependencies))


async def _seed(services: Services, ids: KnownIds) -> None:
    ids.coming.extend(base64.urlsafe_b64decode(public_key(tenant)) for tenant in TENANTS)
    await services.accounts.create_account(ACCOUNT, TENANTS)
    await services.accounts.configure_tenant(ACCOUNT, QUESTION_TENANT, TenantChange(verification="question"))
    asked = [NewQuestion(QUESTION, ANSWER)]
    managing = [f"users:{operation}" for operation in ("create", "read", "update", "delete")]
    for tenant in TENANTS:
        await services.roles.create_role(ACCOUNT, tenant, NewRole(name="helpers", permissions=managing))
        for kind, count in (("c", KEPT), ("d", DELETABLE)):
            for number in range(1, 1 + count):
                # Of the role, then of its permission.
                ids.coming.extend(bytes.fromhex(user_id(f"{kind}{each}", number)) for each in (0, 1))
                role = NewRole(
                    name=f"{'kept' if kind == 'c' else 'deletable'}{letters(number)}", permissions=["users:read"]
                )
                await services.roles.create_role(ACCOUNT, tenant, role)
    users = [
        ("ad", NewUser(username=ADMIN, password=PASSWORD, email=_EMAIL, roles=["meshy.admin"])),
        ("be", NewUser(username=HELPER, password=PASSWORD, email=_EMAIL, roles=["helpers"])),
        ("5e", NewUser(username=USER, password=PASSWORD, email=_EMAIL, questions=asked)),
        ("a0", NewUser(username=ANONYMOUS, anonymous=True)),
        *(("ee", NewUser(username=f"kept-{number}", email=_EMAIL, questions=asked)) for number in range(KEPT)),
        *(("de", NewUser(username=f"deletable-{number}", email=_EMAIL)) for number in range(DELETABLE)),
    ]
    numbers = Counter[str]()
    for kind, user in users:
        numbers[kind] += 1
        for tenant in TENANTS:
            ids.coming.append(bytes.fromhex(user_id(kind, numbers[kind])))
            await services.accounts.create_user(ACCOUNT, tenant, user)
    for tenant in TENANTS:
        documents = [{"_id": f"d{number}", "owner": f"owner-{number % 3}"} for number in range(DOCUMENTS)]
        await services.meshes.create_many(MeshKey(ACCOUNT, tenant, MESH), documents)
        pipeline = "[{ $sortByCount: '$owner' }]"
        await services.projections.create(ACCOUNT, tenant, PROJECTION, MESH, pipeline)
    assert not ids.coming
