"""Keeps secrets out of what is written for people: logs, and the texts of errors.

What is a secret goes by its name, as the contract has it; a test holds the names to those that the contract marks.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"

_NAME = r"(?:[\w-]*(?:authorization|cookie|password|token|hash|answer|verification[_-]?code)|code)"
_IS_NAME = re.compile(_NAME, re.IGNORECASE)
# As JSON, as Python shows mappings and pairs, as a header, and as forms have it.
_NAMED = re.compile(
    rf"""(?<![\w/-])(?P<start>(?P<quote>["']?){_NAME}(?:(?P=quote)\s*[:=]|(?<=["']),|["'],)\s*)"""
    r"""(?:b?"(?:\\.|[^"\\])*"|b?'(?:\\.|[^'\\])*'|\[[^\]]*\]|\{[^}]*\}|(?:bearer |basic )?[^\s,;&}\])"']+)""",
    re.IGNORECASE,
)
# A header on a line of its own is a secret to the end, whatever its parts are.
_HEADER = re.compile(
    r"""(?<![\w/"'-])((?:proxy-)?authorization|(?:set-)?cookie)(:[ \t]*)[^\s"'][^\r\n]*""", re.IGNORECASE
)
_BEARER = re.compile(r"(?<![\w=])(bearer)\s+[\w.~+/=-]+", re.IGNORECASE)
# Shorter ones, such as the answer to a question, may be within words that are none.
_LONG = 8
_OF_ANY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class RedactingFilter(logging.Filter):
    """Lets every record pass, without what is called a password, token, hash, code, answer, cookie or authorization.

    The logger `meshydb` has one. Add one to a handler of yours, and it covers what others log there, too. It goes by
    names in texts, mappings and extra fields: it cannot tell a secret that stands without its name, and does not look
    into tracebacks (`exc_info`).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message and the extra fields of a record."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit are reported by the handler, as they would be without this
            record.msg = redact_text(str(record.msg))
        else:
            redacted = redact_text(text)
            if redacted != text:
                record.msg, record.args = redacted, None
        for name in vars(record).keys() - _OF_ANY_RECORD:
            try:
                redacted_field = _redact(name, getattr(record, name))
            except RecursionError:
                # It holds itself.
                redacted_field = REDACTED
            setattr(record, name, redacted_field)
        return True


def redact_text(text: str) -> str:
    """Replace what stands beside the name of a secret."""
    text = _HEADER.sub(rf"\1\2{REDACTED}", text)
    return _BEARER.sub(rf"\1 {REDACTED}", _NAMED.sub(rf"\g<start>{REDACTED}", text))


def secrets_in(node: object, name: str = "") -> Iterator[str]:
    """Yield each text that is a secret by its name, at any depth."""
    if isinstance(node, str):
        if node and _IS_NAME.fullmatch(name):
            yield node
    elif isinstance(node, Mapping):
        for key, value in cast("Mapping[Any, object]", node).items():
            yield from secrets_in(value, str(key))
    elif isinstance(node, list):
        for value in cast("list[object]", node):
            yield from secrets_in(value, name)


def without(text: str, secrets: Iterable[str]) -> str:
    """Replace secrets that are known, wherever they stand, also in the forms that JSON and forms have of them."""
    forms = {form for secret in secrets for form in _forms(secret)}
    for secret in sorted(forms, key=len, reverse=True):
        known = re.escape(secret)
        text = re.sub(known if len(secret) >= _LONG else rf"(?<!\w){known}(?!\w)", REDACTED, text)
    return text


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote_plus(secret), quote(secret, safe=""))
    yield from (json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))


def _redact(name: str, value: object) -> object:
    redacted: object = value
    if _IS_NAME.fullmatch(name):
        redacted = REDACTED
    elif isinstance(value, str):
        redacted = redact_text(value)
    elif isinstance(value, bytes):
        redacted = redact_text(value.decode("latin-1")).encode("latin-1")
    elif isinstance(value, Mapping):
        redacted = {key: _redact(_name(key), each) for key, each in cast("Mapping[Any, object]", value).items()}
    elif isinstance(value, list):
        redacted = _redact_each(cast("list[object]", value))
    elif isinstance(value, tuple):
        redacted = tuple(_redact_each(cast("tuple[object, ...]", value)))
    return redacted


def _redact_each(values: Sequence[object]) -> list[object]:
    if len(values) == 2:  # noqa: PLR2004 - a pair, as lists of headers have them, in which the first names the second
        return [_redact("", values[0]), _redact(_name(values[0]), values[1])]
    return [_redact("", each) for each in values]


def _name(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)
