"""Additional checks for schemathesis: what the contract says in words and a schema cannot express."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, cast

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import CHECKS, load_all_checks

from meshydb_contract._deployment.transport import Session, current_transport, retry_after

# schemathesis' checks of whether the server accepts valid requests and rejects invalid ones.
_REQUEST_CHECKS: Final = ("positive_data_acceptance", "negative_data_rejection", "missing_required_header")

_PATIENCE_SECONDS: Final = 10.0


@schemathesis.check
def no_content_at_204(_: CheckContext, response: Response, __: Case[Any]) -> None:
    """A 204 response has no content and no headers about content (RFC 9110, 8.6 and 15.3.5)."""
    if response.status_code == HTTPStatus.NO_CONTENT:
        found = response.headers.keys() & {"content-type", "content-length"}
        if found or response.content:
            raise AssertionError(f"204 has no content, but here is {', '.join(sorted(found)) or 'some'}.")


@schemathesis.check
def no_secrets_shown(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """Secret properties (`format: password`) are in no response that does not document them."""
    if "json" not in (response.headers.get("content-type") or [""])[0] or not response.content:
        return
    if "reference" in case.operation.definition.raw["tags"]:
        # The contract itself names all of them.
        return
    document = case.operation.schema.raw_schema
    secret = {
        name.lower()
        for schema in document["components"]["schemas"].values()
        for name, each in schema.get("properties", {}).items()
        if each.get("format") == "password"
    }
    try:
        names = {name for name in _names_in(response.json()) if name.lower() in secret}
    except ValueError:
        # Another check reports invalid JSON.
        return
    # Most responses have no such name, and it takes long to go through the contract.
    documented = set(_documented(document, case.operation.definition.raw["responses"])) if names else set[str]()
    if leaked := sorted(name for name in names if name.lower() not in documented):
        raise AssertionError(f"The response reveals {', '.join(leaked)}.")


def _documented(document: Any, node: Any) -> Iterator[str]:
    """Yield the names of all properties that a part of the document describes."""
    if isinstance(node, dict):
        members = cast("dict[str, Any]", node)
        reference = members.get("$ref")
        if isinstance(reference, str):
            target = document
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
            yield from _documented(document, target)
        properties: Any = members.get("properties")
        if isinstance(properties, dict):
            yield from (name.lower() for name in cast("dict[str, Any]", properties))
        for name, each in members.items():
            if name not in {"example", "examples", "links"}:
                yield from _documented(document, each)
    elif isinstance(node, list):
        for each in cast("list[object]", node):
            yield from _documented(document, each)


def _names_in(value: Any) -> Iterator[str]:
    """Yield the names of all members that have a value."""
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            if each is not None:
                yield name
            yield from _names_in(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _names_in(each)


def _with_exceptions(check: Any) -> Any:
    """Wrap a check, so that it accepts responses that the contract allows for any request, valid or invalid."""

    @wraps(check)
    def checked(context: CheckContext, response: Response, case: Case[Any]) -> Any:
        try:
            return check(context, response, case)
        except AssertionError:
            if retry_after(response) is not None or _is_for_passwordless_user(response, case):
                return None
            raise

    return checked


def _is_for_passwordless_user(response: Response, case: Case[Any]) -> bool:
    """Return whether forgotPassword rejected a request because its user is anonymous.

    It did not if it accepts a minimal request for the same user.
    """
    is_rejected = response.status_code == HTTPStatus.BAD_REQUEST
    if (
        not is_rejected
        or case.operation.definition.raw["operationId"] != "forgotPassword"
        or not isinstance(case.body, dict)
    ):
        return False
    plain = response.request.copy()
    plain.prepare_body(None, None, {"username": case.body.get("username"), "attempt": 1})
    with Session(current_transport()) as session:
        return session.send(plain, timeout=_PATIENCE_SECONDS).status_code == response.status_code


load_all_checks()
for _name in _REQUEST_CHECKS:
    CHECKS.register(_with_exceptions(CHECKS.get_one(_name)))
