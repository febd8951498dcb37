"""Tables and records for people: aligned, as wide as the terminal at most, and safe to print."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TextIO, cast

from attrs import frozen

Row = Mapping[str, object]

_GAP: Final = "  "
# A narrower column would be unreadable.
_NARROWEST: Final = 8
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z")


@frozen
class Screen:
    """The width of a terminal, and the encoding that its text must fit."""

    width: int
    encoding: str

    @classmethod
    def of(cls, stream: TextIO) -> Screen:
        """The screen of a stream. The variable COLUMNS overrides the width."""
        return cls(shutil.get_terminal_size().columns, stream.encoding)

    def printable(self, text: str) -> str:
        """Make a text safe to print, and escape characters that the encoding lacks."""
        return harmless(text).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def cut(self, text: str, width: int) -> str:
        """Shorten a printable text to a width, and mark it as shortened."""
        if width_of(text) <= width:
            return text
        mark = "\N{HORIZONTAL ELLIPSIS}"
        try:
            mark.encode(self.encoding)
        except UnicodeEncodeError:
            mark = "~"
        while width_of(text) > width - 1:
            text = text[:-1]
        return text + mark


@frozen
class Column:
    """One column of a table.

    Args:
        heading: What stands above it.
        key: The member of each row that it shows.
        cut: Whether values may be shortened. Those that people copy, such as keys and ids, may not.
    """

    heading: str
    key: str
    cut: bool = True


@frozen
class Table:
    """A list of things of one kind.

    Args:
        columns: The columns, from left to right.
        empty: The sentence to show when there are no rows.
    """

    columns: Sequence[Column]
    empty: str

    def render(self, rows: Sequence[Row], screen: Screen) -> str:
        """Render the rows as a table, or as records if the table would be wider than the screen."""
        if not rows:
            return self.empty
        cells = [[screen.printable(_text_of(row.get(column.key))) for column in self.columns] for row in rows]
        lines = [[column.heading for column in self.columns], *cells]
        widths = [max(width_of(line[index]) for line in lines) for index in range(len(self.columns))]
        fitting = self._fit(widths, screen.width)
        if fitting is None:
            headed = [{column.heading.capitalize(): row.get(column.key) for column in self.columns} for row in rows]
            return "\n\n".join(_render_pairs(row, screen) for row in headed)
        return "\n".join(_line(line, fitting, screen) for line in lines)

    def _fit(self, widths: Sequence[int], width: int) -> Sequence[int] | None:
        """Narrow the widest shortenable column until all fit. Returns None if they cannot."""
        fitting = [*widths]
        while sum(fitting) + len(_GAP) * (len(fitting) - 1) > width:
            wide = [index for index, each in enumerate(self.columns) if each.cut and fitting[index] > _NARROWEST]
            if not wide:
                return None
            fitting[max(wide, key=fitting.__getitem__)] -= 1
        return fitting


def render_record(row: Row, screen: Screen) -> str:
    """Render one thing as lines of a name and a value. Names come from the keys: `emailAddress` is Email address."""
    return _render_pairs({re.sub("(?<=[a-z])(?=[A-Z])", " ", key).capitalize(): row[key] for key in row}, screen)


def harmless(text: str) -> str:
    """Replace unprintable characters, which could move the cursor or change the text direction."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def width_of(text: str) -> int:
    """The number of columns of a text on a terminal."""
    return sum(_width_of_character(character) for character in text)


def _width_of_character(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _line(cells: Iterable[str], widths: Iterable[int], screen: Screen) -> str:
    cut = [(screen.cut(cell, width), width) for cell, width in zip(cells, widths, strict=True)]
    return _GAP.join(f"{cell}{' ' * (width - width_of(cell))}" for cell, width in cut).rstrip()


def _render_pairs(pairs: Row, screen: Screen) -> str:
    width = max(map(len, pairs), default=0)
    return "\n".join(f"{name:<{width}}{_GAP}{screen.printable(_text_of(value))}" for name, value in pairs.items())


def _text_of(value: object) -> str:
    match value:
        case None | [] | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, cast("list[object]", value)))
        case str() if time := _TIME.fullmatch(value):
            return f"{time[1]} {time[2]}Z"
        case _:
            return str(value)
