"""Commands of the operator that print codes and set the server's clock. They run without a shell."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Final, cast

from meshydb_contract._deployment.target import CannotTestError

_PATIENCE_SECONDS: Final = 60.0
# An email may take a moment to arrive.
_MAX_TRIES: Final = 10
_PAUSE_SECONDS: Final = 1.0


def parse_command(text: str) -> Sequence[str]:
    """Split a command into words. Raises ValueError if the program does not exist."""
    words = shlex.split(text)
    if not words:
        raise ValueError("must be a command")
    if shutil.which(words[0]) is None:
        raise ValueError(f"names a program that there is not: {words[0]}")
    return words


def codes_from(words: Sequence[str]) -> Callable[[str | None, str], str | None]:
    """Return a function that looks up the last code sent to a user, with a command that prints messages as JSON.

    The JSON is a list of objects with `username` and, where they are known, `code`, `tenant` and `createdAt`, as
    `meshydb-server outbox list` prints them.
    """

    def newest_code(tenant: str | None, username: str) -> str | None:
        for _ in range(_MAX_TRIES):
            messages = [
                each
                for each in _messages(words)
                if each.get("code")
                and str(each["username"]).casefold() == username.casefold()
                and (tenant is None or str(each.get("tenant") or tenant).casefold() == tenant.casefold())
            ]
            if messages:
                # Of messages of the same time, the last.
                newest = max(enumerate(messages), key=lambda pair: (str(pair[1].get("createdAt") or ""), pair[0]))
                return str(newest[1]["code"])
            time.sleep(_PAUSE_SECONDS)
        return None

    return newest_code


def clock_of(words: Sequence[str]) -> Callable[[datetime], AbstractContextManager[None]]:
    """Return a function that sets the server's clock, with a command that takes a time in ISO 8601 or `now`."""

    @contextmanager
    def clock_at(moment: datetime) -> Generator[None]:
        _output([*words, moment.isoformat()])
        try:
            yield
        finally:
            _output([*words, "now"])

    return clock_at


def _messages(words: Sequence[str]) -> list[dict[str, Any]]:
    output = _output(words)
    try:
        listed: Any = json.loads(output)
    except ValueError as error:
        raise CannotTestError(f"{shlex.join(words)} does not print JSON: {error}.") from error
    if not isinstance(listed, list):
        raise CannotTestError(f"{shlex.join(words)} does not print a list of messages.")
    messages = [cast("dict[str, Any]", each) for each in cast("list[object]", listed) if isinstance(each, dict)]
    if any("username" not in each for each in messages):
        raise CannotTestError(f"{shlex.join(words)} prints a message without `username`.")
    return messages


def _output(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotTestError(f"{shlex.join(words)} failed: {error}.") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
        raise CannotTestError(f"{shlex.join(words)} exits with {done.returncode}: {said}")
    return done.stdout
