"""The server's secret keys. They sign, authenticate and encrypt data in the database, and are never stored in it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import field, frozen
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4

# The order of the curve P-256 (SEC 2). Private keys are the numbers from 1 to one less than the order.
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# More bytes than the number has, so that the modulo favours no value noticeably.
_P256_SEED_BYTES: Final = 48


class KeyFormatError(ValueError):
    """A key is not 32 bytes in base64url."""


@frozen
class Key:
    """One secret, and the keys derived from it: a separate key for each purpose."""

    id: bytes
    signing: bytes = field(repr=False)
    codes: bytes = field(repr=False)
    messages: bytes = field(repr=False)
    answers: bytes = field(repr=False)
    counters: bytes = field(repr=False)
    tokens: ec.EllipticCurvePrivateKey = field(repr=False, eq=False)

    @classmethod
    def derive(cls, secret: bytes) -> Key:
        """Derive all keys from a secret of 32 bytes."""
        return cls(
            id=_derive(secret, "id")[:KEY_ID_BYTES],
            signing=_derive(secret, "recovery handle"),
            codes=_derive(secret, "verification code"),
            messages=_derive(secret, "outbox message"),
            answers=_derive(secret, "answer shown"),
            counters=_derive(secret, "counter"),
            tokens=_derive_p256(secret, "access token"),
        )


class Keyring:
    """The keys in use. The newest signs and encrypts; all of them verify and decrypt."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        """Take the secrets, newest first."""
        self._keys = tuple(Key.derive(secret) for secret in secrets)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key.messages)) for key in self._keys])

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Parse base64url keys of 32 bytes, newest first, separated by commas or white space."""
        words = text.replace(",", " ").split()
        if not words:
            raise KeyFormatError("There are no keys.")
        return cls([_decode(word) for word in words])

    @property
    def newest(self) -> Key:
        """The key that signs."""
        return self._keys[0]

    @property
    def oldest(self) -> Key:
        """The key that survives rotation longest, for values that should stay the same."""
        return self._keys[-1]

    def find(self, key_id: bytes) -> Key | None:
        """The key of this id, if it is in use."""
        return next((key for key in self._keys if key.id == key_id), None)

    def encrypt(self, text: str) -> bytes:
        """Encrypt a message of the outbox."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """Decrypt a message of the outbox. Raises cryptography.fernet.InvalidToken if no key fits."""
        return self._fernet.decrypt(token).decode()

    @property
    def keys(self) -> Sequence[Key]:
        """All keys, newest first."""
        return self._keys


def authenticate(key: bytes, *fields: str | bytes | int) -> bytes:
    """HMAC-SHA256 over length-prefixed fields, so that no two lists of fields have the same encoding."""
    encoded = [value if isinstance(value, bytes) else str(value).encode() for value in fields]
    # One call takes a third of the time of several.
    return hmac.digest(key, b"".join([len(each).to_bytes(4, "big") + each for each in encoded]), "sha256")


def _derive(secret: bytes, purpose: str, length: int = KEY_BYTES) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=f"meshydb {purpose}".encode()).derive(secret)


def _derive_p256(secret: bytes, purpose: str) -> ec.EllipticCurvePrivateKey:
    seed = int.from_bytes(_derive(secret, purpose, _P256_SEED_BYTES), "big")
    return ec.derive_private_key(seed % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def _decode(word: str) -> bytes:
    try:
        secret = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyFormatError("A key must be 32 bytes in base64url.")
    return secret
