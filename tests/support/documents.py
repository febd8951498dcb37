"""The blocks of code in the project's documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen
from sybil import Document, Region
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, FencedCodeBlockLexer

from tests.support.contract import ROOT

DOCUMENTS: Final = (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
# What is run; and other names for it, under which a block would not be.
RUN: Final = frozenset({"python", "console"})
ALIASES: Final = frozenset({"", "bash", "py", "pycon", "python3", "sh", "shell", "shell-session", "zsh"})
_HEADING: Final = re.compile("^#{2,} (.+)$", re.MULTILINE)
# The whole document is one section: what is done under one heading is there under the next.
_ONE_STORY: Final = "<!-- one story -->\n"
_TITLE: Final = re.compile(' title="(.+)"')


@frozen
class Block:
    """A fenced block, and why it is not run if it is not: `<!-- not run: … -->` stands before it.

    `title` is the name of the file that its reader saves it as, if any: then it is not run at once.
    """

    path: Path
    line: int
    language: str
    source: str
    not_run: str | None
    title: str | None = None

    def __str__(self) -> str:
        return f"{self.path.name}, line {self.line}"


@frozen
class Section:
    """What stands between two headings, as far as it is to be run."""

    name: str
    blocks: list[Block]


def blocks_of(path: Path) -> list[Block]:
    """All blocks of a document, in order."""
    return [block for _, block in _placed(path)]


def sections_of(path: Path) -> list[Section]:
    """The sections of a document that have something to run, in order."""
    text = path.read_text(encoding="utf-8")
    found = () if _ONE_STORY in text else _HEADING.finditer(text)
    headings = [(0, ""), *((match.start(), match[1]) for match in found)]
    sections = [Section(f"{path.name}: {title}", []) for _, title in headings]
    for start, block in _placed(path):
        number = sum(heading <= start for heading, _ in headings) - 1
        if block.language in RUN:
            sections[number].blocks.append(block)
    return [section for section in sections if section.blocks]


def _placed(path: Path) -> Iterator[tuple[int, Block]]:
    document = Document(path.read_text(encoding="utf-8"), str(path))
    fences = sorted(FencedCodeBlockLexer(".*?")(document), key=lambda region: region.start)
    reasons = list(DirectiveInHTMLCommentLexer("not run")(document))
    for fence in fences:
        before = [reason for reason in reasons if _is_before(document.text, reason, fence)]
        for reason in before:
            reasons.remove(reason)
        language = str(fence.lexemes["language"])
        title = _TITLE.search(language)
        yield (
            fence.start,
            Block(
                path=path,
                line=document.text.count("\n", 0, fence.start) + 1,
                language=_TITLE.sub("", language),
                source=str(fence.lexemes["source"]),
                not_run=str(before[0].lexemes["arguments"]).strip() if before else None,
                title=title[1] if title else None,
            ),
        )
    assert not reasons, f"{path.name}: a block is to follow at once on <!-- not run: … -->"


def _is_before(text: str, reason: Region, fence: Region) -> bool:
    # Where a comment ends, its region does before the arrow.
    return reason.end <= fence.start and text[reason.end : fence.start].strip() == "-->"
