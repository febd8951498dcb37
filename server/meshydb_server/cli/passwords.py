"""Reads a password from standard input or a prompt, so that it is in no process list."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Final

import click

from meshydb_server.cli.results import Result
from meshydb_server.cli.support import Utf8Type

_TYPE: Final = Utf8Type("PASSWORD")

_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
_ask_option = click.option("--ask-password", is_flag=True, help="Ask for the password at the terminal, without echo.")
_value_option = click.option(
    "--password",
    metavar="PASSWORD",
    type=_TYPE,
    help="8 to 128 characters. Other users can see it in the process list, and your shell history keeps it:"
    " prefer --password-stdin or --ask-password.",
)


def password_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Add the options that pass a password. The command receives it as `password`, or None."""

    # Outside the command, which runs in an event loop: Ctrl-C could not end a prompt there.
    @_stdin_option
    @_ask_option
    @functools.wraps(command)
    def run(*, password_stdin: bool, ask_password: bool, password: str | None = None, **given: object) -> Result:
        if (password is not None) + password_stdin + ask_password > 1:
            raise click.ClickException("Pass the password in one way only.")
        if password_stdin:
            password = _read_first_line()
        elif ask_password:
            password = _ask()
        return command(password=password, **given)

    return run


def password_value_option(command: Callable[..., Result]) -> Callable[..., Result]:
    """Add `--password P` to these options."""
    return _value_option(command)


def _read_first_line() -> str:
    if sys.stdin.isatty():
        raise click.ClickException(
            "--password-stdin reads a file or a pipe, not a terminal, which would show the password; use --ask-password"
        )
    line = sys.stdin.buffer.readline()
    try:
        password = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.ClickException("PASSWORD: the first line of standard input is not UTF-8") from error
    if not password:
        raise click.ClickException("PASSWORD: the first line of standard input is empty")
    return password


def _ask() -> str:
    if not sys.stdin.isatty():
        raise click.ClickException("--ask-password needs a terminal; elsewhere use --password-stdin")
    # On standard error, because standard output is for the result.
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Password, again", err=True)
    return _TYPE.convert(password, None, None)
