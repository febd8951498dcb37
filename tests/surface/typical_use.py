"""Typical code for type checkers: only the assertions on types matter."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_type

import attrs
import httpx

from meshydb import (
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AsyncMeshSearch,
    AsyncMeshyClient,
    AsyncMeshyConnection,
    AsyncPermissibleSearch,
    AsyncPermissionSearch,
    AsyncPermissionsService,
    AsyncProjectionSearch,
    AsyncRoleSearch,
    AsyncRolesService,
    AsyncTypedMesh,
    AsyncUserSearch,
    AuthenticationError,
    BadRequestError,
    CreateManyResult,
    CurrentUser,
    DeleteManyResult,
    MeshesService,
    MeshSearch,
    MeshyClient,
    MeshyConnection,
    MeshyError,
    NewUser,
    NotFoundError,
    Page,
    Permissible,
    PermissibleSearch,
    Permission,
    PermissionDeniedError,
    PermissionSearch,
    PermissionsService,
    ProjectionSearch,
    RateLimitError,
    RawResponse,
    RedactingFilter,
    RegisterUser,
    RejectedDocument,
    Role,
    RoleSearch,
    RolesService,
    SecurityQuestion,
    SecurityQuestionHash,
    ServerError,
    TypedMesh,
    UpdateManyResult,
    User,
    UserRole,
    UserSearch,
    UsersService,
    UserUpdate,
    UserVerificationHash,
)


def blocking() -> str:
    """Ask for a reset, and tell the user where the code went."""
    with MeshyClient("acme", "north", "key", base_url="http://localhost:8000", timeout=5.0, max_retries=0) as client:
        assert_type(client, MeshyClient)
        reset = client.forgot_password("rosa.k", 1)
    assert_type(reset, UserVerificationHash)
    assert_type(reset.username, str)
    assert_type(reset.attempt, int)
    assert_type(reset.hash, str)
    assert_type(reset.expires, datetime)
    return assert_type(reset.hint, str)


async def awaited() -> str:
    """The same, without blocking."""
    async with AsyncMeshyClient.initialize("acme", "key", http_client=httpx.AsyncClient()) as client:
        assert_type(client, AsyncMeshyClient)
        reset = await client.forgot_password("rosa.k")
    return assert_type(reset, UserVerificationHash).hint


def refused() -> float | None:
    """Handle one error differently from the others."""
    client = MeshyClient.initialize_with_tenant("acme", "north", "key")
    try:
        client.forgot_password("rosa.k")
    except RateLimitError as error:
        return assert_type(error.retry_after, float | None)
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.message, str)
        assert_type(error.code, str | None)
        assert_type(error.headers, Mapping[str, str])
        assert_type(error.body, object)
        assert_type(error.request_id, str | None)
    finally:
        assert_type(client.close(), None)
    return None


def recover(client: MeshyClient, code: str) -> None:
    """Set a new password with what was kept of the request in a web form."""
    reset = UserVerificationHash("rosa.k", 1, "the hash", datetime(2030, 1, 1, tzinfo=UTC), "r***@example.org")
    if assert_type(client.check_hash(reset, code), bool):
        assert_type(client.reset_password(reset, code, "a new correct horse"), None)


def keep(reset: UserVerificationHash, session: dict[str, object]) -> UserVerificationHash:
    """Keep a request in the session of a web application, and take it out again."""
    session["reset"] = assert_type(reset.to_dict(), dict[str, Any])
    kept = json.loads(json.dumps(session))
    return assert_type(UserVerificationHash.from_dict(kept["reset"]), UserVerificationHash)


def respond(page: Page[User], me: CurrentUser, sent: Mapping[str, object]) -> list[dict[str, Any]]:
    """Respond with what the service returned, and read what a form sent."""
    assert_type(Page.from_dict(page.to_dict()), Page[User])
    assert_type(User.from_dict(sent), User)
    assert_type(NewUser.from_dict(sent).roles, tuple[str, ...])
    models = [me, RegisterUser.from_dict(sent), UserUpdate.from_dict(sent), SecurityQuestion.from_dict(sent)]
    return [page.to_dict(), *(model.to_dict() for model in models)]


def register(client: MeshyClient, code: str) -> MeshyConnection:
    """Register, and prove to have the address if that is asked for."""
    questions = [SecurityQuestion("First street?", "Elm")]
    user = RegisterUser("rosa.k", "correct horse", email_address="rosa@example.org", security_questions=questions)
    if not assert_type(client.check_user_exist(user.username), bool):
        verification = client.register_user(user)
        assert_type(verification, UserVerificationHash | None)
        if verification is not None:
            assert_type(client.verify_user(verification, code), None)
    return assert_type(client.login("rosa.k", "correct horse"), MeshyConnection)


def anonymous(client: MeshyClient) -> str | None:
    """Use the service without a name, and go on later."""
    user = assert_type(client.register_anonymous_user(), User)
    connection = client.login_anonymously(user.username)
    token = assert_type(connection.retrieve_refresh_token(), str | None)
    if token is not None:
        assert_type(client.login_with_refresh(token), MeshyConnection)
    return token


def oneself(connection: MeshyConnection) -> None:
    """Change what others see of oneself."""
    me = assert_type(connection.current_user, CurrentUser)
    assert_type(me.permissions, tuple[str, ...])
    users = assert_type(connection.users, UsersService)
    user = users.get_self()
    assert_type(user.last_accessed, datetime | None)
    assert_type(users.update_self(attrs.evolve(user, last_name="Kern-Vale")), User)
    assert_type(users.update_security_questions([SecurityQuestion("Pet?", "Moth")]), None)
    try:
        assert_type(connection.update_password("correct horse", "a new correct horse"), None)
    except AuthenticationError:
        return  # To log in again is all that is left.
    assert_type(connection.signout(), None)


async def others(connection: AsyncMeshyConnection) -> list[str]:
    """Look after the users of a tenant."""
    ben = await connection.users.create(NewUser("ben.t", "correct horse", is_active=True, roles=["editors"]))
    await connection.users.update(ben.id, UserUpdate(first_name="Ben", is_active=False))
    await connection.users.update_user_security_questions(ben.id, [SecurityQuestion("Pet?", "Moth")])
    assert_type(await connection.users.get(ben.id), User)
    assert_type(await connection.users.delete(ben.id), None)
    search = connection.users.search("ros", order_by={"lastName": 1}, active_only=False, page_size=50)
    assert_type(search, AsyncUserSearch)
    page = assert_type(await search.page(2), Page[User])
    assert_type(page.total_records, int)
    assert_type(page.results, tuple[User, ...])
    return [assert_type(user, User).username async for user in search]


def everyone(connection: MeshyConnection) -> Iterator[str]:
    """Go through all users, and stop where it is enough."""
    search = assert_type(connection.users.search(), UserSearch)
    print(assert_type(search.page(1), Page[User]).total_records)
    for user in search:
        assert_type(user.roles, tuple[UserRole, ...])
        assert_type(user.security_questions, tuple[SecurityQuestionHash, ...])
        for role in user.roles:
            assert_type(role.added_date, datetime)
        yield assert_type(user, User).username


def may_read(connection: MeshyConnection, usernames: Iterable[str]) -> Role:
    """Give users a role that permits to read."""
    roles = assert_type(connection.roles, RolesService)
    role = assert_type(roles.create("readers", description="may read"), Role)
    assert_type(role.description, str | None)
    permissions = assert_type(roles.permissions(role.id), PermissionsService)
    permission = assert_type(permissions.create("users", read=True), Permission)
    assert_type(
        permissions.update(permission.id, "users", create=True, read=True, update=True, delete=True), Permission
    )
    assert_type(permissions.get(permission.id).read, bool)
    assert_type(permissions.delete(permission.id), None)
    ids = {user.id for name in usernames for user in connection.users.search(name)}
    assert_type(roles.add_users(role.id, ids), None)
    assert_type(roles.remove_users(role.id, [*ids]), None)
    assert_type(roles.search("read"), RoleSearch)
    assert_type(permissions.search("users"), PermissionSearch)
    assert_type(roles.permissibles(name="mesh"), PermissibleSearch)
    for permissible in roles.permissibles():
        assert_type(permissible, Permissible)
    assert_type(Page.from_dict(roles.search().page(1).to_dict(), Role), Page[Role])
    assert_type(permissions.with_raw_response.get(permission.id), RawResponse[Permission])
    return assert_type(roles.update(role.id, "writers"), Role)


async def without_users(connection: AsyncMeshyConnection) -> list[str]:
    """Delete roles that nobody has, without blocking."""
    roles = assert_type(connection.roles, AsyncRolesService)
    search = assert_type(roles.search(page_size=200), AsyncRoleSearch)
    unused = [role async for role in search if role.number_of_users == 0]
    for role in unused:
        permissions = assert_type(roles.permissions(role.id), AsyncPermissionsService)
        assert_type(permissions.search(), AsyncPermissionSearch)
        assert_type(await permissions.search().page(1), Page[Permission])
        assert_type(await roles.delete(role.id), None)
    assert_type(roles.permissibles(), AsyncPermissibleSearch)
    assert_type(await roles.with_raw_response.get(unused[0].id), RawResponse[Role])
    return [role.name for role in unused]


@dataclass
class Task:
    """A document as a class."""

    title: str
    id: str | None = None


def keep_tasks(connection: MeshyConnection) -> list[str]:
    """Keep documents, as mappings and as instances."""
    meshes = assert_type(connection.meshes, MeshesService)
    task = assert_type(meshes.create("task", {"title": "Buy glue", "due": datetime.now(UTC)}), dict[str, Any])
    assert_type(meshes.update("task", task["_id"], task), dict[str, Any])
    created = assert_type(meshes.create_many("task", [{"title": "Sweep"}]), CreateManyResult)
    assert_type(created.created_data, tuple[dict[str, Any], ...])
    assert_type(meshes.search("task", filter={"done": False}, order_by={"due": -1}), MeshSearch[dict[str, Any]])
    assert_type(meshes.search("task").page(1), Page[dict[str, Any]])
    changed = meshes.update_many("task", filter="{}", update={"$set": {"done": True}})
    assert_type(assert_type(changed, UpdateManyResult).modified_count, int)
    assert_type(meshes.delete_many("task", filter={}), DeleteManyResult)
    assert_type(meshes.with_raw_response.get("task", "a"), RawResponse[dict[str, Any]])
    tasks = assert_type(meshes.of(Task), TypedMesh[Task])
    assert_type(tasks.create(Task("Buy glue")), Task)
    assert_type(tasks.create_many(Task(title) for title in ("a", "b")), tuple[Task, ...])
    assert_type(tasks.with_raw_response.update("a", Task("b")), RawResponse[Task])
    assert_type(tasks.search().with_raw_response.page(1).parsed, Page[Task])
    assert_type(connection.projections.get("tasksPerOwner", filter="{ count: 1 }"), ProjectionSearch)
    for result in connection.projections.get("tasksPerOwner"):
        assert_type(result, dict[str, Any])
    assert_type(Page.from_dict({}, dict[str, Any]), Page[dict[str, Any]])
    return [assert_type(found, Task).title for found in tasks.search(filter={"title": re.compile("^B")})]


async def keep_tasks_awaited(connection: AsyncMeshyConnection) -> list[str]:
    """The same, without blocking."""
    tasks = assert_type(connection.meshes.of(Task, mesh_name="todo"), AsyncTypedMesh[Task])
    task = assert_type(await tasks.create(Task("Buy glue")), Task)
    assert_type(await tasks.delete(task.id or ""), None)
    assert_type(tasks.search(), AsyncMeshSearch[Task])
    assert_type(await tasks.with_raw_response.get("a"), RawResponse[Task])
    try:
        await connection.meshes.create_many("todo", [{"_id": "a"}, {"_id": "a"}])
    except BadRequestError as error:
        for rejected in assert_type(error.results, tuple[RejectedDocument, ...]):
            print(assert_type(rejected.index, int), assert_type(rejected.code, str | None))
    assert_type(connection.projections.get("tasksPerOwner"), AsyncProjectionSearch)
    return [assert_type(found, Task).title async for found in tasks.search()]


def each_refusal(client: MeshyClient) -> str:
    """Handle each error by its class, from the most specific to MeshyError."""
    try:
        client.forgot_password("rosa.k")
    except (BadRequestError, PermissionDeniedError, NotFoundError, ServerError) as error:
        return assert_type(error.message, str)
    except APITimeoutError as error:
        assert_type(error, APITimeoutError)
    except APIResponseError as error:
        return f"{assert_type(error.status_code, int)} {assert_type(error.body, object)}"
    except MeshyError as error:
        return str(error)
    return ""


def logged() -> None:
    """Keep secrets out of what a handler writes."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    logging.getLogger("meshydb").addHandler(handler)


