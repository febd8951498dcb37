"""Valid and invalid usernames with the reason."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Name:
    """A username, and whether a new user may have it."""

    why: str
    username: str
    allowed: bool = False


NAMES: Final = (
    Name("plain", "rosa.k", allowed=True),
    Name("all ASCII punctuation but the slash", "!\"#$%&'()*+,-.:;<=>?@[\\]^_`{|}~", allowed=True),
    Name("a dot at its end", "rosa.", allowed=True),
    Name("three dots", "...", allowed=True),
    Name("accents, composed", "Ros\u00e9", allowed=True),
    Name("accents, not composed", "E\u0301va", allowed=True),
    Name("full-width letters", "\uff52\uff4f\uff53\uff41", allowed=True),
    Name("half-width kana with a mark", "\uff76\uff9e", allowed=True),
    Name("sharp s and final sigma", "stra\u00dfe\u03c2", allowed=True),
    Name("Chinese", "\u65e5\u672c\u8a9e", allowed=True),
    Name("Hebrew", "\u05e8\u05d5\u05d6\u05d4", allowed=True),
    Name("Arabic with digits", "\u0631\u0648\u0632\u0627\u0661\u0662", allowed=True),
    Name("Arabic with European digits", "\u0631\u0648\u0632\u062712", allowed=True),
    Name("Devanagari with a joiner behind a virama", "\u0915\u094d\u200d\u0937", allowed=True),
    Name("Devanagari with a non-joiner behind a virama", "\u0915\u094d\u200c\u0937", allowed=True),
    Name("Persian with a non-joiner", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", allowed=True),
    Name("Catalan", "col\u00b7lega", allowed=True),
    Name("a Greek numeral", "\u0375\u03b1", allowed=True),
    Name("a Hebrew acronym", "\u05e6\u05d4\u05f4\u05dc", allowed=True),
    Name("Katakana with its dot", "\u30ed\u30fb\u30b5", allowed=True),
    Name("a zero-width space", "rosa\u200b"),
    Name("an override of the direction", "\u202erosa"),
    Name("a space at its end", "rosa "),
    Name("a space within", "rosa k"),
    Name("a no-break space", "rosa\u00a0k"),
    Name("an ideographic space", "rosa\u3000k"),
    Name("a zero-width joiner", "ro\u200dsa"),
    Name("a zero-width non-joiner", "ro\u200csa"),
    Name("a byte order mark", "\ufeffrosa"),
    Name("a soft hyphen", "ro\u00adsa"),
    Name("a variation selector", "rosa\ufe0f"),
    Name("a grapheme joiner", "ro\u034fsa"),
    Name("a tag", "rosa\U000e0041"),
    Name("a slash", "rosa/k"),
    Name("a full-width slash", "rosa\uff0fk"),
    Name("a dot", "."),
    Name("two dots", ".."),
    Name("two full-width dots", "\uff0e\uff0e"),
    Name("an emoji", "rosa\U0001f600"),
    Name("a ligature", "\ufb01ona"),
    Name("a Roman numeral", "rosa\u2163"),
    Name("a bold letter", "\U0001d42bosa"),
    Name("a dash", "rosa\u2013k"),
    Name("a Hangul letter that is not composed", "\u1100"),
    Name("a filler", "\u3164"),
    Name("a letter of nobody", "rosa\ue000"),
    Name("no character", "rosa\uffff"),
    Name("Latin and Hebrew", "rosa\u05e8"),
    Name("Hebrew and Latin", "\u05e8rosa"),
    Name("Hebrew behind a digit", "1\u05e8"),
    Name("Hebrew that ends with punctuation", "\u05e8!"),
    Name("both kinds of Arabic digits", "\u0631\u0661\u06f1"),
    Name("Arabic digits with others", "\u06311\u0661"),
    Name("Arabic digits alone", "\u0661\u0662"),
    Name("a middle dot between other letters", "ro\u00b7sa"),
    Name("a Katakana dot beside Latin", "ro\u30fbsa"),
    Name("a Greek numeral sign before Latin", "\u0375a"),
    Name("a Hebrew mark behind nothing", "\u05f3\u05e8"),
    Name("a stretched Arabic letter", "\u0631\u0640\u0632"),
)
