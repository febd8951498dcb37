"""Holds a MeshyDB server against the contract of its REST API.

Exits with 0 if the server conforms, 1 if it does not, and 2 if that could not be tested.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from meshydb_contract._gate import hold
from meshydb_contract._probe import is_loopback, probe
from meshydb_contract._target import CannotTestError, Extent, Target
from meshydb_contract._verdict import Verdict
from meshydb_contract.scenarios import Site, Tenant

# By a variable alone: other users of a machine can read the words of a command.
_TOKEN: Final = "MESHYDB_CONTRACT_TOKEN"  # noqa: S105 - a name
_HELPER_TOKEN: Final = "MESHYDB_CONTRACT_HELPER_TOKEN"  # noqa: S105 - likewise

_EPILOG: Final = f"""
An access token for what needs one is taken from the variable {_TOKEN}. With it, users are
created, changed and deleted: give that of a tenant that is there for tests. Without it, what needs one is tested for
refusing. The variable {_HELPER_TOKEN} takes the access token of a user who may manage users
and nothing else: with it, one scenario shows that such a user cannot act on an administrator.
"""

_WARNING: Final = (
    "{} is not this machine. The test creates users, changes and deletes what the access token may, and asks for"
    " verification codes, which are sent. Add --yes if that is wanted."
)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    given = _parser().parse_args(arguments)
    if not given.yes and not all(is_loopback(url) for url in (given.url, given.auth_url) if url):
        return _refuse(_WARNING.format(given.url if not is_loopback(given.url) else given.auth_url))
    names = {"usernames": given.username, "publicKeys": given.public_key}
    target = Target(
        given.url.rstrip("/"),
        given.account,
        given.tenant,
        given.auth_url and given.auth_url.rstrip("/"),
        os.environ.get(_TOKEN) or None,
        {kind: [name] for kind, name in names.items() if name},
    )
    extent = Extent(
        seed=given.seed,
        max_time=given.max_time,
        max_examples=given.max_examples,
        rate_limit=given.rate_limit,
        operations=given.operation,
        report=given.report,
    )
    try:
        probe(target)
        # With some operations alone, no scenarios are told.
        verdict = hold(target, extent, site=None if given.operation else _site(target))
    except CannotTestError as error:
        return _refuse(str(error))
    _tell(verdict)
    return verdict.exit_code


def _site(target: Target) -> Site:
    (public_key,) = target.names.get("publicKeys", [None])
    tenant = Tenant(target.tenant, public_key, target.token, os.environ.get(_HELPER_TOKEN) or None)
    return Site(url=target.url, account=target.account, auth_url=target.auth_url, tenants=[tenant])


def _tell(verdict: Verdict) -> None:
    """Say in plain lines what became of the run; standard output is as schemathesis left it."""
    print()
    for finding, count in verdict.findings.items():
        print(f"{finding.operation}: {finding.check}: {finding.message} ({count} x)")
    for reason in dict.fromkeys(verdict.untold.values()):
        scenarios = (name for name, each in verdict.untold.items() if each == reason)
        print(f"Scenarios not told, because each {reason}: {', '.join(scenarios)}")
    if verdict.unserved:
        print(f"Tested for refusing alone, as no request succeeded: {', '.join(verdict.unserved)}")
    if verdict.limited:
        limited = (f"{operation} ({count} x)" for operation, count in verdict.limited.items())
        print(
            f"Turned away with 429, which hides all else (lift the limits, or see --rate-limit): {', '.join(limited)}"
        )
    if verdict.untested:
        print(f"Not tested: {', '.join(verdict.untested)}")
    print(f"The server {_OUTCOMES.get(verdict.exit_code, 'could not be tested to the end')}. Seed: {verdict.seed}")


_OUTCOMES: Final = {0: "conforms to the contract", 1: "does not conform to the contract"}


def _refuse(message: str) -> int:
    print(f"meshydb-contract: {message}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "meshydb-contract",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--url", required=True, type=_url, help="where the server is, without the account")
    add("--account", required=True)
    add("--tenant", help="sent with every request; without it, the header is left to chance")
    add("--username", help="a user of the tenant, who will be sent codes")
    add("--auth-url", type=_url, help="where connect/… is, if elsewhere")
    add("--public-key", help="that of the tenant")
    add("--seed", type=int, help="the same seed makes the same requests")
    add("--max-time", type=_positive, metavar="SECONDS", help="test for so long, and no longer")
    add(
        "--max-examples",
        type=_positive,
        metavar="N",
        help="random cases of each operation, and chains of calls along links",
    )
    add(
        "--rate-limit",
        type=_rate,
        metavar="N/UNIT",
        help="send no more in a second, minute or hour: 9/s, 500/m, 2000/h",
    )
    add("--operation", action="append", default=[], metavar="ID", help="test this operationId; may be repeated")
    add("--report", type=Path, metavar="DIR", help="write junit.xml, exchanges.har and html/index.html there")
    add("--yes", action="store_true", help="test a server that is not on this machine")
    return parser


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must begin with http:// or https://")
    try:
        parts = urlsplit(text)
        named = parts.hostname is not None and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise argparse.ArgumentTypeError("must name a host, and no port but a number up to 65535")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a number of at least 1")
    return int(text)


def _rate(text: str) -> str:
    if not re.fullmatch("[1-9][0-9]*/[smhd]", text):
        raise argparse.ArgumentTypeError("must be a number and a unit, such as 9/s, 500/m or 2000/h")
    return text
