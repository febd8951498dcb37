"""The pages of the reference: one for each tag, and the shared ones."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from rest_reference.document import Document, Node, Operation
from rest_reference.markup import call, code, inline, link, terms
from rest_reference.operations import Operations
from rest_reference.schemas import Schemas

# Paragraphs of the document's description begin with their subject.
_SUBJECT: Final = re.compile(r"^\*\*([^*]+)\.\*\*\s+", re.MULTILINE)
_SCHEMAS: Final = "schemas"
_RESPONSES: Final = "responses"
_CONVENTIONS: Final = "conventions"


@frozen
class Page:
    """A page in Markdown, its name in the navigation, and its file."""

    title: str
    file: str
    text: str


def pages(document: Node) -> list[Page]:
    """All pages of the reference except the overview, in the order of the navigation."""
    reference = Document(document)
    operations = _operations(reference)
    return [
        Page("Conventions", f"{_CONVENTIONS}.md", _conventions(reference)),
        *(
            Page(_titled(tag), f"{_named(tag)}.md", _tag(operations, tag, about))
            for tag, about in reference.tags().items()
        ),
        Page("Shared responses", f"{_RESPONSES}.md", _responses(operations)),
        Page("Schemas", f"{_SCHEMAS}.md", _schemas(reference)),
    ]


def overview(document: Node) -> str:
    """All operations by tag, for the first page of the reference."""
    reference = Document(document)
    parts: list[str] = []
    for tag, about in reference.tags().items():
        listed = [each for each in reference.operations() if each.tag == tag]
        # The rest of a long description stands on the page of the tag.
        parts += [f"## {_titled(tag)}", inline(about.split("\n\n")[0])]
        parts.append(
            terms("rest-list", ((call(each.method, each.path), _pointer(each, f"{_named(tag)}.md")) for each in listed))
        )
    return "\n\n".join(filter(None, parts))


def _operations(reference: Document) -> Operations:
    places = {each.id: f"{_named(each.tag)}.md" for each in reference.operations()}
    return Operations(reference, Schemas(reference, f"{_SCHEMAS}.md"), places, f"{_RESPONSES}.md")


def _tag(operations: Operations, tag: str, about: str) -> str:
    listed = [each for each in operations.document.operations() if each.tag == tag]
    summary = terms("rest-list", ((call(each.method, each.path), _pointer(each, "")) for each in listed))
    return "\n\n".join([f"# {_titled(tag)}", about, summary, *map(operations.section, listed)]) + "\n"


def _conventions(reference: Document) -> str:
    about = str(reference.root["info"].get("description", ""))
    return f"# Conventions\n\n{_SUBJECT.sub(_subject, about)}"


def _subject(match: re.Match[str]) -> str:
    return f"## {match[1]}\n\n"


def _responses(operations: Operations) -> str:
    parts = [
        "# Shared responses",
        "Several operations share these responses. Each operation says when it returns them.",
    ]
    for name, node in operations.document.component("responses").items():
        resolved = operations.document.resolve(node)
        headers = ((name, operations.document.resolve(header)) for name, header in resolved.get("headers", {}).items())
        parts += [
            f"## {name} {{ #{name} }}",
            str(resolved.get("description", "")).strip(),
            f"<p>{operations.body(resolved.get('content', {}))}</p>",
            terms(
                "rest-fields", ((code(each), inline(str(header.get("description", "")))) for each, header in headers)
            ),
            *operations.examples_of(resolved.get("content", {})),
        ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _schemas(reference: Document) -> str:
    schemas = Schemas(reference, "")
    parts = ["# Schemas", "The schemas of bodies, parameters and properties."]
    for name, schema in reference.component("schemas").items():
        parts += [
            f"## {name} {{ #{name} }}",
            str(reference.resolve(schema).get("description", "")).strip(),
            f"<p>{schemas.named(schema)} {schemas.bounds(schema)}</p>",
            schemas.described(schema),
        ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _pointer(operation: Operation, page: str) -> str:
    return f"{link(operation.id, f'{page}#{operation.id}')} {inline(str(operation.node.get('summary', '')))}"


def _titled(tag: str) -> str:
    return tag[:1].upper() + tag[1:]


def _named(tag: str) -> str:
    # A valid name for a file and a URL, for any tag.
    return re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-") or "tag"
