"""`meshydb-server role …`: the same rules as over HTTP, for an operator, who has all permissions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import run, run_json

_WHEN = "This takes effect at the next login or token refresh."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has an account with two users."""
    folder = tmp_path_factory.mktemp("roles")
    run_json(folder, "account", "create", "acme")
    run_json(folder, "user", "create", "acme", "rosa.k")
    run_json(folder, "user", "create", "acme", "ben.t", "--role", "meshy.admin")
    return folder


def test_list_show_and_delete(folder: Path) -> None:
    """Roles are listed and shown with permissions and how many users have them, and deleted, each as JSON."""
    given = ["--permission", "users:read", "--permission", "Meshes.Task:create", "--description", "may edit"]
    created = run_json(folder, "role", "create", "acme", "editors", *given)
    assert created["permissions"] == ["users:read", "meshes.task:create"]
    run_json(folder, "role", "grant", "acme", "rosa.k", "editors")
    permissions = ["meshes.task:create", "users:read"]
    shown = {**created, "permissions": permissions, "numberOfUsers": 1}
    assert run_json(folder, "role", "show", "acme", "EDITORS") == shown
    listed = run_json(folder, "role", "list", "acme")
    assert [(each["name"], each["numberOfUsers"]) for each in listed] == [
        ("editors", 1),
        ("meshy.admin", 1),
        ("meshy.anonymous", 0),
        ("meshy.user", 2),
    ]
    assert listed[0] == shown
    deleted = run_json(folder, "role", "delete", "acme", "Editors")
    assert deleted == {name: created[name] for name in ("account", "tenant", "id", "name")}
    assert run_json(folder, "user", "show", "acme", "rosa.k")["roles"] == ["meshy.user"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["show", "acme", "lost"], "There is no role of this name."),
        (["delete", "acme", "lost"], "There is no role of this name."),
        (["delete", "acme", "meshy.user"], "A system role cannot be deleted."),
        (["grant", "acme", "rosa.k", "meshy.anonymous"], "The role meshy.anonymous cannot be given to users."),
        (["revoke", "acme", "ben.t", "meshy.admin"], "The tenant must keep an active user who may update roles."),
        (["create", "acme", "long", "--description", "x" * 1025], "DESCRIPTION: "),
        (["list", "globex"], "There is no account of this name."),
    ],
)
def test_refused(folder: Path, arguments: list[str], reason: str) -> None:
    """What is refused over HTTP is refused here, with one line that says why."""
    done = run(folder, "role", *arguments)
    assert done.returncode == 1
    assert reason in str(done.stderr)
    assert _WHEN not in str(done.stderr)
