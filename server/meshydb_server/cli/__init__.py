"""The command line `meshydb-server`. It prints results on standard output, everything else on standard error."""

from __future__ import annotations

from typing import NoReturn

import click

from meshydb_server.cli.accounts import account, tenant
from meshydb_server.cli.audit import audit
from meshydb_server.cli.backups import backup
from meshydb_server.cli.meshes import mesh
from meshydb_server.cli.messages import outbox
from meshydb_server.cli.projections import projection
from meshydb_server.cli.roles import role
from meshydb_server.cli.running import EXIT_CODES, run
from meshydb_server.cli.serving import serve_command
from meshydb_server.cli.users import user


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(package_name="meshydb")
def commands() -> None:
    """Host a MeshyDB server: logins, users and password recovery for your accounts."""


for command in (serve_command, account, tenant, user, role, mesh, projection, outbox, audit, backup):
    commands.add_command(command)


def main() -> NoReturn:
    """Run the command line, and exit."""
    run(commands)
