"""What the contract says of free-form documents in extensions holds together; the server and the gate read it there."""

from __future__ import annotations

from typing import Any, Final

import jsonschema_rs
import pytest

from tests.support.contract import placed_operations, walk
from tests.support.error_codes import known_codes

_BOUNDS: Final = {"x-meshydb-max-bytes": 4_194_304, "x-meshydb-max-depth": 100}
_ANSWERS: Final = {
    "createMeshData": {"property_invalid", "document_exists", "no_data", "bulk_invalid"},
    "searchMeshData": {"filter_invalid", "order_invalid", "query_timeout"},
    "updateMeshData": {"property_invalid", "document_id_changed"},
    "updateManyMeshData": {
        "filter_required",
        "filter_invalid",
        "update_required",
        "update_invalid",
        "query_timeout",
    },
    "deleteManyMeshData": {"filter_required", "filter_invalid", "query_timeout"},
    "searchProjection": {"filter_invalid", "order_invalid", "query_timeout", "query_too_large"},
}


def test_bounds_of_bodies(document: dict[str, Any]) -> None:
    """Bodies that are documents have bounds of their own, and the description of a 413 has the same."""
    bounded = {
        operation.id: operation
        for operation in placed_operations(document)
        if any(name in operation.node.get("requestBody", {}) for name in _BOUNDS)
    }
    assert bounded.keys() == {"createMeshData", "updateMeshData"}
    for operation in bounded.values():
        body = operation.node["requestBody"]
        assert {name: body[name] for name in _BOUNDS} == _BOUNDS, operation.id
        assert f"{_BOUNDS['x-meshydb-max-bytes']:,} bytes" in operation.node["responses"]["413"]["description"]


def test_free_form_is_verbatim(document: dict[str, Any]) -> None:
    """Each schema for properties of any name is kept verbatim, and no other is; the reference's own documents aside."""
    schemas = {name: node for name, node in document["components"]["schemas"].items() if name != "OpenApiDocument"}
    free = {path for path, node in walk(schemas) if isinstance(node, dict) and "additionalProperties" in node}
    verbatim = {path for path, node in walk(schemas) if isinstance(node, dict) and "x-meshydb-verbatim" in node}
    assert free == verbatim
    assert len(free) == 4


def test_codes_are_known(document: dict[str, Any]) -> None:
    """Each code that a value can have in place of `value_invalid` is in the table, as a 400."""
    found = [node for path, node in walk(document) if path.endswith("/x-meshydb-codes")]
    assert len(found) >= 6
    for codes in found:
        assert codes.keys() <= {"missing", "empty", "invalid", "item"}
        assert {known_codes()[code].statuses for code in codes.values()} == {(400,)}


@pytest.mark.parametrize("operation_id", _ANSWERS)
def test_codes_are_described(document: dict[str, Any], operation_id: str) -> None:
    """Each operation on data names the codes of its own errors."""
    (operation,) = (each for each in placed_operations(document) if each.id == operation_id)
    told = "".join(node.get("description", "") for node in operation.node["responses"].values())
    assert {code for code in _ANSWERS[operation_id] if f"`{code}`" not in told} == set()


def _takes(document: dict[str, Any], given: str) -> set[bool]:
    schemas = document["components"]["schemas"]
    return {jsonschema_rs.is_valid(schemas[name], given) for name in ("DocumentId", "GivenDocumentId")}


@pytest.mark.parametrize("given", ["64d1c0ffee00112233445566", "a", "...", ".a", "..a.", "ä b", "x" * 128])
def test_document_ids(document: dict[str, Any], given: str) -> None:
    """Any text can be an id that a path can name."""
    assert _takes(document, given) == {True}


@pytest.mark.parametrize("given", ["", ".", "..", "a/b", "..a/", "a\n", "\x7f", "x" * 129])
def test_no_document_ids(document: dict[str, Any], given: str) -> None:
    """An id is not empty or too long, has no slash and no control character, and is no step to another folder."""
    assert _takes(document, given) == {False}
