"""The access token of the examples is one that a server could have issued."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import jwt
import pytest

from meshydb import MeshyClient
from meshydb_server.services.logins.access_tokens import AUDIENCE
from tests.spec.rules import examples_of
from tests.support.contract import read, resolve
from tests.support.tcp import ScriptedServer, reply

_PROMISED: Final = ("sub", "id", "given_name", "family_name", "role", "permission", "auth_time")
_DOCUMENT: Final = read()


def _example(path: str, method: str, status: str = "200") -> Any:
    content = resolve(_DOCUMENT, _DOCUMENT["paths"][path][method]["responses"][status])["content"]["application/json"]
    return resolve(_DOCUMENT, next(iter(content["examples"].values())))["value"]


def _tokens() -> Iterator[str]:
    """The access tokens among the examples, wherever they stand."""
    for path, _, value in examples_of(_DOCUMENT):
        if path.endswith("/TokenResponse/properties/access_token/examples"):
            yield value
        if isinstance(value, dict) and "access_token" in value:
            yield value["access_token"]


def test_claims_are_told() -> None:
    """What is promised of the claims is what the operation says of them."""
    description = _DOCUMENT["paths"]["/{accountName}/connect/token"]["post"]["description"]
    assert [name for name in _PROMISED if f"`{name}`" not in description] == []


@pytest.mark.parametrize("token", [*_tokens()])
def test_claims(token: str) -> None:
    """It has all claims that are promised, of the user of the examples, and the key of the examples has signed it."""
    (key,) = jwt.PyJWKSet.from_dict(_example("/{accountName}/.well-known/jwks.json", "get")).keys
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    # Whatever day it is.
    claims = jwt.decode(token, key, ["ES256"], audience=AUDIENCE, options={"verify_exp": False, "verify_iat": False})
    assert claims.keys() >= {*_PROMISED}
    user = _example("/{accountName}/users/me", "get")
    names = [claims[name] for name in ("sub", "id", "given_name", "family_name")]
    assert names == [user["id"], user["username"], user["firstName"], user["lastName"]]
    assert claims["role"] == [role["name"] for role in user["roles"]]
    assert claims["exp"] - claims["iat"] == _example("/{accountName}/connect/token", "post")["expires_in"]
    assert claims["iss"] == _example("/{accountName}/.well-known/openid-configuration", "get")["issuer"]


def test_client_reads_it() -> None:
    """The client tells the user by it, as in front of a server that answers with examples."""
    response = reply(200, _example("/{accountName}/connect/token", "post"))
    with ScriptedServer(response) as server, MeshyClient("acme", "north", "key", auth_url=server.url) as client:
        user = client.login("rosa.k", "correct horse").current_user
    assert (user.id, user.username, user.roles) == ("64b1f0c2a9e84d0012ab34cd", "rosa.k", ("meshy.user",))
    assert user.auth_time is not None


def test_tokens_are_found() -> None:
    """The example of the answer and that of its schema are the same token."""
    first, *others = _tokens()
    assert others == [first]
