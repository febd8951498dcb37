"""The commands, from parsed options to an outcome."""

import json
from argparse import Namespace
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from meshydb._cli.outcomes import Outcome, printable
from meshydb._cli.requests import read_request
from meshydb._cli.terminal import Secrets, waiting
from meshydb._sync.client import MeshyClient


def forgot_password(options: Namespace) -> Outcome:
    """Request a password reset, and print the response."""
    with _client(options) as client, waiting():
        reset = client.forgot_password(options.username, options.attempt)
    if options.json:
        print(json.dumps(reset.to_dict()))
        return Outcome.DONE
    shown = {
        "username": reset.username,
        "attempt": reset.attempt,
        "hash": reset.hash,
        "expires": f"{_local(reset.expires):%Y-%m-%d %H:%M:%S %Z}",
        "hint": reset.hint,
    }
    for name, value in shown.items():
        print(f"{name:<10}{printable(str(value))}")
    return Outcome.DONE


def check_hash(options: Namespace) -> Outcome:
    """Check a code, and print whether it is right."""
    with _client(options) as client:
        reset = read_request(options.file)
        code = Secrets(options.file).code(reset.hint)
        with waiting():
            is_valid = client.check_hash(reset, code)
    if options.json:
        print(json.dumps({"isValid": is_valid}))
    else:
        print("The code is right." if is_valid else "The code is wrong, or the request has expired or was used.")
    return Outcome.DONE if is_valid else Outcome.REJECTED


def reset_password(options: Namespace) -> Outcome:
    """Set a new password. With `--json` it prints nothing, because the response has no body."""
    with _client(options) as client:
        reset = read_request(options.file)
        secrets = Secrets(options.file)
        code, new_password = secrets.code(reset.hint), secrets.new_password()
        with waiting():
            client.reset_password(reset, code, new_password)
    if not options.json:
        print("The password is set, and all logins have ended.")
    return Outcome.DONE


def _local(time: datetime) -> datetime:
    """Return the local time; UTC in the first and last hours that `datetime` can hold."""
    try:
        return time.astimezone()
    except (OverflowError, ValueError, OSError):
        # The platform and its time zone decide whether an error is raised, and which.
        return time.astimezone(UTC)


@contextmanager
def _client(options: Namespace) -> Generator[MeshyClient]:
    """Make a client from the options. The environment has the other settings."""
    # Here, so that `--help` does not import httpx.
    from meshydb._transports.choice import new_interruptible_client  # noqa: PLC0415

    given: dict[str, Any] = {
        name: getattr(options, name) for name in ("account_name", "public_key", "base_url", "auth_url")
    }
    if options.tenant is not None:
        given["tenant"] = options.tenant or None
    with new_interruptible_client() as http_client, MeshyClient(**given, http_client=http_client) as client:
        yield client
