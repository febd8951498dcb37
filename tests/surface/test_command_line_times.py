"""The command `meshydb` shows times of the place where it runs, as far as there are such times."""

from __future__ import annotations

import pytest

from tests.support.tcp import ScriptedServer, reply
from tests.support.terminal import run_client
from tests.surface.reset_requests import RESET, USERNAME, at


@pytest.mark.parametrize(
    ("expires", "shown"),
    [
        ("2030-07-01T01:00:00.000Z", "2030-06-30 21:00:00 EDT"),
        ("0001-01-01T00:00:00.000Z", "1-01-01 00:00:00 UTC"),
    ],
)
def test_times(expires: str, shown: str) -> None:
    """The time at which a request lapses is local, and that of UTC where the local one would be before year 1."""
    with ScriptedServer(reply(200, {**RESET, "expires": expires})) as scripted:
        done = run_client("forgot-password", USERNAME, environment={**at(scripted.url), "TZ": "America/New_York"})
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("expires")]
    # Whether a year has zeros before it depends on the platform.
    assert line.split(maxsplit=1)[1].lstrip("0") == shown
