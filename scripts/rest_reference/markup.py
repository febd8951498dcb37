"""Builds HTML for Markdown pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

_CODE: Final = re.compile(r"(`[^`]+`)")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_STRONG: Final = re.compile(r"\*\*(.+?)\*\*")


def inline(text: str) -> str:
    """Convert a paragraph of a description to HTML: code, links and strong words."""
    return "".join(
        code(part[1:-1]) if _CODE.fullmatch(part) else _prose(part) for part in _CODE.split(" ".join(text.split()))
    )


def code(text: str) -> str:
    """Inline code."""
    return f"<code>{escape(text, quote=False)}</code>"


def link(text: str, target: str) -> str:
    """Inline code that links to its description."""
    return f'<a href="{escape(target)}">{code(text)}</a>'


def call(method: str, path: str) -> str:
    """A method and a path."""
    return f'<strong class="rest-{method}">{method.upper()}</strong> {code(path)}'


def value(content: Any) -> str:
    """A value as JSON."""
    return code(json.dumps(content, ensure_ascii=False))


def terms(kind: str, rows: Iterable[tuple[str, str]]) -> str:
    """A list of terms with their descriptions; "" if there are none."""
    items = "\n".join(f"<div><dt>{term}</dt><dd>{meaning}</dd></div>" for term, meaning in rows)
    return f'<dl class="{kind}">\n{items}\n</dl>' if items else ""


def fence(language: str, text: str, title: str = "") -> str:
    """A code block in Markdown, with a fence longer than any inside it."""
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text) or [""]))
    attributes = f' title="{escape(title)}"' if title else ""
    return f"{ticks}{language}{attributes}\n{text}\n{ticks}"


def _prose(text: str) -> str:
    escaped = escape(text, quote=False)
    return _STRONG.sub(r"<strong>\1</strong>", _LINK.sub(r'<a href="\2">\1</a>', escaped))
