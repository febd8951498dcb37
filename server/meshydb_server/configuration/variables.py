"""Finds `MESHYDB_*` variables that nothing reads, such as mistyped ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from meshydb_server.configuration.settings import Settings

_PREFIX: Final = "MESHYDB_"
# Variables of the client, which may run on the same machine.
_OF_THE_CLIENT: Final = ("ACCOUNT_NAME", "TENANT", "PUBLIC_KEY", "BASE_URL", "AUTH_URL", "LOG")
# Variables of the gate and of the project's tests.
_OF_OTHERS: Final = ("CONTRACT_", "TEST_")
# Kubernetes sets variables for each service in the containers of its namespace. A service called `meshydb` gives
# MESHYDB_SERVICE_HOST, MESHYDB_PORT_8000_TCP_ADDR and more, and MESHYDB_PORT with a URL.
_OF_KUBERNETES: Final = re.compile(
    r"(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)=.*|(\w+_)?PORT=(tcp|udp|sctp)://.*",
    re.DOTALL,
)


def warnings_of(environment: Mapping[str, str]) -> list[str]:
    """One line for each variable that is named like a setting but is not one. No line shows a value."""
    known = [*(name.upper() for name in Settings.model_fields), *_OF_THE_CLIENT]
    # Settings are read in any case of letters.
    given = {name: name.upper().removeprefix(_PREFIX) for name in environment if name.upper().startswith(_PREFIX)}
    unknown = {
        name: rest
        for name, rest in given.items()
        if rest not in known
        and not rest.startswith(_OF_OTHERS)
        and not _OF_KUBERNETES.fullmatch(f"{rest}={environment[name]}")
    }
    return [_warning(name, get_close_matches(rest, known, 1)) for name, rest in sorted(unknown.items())]


def _warning(name: str, close: list[str]) -> str:
    # A name may contain characters that must not be in a line.
    shown = ascii(name)[1:-1]
    advice = f"did you mean {_PREFIX}{close[0]}?" if close else "it has no effect."
    return f"{shown} is not a setting; {advice}"
