"""Renders operations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from attrs import frozen

from rest_reference.document import Document, Node, Operation, referred, url_of
from rest_reference.markup import call, code, fence, inline, link, terms
from rest_reference.schemas import Schemas, codes

_REPLAYS: Final = {
    "safe": "safe: sending it twice has the same effect as sending it once",
    "never": "never, unless the response says that nothing was done",
}
# Bounds of a body that differ from those of all others.
_BODY_BOUNDS: Final = (("x-meshydb-max-bytes", "{:,} bytes"), ("x-meshydb-max-depth", "{:,} levels"))
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


@frozen
class Operations:
    """Renders the section of each operation of a document."""

    document: Document
    schemas: Schemas
    pages: Mapping[str, str]
    """The page of each operation, by operationId."""

    responses: str
    """The page of responses that several operations share."""

    def section(self, operation: Operation) -> str:
        """The section in Markdown, under a heading with the operationId as its anchor."""
        return "\n\n".join(filter(None, self._parts(operation)))

    def reference(self, operation_id: str) -> str:
        """A link to an operation."""
        return link(operation_id, f"{self.pages[operation_id]}#{operation_id}")

    def responses_of(self, responses: Mapping[str, Node]) -> str:
        """Each response by status: its meaning and its content."""
        return terms("rest-fields", ((code(status), self._response(node)) for status, node in responses.items()))

    def examples_of(self, content: Mapping[str, Node]) -> Iterator[str]:
        """The examples of a body, each in its own block."""
        for media_type, media in content.items():
            for summary, example in _examples(self.document, media):
                yield fence("json" if media_type == _JSON else "text", _written(media_type, example), summary)

    def body(self, content: Mapping[str, Node]) -> str:
        """The types of a body, and its members if it has no named schema to link to."""
        return "\n".join(
            f"{code(media_type)}: {self.schemas.named(media['schema'])}"
            for media_type, media in content.items()
            if "schema" in media
        )

    def _parts(self, operation: Operation) -> Iterator[str]:
        node = operation.node
        yield f"## {operation.title} {{ #{operation.id} }}"
        yield f'<p class="rest-call">{call(operation.method, operation.path)}</p>'
        if node.get("deprecated"):
            yield '<p class="rest-deprecated">Deprecated.</p>'
        yield str(node.get("description", "")).strip()
        yield terms("rest-facts", self._facts(operation))
        if operation.parameters:
            yield _label("Parameters")
            yield terms("rest-fields", map(self._parameter, operation.parameters))
        body = self.document.resolve(node.get("requestBody", {}))
        if body:
            yield _label("Request body")
            about = [inline(body.get("description", "")), _body_bounds(body), self.body(body["content"])]
            yield f"<p>{' '.join(filter(None, about))}</p>"
            yield from dict.fromkeys(self.schemas.described(media["schema"]) for media in body["content"].values())
        yield fence("sh", self._command(operation, body), "Try it on your own server")
        # The first stands in the command.
        yield from list(self.examples_of(body.get("content", {})))[1:]
        yield _label("Responses")
        yield self.responses_of(node["responses"])
        for response in node["responses"].values():
            # Shared responses have their examples on their own page.
            if referred(response, "responses") is None:
                yield from self.examples_of(response.get("content", {}))

    def _facts(self, operation: Operation) -> Iterator[tuple[str, str]]:
        yield "Operation", code(operation.id)
        yield "Access token", _access(operation.security)
        replay = operation.node.get("x-meshydb-replay")
        if replay is not None:
            yield "Retry", inline(_REPLAYS.get(replay, str(replay)))
        if operation.servers:
            yield "Hosts", "<br>".join(code(url_of(server)) for server in _own_first(operation.servers))
        links = self._links(operation)
        if links:
            yield "Next", ", ".join(links)

    def _links(self, operation: Operation) -> list[str]:
        nodes = [
            self.document.resolve(node)
            for response in operation.node["responses"].values()
            for node in self.document.resolve(response).get("links", {}).values()
        ]
        named = [str(node["operationId"]) for node in nodes if node.get("operationId") in self.pages]
        return [self.reference(each) for each in dict.fromkeys(named)]

    def _parameter(self, parameter: Node) -> tuple[str, str]:
        schema = parameter.get("schema", {})
        line = self.schemas.type_line(schema, required=bool(parameter.get("required")))
        about = inline(str(parameter.get("description") or self.document.resolve(schema).get("description", "")))
        bounds = " ".join(filter(None, [self.schemas.bounds(schema), codes(parameter)]))
        where = f'<span class="rest-in">{parameter["in"]}</span>'
        return f"{code(parameter['name'])} {where} {line}", " ".join(filter(None, [about, bounds]))

    def _response(self, node: Node) -> str:
        name = referred(node, "responses")
        resolved = self.document.resolve(node)
        parts = [inline(str(resolved.get("description", ""))), self.body(resolved.get("content", {}))]
        headers = [each for each in resolved.get("headers", {}) if each.lower() != "x-request-id"]
        if headers:
            parts.append(f"Headers: {', '.join(map(code, headers))}")
        if name is not None:
            parts.append(f"Examples: {link(name, f'{self.responses}#{name}')}")
            return "<br>\n".join(filter(None, parts))
        members = [self.schemas.described(media.get("schema", {})) for media in resolved.get("content", {}).values()]
        return "\n".join(["<br>\n".join(filter(None, parts)), *filter(None, members)])

    def _command(self, operation: Operation, body: Node) -> str:
        values = {each["name"]: self._example(each) for each in operation.parameters if each.get("required")}
        placed = {each["name"]: each["in"] for each in operation.parameters}
        path = operation.path
        for name in [name for name in values if placed[name] == "path"]:
            path = path.replace(f"{{{name}}}", quote(str(values[name]), safe=""))
        query = urlencode({name: each for name, each in values.items() if placed[name] == "query"})
        origin = url_of(_own_first(operation.servers)[0]).rstrip("/") if operation.servers else ""
        words = [f"curl '{origin}{path}{'?' + query if query else ''}'"]
        if operation.method not in {"get", "post"} or (operation.method == "post" and not body):
            words.append(f"--request {operation.method.upper()}")
        words += [f"--header '{name}: {each}'" for name, each in values.items() if placed[name] == "header"]
        if operation.security and {} not in operation.security:
            words.append('--header "Authorization: Bearer $TOKEN"')
        words += self._data(body)
        return " \\\n  ".join(words)

    def _data(self, body: Node) -> list[str]:
        for media_type, media in body.get("content", {}).items():
            for _, example in _examples(self.document, media):
                if media_type == _FORM:
                    return [f"--data-urlencode {_quoted(f'{name}={each}')}" for name, each in example.items()]
                return [f"--json {_quoted(json.dumps(example, ensure_ascii=False, indent=2))}"]
        return []

    def _example(self, parameter: Node) -> Any:
        schema = self.document.resolve(parameter.get("schema", {}))
        candidates = [parameter.get("example"), *schema.get("examples", []), schema.get("example")]
        return next((each for each in candidates if each is not None), parameter["name"])


def _access(security: list[Node]) -> str:
    if not security:
        return "not needed"
    held = [permissions for requirement in security for permissions in requirement.values()]
    named = " or ".join(" and ".join(map(code, permissions)) for permissions in held if permissions)
    needed = [*([f"with the permission {named}"] if named else []), *(["of any user"] if [] in held else [])]
    return f"{'optional' if {} in security else 'required'}, {' or '.join(needed)}"


def _body_bounds(body: Node) -> str:
    bounds = [words.format(body[name]) for name, words in _BODY_BOUNDS if name in body]
    return f"At most {' and '.join(bounds)}." if bounds else ""


def _own_first(servers: list[Node]) -> list[Node]:
    return sorted(servers, key=lambda server: "variables" not in server)


def _examples(document: Document, media: Node) -> Iterator[tuple[str, Any]]:
    if "example" in media:
        yield "Example", media["example"]
    for name, node in media.get("examples", {}).items():
        example = document.resolve(node)
        if "value" in example:
            yield str(example.get("summary", name)), example["value"]


def _written(media_type: str, example: Any) -> str:
    if media_type == _FORM:
        return urlencode(example)
    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)


def _label(text: str) -> str:
    return f'<p class="rest-label">{text}</p>'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
