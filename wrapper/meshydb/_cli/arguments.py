"""The arguments of the command line. Codes and passwords are never arguments: the shell keeps a history of those."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, NoReturn

from meshydb._cli import commands
from meshydb._cli.outcomes import EXIT_CODES, Outcome, UsageError
from meshydb._config import variable
from meshydb._version import __version__

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

JSON_OPTION = "--json"

_DESCRIPTION = """\
Recover the password of a MeshyDB user:

  meshydb forgot-password ada --json > reset.json
  meshydb check-hash reset.json
  meshydb reset-password reset.json
"""

_INPUT = """\
At a terminal, the command prompts for {secrets}, without echo.

If standard input is not a terminal, pass the request as FILE. The command then reads {lines}
from standard input. Without FILE, or with -, it reads the request from standard input, and prompts at the terminal.
"""
_COLUMNS = 78

_SETTINGS = "Options that you do not pass come from the environment variable beside them."


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse ignores an OSError here, so that help that was not written would count as success.
        (file or sys.stderr).write(message)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments. `command` of the result is the function to run. Raises UsageError."""
    options, unknown = _build().parse_known_args(arguments)
    if unknown:
        # Not repeated: an unexpected argument may be a secret, and standard error may be kept.
        raise UsageError("unknown or too many arguments; meshydb prompts for codes and passwords (see meshydb --help)")
    for name in ("account_name", "public_key"):
        if getattr(options, name) is None and not os.environ.get(variable(name)):
            raise UsageError(f"{_option(name)} is missing: pass it, or set {variable(name)}")
    return options


def _build() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="meshydb", description=_DESCRIPTION, epilog=EXIT_CODES, formatter_class=layout, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"meshydb {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], Outcome], summary: str, more: str = "") -> _Parser:
        command = subparsers.add_parser(
            name,
            help=summary,
            description=_wrapped(f"{summary[0].upper()}{summary[1:]}.\n\n{more}"),
            epilog=EXIT_CODES,
            formatter_class=layout,
            allow_abbrev=False,
        )
        command.set_defaults(command=run)
        _add_settings(command)
        return command

    command = add("forgot-password", commands.forgot_password, "request a password reset, and print the response")
    command.add_argument("username", metavar="USERNAME", help="the user who forgot the password")
    command.add_argument(
        "--attempt",
        metavar="N",
        type=int,
        default=1,
        help="how many times the user has asked, including this one (default: 1)",
    )

    more = _INPUT.format(secrets="the code", lines="the code")
    command = add("check-hash", commands.check_hash, "check a code: counts as a guess, does not use it up", more)
    _add_file(command)

    secrets = "the code and the new password"
    more = _INPUT.format(secrets=secrets, lines=f"{secrets}, one per line,")
    command = add("reset-password", commands.reset_password, "set a new password, and end all logins", more)
    _add_file(command)
    return parser


def _wrapped(text: str) -> str:
    """Wrap each paragraph, which the formatter leaves as it is."""
    return "\n\n".join(fill(each, _COLUMNS) for each in text.split("\n\n"))


def _add_file(command: _Parser) -> None:
    command.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        # As usual, a dash is standard input.
        type=lambda name: None if name == "-" else name,
        help="the verification request: the output of forgot-password --json",
    )


def _add_settings(command: _Parser) -> None:
    command.add_argument(JSON_OPTION, action="store_true", help="print results as JSON of the API, and errors as JSON")
    settings = command.add_argument_group("settings", _SETTINGS)
    for name, metavar in (
        ("account_name", "NAME"),
        ("tenant", "NAME"),
        ("public_key", "KEY"),
        ("base_url", "URL"),
        ("auth_url", "URL"),
    ):
        more = "; '' for the account's default" if name == "tenant" else ""
        settings.add_argument(_option(name), metavar=metavar, help=f"{variable(name)}{more}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
