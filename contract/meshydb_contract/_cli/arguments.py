"""The arguments of the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from meshydb_contract._cli.summary import HELPER, SECOND, TOKEN
from meshydb_contract._deployment.commands import parse_command

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

# Tokens come from variables only: other users of a machine can read command lines.
_EPILOG: Final = f"""
Access tokens come from environment variables, because other users of a machine can read command lines:
  {TOKEN}         of an administrator of the tenant, who may manage users, roles and meshes
  {HELPER}  of a user who may manage users and nothing else
  {SECOND}  of an administrator of the second tenant
The run registers users. With a token, it also creates, changes and deletes users, roles and documents: only those that
it made, and it deletes them at the end. The last lines list what was not tested for lack of a token, a key, codes, a
projection or a second tenant.

If a limit rejects a request, the run waits as Retry-After says, up to a minute, and retries. With a server's default
limits, a run takes about five minutes.
"""


def make_parser(description: str | None) -> argparse.ArgumentParser:
    parser = _Parser(
        "meshydb-contract",
        description=description,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--url", required=True, type=_url, help="URL of the server, without the account")
    add("--account", required=True, help="the account to test")
    add("--tenant", help="the tenant to test; without it, requests have a random tenant or none")
    add("--username", help="a user of the tenant, who will be sent codes")
    add("--auth-url", type=_url, help="URL of connect/…, if it is on another host")
    add("--public-key", metavar="KEY", help="the public key of the tenant; logins need it")
    add(
        "--codes-from",
        type=_command,
        metavar="COMMAND",
        help="a command that prints the messages to users as JSON, like 'meshydb-server outbox list'",
    )
    add("--projection", metavar="NAME", help="the name of a projection of the tenant, to search it")
    add("--second-tenant", metavar="NAME", help="another tenant of the account, to test that tenants are isolated")
    add("--second-public-key", metavar="KEY", help="the public key of the second tenant")
    add(
        "--set-clock",
        type=_command,
        metavar="COMMAND",
        help="a command that sets the server's clock to its last argument, a time in ISO 8601 or 'now'",
    )
    add("--require-all", action="store_true", help="exit with 2 if anything was not tested")
    add("--seed", type=int, help="repeat the requests of the run with this seed")
    add("--max-time", type=_positive, metavar="SECONDS", help="stop after this time; deleting users may add a minute")
    add(
        "--max-examples",
        type=_positive,
        metavar="N",
        help="number of random cases per operation, and of call chains along links",
    )
    add(
        "--rate-limit",
        type=_rate,
        metavar="N/UNIT",
        help="maximum rate of random requests, such as 9/s, 500/m or 2000/h",
    )
    add(
        "--operation",
        action="append",
        default=[],
        metavar="ID",
        help="test only this operation, no scenarios; may be repeated",
    )
    add("--report", type=Path, metavar="DIR", help="directory for junit.xml, exchanges.har and html/index.html")
    add("--proxy", type=_url, metavar="URL", help="a proxy to use; proxies from the environment are ignored")
    add("--yes", action="store_true", help="test a server that is not on this machine")
    return parser


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse ignores an OSError here, so that help that was not written would count as success.
        (file or sys.stderr).write(message)


def _command(text: str) -> Sequence[str]:
    try:
        return parse_command(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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
