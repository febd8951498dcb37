"""Documents of one operation."""

from __future__ import annotations

from typing import Any

from contract_diff.effects import Change
from contract_diff.operations import compare

Node = dict[str, Any]


def document(operation: Node, components: Node | None = None, **given: Any) -> Node:
    """Return a document whose only operation is `POST /things/{id}`, called `send` unless it says otherwise."""
    described = {"operationId": "send", "responses": {"200": {"description": "Done."}}, **operation}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1.0.0"},
        "paths": {"/things/{id}": {"post": described}},
        "components": components or {},
        **given,
    }


def sending(schema: Any, schemas: Node) -> Node:
    """Return a document in which clients send values of a schema."""
    return document({"requestBody": {"content": {"application/json": {"schema": schema}}}}, {"schemas": schemas})


def receiving(schema: Any, schemas: Node) -> Node:
    """Return a document in which clients receive values of a schema."""
    answer = {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    return document({"responses": {"200": answer}}, {"schemas": schemas})


def changes(old: Node, new: Node) -> list[Change]:
    """Return the changes between two documents."""
    return compare(old, new)
