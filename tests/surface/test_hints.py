"""Hints on what to type."""

from __future__ import annotations

import re
from typing import Final

from tests.support.contract import ROOT

_FROM_AN_INDEX: Final = re.compile(r"""pip install\s+["']?meshydb""")
_FOLDERS: Final = ("wrapper", "server", "contract", "docs", "examples", "scripts")


def test_nothing_is_installed_from_an_index() -> None:
    """No hint says to install the package by its name: it is in no index, so that a stranger could offer it there."""
    files = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md"}]
    files += [*ROOT.glob("*.md"), ROOT / "Makefile"]
    assert len(files) > 100
    found = [path.name for path in files if _FROM_AN_INDEX.search(path.read_text(encoding="utf-8"))]
    assert not found
