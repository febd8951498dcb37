"""Tests any server against openapi.yaml, with the names that it has in place of those that the suites seed."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import tomlkit

_ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run the command line; exit as schemathesis does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="where the server is, without the account")
    parser.add_argument("--account", required=True)
    parser.add_argument("--tenant", help="sent with every request; without it, the header is left to chance")
    parser.add_argument("--username", help="a user of the tenant, who will be sent codes")
    given = parser.parse_args()

    config = tomlkit.parse((_ROOT / "schemathesis.toml").read_text(encoding="utf-8"))
    names = {"accounts": given.account, "tenants": given.tenant, "usernames": given.username}
    config["dictionaries"] = {kind: {"values": [name]} for kind, name in names.items() if name}
    bindings = config["parameters"].unwrap()
    config["parameters"] = {name: each for name, each in bindings.items() if names[each["dictionary"]]}

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
