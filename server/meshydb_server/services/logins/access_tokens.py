"""Access tokens: JSON Web Tokens that anyone can verify with the server's public keys."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import jwt
from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.types import Options

from meshydb_server.services.common.keys import Keyring

AUDIENCE: Final = "meshy.api"
_ALGORITHM: Final = "ES256"
# The type of RFC 9068, which tells verifiers that this is an access token.
_TYPE: Final = "at+jwt"
_COORDINATE_BYTES: Final = 32
# Claims have up to some ten thousand characters.
_MOST_VERIFIED: Final = 500

# PyJWT would compare these claims with its own clock.
_NO_TIMES: Final[Options] = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


@frozen
class AccessTokens:
    """Signs with the newest key, and verifies with all keys.

    To verify a signature takes longer than all else of a small request, and a client sends the same token again and
    again: so the claims of the tokens that were verified last are kept, by the digests of the tokens.
    """

    keyring: Keyring
    _verified: OrderedDict[bytes, Mapping[str, Any]] = field(
        factory=OrderedDict[bytes, Mapping[str, Any]], init=False, repr=False, eq=False
    )

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign a token with these claims, which include `aud`."""
        key = self.keyring.newest
        headers = {"kid": key.id.hex(), "typ": _TYPE}
        return jwt.encode(dict(claims), key.tokens, _ALGORITHM, headers=headers)

    def read(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a token that this server has signed, expired or not; None for any other token."""
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        claims = self._verified.get(digest)
        if claims is not None:
            self._verified.move_to_end(digest)
            return claims
        claims = self._verify(token)
        if claims is not None:
            self._verified[digest] = claims
            if len(self._verified) > _MOST_VERIFIED:
                self._verified.popitem(last=False)
        return claims

    def _verify(self, token: str) -> Mapping[str, Any] | None:
        try:
            key = self.keyring.find(bytes.fromhex(jwt.get_unverified_header(token).get("kid", "")))
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                token, key.tokens.public_key(), [_ALGORITHM], options=_NO_TIMES, audience=AUDIENCE
            )
        # Python raises RecursionError if the header is nested too deeply.
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            return None
        return claims

    def json_web_keys(self) -> list[dict[str, str]]:
        """The public keys (RFC 7517), newest first."""
        return [_json_web_key(key.id, key.tokens.public_key()) for key in self.keyring.keys]


def _json_web_key(key_id: bytes, key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    point = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": _coordinate(point.x),
        "y": _coordinate(point.y),
        "kid": key_id.hex(),
        "use": "sig",
        "alg": _ALGORITHM,
    }


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(_COORDINATE_BYTES, "big")).rstrip(b"=").decode()
