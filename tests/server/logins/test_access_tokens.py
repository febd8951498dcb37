"""Access tokens: signing, verification and forgeries."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.logins.access_tokens import AccessTokens

_OLD, _NEW, _OTHER = (bytes([number]) * 32 for number in range(3))
_CLAIMS = {"aud": "meshy.api", "sub": "64b1f0c2a9e84d0012ab34cd", "exp": 1}


def _tokens(*secrets: bytes) -> AccessTokens:
    return AccessTokens(Keyring(secrets))


def test_claims_return() -> None:
    """Verification returns the signed claims, expired or not; the caller checks the time."""
    tokens = _tokens(_NEW)
    assert tokens.read(tokens.sign(_CLAIMS)) == _CLAIMS


def test_others_can_verify() -> None:
    """Anyone can verify a token with the published key that its header names."""
    tokens = _tokens(_NEW, _OLD)
    token = tokens.sign({**_CLAIMS, "exp": 1 << 40})
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    keys = jwt.PyJWKSet.from_dict({"keys": tokens.json_web_keys()})
    assert jwt.decode(token, keys[header["kid"]], ["ES256"], audience="meshy.api")["sub"] == _CLAIMS["sub"]


def test_rotation() -> None:
    """The newest key signs, all keys verify, and a key that is gone verifies nothing any more."""
    before, during, after = _tokens(_OLD), _tokens(_NEW, _OLD), _tokens(_NEW)
    old, new = before.sign(_CLAIMS), during.sign(_CLAIMS)
    assert during.read(old) == during.read(new) == after.read(new) == _CLAIMS
    assert after.read(old) is None
    assert before.read(new) is None


def test_published_keys() -> None:
    """All public keys are published, the newest first, in the documented form and without their private halves."""
    published = _tokens(_NEW, _OLD).json_web_keys()
    assert [key["kid"] for key in published] == [key.id.hex() for key in Keyring([_NEW, _OLD]).keys]
    for key in published:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        assert len(key["x"]) == len(key["y"]) == 43
    assert published == _tokens(_NEW).json_web_keys() + _tokens(_OLD).json_web_keys()


def test_keys_are_derived() -> None:
    """A secret gives the same key in each process, and different secrets give different ones."""
    assert _tokens(_NEW).json_web_keys() == _tokens(_NEW).json_web_keys()
    assert _tokens(_NEW).json_web_keys() != _tokens(_OTHER).json_web_keys()


def test_known_key() -> None:
    """The key derivation never changes, so issued tokens stay valid."""
    (key,) = _tokens(_NEW).json_web_keys()
    assert (key["kid"], key["x"]) == ("b8439cb7", "SmXTS4it5kPvy4L3OM_2gL7CdL_lxGvkO-OxceZu2tg")


def _encode(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _forged(header: dict[str, Any], key: Any, algorithm: str, claims: dict[str, Any] = _CLAIMS) -> str:
    return jwt.encode(claims, key, algorithm, headers=header)


_KEY = Keyring([_NEW]).newest
_KID = {"kid": _KEY.id.hex()}
_PUBLIC = _KEY.tokens.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
_GOOD = _tokens(_NEW).sign(_CLAIMS)
_DEEP = base64.urlsafe_b64encode(b"[" * 50_000).decode()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("canary", id="no parts"),
        pytest.param("..", id="empty parts"),
        pytest.param("\ud800.\ud800.\ud800", id="no text"),
        pytest.param(_GOOD + "A", id="longer"),
        pytest.param(_GOOD[:-1], id="shorter"),
        pytest.param(_DEEP + ".e30.AAAA", id="nested deeply"),
        pytest.param(_forged({}, _KEY.tokens, "ES256"), id="no key id"),
        pytest.param(_forged({"kid": "zz"}, _KEY.tokens, "ES256"), id="no hexadecimal key id"),
        pytest.param(f"{_encode({'alg': 'ES256', 'kid': 1})}.{_GOOD.partition('.')[2]}", id="no text as key id"),
        pytest.param(_forged({"kid": "00000000"}, _KEY.tokens, "ES256"), id="unknown key id"),
        pytest.param(_forged(_KID, ec.generate_private_key(ec.SECP256R1()), "ES256"), id="another key"),
        pytest.param(_forged(_KID, None, "none"), id="no signature"),
        pytest.param(_forged(_KID, _PUBLIC, "HS256"), id="public key as a secret"),
        pytest.param(_forged(_KID, _KEY.tokens, "ES256", {**_CLAIMS, "aud": "other.api"}), id="another audience"),
        pytest.param(_forged(_KID, _KEY.tokens, "ES256", {"sub": "x"}), id="no audience"),
    ],
)
def test_forged(token: str) -> None:
    """A token that the server has not signed as an access token is rejected."""
    assert _tokens(_NEW).read(token) is None
