"""Checks of our own, beside those of schemathesis: what the contract says in words, and no schema can."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

import schemathesis
from schemathesis import Case, CheckContext, Response


@schemathesis.check
def no_content_at_204(_: CheckContext, response: Response, __: Case[Any]) -> None:
    """An answer without content has none, and says nothing of any (RFC 9110, 8.6 and 15.3.5)."""
    if response.status_code == HTTPStatus.NO_CONTENT:
        told = response.headers.keys() & {"content-type", "content-length"}
        if told or response.content:
            raise AssertionError(f"204 has no content, but here is {', '.join(sorted(told)) or 'some'}.")


@schemathesis.check
def no_secrets_shown(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """What the contract marks as secret (`format: password`) is in no answer but where it is documented."""
    if "json" not in (response.headers.get("content-type") or [""])[0] or not response.content:
        return
    if "reference" in case.operation.definition.raw["tags"]:
        # The contract itself, which names them all.
        return
    document = case.operation.schema.raw_schema
    secret = {
        name.lower()
        for schema in document["components"]["schemas"].values()
        for name, each in schema.get("properties", {}).items()
        if each.get("format") == "password"
    }
    documented = set(_documented(document, case.operation.definition.raw["responses"]))
    try:
        shown = set(_shown(response.json()))
    except ValueError:
        # That it is not JSON is for another check to say.
        return
    if given_away := sorted(name for name in shown if name.lower() in secret - documented):
        raise AssertionError(f"The answer gives away {', '.join(given_away)}.")


def _documented(document: Any, node: Any) -> Iterator[str]:
    """The names of all properties that a part of the document describes."""
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


def _shown(value: Any) -> Iterator[str]:
    """The names of all members that have a value."""
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            if each is not None:
                yield name
            yield from _shown(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _shown(each)
