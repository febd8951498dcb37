"""Prints results: JSON for programs, tables and short messages on a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TextIO

from attrs import frozen

from meshydb_server.cli.tables import Row, Screen, Table, render_record


@frozen
class Result:
    """The result of a command.

    Args:
        value: The JSON value.
        show: Makes the text for people.
        is_change: Whether the command has changed something, so that running it again does not show the result.
        as_json: Whether people get JSON too.
    """

    value: object
    show: Callable[[Screen], str]
    is_change: bool = False
    as_json: bool = False

    def text_for(self, stream: TextIO) -> str:
        """The text for a stream: JSON, unless it is a terminal."""
        if not self.as_json and stream.isatty():
            return f"{self.show(Screen.of(stream))}\n"
        text = json.dumps(self.value, ensure_ascii=False)
        try:
            text.encode(stream.encoding)
        except UnicodeEncodeError:
            # Escaping keeps the JSON value the same.
            text = json.dumps(self.value)
        return f"{text}\n"


def listing(table: Table, rows: Sequence[Row]) -> Result:
    """The result of a command that lists things."""
    return Result(rows, lambda screen: table.render(rows, screen))


def record(row: Row) -> Result:
    """The result of a command that shows one thing."""
    return Result(row, lambda screen: render_record(row, screen))


def changed(message: str, value: object, more: Callable[[Screen], str] | None = None) -> Result:
    """The result of a change. On a terminal: a sentence that says what was done, and further details."""

    def show(screen: Screen) -> str:
        sentence = screen.printable(message)
        return sentence if more is None else f"{sentence}\n\n{more(screen)}"

    return Result(value, show, is_change=True)


def changed_record(message: str, row: Row) -> Result:
    """The result of a change. On a terminal: a sentence, and the thing as it is now."""
    return changed(message, row, lambda screen: render_record(row, screen))
