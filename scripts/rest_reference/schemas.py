"""Renders schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from rest_reference.document import Document, Node, referred
from rest_reference.markup import code, inline, link, terms, value

_CHOICES: Final = (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and "))
# How deeply inline objects may nest before only their names are shown.
_DEPTH: Final = 4


@frozen
class Schemas:
    """The schemas of a document. `home` is the page that describes named schemas."""

    document: Document
    home: str

    def named(self, schema: Node) -> str:
        """The type of a schema: a link if it has a name and is one of several members, otherwise words."""
        name = referred(schema, "schemas")
        resolved = self.document.resolve(schema)
        if name is not None and _is_compound(resolved):
            return link(name, f"{self.home}#{name}")
        for keyword, joint in _CHOICES:
            if resolved.get(keyword):
                return joint.join(dict.fromkeys(self.named(choice) for choice in resolved[keyword]))
        if "const" in resolved:
            return value(resolved["const"])
        if "enum" in resolved:
            return " or ".join(value(each) for each in resolved["enum"])
        kinds: str | list[str] = resolved.get("type", "any value")
        return " or ".join(self._kind(kind, resolved) for kind in ([kinds] if isinstance(kinds, str) else kinds))

    def described(self, schema: Node, depth: int = 0) -> str:
        """The members of an object, or of each alternative object; "" if it has none."""
        resolved = self.document.resolve(schema)
        if depth > _DEPTH:
            return ""
        alternatives = [choice for keyword in ("oneOf", "anyOf") for choice in resolved.get(keyword, [])]
        parts = [self._members(resolved, depth)]
        parts += [self.described(part, depth) for part in resolved.get("allOf", [])]
        parts += [self._alternative(choice, depth) for choice in alternatives if _is_object(self.document, choice)]
        if not any(parts) and "items" in resolved and referred(resolved["items"], "schemas") is None:
            parts.append(self.described(resolved["items"], depth + 1))
        return "\n".join(filter(None, parts))

    def bounds(self, schema: Node) -> str:
        """The constraints of a value besides its type, and an example."""
        resolved = self.document.resolve(schema)
        bounds = "".join(f'<span class="rest-bound">{bound}</span> ' for bound in _bounds(resolved)).strip()
        return " ".join(filter(None, [bounds, codes(resolved)]))

    def _members(self, schema: Node, depth: int) -> str:
        required = schema.get("required", [])
        return terms(
            "rest-fields",
            (
                (
                    f"{code(name)} {self.type_line(member, required=name in required)}",
                    self.meaning(member, depth),
                )
                for name, member in schema.get("properties", {}).items()
            ),
        )

    def _alternative(self, choice: Node, depth: int) -> str:
        name = referred(choice, "schemas")
        resolved = self.document.resolve(choice)
        title = code(name) if name else inline(str(resolved.get("title", "Alternative")))
        about = f"<p><strong>{title}</strong> {inline(str(resolved.get('description', '')))}</p>"
        return f'<div class="rest-choice">\n{about}\n{self.described(choice, depth)}\n</div>'

    def type_line(self, schema: Node, *, required: bool) -> str:
        """The type of a member, and whether it is required."""
        needed = ' <span class="rest-required">required</span>' if required else ""
        return f'<span class="rest-type">{self.named(schema)}</span>{needed}'

    def meaning(self, schema: Node, depth: int = 0) -> str:
        """The description of a member, its constraints, and its own members if it has no named schema."""
        about = inline(str(self.document.resolve(schema).get("description", "")))
        nested = "" if referred(schema, "schemas") else self.described(schema, depth + 1)
        return "\n".join(filter(None, [about, self.bounds(schema), nested]))

    def _kind(self, kind: str, schema: Node) -> str:
        if kind == "array" and "items" in schema:
            return f"array of {self.named(schema['items'])}"
        return f"{kind} ({schema['format']})" if "format" in schema and kind != "null" else kind


def codes(node: Node) -> str:
    """The error codes that a value has in place of the usual one."""
    named: dict[str, str] = node.get("x-meshydb-codes", {})
    return "".join(f'<span class="rest-bound">If {why}: {code(each)}</span> ' for why, each in named.items()).strip()


def _bounds(schema: Node) -> Iterator[str]:
    yield from _range(schema, "Length", "minLength", "maxLength", ("character", "characters"))
    yield from _range(schema, "Items", "minItems", "maxItems", ("", ""))
    yield from _range(schema, "Value", "minimum", "maximum", ("", ""))
    if "default" in schema:
        yield f"Default: {value(schema['default'])}"
    if "pattern" in schema:
        yield f"Pattern: {code(schema['pattern'])}"
    if schema.get("examples") and "const" not in schema:
        yield f"Example: {value(schema['examples'][0])}"


def _range(schema: Node, label: str, low: str, high: str, units: tuple[str, str]) -> Iterator[str]:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return
    bound = _between(least, most)
    unit = units[0] if bound == "1" else units[1]
    yield f"{label}: {bound} {unit}".rstrip()


def _between(least: Any, most: Any) -> str:
    if least == most:
        return f"{least:,}"
    if least is None:
        return f"up to {most:,}"
    return f"at least {least:,}" if most is None else f"{least:,} to {most:,}"


def _is_compound(schema: Node) -> bool:
    kinds = schema.get("type")
    return any(schema.get(each) for each in ("properties", "oneOf", "anyOf", "allOf")) or kinds == "object"


def _is_object(document: Document, schema: Node) -> bool:
    resolved = document.resolve(schema)
    return any(resolved.get(each) for each in ("properties", "oneOf", "anyOf", "allOf"))
