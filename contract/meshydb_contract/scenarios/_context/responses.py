"""Responses of the contract's operations. Each must be a documented one."""

from __future__ import annotations

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NoReturn, Self

import requests
from attrs import field, frozen
from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from meshydb_contract._contract.checks import no_content_at_204, no_secrets_shown
from meshydb_contract._contract.operations import operation
from meshydb_contract._results.findings import Exchange

_CHECKS: Final[list[Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    no_content_at_204,
    no_secrets_shown,
]


class ViolationError(Exception):
    """The server violates the contract."""

    def __init__(self, operation: str, message: str) -> None:
        """Name the operation, and what is wrong."""
        super().__init__(message)
        self.operation = operation
        self.message = message


class SkippedError(Exception):
    """The scenario needs something that is missing. The message says what."""


@frozen
class ApiResponse:
    """A documented response."""

    operation: str
    status: int
    headers: Mapping[str, str]
    json: Any
    exchange: Exchange = field(repr=False, eq=False)
    """The request and the response, from which links take values."""

    def expect(self, status: int, otherwise: str) -> Self:
        """Fail unless the response has this status. `otherwise` says what another status means."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SkippedError(f"reached a limit, and has to wait for {self.headers['retry-after']} seconds")
        if self.status != status:
            self.fail(f"{otherwise} The response is {self.status}, not {status}.")
        return self

    def expect_members(self, otherwise: str, **members: Any) -> Self:
        """Fail unless these members have these values."""
        for name, value in members.items():
            if self.json[name] != value:
                self.fail(f"{otherwise} `{name}` is {self.json[name]!r}, not {value!r}.")
        return self

    def fail(self, message: str) -> NoReturn:
        """Fail the scenario."""
        raise ViolationError(self.operation, message)


def checked_response(operation_id: str, path: Mapping[str, str], body: Any, response: requests.Response) -> ApiResponse:
    """Return the response of an operation. Raises ViolationError if it is not documented."""
    answer = Response.from_requests(response, verify=True)
    try:
        operation(operation_id).Case(path_parameters=dict(path)).validate_response(answer, checks=_CHECKS)
    except FailureGroup as failures:
        problems = "; ".join(f"{each.title}: {each.message}" for each in failures.exceptions)
        raise ViolationError(
            operation_id, f"The response is {answer.status_code}. {' '.join(problems.split())}"
        ) from failures
    # The reference is an HTML page.
    is_json = "json" in response.headers.get("content-type", "")
    said = answer.json() if answer.content and is_json else None
    sent = operation(operation_id).Case(path_parameters=dict(path))
    sent.body = body
    return ApiResponse(operation_id, answer.status_code, response.headers, said, Exchange(sent, answer))
