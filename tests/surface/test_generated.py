"""The generated client keeps what the project promises of it."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import attrs

import meshydb_api
from meshydb_api import AuthenticatedClient, models
from meshydb_api.types import Response
from tests.support.contract import read, walk

CANARY: Final = "canary-7f3a"


def test_secrets_stay_out_of_models() -> None:
    """The repr of a model shows no secret and no unknown property."""
    document = read()
    checked = 0
    for name, schema in document["components"]["schemas"].items():
        for property_name, node in schema.get("properties", {}).items():
            if node.get("format") == "password":
                fields = attrs.fields_dict(getattr(models, name))
                name_in_python = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", property_name)
                field = fields.get(name_in_python) or fields[f"{name_in_python}_"]
                assert not field.repr, (name, property_name)
                assert not fields["additional_properties"].repr
                checked += 1
    marked = [path for path, node in walk(document) if isinstance(node, dict) and node.get("format") == "password"]
    assert checked == len(marked) > 0


def test_secrets_stay_out_of_responses() -> None:
    """The repr of a response shows neither its body nor its headers."""
    response = Response[None](HTTPStatus.OK, content=CANARY.encode(), headers={"x": CANARY}, parsed=None)
    assert CANARY not in repr(response)


def test_secrets_stay_out_of_clients() -> None:
    """The repr of a client shows neither its token nor its headers, cookies and arguments."""
    secrets: dict[str, Any] = {"headers": {"x": CANARY}, "cookies": {"x": CANARY}, "httpx_args": {"x": CANARY}}
    assert CANARY not in repr(AuthenticatedClient(base_url="http://localhost", token=CANARY, **secrets))


def test_typed() -> None:
    """Type checkers read the generated package."""
    assert (Path(meshydb_api.__file__).parent / "py.typed").exists()
