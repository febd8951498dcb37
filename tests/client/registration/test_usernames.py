"""The client rejects the usernames that the service rejects, before anything is sent."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any, Final

import pytest
from precis_i18n import get_profile

from meshydb import MeshyClient, NewUser, RegisterUser
from meshydb._usernames import is_new_username
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.usernames import require_new_username
from tests.support.tcp import ScriptedServer
from tests.support.usernames import NAMES, Name

_PROFILE: Final = get_profile("UsernameCasePreserved")
_ZWNJ: Final = "\u200c"
_BEH: Final = "\u0628"
# What characters are tried in: alone, and where each rule that looks at others looks at them.
_CONTEXTS: Final = ("{}", "a{}", "\u0375{}", "{}\u05f3", "\u30fb{}", "{}\u200d", "{}" + _ZWNJ + "a", "\u06f1{}", "1{}")


def _is_taken_by_service(username: str) -> bool:
    try:
        require_new_username(username)
    except InvalidRequestError:
        return False
    return True


def _assigned(*, step: int = 1) -> list[str]:
    """The characters that this Python knows, and every hundredth of the unknown and private ones."""
    known = (chr(point) for point in range(0, sys.maxunicode + 1, step))
    return [each for each in known if unicodedata.category(each) not in {"Cn", "Co", "Cs"} or ord(each) % 100 == 0]


def test_every_character() -> None:
    """Each character alone is allowed by the client exactly if the service allows it."""
    differing = [each for each in _assigned() if is_new_username(each) != _is_taken_by_service(each)]
    assert [f"U+{ord(each):04X}" for each in differing] == []


@pytest.mark.parametrize("context", _CONTEXTS[1:], ids=ascii)
def test_every_character_beside_others(context: str) -> None:
    """For characters with rules about their neighbours, client and service agree too."""
    names = [context.format(each) for each in _assigned(step=7)]
    differing = [name for name in names if is_new_username(name) != _is_taken_by_service(name)]
    assert [ascii(name) for name in differing] == []


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.why)
def test_table(name: Name) -> None:
    """For each kind of name, client, service and table agree."""
    assert (is_new_username(name.username), _is_taken_by_service(name.username)) == (name.allowed, name.allowed)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.allowed][:3], ids=lambda name: name.why)
def test_nothing_is_sent(name: Name) -> None:
    """Each way to make a user raises ValueError for such a name, without showing it or sending anything."""
    with ScriptedServer() as server, MeshyClient("acme", "north", "key", base_url=server.url) as client:
        ways: list[Callable[[], Any]] = [
            lambda: client.register_anonymous_user(name.username),
            lambda: RegisterUser(name.username, "correct horse"),
            lambda: NewUser(name.username, "correct horse"),
        ]
        for way in ways:
            with pytest.raises(ValueError, match=r"^username must be letters, digits and ASCII punctuation") as caught:
                way()
            assert name.username not in str(caught.value)
        assert server.requests == []


def test_joining_is_left_to_the_service() -> None:
    """Between letters of a cursive script, the client accepts every non-joiner and leaves the check to the service."""
    letters = [each for each in _assigned() if unicodedata.bidirectional(each) in {"R", "AL"}]
    names = [f"{_BEH}{_ZWNJ}{each}" for each in letters] + [f"{each}{_ZWNJ}{_BEH}" for each in letters]
    refused = [name for name in names if _is_taken_by_service(name) and not is_new_username(name)]
    assert refused == []
    # Alef does not join to what follows, so that there is nothing to keep from joining.
    assert (is_new_username("\u0627\u200c\u0628"), _is_taken_by_service("\u0627\u200c\u0628")) == (True, False)
