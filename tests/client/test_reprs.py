"""The `repr` of clients, logins, services and searches."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from meshydb import CreateManyResult, Page, RawResponse
from tests.client.calls import connect, connect_async


@frozen
class Task:
    """A class of documents."""

    title: str


ID = "64c0aa11bb22cc33dd44ee55"


@pytest.mark.anyio
@pytest.mark.parametrize("connect_either", [connect, connect_async])
async def test_reprs_show_the_settings(connect_either: Any) -> None:
    """A `repr` shows the class, the account, the tenant, the server and the search, and no secret."""
    connection, driver = connect_either("http://127.0.0.1:1", public_key="s3cr3t")
    prefix = "Async" if connect_either is connect_async else ""
    of = "('acme', 'north', base_url='http://127.0.0.1:1'"
    plain = connection.users.search()
    search = connection.users.search("ro", order_by={"lastName": 1}, page_size=7)
    query = ", name='ro', order_by='{\"lastName\":1}', active_only=True, page_size=7"
    permissions = connection.roles.permissions(ID)
    tasks = connection.meshes.of(Task)
    in_role = f", role_id='{ID}'"
    shown = {
        connection: f"{prefix}MeshyConnection{of})",
        connection.users: f"{prefix}UsersService{of})",
        plain: f"{prefix}UserSearch{of}, active_only=True, page_size=25)",
        search: f"{prefix}UserSearch{of}{query})",
        connection.roles: f"{prefix}RolesService{of})",
        permissions: f"{prefix}PermissionsService{of}{in_role})",
        connection.roles.search("ed"): f"{prefix}RoleSearch{of}, name='ed', page_size=25)",
        permissions.search(): f"{prefix}PermissionSearch{of}{in_role}, page_size=25)",
        connection.roles.permissibles(page_size=7): f"{prefix}PermissibleSearch{of}, page_size=7)",
        connection.roles.with_raw_response: f"{prefix}RolesWithRawResponse({prefix}RolesService{of}))",
        connection.meshes: f"{prefix}MeshesService{of})",
        tasks: f"{prefix}TypedMesh{of}, kind=<class 'tests.client.test_reprs.Task'>, mesh='task')",
        tasks.search(): f"{prefix}MeshSearch{of}, page_size=25, mesh='task')",
        connection.meshes.search("task", filter={"done": True}): (
            f"{prefix}MeshSearch{of}, filter='{{\"done\":true}}', page_size=25, mesh='task')"
        ),
        connection.projections: f"{prefix}ProjectionsService{of})",
        connection.projections.get("perOwner"): f"{prefix}ProjectionSearch{of}, page_size=25, name='perOwner')",
        tasks.with_raw_response: (
            f"{prefix}TypedMeshWithRawResponse({prefix}TypedMesh{of}, "
            "kind=<class 'tests.client.test_reprs.Task'>, mesh='task'))"
        ),
        connection.with_raw_response: f"{prefix}ConnectionWithRawResponse({prefix}MeshyConnection{of}))",
        connection.users.with_raw_response: f"{prefix}UsersWithRawResponse({prefix}UsersService{of}))",
        search.with_raw_response: f"{prefix}UserSearchWithRawResponse({prefix}UserSearch{of}{query}))",
    }
    assert [repr(each) for each in shown] == [*shown.values()]
    closing = driver.close()
    if closing is not None:
        await closing


def test_reprs_show_no_documents() -> None:
    """A `repr` shows the ids of documents alone, and results without an id as what they are."""
    document, result = {"_id": "a", "text": "canary"}, {"text": "canary"}
    page = Page((document, result), page=1, page_size=25, total_records=2)
    shown = "({'_id': 'a', ...}, {...})"
    assert repr(page) == f"Page(results={shown}, page=1, page_size=25, total_records=2)"
    assert repr(CreateManyResult(1, (document,))) == (
        "CreateManyResult(created_count=1, created_data=({'_id': 'a', ...},))"
    )
    assert repr(RawResponse(200, {}, b"canary", document)) == ("RawResponse(status_code=200, parsed={'_id': 'a', ...})")
    assert repr(Page((Task("Sweep"),), page=1, page_size=25, total_records=1)).startswith("Page(results=(Task(title=")
