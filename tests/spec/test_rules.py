"""The contract keeps our rules, and each rule finds what breaks it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import openapi_spec_validator
import pytest
import yaml

from tests.spec import rules
from tests.spec.rules import RULES, Document, Rule

_SMALL: Final[Document] = yaml.safe_load(Path(__file__).with_name("small.yaml").read_text(encoding="utf-8"))
_SMALL_PATH: Final = _SMALL["paths"]["/{accountName}/things/{id}"]
_GONE: Final = object()

_OPERATION: Final = ("paths", "/{accountName}/things/{id}", "put")
_ID: Final = ("paths", "/{accountName}/things/{id}", "parameters", 1)
_SCHEMAS: Final = ("components", "schemas")
_THING: Final = (*_SCHEMAS, "Thing")
_NAME: Final = (*_THING, "properties", "name")
_SIZE: Final = (*_THING, "properties", "size")
_KINDS: Final = (*_THING, "properties", "kinds")
_CONTENT: Final = (*_OPERATION, "requestBody", "content", "application/json")
_REFUSED: Final = ("components", "responses", "Refused")
_JSON: Final = (*_REFUSED, "content", "application/json")

# Where a document is broken, what stands there then, and the rule that reports it.
_BROKEN: Final[dict[str, tuple[tuple[str | int, ...], Any, Rule]]] = {
    "no operationId": ((*_OPERATION, "operationId"), _GONE, rules.operations_have_names),
    "an operationId of words": ((*_OPERATION, "operationId"), "change a thing", rules.operations_have_names),
    "an operationId in capitals": ((*_OPERATION, "operationId"), "ChangeThing", rules.operations_have_names),
    "an operationId twice": (
        ("paths", "/{accountName}/things/{id}/again"),
        _SMALL_PATH,
        rules.operations_have_names,
    ),
    "no summary": ((*_OPERATION, "summary"), _GONE, rules.operations_are_described),
    "a summary that is no sentence": ((*_OPERATION, "summary"), "Changes", rules.operations_are_described),
    "an operation without description": ((*_OPERATION, "description"), _GONE, rules.operations_are_described),
    "no tag": ((*_OPERATION, "tags"), [], rules.tags_are_declared),
    "two tags": ((*_OPERATION, "tags"), ["things", "other"], rules.tags_are_declared),
    "an unknown tag": ((*_OPERATION, "tags"), ["other"], rules.tags_are_declared),
    "a tag that is not used": (
        ("tags",),
        [*_SMALL["tags"], {"name": "other", "description": "Other."}],
        rules.tags_are_declared,
    ),
    "a tag without description": (("tags", 0, "description"), _GONE, rules.tags_are_declared),
    "a parameter without description": ((*_ID, "description"), _GONE, rules.parameters_are_described),
    "a parameter without example": ((*_ID, "example"), _GONE, rules.parameters_are_described),
    "a parameter that is not in the path": ((*_ID, "name"), "key", rules.parameters_are_described),
    "a required header": (
        (*_OPERATION, "parameters"),
        [
            {
                "name": "a",
                "in": "header",
                "required": True,
                "description": "A.",
                "example": True,
                "schema": {"const": True},
            }
        ],
        rules.parameters_are_described,
    ),
    "a schema without description": ((*_THING, "description"), _GONE, rules.schemas_are_described),
    "a property without description": ((*_NAME, "description"), _GONE, rules.schemas_are_described),
    "a property without example": ((*_NAME, "examples"), _GONE, rules.schemas_are_described),
    "items without description": ((*_KINDS, "items", "description"), _GONE, rules.schemas_are_described),
    "a schema of anything": ((*_ID, "schema"), {}, rules.schemas_are_described),
    "an object of anything": (
        (*_THING, "properties", "other"),
        {"type": "object", "description": "Other."},
        rules.records_are_stated,
    ),
    "a text without bound": ((*_NAME, "maxLength"), _GONE, rules.everything_is_bounded),
    "a number without upper bound": ((*_SIZE, "maximum"), _GONE, rules.everything_is_bounded),
    "a number without lower bound": ((*_SIZE, "minimum"), _GONE, rules.everything_is_bounded),
    "a list without bound": ((*_KINDS, "maxItems"), _GONE, rules.everything_is_bounded),
    "items without bound": ((*_KINDS, "items", "enum"), _GONE, rules.everything_is_bounded),
    "a parameter without bound": ((*_ID, "schema", "maxLength"), _GONE, rules.everything_is_bounded),
    "a header without bound": (
        ("components", "headers", "Id", "schema", "maxLength"),
        _GONE,
        rules.everything_is_bounded,
    ),
    "an alternative without bound": (
        (*_THING, "properties", "other"),
        {
            "anyOf": [{"type": "number", "description": "A number.", "examples": [1]}],
            "description": "Other.",
            "examples": [1],
        },
        rules.everything_is_bounded,
    ),
    "a pattern of a part": ((*_NAME, "pattern"), "^l", rules.patterns_are_whole),
    "a pattern without description": ((*_ID, "schema", "pattern"), "^a.*$", rules.patterns_are_told),
    "a request without example": ((*_CONTENT, "examples"), _GONE, rules.bodies_have_examples),
    "an answer without example": (
        ("components", "responses", "TooMany", "content"),
        {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "examples": {}}},
        rules.bodies_have_examples,
    ),
    "an example without summary": ((*_CONTENT, "examples", "thing", "summary"), _GONE, rules.bodies_have_examples),
    "an example of a request that does not fit": (
        (*_CONTENT, "examples", "thing", "value", "size"),
        10,
        rules.examples_validate,
    ),
    "an example of an answer that does not fit": (
        ("components", "examples", "Refused", "value"),
        {},
        rules.examples_validate,
    ),
    "an example of a property that does not fit": ((*_SIZE, "examples"), ["3"], rules.examples_validate),
    "an example of a parameter that does not fit": ((*_ID, "example"), "a1-a1-a1-a1", rules.examples_validate),
    "an example of a header that does not fit": (
        ("components", "headers", "Id", "example"),
        "b",
        rules.examples_validate,
    ),
    "an example that stands twice": (
        (*_OPERATION, "requestBody", "content", "application/things"),
        copy.deepcopy(_SMALL_PATH["put"]["requestBody"]["content"]["application/json"]),
        rules.examples_stand_once,
    ),
    "a shared example that stands elsewhere, too": (
        (*_CONTENT, "examples", "again"),
        {"summary": "No thing", "value": {"message": "No."}},
        rules.examples_stand_once,
    ),
    "a shared example without summary": (
        ("components", "examples", "Refused", "summary"),
        _GONE,
        rules.bodies_have_examples,
    ),
    "an example that is not used": (
        (*_JSON, "examples", "refused"),
        {"summary": "Refused", "value": {"message": "Never."}},
        rules.nothing_is_unused,
    ),
    "an example of an answer to another request": (
        (*_OPERATION, "responses", "200"),
        {
            "description": "It is changed.",
            "headers": _SMALL_PATH["put"]["responses"]["204"]["headers"],
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"},
                    "examples": {"thing": {"summary": "Another thing", "value": {"name": "desk"}}},
                }
            },
        },
        rules.answers_fit_requests,
    ),
    "an error that is missing": ((*_OPERATION, "responses", "415"), _GONE, rules.errors_are_complete),
    "an error that cannot be": (
        (*_OPERATION, "responses", "409"),
        {"$ref": "#/components/responses/Refused"},
        rules.errors_are_complete,
    ),
    "an error of another shape": (
        (*_OPERATION, "responses", "400"),
        {**_SMALL["components"]["responses"]["Refused"], "content": _SMALL_PATH["put"]["requestBody"]["content"]},
        rules.errors_have_one_shape,
    ),
    "an error without body": ((*_REFUSED, "content"), _GONE, rules.errors_have_one_shape),
    "an answer without its header": (
        ("components", "responses", "TooMany", "headers", "Retry-After"),
        _GONE,
        rules.answers_have_headers,
    ),
    "an answer without id": ((*_OPERATION, "responses", "204", "headers"), _GONE, rules.answers_have_headers),
    "a header that may be absent": (
        ("components", "headers", "Id", "required"),
        False,
        rules.headers_are_described,
    ),
    "a component that is not used": (
        (*_SCHEMAS, "Other"),
        {"type": "object", "description": "Other.", "additionalProperties": True},
        rules.nothing_is_unused,
    ),
    "a security scheme that is not used": (
        ("components", "securitySchemes", "key"),
        {"type": "apiKey", "name": "key", "in": "header"},
        rules.nothing_is_unused,
    ),
}


def _broken(path: tuple[str | int, ...], value: Any) -> Document:
    gone = value is _GONE
    # Together, so that what the value has from the document is the same object afterwards.
    document, value = copy.deepcopy((_SMALL, value))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    if gone:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


@pytest.mark.parametrize("rule", RULES)
def test_the_contract_keeps(rule: Rule, document: Document) -> None:
    """The contract keeps each rule in all places."""
    assert [*rule(document)] == []


def test_the_small_contract_keeps_all() -> None:
    """The document that is broken in the other tests is valid, and keeps each rule before."""
    openapi_spec_validator.validate(_SMALL, cls=openapi_spec_validator.OpenAPIV31SpecValidator)
    assert [place for rule in RULES for place in rule(_SMALL)] == []


@pytest.mark.parametrize("name", _BROKEN)
def test_each_rule_bites(name: str) -> None:
    """A document that is broken in one place is reported by the rule for that, and by no other."""
    path, value, rule = _BROKEN[name]
    document = _broken(path, value)
    assert {each.__name__ for each in RULES if [*each(document)]} == {rule.__name__}


def test_each_rule_is_tried() -> None:
    """There is a broken document for each rule."""
    assert {rule for _, _, rule in _BROKEN.values()} == {*RULES}


def test_examples_are_found(document: Document) -> None:
    """The examples that are held against their schemas are many."""
    assert len([*rules.examples_of(document)]) > 100
