"""Confines random requests about documents to a mesh of the run's own."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPMethod
from typing import Any, Final, cast

from attrs import define, field

from meshydb_contract._contract.cases import AnyCase, operation_id
from meshydb_contract._sandbox.cases import is_stateful, is_valid
from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.responses import SkippedError, ViolationError

_NAME: Final = re.compile("[A-Za-z]{1,64}")
# If no mesh can be chosen, for example without a token. No server has documents where nobody is let in.
_UNKNOWN_MESH: Final = "meshydbcontract"
_MAX_CREATED: Final = 40
_OF_DOCUMENT: Final = frozenset({"getMeshData", "updateMeshData", "deleteMeshData"})
_CHANGES: Final[tuple[Any, ...]] = ("{ $inc: { n: 1 } }", {"$set": {"changed": True}})


@define
class MeshSandbox:
    """Redirects each request about a mesh to one that was empty before the run.

    Half of the valid cases get what random values hardly ever have: the id of a document, or a filter that can be read.
    """

    context: Context
    mesh: str | None = field(init=False, default=None)
    """The name of the run's mesh, when it is chosen."""

    _cannot_choose: bool = field(init=False, default=False)
    _documents: list[str] = field(init=False, factory=list[str])
    _creations_left: int = field(init=False, default=_MAX_CREATED)
    _cases: int = field(init=False, default=0)

    def before_call(self, case: AnyCase) -> None:
        """Redirect a case that names a mesh."""
        if "mesh" not in case.path_parameters:
            return
        given, own = str(case.path_parameters["mesh"]), self._own_mesh()
        if _NAME.fullmatch(given):
            case.path_parameters["mesh"] = own
        elif given:
            # Still no name of a mesh. A server that takes it for one has a mesh that is the run's.
            case.path_parameters["mesh"] = f"{own}{given}"
        if self.mesh is not None and is_valid(case):
            self._cases += 1
            if self._cases % 2 or is_stateful(case):
                self._complete(case)

    def after_success(self, case: AnyCase, content: Any) -> None:
        """Record which documents a case created or deleted."""
        operation, method = operation_id(case), case.method.upper()
        if operation == "createMeshData" and method == HTTPMethod.POST:
            self._documents = [*self._documents, *_ids_of(content)][-_MAX_CREATED:]
        elif operation == "deleteManyMeshData" and method == HTTPMethod.DELETE:
            self._documents.clear()
        elif operation == "deleteMeshData" and method == HTTPMethod.DELETE:
            gone = str(case.path_parameters.get("id")).lower()
            self._documents = [each for each in self._documents if each.lower() != gone]

    def _own_mesh(self) -> str:
        """Return the name of the run's mesh, which is empty when it is chosen."""
        if self.mesh is None and not self._cannot_choose:
            try:
                self.mesh = self.context.free_mesh_name()
            except (ViolationError, SkippedError):
                self._cannot_choose = True
        return self.mesh or _UNKNOWN_MESH

    def _complete(self, case: AnyCase) -> None:
        operation = operation_id(case)
        if operation in _OF_DOCUMENT and not is_stateful(case):
            case.path_parameters["id"] = self._document() or case.path_parameters["id"]
        if operation == "updateMeshData" and isinstance(case.body, dict):
            case.body = {**cast("dict[str, Any]", case.body), "_id": None}
        elif operation == "updateManyMeshData" and isinstance(case.body, dict):
            case.body = {"filter": "{}", "update": _CHANGES[self._cases // 2 % len(_CHANGES)]}
        elif operation == "deleteManyMeshData":
            case.query = {**case.query, "filter": "{ n: 1 }"}
        elif operation == "searchMeshData":
            case.query = {name: each for name, each in case.query.items() if name not in {"filter", "orderBy"}}

    def _document(self) -> str | None:
        """Return the id of a document of the run's mesh."""
        if not self._documents and self._creations_left > 0 and self.mesh is not None:
            self._creations_left -= 1
            tenant = self.context.tenant
            try:
                created = self.context.call(
                    "createMeshData", tenant, [{}, {}, {}], path={"mesh": self.mesh}, token=tenant.token
                )
                self._documents += _ids_of(created.json)
            except (ViolationError, SkippedError):
                self._creations_left = 0
        if not self._documents:
            return None
        self._documents.append(self._documents.pop(0))
        return self._documents[-1]


def _ids_of(content: Any) -> Iterator[str]:
    """Yield the ids of the documents that a response says were created."""
    if not isinstance(content, dict):
        return
    members = cast("dict[str, Any]", content)
    created: Any = members.get("createdData", [members])
    for each in created if isinstance(created, list) else ():
        if isinstance(each, dict) and isinstance(document_id := cast("dict[str, Any]", each).get("_id"), str):
            yield document_id
