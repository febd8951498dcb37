"""Scenarios of meshes: documents, one by one and many together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.meshes import Mesh, ids_of, own_mesh

_OBJECT_ID: Final = "5f00c0ffee00aabbccddeeff"
# In an order that no sorting gives, with names and values that a server might change.
_VERBATIM: Final[Mapping[str, Any]] = {
    "zeta": None,
    "Alpha": {"b": None, "A": [None, {"y": 1, "x": "\u00e9\U0001f600"}], "a b": ""},
    "alpha": False,
    "ID": 9007199254740993,
    "id": "no id",
    "due": "2019-11-08T12:00:00.000+01:00",
    "ratio": 0.1,
    "empty": [{}, []],
}
_ABSENT: Final = ("", " ", "undefined", "null")


def filters_narrow(context: Context) -> None:
    """A search finds the documents that match its filter, counts them, and finds all without one."""
    mesh = own_mesh(context)
    mesh.fill(
        {"_id": "a", "n": 1, "t": "one"}, {"_id": "b", "n": 2, "tags": ["x", "y"]}, {"_id": "c", "n": 3, "t": None}
    )
    for filter_, ids in (
        ("{}", "abc"),
        ("{ n: 2 }", "b"),
        ('{"n": {"$gte": 2}}', "bc"),
        ("{ n: { $in: [1, 3] }, t: /^O/i }", "a"),
        ("{ tags: 'y' }", "b"),
        ("{ t: null }", "bc"),
        ("{ $or: [{ n: 1 }, { 'tags.1': 'y' }] }", "ab"),
        ("{ n: '2' }", ""),
        ("{ _id: 'c' }", "c"),
    ):
        mesh.expect_ids("A filter does not narrow as it says.", *ids, filter=filter_)
    for absent in _ABSENT:
        mesh.expect_ids("An absent filter does not mean all.", *"abc", filter=absent, orderBy=absent)
    mesh.expect_ids("Without a filter, not all are found.", *"abc")


def malformed_queries_are_rejected(context: Context) -> None:
    """A filter, update or order that is malformed or not supported returns 400, and nothing is changed."""
    mesh = own_mesh(context)
    mesh.fill({"_id": "a", "n": 1})
    for filter_ in ("{", "n", "[]", "{ $where: 'true' }", "{ n: { $unknown: 1 } }", "{ n: { $in: 1 } }", "{ $or: [] }"):
        mesh.call("searchMeshData", query={"filter": filter_}).expect(400, f"A search by {filter_} is accepted.")
        mesh.delete_all(filter=filter_).expect(400, f"A deletion by {filter_} is accepted.")
        mesh.update_all(filter_, {"$set": {"n": 2}}).expect(400, f"An update by {filter_} is accepted.")
    for order in ("{ n: 2 }", "n", "{ n: 'asc' }", "[]"):
        mesh.call("searchMeshData", query={"orderBy": order}).expect(400, f"The order {order} is accepted.")
    for update in (
        "{}",
        "{ n: 2 }",
        "{ $set: { _id: 'b' } }",
        "{ $set: { n: 2 }, $inc: { n: 1 } }",
        "[{ $set: { n: 2 } }]",
    ):
        mesh.update_all("{}", update).expect(400, f"The update {update} is accepted.")
    mesh.get("a").expect(200, "After rejected requests, a document is gone.").expect_members("It is changed.", n=1)


def documents_are_kept_verbatim(context: Context) -> None:
    """A document keeps its names, nulls, numbers and the order of its properties. `_id` comes first."""
    mesh = own_mesh(context)
    created = mesh.create(_VERBATIM)
    document_id = created["_id"]
    mesh.fill({**_VERBATIM, "_id": "listed"})
    replaced = mesh.replace(document_id, _VERBATIM).expect(200, "A document cannot be replaced.").json
    read = mesh.get(document_id).expect(200, "A document cannot be read.").json
    for document in (created, replaced, read, *mesh.search().json["results"]):
        expected = {"_id": document["_id"], **_VERBATIM}
        # As text, because equal objects may have another order, and 1 equals true.
        if json.dumps(document) != json.dumps(expected):
            context.fail("createMeshData", f"A document is not kept as it is sent: {document} and not {expected}.")


def reserved_names_are_rejected(context: Context) -> None:
    """A property name that begins with `$` or contains `.` returns 400, at any depth, and nothing is stored."""
    mesh = own_mesh(context)
    mesh.fill({"_id": "a", "n": 1})
    for document in ({"$n": 1}, {"n.m": 1}, {"n": {"$m": 1}}, {"n": [{"m": {"o.p": 1}}]}):
        for body in (document, [document]):
            mesh.call("createMeshData", body).expect(400, f"This document is accepted: {body}.")
        mesh.replace("a", document).expect(400, f"This document is accepted in a replacement: {document}.")
    mesh.expect_ids("After rejected requests, other documents are there.", "a", filter="{ n: 1 }")
    mesh.expect_ids("After rejected requests, other documents are there.", "a")


def documents_are_replaced(context: Context) -> None:
    """PUT replaces a whole document but its `_id`, and creates none."""
    mesh = own_mesh(context)
    mesh.fill({"_id": "a", "n": 1, "m": {"x": 1}}, {"_id": "b", "n": 2})
    for document in ({"k": 1}, {"_id": None, "m": {"y": 1}}, {"_id": "a", "m": 2}):
        replaced = mesh.replace("a", document).expect(200, "A document cannot be replaced.")
        for response in (replaced, mesh.get("a")):
            if response.json != {**document, "_id": "a"}:
                response.fail(f"A replacement by {document} leaves {response.json}.")
    mesh.replace("a", {"_id": "c", "n": 3}).expect(400, "A replacement can change the `_id`.")
    mesh.replace("c", {"n": 3}).expect(404, "A document that there is not can be replaced.")
    mesh.expect_ids("A replacement creates or moves a document.", *"ab")
    mesh.get("b").expect_members("A replacement changes another document.", n=2)


def ids_are_taken_once(context: Context) -> None:
    """An `_id` that another document of the mesh has returns 400, and that document stays as it is."""
    mesh, other = own_mesh(context), own_mesh(context)
    mesh.fill({"_id": "a", "n": 1}, {"_id": _OBJECT_ID, "n": 1})
    for taken in ("a", _OBJECT_ID, _OBJECT_ID.upper()):
        for body in ({"_id": taken, "n": 2}, [{"n": 2}, {"_id": taken, "n": 2}]):
            mesh.call("createMeshData", body).expect(400, f"The `_id` {taken} can be taken twice.")
    mesh.expect_ids("A document is created or changed whose `_id` is taken.", _OBJECT_ID, "a", filter="{ n: 1 }")
    mesh.expect_ids("A document is created whose `_id` is taken.", _OBJECT_ID, "a")
    mesh.create({"_id": "A"})
    other.create({"_id": "a"})


def bulk_creation_is_all_or_nothing(context: Context) -> None:
    """An array creates all its documents in order, or none: then each rejected one is listed."""
    mesh = own_mesh(context)
    mesh.fill({"_id": "a"})
    good = [{"n": 1}, {"n": 2}]
    for bad in ({"$n": 1}, {"_id": "a"}, {"_id": "b"}):
        rejected = mesh.call("createMeshData", [{"_id": "b"}, *good, bad])
        rejected.expect(400, f"An array is accepted that has {bad}.")
        if [(each["index"], each["status"]) for each in rejected.json["results"]] != [(3, 400)]:
            rejected.fail(f"Of an array, the rejected documents are not listed, but {rejected.json['results']}.")
    mesh.expect_ids("A rejected array leaves documents.", "a")
    mesh.call("createMeshData", []).expect(400, "An empty array is accepted.")
    created = mesh.call("createMeshData", good).expect(201, "Documents cannot be created.")
    created.expect_members("Documents are not counted.", createdCount=2)
    if [each["n"] for each in created.json["createdData"]] != [1, 2]:
        created.fail("Documents are not returned in the order of the array.")
    first, second = (each["_id"] for each in created.json["createdData"])
    mesh.expect_ids("Ids do not sort by creation.", first, second, filter="{ n: { $gt: 0 } }")


def only_an_explicit_filter_deletes(context: Context) -> None:
    """A filter deletes what it matches, `{}` deletes all, and without a filter nothing is deleted."""
    mesh, other = own_mesh(context), own_mesh(context)
    for each in (mesh, other):
        each.fill({"_id": "a", "n": 1}, {"_id": "b", "n": 2}, {"_id": "c", "n": 3})
    mesh.delete_all().expect(400, "A deletion without a filter is accepted.")
    for absent in _ABSENT:
        mesh.delete_all(filter=absent).expect(400, f"A deletion by the filter {absent!r} is accepted.")
    for absent in _ABSENT:
        mesh.update_all(absent, {"$set": {"n": 0}}).expect(400, f"An update by the filter {absent!r} is accepted.")
    mesh.expect_ids("Without a filter, documents are deleted or changed.", *"abc", filter="{ n: { $gt: 0 } }")
    for filter_, count, left in (("{ n: 9 }", 0, "abc"), ("{ n: { $lt: 3 } }", 2, "c"), ("{}", 1, ""), ("{}", 0, "")):
        deleted = mesh.delete_all(filter=filter_).expect(200, "Documents cannot be deleted.")
        deleted.expect_members(f"A deletion by {filter_} is not counted.", deletedCount=count)
        mesh.expect_ids(f"A deletion by {filter_} deletes others.", *left)
    other.expect_ids("A deletion deletes documents of another mesh.", *"abc")


def updates_are_counted(context: Context) -> None:
    """An update changes the documents that match, each as a whole, and tells how many matched and were changed."""
    mesh = own_mesh(context)
    mesh.fill({"_id": "a", "n": 1}, {"_id": "b", "n": 2}, {"_id": "c", "n": 2, "m": "x"})
    for filter_, update, matched, modified in (
        ("{ n: 2 }", "{ $set: { k: 1 } }", 2, 2),
        ({"n": {"$lt": 9}}, {"$set": {"k": 1}}, 3, 1),
        ("{}", "{ $max: { n: 2 } }", 3, 1),
        ("{ n: 9 }", "{ $set: { n: 0 } }", 0, 0),
    ):
        counts = mesh.update_all(filter_, update).expect(200, "Documents cannot be changed.")
        counts.expect_members(f"{update} by {filter_} is not counted.", matchedCount=matched, modifiedCount=modified)
    mesh.expect_ids("An update does not change what it counts.", *"abc", filter="{ k: 1, n: 2 }")
    mesh.update_all({"_id": "c"}, {"$set": {"k": 2}, "$inc": {"m": 1}}).expect(400, "A number is added to text.")
    mesh.get("c").expect_members("A failed update changes a part of a document.", k=1, m="x")


def pages_hold_together(context: Context) -> None:
    """Pages follow each other in a stable order, in which `_id` breaks ties, and have the total."""
    mesh = own_mesh(context)
    mesh.fill(*({"_id": each, "n": number % 2} for number, each in enumerate("gbeacfd")))
    for order, ids in (
        (None, "abcdefg"),
        ("{ _id: -1 }", "gfedcba"),
        ("{ n: 1 }", "cdegabf"),
        ('{"n": -1}', "abfcdeg"),
        ("{ n: 1, _id: -1 }", "gedcfba"),
    ):
        query = {} if order is None else {"orderBy": order}
        mesh.expect_ids("An order is not heeded.", *ids, **query)
        _expect_pages(mesh, query, ids)
    for given, used in ((0, 25), (-1, 25), (500, 200)):
        mesh.search(pageSize=given, page=-1).expect_members(
            "A page is not as the contract has it.", pageSize=used, page=1
        )


def _expect_pages(mesh: Mesh, query: dict[str, Any], ids: Sequence[str]) -> None:
    size, total = 3, len(ids)
    for number in range(1, 5):
        page = mesh.search(**query, page=number, pageSize=size)
        page.expect_members("A page is not the one asked for.", page=number, pageSize=size, totalRecords=total)
        if ids_of(page) != list(ids[(number - 1) * size : number * size]):
            page.fail(f"Page {number} of {query} has {ids_of(page)}.")


def mesh_names_have_no_case(context: Context) -> None:
    """The name of a mesh in any case is that of the same mesh."""
    mesh = own_mesh(context)
    upper = Mesh(context, mesh.tenant, mesh.name.upper(), mesh.token)
    mesh.create({"_id": "a"})
    upper.get("a").expect(200, "The name of a mesh has a case.")
    upper.create({"_id": "b"})
    mesh.expect_ids("The name of a mesh has a case.", *"ab")


def deleted_documents_are_gone(context: Context) -> None:
    """A deleted document cannot be read, replaced, found or deleted again. Others stay."""
    mesh = own_mesh(context)
    mesh.fill({"_id": "a"}, {"_id": "b"})
    mesh.call("deleteMeshData", document="a").expect(204, "A document cannot be deleted.")
    mesh.get("a").expect(404, "A deleted document can be read.")
    mesh.replace("a", {}).expect(404, "A deleted document can be replaced.")
    mesh.call("deleteMeshData", document="a").expect(404, "A deleted document can be deleted.")
    mesh.expect_ids("After a deletion, others than the rest are found.", "b")
