r"""Regular expressions, by RE2: the time of a search is linear in the length of the text, whatever the pattern.

The syntax is that of RE2, which is close to the one of MongoDB. The differences: there is no look-around, no
back-reference, no option `x` and no repetition of more than 1,000; a pattern that compiles to a large program, such as
`\pL{1,100}`, is refused; and `$` is the end of the text, not also the place before a final newline. The options are
`i`, `m` and `s`.
"""

from __future__ import annotations

from typing import Any, Final, cast

import re2  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs] - it has no types; used here only
from attrs import field, frozen

MAX_LENGTH: Final = 256
OPTIONS: Final = "ims"
# What a program may take up to be accepted, and what the automata of an accepted one may take up to be fast. RE2 knows
# one figure for both. A search that exceeds the second steps through the whole program for each byte of the text.
_MAX_PROGRAM: Final = 256 * 1024
_MAX_MEMORY: Final = 8 * 1024 * 1024
_re2: Final = cast("Any", re2)


class PatternError(ValueError):
    """The pattern or its options are refused. The message says why."""


@frozen
class Pattern:
    """A compiled regular expression. Raises PatternError."""

    source: str
    options: str = ""
    _compiled: Any = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Compile it."""
        object.__setattr__(self, "_compiled", _compile(self.source, self.options))

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text."""
        return self._compiled.search(text.encode()) is not None


def _compile(source: str, options: str) -> Any:
    if len(source) > MAX_LENGTH:
        raise PatternError(f"the regular expression has more than {MAX_LENGTH} characters")
    if len(set(options)) < len(options) or not set(options) <= set(OPTIONS):
        raise PatternError("the options of a regular expression are i, m and s, each once")
    pattern = f"(?{options}){source}" if options else source
    try:
        for memory in (_MAX_PROGRAM, _MAX_MEMORY):
            settings = _re2.Options()
            settings.log_errors = False
            settings.never_capture = True
            settings.max_mem = memory
            compiled = _re2.compile(pattern, settings)
    except _re2.error as error:
        raise PatternError(f"the regular expression is not one of RE2: {_reason(error)}") from error
    finally:
        # The module would keep 128 of them, with all the memory that their automata take up.
        _re2.purge()
    return compiled


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
