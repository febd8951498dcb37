"""The links of the contract, evaluated as schemathesis evaluates them."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from attrs import field, frozen
from schemathesis import Response
from schemathesis.core.result import Ok, Result
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from meshydb_contract._contract.cases import AnyCase
from meshydb_contract._contract.operations import hosts, operation


@frozen
class LinkedValues:
    """The values that a link takes from a request and its response."""

    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    """None if the link says nothing about the body."""


@frozen
class Link:
    """A link of the contract."""

    source: str
    """The operationId of the operation whose response has the link."""

    status: int
    """The status of that response."""

    target: str
    """The operationId of the operation to call next."""

    _definition: OpenApiLink = field(repr=False, eq=False)

    @property
    def name(self) -> str:
        """Return the name that results have."""
        return f"{self.source} -> {self.target}"

    @property
    def full_name(self) -> str:
        """Return the name that schemathesis gives the link."""
        name: str = self._definition.full_name
        return name

    def values(self, case: AnyCase, response: Response) -> LinkedValues:
        """Return the values for the next request. Raises LookupError if there is none for a parameter."""
        transition = self._definition.extract(StepOutput(response, case))
        found = {
            container: {name: _value(each.value) for name, each in parameters.items()}
            for container, parameters in transition.parameters.items()
        }
        path = found.get("path_parameters", {})
        if unknown := [name for name, value in path.items() if not isinstance(value, str)]:
            raise LookupError(f"there is no value for {', '.join(unknown)}")
        body = None if transition.request_body is None else _value(transition.request_body.value)
        return LinkedValues(path, found.get("query", {}), body)


def _value(found: Result[Any, Exception]) -> Any:
    return found.ok() if isinstance(found, Ok) else None


@cache
def links() -> Sequence[Link]:
    """Return all links of the contract."""
    found = list[Link]()
    for source in hosts():
        definition = operation(source)
        for status, response in definition.responses.items():
            for name, raw in response.iter_links():
                link = OpenApiLink(name, status, raw, definition)
                target: Any = link.target
                found.append(Link(source, int(status), target.definition.raw["operationId"], link))
    return found