def raw(client: MeshyClient, connection: MeshyConnection) -> bytes:
    """See answers as they came."""
    answer = client.with_options(timeout=2.5, max_retries=0, tenant=None).with_raw_response.forgot_password("rosa.k", 1)
    assert_type(answer, RawResponse[UserVerificationHash])
    assert_type(answer.parsed, UserVerificationHash)
    assert_type(answer.status_code, int)
    assert_type(answer.headers["X-Request-ID"], str)
    assert_type(answer.request_id, str | None)
    assert_type(client.with_raw_response.login("rosa.k", "correct horse").parsed, MeshyConnection)
    assert_type(client.with_raw_response.register_anonymous_user(username="rosa.k"), RawResponse[User])
    assert_type(connection.with_options(timeout=2.5), MeshyConnection)
    assert_type(connection.with_raw_response.signout(), RawResponse[None])
    assert_type(connection.users.with_raw_response.get("64b1f0c2a9e84d0012ab34cd"), RawResponse[User])
    assert_type(connection.users.search("ros").with_raw_response.page(2).parsed, Page[User])
    return assert_type(answer.body, bytes)


async def raw_awaited(client: AsyncMeshyClient, connection: AsyncMeshyConnection) -> bool:
    """The same, without blocking."""
    patient = client.with_options(timeout=httpx.Timeout(60.0, connect=5.0))
    assert_type(patient, AsyncMeshyClient)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.with_raw_response.check_user_exist("rosa.k"))
    await connection.with_options(max_retries=5).users.with_raw_response.delete("64b1f0c2a9e84d0012ab34cd")
    answer = await patient.with_raw_response.check_user_exist("rosa.k")
    return assert_type(answer, RawResponse[bool]).parsed
