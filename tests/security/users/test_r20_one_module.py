"""R20: one module of the storage writes the columns that prove a user."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Update

import meshydb_server
from meshydb_server.storage.schema import pending_questions, security_questions
from meshydb_server.storage.schema import users as table
from meshydb_server.storage.users import authenticators
from meshydb_server.storage.users import rows as users

_SERVER: Final = Path(meshydb_server.__file__).parent
_HERE: Final = Path(authenticators.__file__).relative_to(_SERVER)
# Which change names and what is noted of a login, and add and delete users.
_USERS: Final = Path(users.__file__).relative_to(_SERVER)
_TABLES: Final = {"users", "security_questions", "pending_questions"}
_OTHER_COLUMNS: Final = {"first_name", "last_name", "names_key", "is_active", "last_accessed"}


def _changes(path: Path) -> Iterator[tuple[str, str]]:
    """The statements of a module that change one of the tables: what they do, and the table."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"insert", "update", "delete"}:
            # As in `users.update()` and `schema.users.update()`; not `services.users.update()`, which is a service.
            of = ast.unparse(node.func.value).removeprefix("schema.")
            if of in _TABLES:
                yield node.func.attr, of
        elif _last(node.func) in {"insert", "update", "delete"} and node.args and _last(node.args[0]) in _TABLES:
            yield _last(node.func), _last(node.args[0])


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _modules() -> Iterator[tuple[Path, Path]]:
    for path in _SERVER.rglob("*.py"):
        if "migrations" not in path.parts:
            yield path, path.relative_to(_SERVER)


def test_r20_one_module_writes_the_columns_that_prove_users() -> None:
    """No other module changes questions or the columns of users that prove something."""
    found = {name: set(_changes(path)) for path, name in _modules()}
    elsewhere = {name: changes for name, changes in found.items() if changes and name not in {_HERE, _USERS}}
    assert elsewhere == {}
    assert found[_USERS] == {("insert", "users"), ("update", "users"), ("delete", "users")}
    updates = [each for each in vars(users).values() if isinstance(each, Update)]
    assert len(updates) == sum(
        isinstance(node, ast.Call) and _last(node.func) == "update"
        for node in ast.walk(ast.parse((_SERVER / _USERS).read_text(encoding="utf-8")))
    )
    assert {column for each in updates for column in _columns(each)} <= _OTHER_COLUMNS


def test_r20_the_module_writes_all_of_them() -> None:
    """The module writes all columns that prove a user, and both tables of questions."""
    found = set(_changes(_SERVER / _HERE))
    assert ("update", "users") in found
    statements = [each for each in vars(authenticators).values() if isinstance(each, Update)]
    written = {column for each in statements for column in _columns(each)}
    fixed = {"account", "tenant", "user_id", "username", "username_key", "anonymous", "created_at"}
    assert written == {column.name for column in table.columns} - fixed - _OTHER_COLUMNS
    assert {*authenticators._INSERT} == {*authenticators._DELETE} == {security_questions.name, pending_questions.name}  # noqa: SLF001


def test_r20_no_textual_statements() -> None:
    """No module changes these tables by a textual statement."""
    for path, name in _modules():
        text = path.read_text(encoding="utf-8")
        tables = "|".join(_TABLES)
        assert not re.search(rf"\b(UPDATE|INSERT INTO|DELETE FROM)\s+\"?({tables})\b", text), name


def _columns(statement: Update) -> set[str]:
    # Nothing public tells which columns a statement sets.
    return {getattr(column, "name", str(column)) for column in statement._values or {}}  # noqa: SLF001
