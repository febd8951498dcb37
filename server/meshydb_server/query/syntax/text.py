r"""Parses relaxed JSON: JSON with bare names, single quotes, regular expressions and constructors of MongoDB's shell.

```
value   object | array | string | number | true | false | null | regex | constructor
object  { } | { member, … }          member  name : value
name    string | [\w$][\w$.-]*
array   [ ] | [ value, … ]
string  "…" | '…'                    with the escapes of JSON, and \'
number  as in JSON; integers of 64 bits, finite doubles
regex   /…/ and the options i, m, s
constructor  [new] Name(value, …)    see `literals`
```
"""

from __future__ import annotations

import math
import re
from typing import Final, NoReturn

from attrs import define, field

from meshydb_server.query.errors import Place, QueryError, shown
from meshydb_server.query.syntax import literals
from meshydb_server.query.values.types import RegularExpression, Value

MAX_DEPTH: Final = 20
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NAME: Final = re.compile(r"[\w$][\w$.-]*")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.$+])")
_PLAIN: Final = re.compile(r"[^\\'\"\x00-\x1f]*")
_REGEX: Final = re.compile(r"/((?:[^/\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+)/([A-Za-z]*)", re.DOTALL)
_ESCAPED_SLASH: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_HEX: Final = re.compile("[0-9A-Fa-f]{4}")
_CONSTANTS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}
_MAX_INTEGER: Final = 20


def parse(text: str, place: Place) -> Value:
    """Parse one value, and nothing after it. Raises QueryError, whose place is that of the value that is wrong."""
    parser = _Parser(text)
    value = parser.value(place, MAX_DEPTH)
    parser.end(place)
    return value


@define
class _Parser:
    text: str
    position: int = field(default=0, init=False)

    def value(self, place: Place, depth: int) -> Value:
        character = self._peek()
        if character in "{[" and character:
            if depth == 0:
                raise place.error(f"it is nested deeper than {MAX_DEPTH} levels")
            return self._object(place, depth - 1) if character == "{" else self._array(place, depth - 1)
        if character in "\"'" and character:
            return self._string(place)
        if character == "/":
            return self._regex(place)
        if character == "-" or character.isdecimal():
            return self._number(place)
        return self._word(place, depth)

    def end(self, place: Place) -> None:
        if self._peek():
            self._fail(place, "there is text after the end")

    def _object(self, place: Place, depth: int) -> dict[str, Value]:
        result: dict[str, Value] = {}
        self._expect("{", place)
        if self._take("}"):
            return result
        while True:
            name = self._name(place)
            inner = place.child(name)
            if name in result:
                raise inner.error("the name appears twice")
            self._expect(":", inner)
            result[name] = self.value(inner, depth)
            if self._take("}"):
                return result
            self._expect(",", place, "}")

    def _array(self, place: Place, depth: int) -> list[Value]:
        result: list[Value] = []
        self._expect("[", place)
        if self._take("]"):
            return result
        while True:
            result.append(self.value(place.child(len(result)), depth))
            if self._take("]"):
                return result
            self._expect(",", place, "]")

    def _name(self, place: Place) -> str:
        if self._peek() in {'"', "'"}:
            return self._string(place)
        match = _NAME.match(self.text, self.position)
        if match is None:
            self._fail(place, "a name is expected")
        self.position = match.end()
        return match[0]

    def _string(self, place: Place) -> str:
        quote = self.text[self.position]
        self.position += 1
        pieces: list[str] = []
        while True:
            match = _PLAIN.match(self.text, self.position)
            if match:
                pieces.append(match[0])
                self.position = match.end()
            character = self.text[self.position : self.position + 1]
            if not character:
                self._fail(place, "the text is not closed")
            if character < " ":
                self._fail(place, "a control character must be written as an escape")
            self.position += 1
            if character == quote:
                return _joined_surrogates("".join(pieces))
            pieces.append(self._escape(place) if character == "\\" else character)

    def _escape(self, place: Place) -> str:
        character = self.text[self.position : self.position + 1]
        self.position += 1
        if character in _ESCAPES:
            return _ESCAPES[character]
        digits = _HEX.match(self.text, self.position) if character == "u" else None
        if digits is None:
            self._fail(place, "the escape is not one of JSON")
        self.position = digits.end()
        return chr(int(digits[0], 16))

    def _number(self, place: Place) -> int | float:
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            self._fail(place, "the number is not one of JSON")
        self.position = match.end()
        if match[1] is None and match[2] is None:
            # Python takes quadratic time for long numbers.
            if len(match[0]) > _MAX_INTEGER:
                raise place.error("the integer does not fit into 64 bits")
            return int(match[0])
        number = float(match[0])
        if not math.isfinite(number):
            raise place.error("the number is out of range")
        return number

    def _regex(self, place: Place) -> RegularExpression:
        if self.text.startswith(("/*", "//"), self.position):
            self._fail(place, "comments are not taken")
        match = _REGEX.match(self.text, self.position)
        if match is None:
            self._fail(place, "the regular expression is not closed")
        self.position = match.end()
        pattern = _ESCAPED_SLASH.sub(lambda escape: "/" if escape[1] == "/" else escape[0], match[1])
        return RegularExpression(pattern, match[2])

    def _word(self, place: Place, depth: int) -> Value:
        word = self._take_word()
        if word is None:
            self._fail(place, "a value is expected")
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        if word == "new":
            self._peek()
            word = self._take_word() or word
        if word not in literals.CONSTRUCTORS:
            raise place.error(literals.why_not(shown(word)))
        self._expect("(", place)
        arguments: list[Value] = []
        while not self._take(")"):
            if arguments:
                self._expect(",", place, ")")
            if depth == 0:
                raise place.error(f"it is nested deeper than {MAX_DEPTH} levels")
            arguments.append(self.value(place, depth - 1))
        return literals.construct(word, arguments, place)

    def _take_word(self) -> str | None:
        match = _WORD.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return match[0]

    def _peek(self) -> str:
        """The next character that is no space, or an empty text."""
        match = _SPACE.match(self.text, self.position)
        if match:
            self.position = match.end()
        return self.text[self.position : self.position + 1]

    def _take(self, character: str) -> bool:
        found = self._peek() == character
        self.position += found
        return found

    def _expect(self, character: str, place: Place, *others: str) -> None:
        if not self._take(character):
            self._fail(place, " or ".join([character, *others]) + " is expected")

    def _fail(self, place: Place, reason: str) -> NoReturn:
        error: QueryError = place.error(f"{reason} (character {self.position + 1})")
        raise error


def _joined_surrogates(text: str) -> str:
    """Text with pairs of surrogates, which two escapes make, as the characters that they mean."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
