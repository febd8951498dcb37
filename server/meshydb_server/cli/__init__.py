"""The command line: `meshydb-server`. JSON on standard output, everything else on standard error."""

from __future__ import annotations

import click

from meshydb_server.cli.accounts import account, tenant
from meshydb_server.cli.listings import audit, outbox
from meshydb_server.cli.roles import role
from meshydb_server.cli.serving import serve_command
from meshydb_server.cli.users import user


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meshydb")
def main() -> None:
    """Host a MeshyDB server: logins, users and password recovery for your accounts."""


for command in (serve_command, account, tenant, user, role, outbox, audit):
    main.add_command(command)
