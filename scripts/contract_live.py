"""Tests any server against openapi.yaml, with the names that it has in place of those that the suites seed.

Without a token, what needs one is tested for refusing. With one, users are created, changed and deleted: give it the
token of a tenant that is there for tests.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomlkit

_ROOT = Path(__file__).parents[1]
# By a variable alone: other users of a machine can read the words of a command.
_TOKEN = "MESHYDB_CONTRACT_TOKEN"  # noqa: S105 - a name


def main() -> None:
    """Run the command line; exit as schemathesis does."""
    epilog = f"An access token for what needs one is taken from the variable {_TOKEN}."
    parser = argparse.ArgumentParser(description=__doc__, epilog=epilog)
    parser.add_argument("--url", required=True, help="where the server is, without the account")
    parser.add_argument("--account", required=True)
    parser.add_argument("--tenant", help="sent with every request; without it, the header is left to chance")
    parser.add_argument("--username", help="a user of the tenant, who will be sent codes")
    given = parser.parse_args()

    config = tomllib.loads((_ROOT / "schemathesis.toml").read_text(encoding="utf-8"))
    names = {"accounts": given.account, "tenants": given.tenant, "usernames": given.username}
    known = {kind: name for kind, name in names.items() if name}
    config["dictionaries"] = {kind: {"values": [name]} for kind, name in known.items()}
    for section in [config, *config["operations"]]:
        bindings: dict[str, Any] = section.pop("parameters", {})
        section["parameters"] = {name: each for name, each in bindings.items() if each["dictionary"] in known}
    if os.environ.get(_TOKEN):
        # What is in the file is the variable's name.
        config["auth"] = {"openapi": {"bearer": {"bearer": f"${{{_TOKEN}}}"}}}

    reports = _ROOT / "build" / "contract"
    reports.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schemathesis.toml"
        path.write_text(tomlkit.dumps(config), encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(path)]
        header = ["--header", f"tenant: {given.tenant}"] if given.tenant else []
        run = ["run", "openapi.yaml", "--url", given.url, *header]
        sys.exit(subprocess.run([*command, *run], cwd=_ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
