"""`outbox …`."""

from __future__ import annotations

from typing import Final

import click

from meshydb_server import timestamps
from meshydb_server.cli.results import Result, listing
from meshydb_server.cli.support import with_services
from meshydb_server.cli.tables import Column, Table
from meshydb_server.runtime import Services

_MESSAGES: Final = Table(
    [
        Column("CREATED", "createdAt", cut=False),
        Column("ACCOUNT", "account"),
        Column("TENANT", "tenant"),
        Column("USERNAME", "username"),
        Column("KIND", "kind"),
        Column("TO", "to"),
        Column("CODE", "code", cut=False),
        Column("STATUS", "status", cut=False),
    ],
    empty="There are no messages.",
)


@click.group()
def outbox() -> None:
    """Read the messages to users."""


@outbox.command("list")
@with_services
async def outbox_list(services: Services) -> Result:
    """List messages, oldest first. Messages without a mail or text service show their codes."""
    rows = [
        {
            "account": message.account,
            "tenant": message.tenant,
            "username": message.username,
            "kind": message.kind,
            "channel": message.channel,
            "to": message.recipient,
            **({} if code is None else {"code": code}),
            "status": message.status,
            "createdAt": timestamps.to_text(message.created_at),
        }
        for message, code in await services.outbox.messages()
    ]
    return listing(_MESSAGES, rows)
