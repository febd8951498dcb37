"""The server's secret keys. They sign, authenticate and encrypt what is in the database, and are never in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from attrs import field, frozen
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4


class KeyFormatError(ValueError):
    """A key is not 32 bytes in base64url."""


@frozen
class Key:
    """One secret, and the keys derived from it: one for each purpose, so that none can stand in for another."""

    id: bytes
    signing: bytes = field(repr=False)
    codes: bytes = field(repr=False)
    messages: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret: bytes) -> Key:
        """Derive all keys from one secret of 32 bytes."""
        return cls(
            id=_derive(secret, "id")[:KEY_ID_BYTES],
            signing=_derive(secret, "recovery handle"),
            codes=_derive(secret, "verification code"),
            messages=_derive(secret, "outbox message"),
        )


class Keyring:
    """The keys in use: the newest signs and encrypts, all of them verify and decrypt."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        """Take the secrets, newest first."""
        self._keys = tuple(Key.derive(secret) for secret in secrets)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key.messages)) for key in self._keys])

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read base64url keys of 32 bytes, newest first, separated by commas or white space."""
        words = text.replace(",", " ").split()
        if not words:
            raise KeyFormatError("There is no key.")
        return cls([_decode(word) for word in words])

    @property
    def newest(self) -> Key:
        """The key that signs."""
        return self._keys[0]

    @property
    def oldest(self) -> Key:
        """The key that stays longest when keys are changed: for what should stay the same."""
        return self._keys[-1]

    def find(self, key_id: bytes) -> Key | None:
        """The key of this id, if it is in use."""
        return next((key for key in self._keys if key.id == key_id), None)

    def encrypt(self, text: str) -> bytes:
        """Encrypt a message for the outbox."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """Decrypt a message of the outbox; raises cryptography.fernet.InvalidToken under other keys."""
        return self._fernet.decrypt(token).decode()


def authenticate(key: bytes, *fields: str | bytes | int) -> bytes:
    """HMAC-SHA256 over the fields, each with its length before it, so that no two lists of fields read alike."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for value in fields:
        encoded = value if isinstance(value, bytes) else str(value).encode()
        mac.update(len(encoded).to_bytes(4, "big"))
        mac.update(encoded)
    return mac.digest()


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"meshydb {purpose}".encode()).derive(secret)


def _decode(word: str) -> bytes:
    try:
        secret = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyFormatError("A key must be 32 bytes in base64url.")
    return secret
