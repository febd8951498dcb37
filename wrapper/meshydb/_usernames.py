"""Which usernames new users may have: UsernameCasePreserved (RFC 8265) that fits into one segment of a path.

The rules are derived from `unicodedata`, so that no package is needed for them. They differ from the service's in two
ways. A character that is newer than this Python's Unicode is rejected, although the service may know it. `unicodedata`
has no joining types: the service alone decides on a zero-width non-joiner between letters of a cursive script.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

_FORMS = re.compile("[\uff01-\uffef]")
_DOT_SEGMENTS = {".", ".."}

# RFC 8264, 9.1 to 9.14, for the IdentifierClass.
_LETTERS_AND_DIGITS = {"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"}
_ALLOWED = {"\u06fd", "\u06fe", "\u0f0b", "\u3007"}
_DISALLOWED = {"\u0640", "\u07fa", *"\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b"}
# Letters and marks that are ignored by default, and Hangul that is not composed.
_IGNORABLE_OR_JAMO = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
    "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7c6\ud7cb-\ud7fb]"
)

_VIRAMA = 9
_MARKS_AND_FORMATS = {"Mn", "Me", "Cf"}
_GREEK = ("GREEK ", "COMBINING GREEK MUSICAL ")
_JAPANESE = ("HIRAGANA ", "KATAKANA ", "HENTAIGANA ", "CJK ", "IDEOGRAPHIC ITERATION MARK", "IDEOGRAPHIC NUMBER ZERO")
_MORE_JAPANESE = ("OLD CHINESE ITERATION MARK", "VIETNAMESE ALTERNATE READING MARK ")
_KATAKANA_MIDDLE_DOT = "\u30fb"
_CURSIVE = ("MONGOLIAN ", "PHAGS-PA ")

_RIGHT_TO_LEFT = {"R", "AL"}
_IN_EITHER = {"EN", "ES", "CS", "ET", "ON", "BN", "NSM"}


def is_new_username(username: str) -> bool:
    """Whether a new user may have this name."""
    mapped = _map(username)
    return (
        mapped == _map(mapped)
        and mapped not in _DOT_SEGMENTS
        and "/" not in mapped
        and all(_is_in_class(mapped, position) for position in range(len(mapped)))
        and _satisfies_bidi_rule(mapped)
    )


def _map(text: str) -> str:
    """Replace full-width and half-width forms, and compose."""
    return unicodedata.normalize("NFC", _FORMS.sub(lambda found: _map_width(found[0]), text))


def _map_width(character: str) -> str:
    mapped = unicodedata.normalize("NFKC", character)
    return mapped if len(mapped) == 1 else character


def _is_in_class(text: str, position: int) -> bool:
    character = text[position]
    if character in _RULES:
        return _RULES[character](text, position)
    if "!" <= character <= "~" or character in _ALLOWED:
        return True
    return (
        unicodedata.category(character) in _LETTERS_AND_DIGITS
        and character not in _DISALLOWED
        and not _IGNORABLE_OR_JAMO.match(character)
        and unicodedata.normalize("NFKC", character) == character
    )


# RFC 5892, appendix A: characters that are allowed beside some others alone.


def _has_virama_before(text: str, position: int) -> bool:
    return position > 0 and unicodedata.combining(text[position - 1]) == _VIRAMA


def _may_not_join(text: str, position: int) -> bool:
    return _has_virama_before(text, position) or (
        _begins_cursive(reversed(text[:position])) and _begins_cursive(text[position + 1 :])
    )


def _begins_cursive(characters: Iterable[str]) -> bool:
    base = next((each for each in characters if unicodedata.category(each) not in _MARKS_AND_FORMATS), "a")
    return unicodedata.bidirectional(base) in _RIGHT_TO_LEFT or _is_named(base, _CURSIVE)


def _is_between_l(text: str, position: int) -> bool:
    return text[max(position - 1, 0) : position + 2] == "l\u00b7l"


def _has_greek_behind(text: str, position: int) -> bool:
    return any(_is_named(each, _GREEK) for each in text[position + 1 : position + 2])


def _has_hebrew_before(text: str, position: int) -> bool:
    return position > 0 and _is_named(text[position - 1], ("HEBREW ",))


def _is_beside_japanese(text: str, _: int) -> bool:
    return any(each != _KATAKANA_MIDDLE_DOT and _is_named(each, _JAPANESE + _MORE_JAPANESE) for each in text)


def _is_alone_in(others: str) -> Callable[[str, int], bool]:
    return lambda text, _: not any(each in others for each in text)


def _is_named(character: str, beginnings: tuple[str, ...]) -> bool:
    return unicodedata.name(character, "").startswith(beginnings)


_ARABIC_DIGITS = "".join(map(chr, range(0x0660, 0x066A)))
_EXTENDED_ARABIC_DIGITS = "".join(map(chr, range(0x06F0, 0x06FA)))
_RULES: dict[str, Callable[[str, int], bool]] = {
    "\u200c": _may_not_join,
    "\u200d": _has_virama_before,
    "\u00b7": _is_between_l,
    "\u0375": _has_greek_behind,
    "\u05f3": _has_hebrew_before,
    "\u05f4": _has_hebrew_before,
    _KATAKANA_MIDDLE_DOT: _is_beside_japanese,
    **dict.fromkeys(_ARABIC_DIGITS, _is_alone_in(_EXTENDED_ARABIC_DIGITS)),
    **dict.fromkeys(_EXTENDED_ARABIC_DIGITS, _is_alone_in(_ARABIC_DIGITS)),
}


def _satisfies_bidi_rule(text: str) -> bool:
    """Whether text with right-to-left characters follows the rule of RFC 5893, section 2. Other text always does."""
    kinds = [unicodedata.bidirectional(each) for each in text]
    present = set(kinds)
    if present.isdisjoint({*_RIGHT_TO_LEFT, "AN"}):
        return True
    last = next((kind for kind in reversed(kinds) if kind != "NSM"), "")
    if kinds[0] in _RIGHT_TO_LEFT:
        return (
            present <= {*_RIGHT_TO_LEFT, *_IN_EITHER, "AN"}
            and last in {*_RIGHT_TO_LEFT, "EN", "AN"}
            and not present >= {"EN", "AN"}
        )
    # Left-to-right text has none of the characters for which the rule is there.
    return False
