"""Keeps secrets out of what is written for people: logs, and the texts of errors.

What is a secret goes by its name, as the contract has it; a test holds the names to those that the contract marks.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

REDACTED = "[redacted]"

_NAME = r"(?:[\w-]*(?:authorization|cookie|password|token|hash|answer|verification[_-]?code)|code)"
_IS_NAME = re.compile(_NAME, re.IGNORECASE)
# As JSON, as Python shows mappings and pairs, as a header, and as forms have it.
_NAMED = re.compile(
    rf"""(?<![\w/-])(?P<start>(?P<quote>["']?){_NAME}(?:(?P=quote)\s*[:=]|(?<=["']),|["'],)\s*)"""
    r"""(?:b?"(?:\\.|[^"\\])*"|b?'(?:\\.|[^'\\])*'|(?:bearer |basic )?[^\s,;&}\])"']+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?<![\w=])(bearer)\s+[\w.~+/=-]+", re.IGNORECASE)
# Shorter ones, such as the answer to a question, may be within words that are none.
_LONG = 8
_OF_ANY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class RedactingFilter(logging.Filter):
    """Lets every record pass, without what is called a password, token, hash, code, answer, cookie or authorization.

    The logger `meshydb` has one. Add one to a handler of yours, and it covers what others log there, too; it goes by
    names in texts, mappings and extra fields, and cannot tell a secret that stands without its name.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message and the extra fields of a record."""
        text = record.getMessage()
        redacted = redact_text(text)
        if redacted != text:
            record.msg, record.args = redacted, None
        for name in vars(record).keys() - _OF_ANY_RECORD:
            setattr(record, name, _redact(name, getattr(record, name)))
        return True


def redact_text(text: str) -> str:
    """Replace what stands beside the name of a secret."""
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
    """Replace secrets that are known, wherever they stand."""
    for secret in sorted(secrets, key=len, reverse=True):
        known = re.escape(secret)
        text = re.sub(known if len(secret) >= _LONG else rf"(?<!\w){known}(?!\w)", REDACTED, text)
    return text


def _redact(name: str, value: object) -> object:
    if _IS_NAME.fullmatch(name):
        return REDACTED
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {key: _redact(str(key), each) for key, each in cast("Mapping[Any, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_redact("", each) for each in cast("list[object]", value)]
    return value
