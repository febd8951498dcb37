"""Keeps secrets out of logs and of the texts of errors.

A value is a secret if its name is one of the contract's names for secrets. A test compares the names with the contract.
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
# In JSON, in the repr of mappings and pairs, in headers, and in forms.
_NAMED = re.compile(
    rf"""(?<![\w/-])(?P<start>(?P<quote>["']?){_NAME}(?:(?P=quote)\s*[:=]|(?<=["']),|["'],)\s*)"""
    r"""(?:b?"(?:\\.|[^"\\])*"|b?'(?:\\.|[^'\\])*'|\[[^\]]*\]|\{[^}]*\}|(?:bearer |basic )?[^\s,;&}\])"']+)""",
    re.IGNORECASE,
)
# A header on a line of its own is a secret up to the end of the line.
_HEADER = re.compile(
    r"""(?<![\w/"'-])((?:proxy-)?authorization|(?:set-)?cookie)(:[ \t]*)[^\s"'][^\r\n]*""", re.IGNORECASE
)
_BEARER = re.compile(r"(?<![\w=])(bearer)\s+[\w.~+/=-]+", re.IGNORECASE)
# Shorter secrets, such as the answer to a question, may be parts of other words.
_LONG = 8
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class RedactingFilter(logging.Filter):
    """Redacts values that are named password, token, hash, code, answer, cookie or authorization. Drops no record.

    The logger `meshydb` has this filter. Add it to your handlers to redact the records of other loggers too. It finds
    values by their names in texts, mappings and extra fields. It does not find secrets without a name, and does not
    read tracebacks (`exc_info`).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message and the extra fields of a record."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit are reported by the handler
            record.msg = redact_text(str(record.msg))
        else:
            redacted = redact_text(text)
            if redacted != text:
                record.msg, record.args = redacted, None
        for name in vars(record).keys() - _STANDARD_FIELDS:
            try:
                redacted_field = _redact(name, getattr(record, name))
            except RecursionError:
                # It holds itself.
                redacted_field = REDACTED
            setattr(record, name, redacted_field)
        return True


def redact_text(text: str) -> str:
    """Replace the value beside the name of a secret."""
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


def redact_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace known secrets, also as encoded in JSON, URLs and forms."""
    forms = {form for secret in {*secrets} for form in _forms(secret)}
    # Few of them are in the text, and a document may have thousands.
    for secret in sorted((form for form in forms if form in text), key=len, reverse=True):
        known = re.escape(secret)
        text = re.sub(known if len(secret) >= _LONG else rf"(?<!\w){known}(?!\w)", REDACTED, text)
    return text


def redact_each(texts: Sequence[str], secrets: Iterable[str]) -> list[str]:
    """Replace known secrets in several texts, in one pass. Secrets do not contain NUL."""
    if not texts:
        return []
    return redact_secrets("\0".join(text.replace("\0", "\N{REPLACEMENT CHARACTER}") for text in texts), secrets).split(
        "\0"
    )


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
    if len(values) == 2:  # noqa: PLR2004 - a pair of name and value, as in lists of headers
        return [_redact("", values[0]), _redact(_name(values[0]), values[1])]
    return [_redact("", each) for each in values]


def _name(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)
