"""Reads errors, request ids and retry delays from responses."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeGuard, cast

from attrs import evolve
from httpx import codes

from meshydb._core.messages import Response
from meshydb._core.redaction import redact_each, redact_secrets
from meshydb._exceptions import APIStatusError, BadRequestError, RateLimitError, RejectedDocument, class_for_status

# Errors are kept, logged and passed between processes: a proxy's error page must not make them arbitrarily large.
_MAX_TEXT = 4096
_MAX_JSON = 65_536
_MAX_MESSAGE = 1024
_MAX_DECODED = 4 * 1024 * 1024
_MAX_RESULTS = 10_000
_NOT_JSON = object()
# Messages go to terminals and log files, where these characters would forge lines or raise errors.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def status_error(response: Response, secrets: Iterable[str], *, from_auth_host: bool) -> APIStatusError:
    """Make the exception for a response that is not a success, without the secrets."""
    known = list(secrets)
    body = error_body(response.content)
    # The reasons for ten thousand rejected documents are longer than what is kept of a body.
    decoded = _decoded(response.content, _MAX_DECODED) if response.status_code == HTTPStatus.BAD_REQUEST else body
    code = _code(decoded, response.status_code, from_auth_host=from_auth_host)
    message = _message(decoded) or code or codes.get_reason_phrase(response.status_code)
    error = class_for_status(response.status_code)(
        _printable(redact_secrets(message, known)) or "no message",
        status_code=response.status_code,
        body=body,
        request_id=request_id(response, known),
        headers=response.headers,
    )
    if code is not None:
        error.code = _printable(redact_secrets(code, known))
    if isinstance(error, RateLimitError):
        error.retry_after = retry_after(response)
    if isinstance(error, BadRequestError):
        error.results = tuple(_rejected_documents(decoded, known))
    return error


def error_body(content: bytes) -> object:
    """Return the decoded JSON, or the beginning of the text if it is not JSON, or None if it is empty."""
    decoded = _decoded(content, _MAX_JSON)
    if decoded is not _NOT_JSON:
        return decoded
    # The charset of the response is ignored: it may name a codec that is no text encoding.
    return content[:_MAX_TEXT].decode(errors="replace") or None


def request_id(response: Response, secrets: Iterable[str]) -> str | None:
    """Return the request id for the server's log, if there is one, without the secrets."""
    value: str | None = response.headers.get("X-Request-ID")
    return None if value is None else _printable(redact_secrets(value, secrets))


def retry_after(response: Response) -> float | None:
    """Return the seconds of `Retry-After`, in either of its forms; None if it is missing or invalid."""
    value = response.headers.get("Retry-After", "")
    if re.fullmatch("[0-9]{1,9}", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _decoded(content: bytes, maximum: int) -> object:
    try:
        return json.loads(content) if len(content) <= maximum else _NOT_JSON
    except (ValueError, RecursionError):
        return _NOT_JSON


def _rejected_documents(body: object, secrets: list[str]) -> Iterator[RejectedDocument]:
    """Yield the reasons for each document that was rejected. Those that do not match the contract are left out."""
    results = cast("dict[str, object]", body).get("results") if isinstance(body, dict) else None
    listed = cast("list[object]", results)[:_MAX_RESULTS] if isinstance(results, list) else []
    valid = [each for each in map(_reason, listed) if each is not None]
    messages = redact_each([each.message for each in valid], secrets)
    codes = redact_each([each.code or "" for each in valid], secrets)
    for each, message, code in zip(valid, messages, codes, strict=True):
        yield evolve(each, message=_printable(message), code=_printable(code) or None)


def _reason(result: object) -> RejectedDocument | None:
    if not isinstance(result, dict):
        return None
    members = cast("dict[str, object]", result)
    index, status, message = members.get("index"), members.get("status"), _text(members, "message")
    if not _is_integer(index) or not _is_integer(status) or message is None:
        return None
    return RejectedDocument(index=index, status=status, message=message, code=_text(members, "code"))


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _code(body: object, status_code: int, *, from_auth_host: bool) -> str | None:
    """Find the kind of error: `code`, or `error` at the auth host, whose 400 has `error` alone (RFC 6749)."""
    if not from_auth_host:
        return _text(body, "code")
    names = ("error", "code") if status_code == HTTPStatus.BAD_REQUEST else ("code", "error")
    return _text(body, names[0]) or _text(body, names[1])


def _message(body: object) -> str | None:
    """Find the server's message: `message` at the API host, `error_description` at the auth host."""
    return _text(body, "message") or _text(body, "error_description")


def _text(body: object, name: str) -> str | None:
    if isinstance(body, dict):
        text = cast("dict[str, object]", body).get(name)
        if isinstance(text, str) and text:
            return text
    return None


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text[:_MAX_MESSAGE])
