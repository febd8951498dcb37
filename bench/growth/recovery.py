"""What whole recoveries cost the server: a request, a check of its code, and a new password."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from bench.load import username
from bench.meshes.connection import Connection
from bench.servers import ACCOUNT, administer, environment_for, meshydb

_RECOVERIES: Final = 100
_PASSWORD: Final = "a new correct horse"  # noqa: S105 - of users that exist as long as the benchmark


def cpu_seconds(folder: Path) -> float:
    """The CPU seconds of the server for one recovery."""
    environment = environment_for(f"sqlite+aiosqlite:///{folder / f'{_RECOVERIES}.sqlite3'}")
    with meshydb(folder, _RECOVERIES) as running, Connection(running.port) as connection:

        def post(operation: str, body: dict[str, Any]) -> Any:
            return connection.json("POST", f"/{ACCOUNT}/users/{operation}", body)

        before = running.cpu_seconds
        names = [username(number) for number in range(_RECOVERIES)]
        resets = [post("forgotpassword", {"username": name, "attempt": 1}) for name in names]
        messages = administer(environment, "outbox", "list")[-_RECOVERIES:]
        for reset, message in zip(resets, messages, strict=True):
            checked = {**reset, "verificationCode": message["code"]}
            if not post("checkhash", checked)["isValid"]:
                raise ValueError(f"The code for {reset['username']} was rejected.")
            post("resetpassword", {**checked, "newPassword": _PASSWORD})
        return (running.cpu_seconds - before) / _RECOVERIES
