"""The code blocks of the documents run and print what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from meshydb import NotFoundError
from tests.support.documents import ALIASES, DOCUMENTS, RUN, Section, blocks_of, sections_of
from tests.support.stories import beginning

SECTIONS: Final = [section for path in DOCUMENTS for section in sections_of(path)]
NOT_RUN: Final = [block for path in DOCUMENTS for block in blocks_of(path) if block.not_run is not None]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_section(tmp_path: Path, section: Section) -> None:
    """The blocks of each section run in order and print what the section shows."""
    blocks = [block for block in section.blocks if block.not_run is None]
    if not blocks:
        pytest.skip("; ".join(f"{block}: {block.not_run}" for block in section.blocks))
    with beginning(tmp_path) as story:
        for block in blocks:
            story.tell(block)


def test_what_is_not_run() -> None:
    """A block that is not run says why, and there is no other way not to be run."""
    for path in DOCUMENTS:
        for block in blocks_of(path):
            assert block.language not in ALIASES, f"{block}: call it {' or '.join(sorted(RUN))}"
            assert block.not_run is None or len(block.not_run.split()) > 1, f"{block}: it is not run, but why?"
    for block in NOT_RUN:
        print(f"{block} is not run: {block.not_run}")


def test_saved_programs_are_run() -> None:
    """A program that the reader saves is run by a later block of its section."""
    for section in SECTIONS:
        for i, block in enumerate(section.blocks):
            later = [each.source for each in section.blocks[i:] if each.language == "console"]
            saved = block.title is not None and block.not_run is None
            assert not saved or any(f"python {block.title}" in each for each in later), block


_AT_THE_SERVER: Final = "from meshydb import MeshyClient\n\nwith MeshyClient() as client:\n    client.{}('nobody')"
DOES_NOT_HOLD: Final[dict[str, tuple[type[Exception], str]]] = {
    "python": (AttributeError, f"```python\n{_AT_THE_SERVER.format('no_such_method')}\n```"),
    "python-at-the-server": (NotFoundError, f"```python\n{_AT_THE_SERVER.format('forgot_password')}\n```"),
    "test": (AssertionError, "```python\ndef test_one():\n    assert 1 == 2\n```"),
    "command": (AssertionError, "```console\n$ meshydb-server outbox lost\n```"),
    "command-at-a-terminal": (AssertionError, "```console\n$ meshydb forgot-password nobody\n```"),
    "table": (AssertionError, "```console\n$ meshydb-server outbox list\nThere is one message.\n```"),
    "output": (AssertionError, "```console\n$ echo one…\nt…wo\n```"),
    "less-output": (AssertionError, "```console\n$ echo one\none\ntwo\n```"),
    "json": (AssertionError, """```console\n$ echo '{"a": [{"b": 1}]}'\n{"a": [{"c": 1}]}\n```"""),
    "json-type": (AssertionError, """```console\n$ echo '{"a": 1}'\n{"a": "1"}\n```"""),
}


def test_what_does_not_hold_is_found(tmp_path: Path) -> None:
    """Code that fails, and output that is not as shown, are found, and told of by where they stand."""
    path = tmp_path / "document.md"
    with beginning(tmp_path) as story:
        for case, (kind, source) in DOES_NOT_HOLD.items():
            path.write_text(f"# Title\n\n## {case}\n\n{source}\n", encoding="utf-8")
            ((block,),) = [section.blocks for section in sections_of(path)]
            with pytest.raises(kind) as caught:
                story.tell(block)
            assert caught.value.__notes__ == ["in document.md, line 5"], case


def test_reason_without_a_block(tmp_path: Path) -> None:
    """A reason that has lost its block is found."""
    path = tmp_path / "document.md"
    path.write_text("<!-- not run: it is long -->\nA paragraph.\n\n```python\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="a block is to follow"):
        blocks_of(path)
