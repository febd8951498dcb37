"""The map of CONTRIBUTING.md."""

import re
from typing import Final

import pytest

from tests.support.contract import ROOT

_SECTION: Final = (
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## The map")[2].partition("\n## ")[0]
)
_ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in _SECTION.splitlines() if line[:1] == "|"
]
_SUBJECTS: Final = _ROWS[2 : next(i for i, row in enumerate(_ROWS) if row[0].startswith("Where"))]
_SERVER: Final = ROOT / "server" / "meshydb_server"
_NO_SUBJECTS: Final = {"__init__", "engine", "schema", "counters"}


def _code(text: str) -> list[str]:
    return re.findall(r"`([^`]*)`", text)


def _named() -> list[str]:
    """The paths that the section names, those in the table below the room of their column."""
    rooms = [(_code(cell) or [""])[0] for cell in _SUBJECTS[0]]
    in_table = [
        room + name for row in _SUBJECTS[1:] for room, cell in zip(rooms, row, strict=True) for name in _code(cell)
    ]
    elsewhere = [path for path in _code(_SECTION) if re.match(r"(server|wrapper|contract|tests|generated)/", path)]
    # The contract's column has tags, not files.
    return sorted({path for path in [*in_table, *elsewhere] if not path.startswith("openapi.yaml")})


@pytest.mark.parametrize("path", _named())
def test_map_names_what_is_there(path: str) -> None:
    """Each file and folder that the map names exists."""
    named = ROOT / path
    assert named.is_dir() if path.endswith("/") else named.is_file(), path


@pytest.mark.parametrize("room", ["services", "storage"])
def test_map_names_each_subject(room: str) -> None:
    """Each subject of the server has a row."""
    modules = [*(_SERVER / room).glob("*.py"), *(path.parent for path in (_SERVER / room).glob("*/__init__.py"))]
    subjects = {path.stem for path in modules} - _NO_SUBJECTS
    assert subjects <= {row[0] for row in _SUBJECTS}


def test_map_names_each_tag() -> None:
    """Each tag of the contract is the name of a subject, besides the one for the contract itself."""
    tags = {path.name for path in (ROOT / "generated" / "meshydb_api" / "api").iterdir() if path.is_dir()}
    assert tags - {"__pycache__", "reference"} == {name for row in _SUBJECTS[1:] for name in _code(row[1])}


@pytest.mark.parametrize("room", ["server", "wrapper", "contract"])
def test_folders_are_small(room: str) -> None:
    """No folder of the product has more than a dozen files beside its `__init__.py`."""
    for folder in (ROOT / room).rglob("*"):
        if folder.is_dir() and folder.name != "__pycache__":
            files = [path for path in folder.iterdir() if path.is_file() and path.name != "__init__.py"]
            assert len(files) <= 12, folder.relative_to(ROOT)
