"""What we ask of the contract beyond being valid. Each rule gives the places that break it.

Extensions, whose names begin with `x-`, are passed over: what is in them is between those who write and read them.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

import jsonschema_rs

from tests.support.contract import Placed, placed_operations, resolve

Document = dict[str, Any]
Rule = Callable[[Document], Iterator[str]]

_BOUNDS: Final = {
    "string": {"maxLength"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "array": {"maxItems"},
}
# What says which values there are in place of a type.
_INSTEAD_OF_TYPE: Final = {"$ref", "allOf", "anyOf", "const", "enum", "oneOf"}
# Their path can name what does not exist: an unknown role is a 400 there, and an unknown mesh is an empty one.
_NEVER_NOT_FOUND: Final = {
    "createMeshData",
    "createPermission",
    "deleteManyMeshData",
    "searchMeshData",
    "updateManyMeshData",
}
_ERROR: Final = {"$ref": "#/components/schemas/Error"}
_OAUTH_ERROR: Final = {"$ref": "#/components/schemas/AuthError"}
_HEADERS: Final = {
    "307": {"Location"},
    "401": {"WWW-Authenticate"},
    "405": {"Allow"},
    "429": {"Retry-After"},
    "503": {"Retry-After"},
}


def operations_have_names(document: Document) -> Iterator[str]:
    """Each operation has an id of its own, which generated clients make a name of."""
    ids = Counter(operation.node.get("operationId") for operation in placed_operations(document))
    for operation in placed_operations(document):
        own = operation.node.get("operationId", "")
        if not re.fullmatch("[a-z][A-Za-z0-9]*", own) or ids[own] > 1:
            yield _place(operation)


def operations_are_described(document: Document) -> Iterator[str]:
    """Each operation says in a sentence what it does, explains it, and tells who may call it."""
    for operation in placed_operations(document):
        told = operation.node.get("description") and operation.node.get("summary", "").endswith(".")
        if not told or "security" not in operation.node:
            yield _place(operation)


def tags_are_declared(document: Document) -> Iterator[str]:
    """Each operation has one tag, which is described; and each that is described is used."""
    declared = {tag["name"]: tag for tag in document["tags"]}
    used = set()
    for operation in placed_operations(document):
        tags = operation.node.get("tags", [])
        used |= {*tags}
        if len(tags) != 1 or not declared.keys() >= {*tags}:
            yield _place(operation)
    for name, tag in declared.items():
        if name not in used or not tag.get("description"):
            yield f"tag {name}"


def parameters_are_described(document: Document) -> Iterator[str]:
    """Each parameter says what it is, whether it is required, and gives an example; those in a path are those of it.

    Those in a path are required. One in a query can be, if it names the code of the error without it.
    """
    for operation in placed_operations(document):
        for parameter in operation.parameters:
            told = parameter.get("description") and "example" in parameter and "required" in parameter
            missing = parameter["in"] == "query" and "missing" in parameter.get("x-meshydb-codes", {})
            if not told or parameter["required"] is not (parameter["in"] == "path" or missing):
                yield f"{_place(operation)}, {parameter['name']}"
        named = {each["name"] for each in operation.parameters if each["in"] == "path"}
        if named != {*re.findall(r"\{([^}]*)\}", operation.path)}:
            yield _place(operation)


def schemas_are_described(document: Document) -> Iterator[str]:
    """Each schema has a type, a description and an example; but an object has those of its properties.

    So has one of several objects that a member tells apart.
    """
    for path, schema in _schemas(document):
        if "$ref" in schema:
            continue
        if "type" not in schema and not _INSTEAD_OF_TYPE & schema.keys():
            yield path
        # What a parameter or header is says the parameter or header.
        named = path.startswith("#/components/schemas")
        has_parts = schema.get("type") == "object" or "discriminator" in schema
        if named and not (schema.get("description") and (has_parts or "examples" in schema)):
            yield path


def records_are_stated(document: Document) -> Iterator[str]:
    """Each object without properties says what members it has: some generators make an empty record of it."""
    for path, schema in _schemas(document):
        if schema.get("type") == "object" and not {"properties", "additionalProperties"} & schema.keys():
            yield path


def everything_is_bounded(document: Document) -> Iterator[str]:
    """Each text, number and list says how large it can be.

    Exempt is what lists its values, as `const` and `enum` do: nothing can be larger than they are. Objects need no
    bound, because what they hold has one, and a request has its own.
    """
    for path, schema in _schemas(document):
        types = schema.get("type", [])
        missing = [
            each for each in ([types] if isinstance(types, str) else types) if _BOUNDS.get(each, set()) - schema.keys()
        ]
        if missing and not {"const", "enum"} & schema.keys():
            yield path


def patterns_are_whole(document: Document) -> Iterator[str]:
    """Each pattern is about all of a text, not about some of it."""
    for path, schema in _schemas(document):
        pattern = schema.get("pattern", "^$")
        if not (pattern.startswith("^") and pattern.endswith("$")):
            yield path


def patterns_are_told(document: Document) -> Iterator[str]:
    """Each pattern that a request can break has a description beside it, which the refusal ends in."""
    for path, schema in _schemas(document):
        answered = path.startswith("#/components/headers/")
        if "pattern" in schema and not answered and not schema.get("description"):
            yield path


def bodies_have_examples(document: Document) -> Iterator[str]:
    """Each body that is sent or answered has an example with a summary."""
    for path, node in _nodes(document):
        if re.search("/content/[^/]+/[^/]+$", path):
            examples = _examples_of_value(document, node)
            if not examples or not all(each.get("summary") for each in examples.values()):
                yield path


def examples_validate(document: Document) -> Iterator[str]:
    """Each example is an instance of its schema."""
    for path, schema, value in examples_of(document):
        validator = jsonschema_rs.validator_for({**document, **schema}, validate_formats=True)
        if not validator.is_valid(value):
            yield path


def answers_fit_requests(document: Document) -> Iterator[str]:
    """The example of an answer has the values that the example of the request has under the same names."""
    for operation in placed_operations(document):
        sent = _examples_in(document, operation.node.get("requestBody", {}))
        for status, node in operation.node["responses"].items():
            answered = _examples_in(document, resolve(document, node)) if status.startswith("2") else []
            for request, answer in itertools.product(sent, answered):
                # A list is answered with more than was sent of what is in it.
                common = [each for each in request.keys() & answer.keys() if not isinstance(request[each], list)]
                if any(request[each] != answer[each] for each in common):
                    yield f"{_place(operation)}, {status}"


def _examples_in(document: Document, node: Document) -> list[Document]:
    contents = node.get("content", {}).values()
    values = [each["value"] for content in contents for each in _examples_of_value(document, content).values()]
    return [value for value in values if isinstance(value, dict)]


def examples_of(document: Document) -> Iterator[tuple[str, Document, Any]]:
    """Each example: where it stands, the schema that it is of, and its value."""
    for path, node in _nodes(document):
        if "schema" in node and "example" in node:
            yield path, node["schema"], node["example"]
        for name, example in _examples_of_value(document, node).items():
            yield f"{path}/examples/{name}", node["schema"], example["value"]
    for path, schema in _schemas(document):
        yield from ((f"{path}/examples", schema, example) for example in schema.get("examples", []))


def examples_stand_once(document: Document) -> Iterator[str]:
    """An example of several bodies is a component, to which they refer."""
    shared = document["components"].get("examples", {})
    stand = [(f"#/components/examples/{name}", each) for name, each in shared.items()]
    for path, node in _nodes(document):
        named = _examples_of_value(document, node)
        stand += [(f"{path}/examples/{name}", node["examples"][name]) for name in named]
    places = defaultdict[str, dict[int, str]](dict)
    for path, example in stand:
        if "$ref" not in example:
            # What YAML repeats by an alias is the same object.
            places[json.dumps(example["value"], sort_keys=True)].setdefault(id(example["value"]), path)
    yield from itertools.chain.from_iterable(each.values() for each in places.values() if len(each) > 1)


def _examples_of_value(document: Document, node: Document) -> dict[str, Document]:
    """The named examples beside a schema, resolved."""
    named = node.get("examples") if "schema" in node else None
    return {name: resolve(document, each) for name, each in named.items()} if isinstance(named, dict) else {}


def errors_are_complete(document: Document) -> Iterator[str]:
    """Each operation documents the errors that it can be answered with, and no others."""
    for operation in placed_operations(document):
        documented = {status for status in operation.node["responses"] if _is_error(status)}
        for status in sorted(documented ^ _errors_of(operation)):
            yield f"{_place(operation)}, {status}"


def _errors_of(operation: Placed) -> set[str]:
    """The refusals that follow from what an operation takes and requires."""
    statuses = {"405", "500", "503"}
    if operation.parameters or "requestBody" in operation.node:
        statuses |= {"400"}
    if "requestBody" in operation.node:
        statuses |= {"413", "415"}
    if operation.permissions is not None:
        statuses |= {"401"}
    if operation.permissions:
        statuses |= {"403"}
    if operation.path.startswith("/{accountName}"):
        statuses |= {"429"}
        # Where a token is needed, it is refused before anybody looks for the account.
        found = operation.path.count("{") > 1 and operation.node.get("operationId") not in _NEVER_NOT_FOUND
        statuses |= {"404"} if operation.permissions is None or found else set()
    return statuses


def errors_have_one_shape(document: Document) -> Iterator[str]:
    """An error has the one shape of the API, but for the 400 of token endpoints, which has that of OAuth 2."""
    for place, status, response in _responses(document):
        if _is_error(status):
            expected = _OAUTH_ERROR if status == "400" and "/connect/" in place else _ERROR
            content = response.get("content", {})
            if [*content] != ["application/json"] or content["application/json"]["schema"] != expected:
                yield f"{place}, {status}"


def answers_have_headers(document: Document) -> Iterator[str]:
    """Each response has an id; 307 says where to go, 401 how to authenticate, 405 what is allowed, 429 and 503 when."""
    for place, status, response in _responses(document):
        if {*response.get("headers", ())} != {"X-Request-ID"} | _HEADERS.get(status, set()):
            yield f"{place}, {status}"


def headers_are_described(document: Document) -> Iterator[str]:
    """Each header of an answer is always there, with a description and an example."""
    for name, header in document["components"]["headers"].items():
        if not (header.get("required") and header.get("description") and "example" in header):
            yield f"header {name}"


def nothing_is_unused(document: Document) -> Iterator[str]:
    """Each component is referred to from elsewhere in the document."""
    nodes = [node for _, node in _nodes(document)]
    examples = [each for node in nodes if "schema" in node for each in node.get("examples", {}).values()]
    used = {node["$ref"] for node in nodes + examples if "$ref" in node}
    for operation in placed_operations(document):
        used |= {
            f"#/components/securitySchemes/{scheme}" for each in operation.node.get("security", ()) for scheme in each
        }
    for kind, components in document["components"].items():
        yield from sorted({f"#/components/{kind}/{name}" for name in components} - used)


RULES: Final[tuple[Rule, ...]] = (
    operations_have_names,
    operations_are_described,
    tags_are_declared,
    parameters_are_described,
    schemas_are_described,
    records_are_stated,
    everything_is_bounded,
    patterns_are_whole,
    patterns_are_told,
    bodies_have_examples,
    examples_validate,
    examples_stand_once,
    answers_fit_requests,
    errors_are_complete,
    errors_have_one_shape,
    answers_have_headers,
    headers_are_described,
    nothing_is_unused,
)


def _place(operation: Placed) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _is_error(status: str) -> bool:
    return not status.startswith(("2", "3"))


def _responses(document: Document) -> Iterator[tuple[str, str, Document]]:
    for operation in placed_operations(document):
        for status, node in operation.node["responses"].items():
            yield _place(operation), status, resolve(document, node)


def _nodes(node: Any, path: str = "#") -> Iterator[tuple[str, Document]]:
    """Each object that says something of the contract, with the path that leads to it: no example, and no extension."""
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from _nodes(each, f"{path}/{index}")
    elif isinstance(node, dict):
        yield path, node
        for name, each in node.items():
            if name not in {"example", "examples"} and not name.startswith("x-"):
                yield from _nodes(each, f"{path}/{name}")


def _schemas(document: Document) -> Iterator[tuple[str, Document]]:
    """Each schema: those of components, those of parameters, headers and bodies, and those inside them."""
    for path, node in _nodes(document):
        if re.search("/(schema|items|additionalProperties|(schemas|properties|allOf|anyOf|oneOf)/[^/]+)$", path):
            yield path, node
