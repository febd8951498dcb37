"""Handles, codes, usernames and hints."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import attrs
import pytest

from meshydb_server.services.common.keys import Key
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.recovery import codes
from meshydb_server.services.recovery.handles import Claims, fits, parse, sign
from meshydb_server.services.recovery.hints import mask_email

_KEY = Key.derive(bytes(range(32)))
_OTHER_KEY = Key.derive(bytes(range(1, 33)))
_CLAIMS = Claims(
    purpose="reset",
    account="acme",
    tenant="north",
    username_key="rosa.k",
    attempt=1,
    expires=datetime(2030, 1, 1, 1, tzinfo=UTC),
    credential_version=1,
    request_id=bytes(range(16)),
)


def _decode(handle: str) -> bytes:
    return base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))


def test_layout() -> None:
    """A handle is version, key id, request id and a MAC over all claims, in base64url without padding."""
    handle = sign(_KEY, _CLAIMS)
    raw = _decode(handle)
    assert re.fullmatch("[A-Za-z0-9_-]+", handle)
    assert raw[:21] == b"\x01" + _KEY.id + _CLAIMS.request_id
    # Written out here once more, so that a change of the format does not go unnoticed.
    fields = [b"reset", b"acme", b"north", b"rosa.k", b"1", b"1893459600000", b"1", _CLAIMS.request_id]
    message = b"".join(len(each).to_bytes(4, "big") + each for each in fields)
    assert raw[21:] == hmac.digest(_KEY.signing, message, hashlib.sha256)


def test_deterministic() -> None:
    """The same claims under the same key give the same handle, so it holds nothing but them."""
    assert sign(_KEY, _CLAIMS) == sign(_KEY, attrs.evolve(_CLAIMS))


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": cast('Literal["reset"]', "register")},
        {"account": "acmf"},
        {"tenant": "south"},
        {"username_key": "rosa.l"},
        {"attempt": 2},
        {"expires": _CLAIMS.expires + timedelta(milliseconds=1)},
        {"credential_version": 2},
        {"request_id": bytes(16)},
        {"account": "acmen", "tenant": "orth"},
    ],
    ids="-".join,
)
def test_every_claim_is_bound(change: dict[str, Any]) -> None:
    """No claim can be another without the MAC being another."""
    assert _decode(sign(_KEY, attrs.evolve(_CLAIMS, **change)))[-32:] != _decode(sign(_KEY, _CLAIMS))[-32:]


def test_claims_are_complete() -> None:
    """The changes above go through every claim that there is."""
    assert {field.name for field in attrs.fields(Claims)} == {
        "purpose",
        "account",
        "tenant",
        "username_key",
        "attempt",
        "expires",
        "credential_version",
        "request_id",
    }


def test_taken_apart() -> None:
    """A handle that was issued fits its claims, and no others."""
    handle = parse(sign(_KEY, _CLAIMS))
    assert handle is not None
    assert (handle.key_id, handle.request_id) == (_KEY.id, _CLAIMS.request_id)
    assert fits(_KEY, handle, attrs.evolve(_CLAIMS))
    assert not fits(_KEY, handle, attrs.evolve(_CLAIMS, attempt=2))
    assert not fits(_OTHER_KEY, handle, _CLAIMS)


@pytest.mark.parametrize("text", ["", "A", "\u00e9", "=" * 71, "A" * 71, "AQ" + "A" * 69 + "=", "AQ" + "A" * 73])
def test_no_handle(text: str) -> None:
    """A text of another form or version is no handle."""
    assert parse(text) is None


def test_handle_of_another_key() -> None:
    """Another key gives another key id and another MAC."""
    ours, theirs = _decode(sign(_KEY, _CLAIMS)), _decode(sign(_OTHER_KEY, _CLAIMS))
    assert ours[1:5] != theirs[1:5]
    assert ours[21:] != theirs[21:]


def test_code_alphabet() -> None:
    """A code has 8 characters of base32, all of which occur."""
    drawn = [codes.generate(secrets.token_bytes) for _ in range(500)]
    assert all(re.fullmatch("[A-Z2-7]{8}", code) for code in drawn)
    assert len(set("".join(drawn))) == 32
    assert len(set(drawn)) == 500


@pytest.mark.parametrize(
    ("drawn", "code"), [(bytes(5), "AAAAAAAA"), (b"\xff" * 5, "77777777"), (b"\x00\x44\x32\x14\xc7", "ABCDEFGH")]
)
def test_code_source(drawn: bytes, code: str) -> None:
    """A code is made of all 40 bits that the given source draws, and of nothing else."""
    asked: list[int] = []

    def source(count: int) -> bytes:
        asked.append(count)
        return drawn

    assert codes.generate(source) == code
    assert asked == [5]


def test_code_mac() -> None:
    """The stored MAC of a code depends on the key, the request and the code."""
    mac = codes.mac(_KEY, bytes(16), "ABCDEFGH")
    assert mac == codes.mac(_KEY, bytes(16), "ABCDEFGH")
    assert len(mac) == 32
    assert mac != codes.mac(_OTHER_KEY, bytes(16), "ABCDEFGH")
    assert mac != codes.mac(_KEY, bytes(range(16)), "ABCDEFGH")
    assert mac != codes.mac(_KEY, bytes(16), "ABCDEFGI")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rosa.k", "ROSA.K"),
        ("ros\u00e9", "rose\u0301"),
        ("ROS\u00c9", "rose\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("\uff52\uff4f\uff53\uff41", "rosa"),
        ("\u212b", "\u00e5"),
        ("\u03c3", "\u03c2"),
        ("\ufb01", "FI"),
    ],
)
def test_same_username(one: str, other: str) -> None:
    """Spellings that differ in case or in compatible characters are one username."""
    assert username_key(one) == username_key(other)
    assert username_key(username_key(one)) == username_key(one)


@pytest.mark.parametrize(("one", "other"), [("rosa", "ros\u00e9"), ("rosa", "rosa "), ("a", "\u0430"), ("\u0131", "i")])
def test_other_username(one: str, other: str) -> None:
    """Accents, spaces and letters of other scripts make a different username."""
    assert username_key(one) != username_key(other)


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("rosa.k@example.org", "r***@example.org"),
        ("r@example.org", "r***@example.org"),
        ('"a@b"@example.org', '"***@example.org'),
        (None, "xxxx"),
    ],
)
def test_hint(address: str | None, hint: str) -> None:
    """A hint shows an address's first character and its domain, and always has the same length before the @."""
    assert mask_email(address) == hint
