"""`outbox …` and `audit …`."""

from __future__ import annotations

from typing import Final

import click

from meshydb_server import timestamps
from meshydb_server.cli.results import Result, listing
from meshydb_server.cli.support import ACCOUNT, with_services
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
_EVENTS: Final = Table(
    [
        Column("OCCURRED", "occurredAt", cut=False),
        Column("TENANT", "tenant"),
        Column("KIND", "kind", cut=False),
        Column("OUTCOME", "outcome", cut=False),
        Column("COUNT", "count", cut=False),
        Column("USER ID", "userId"),
        Column("CLIENT", "client"),
    ],
    empty="There are no events.",
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


@click.group()
def audit() -> None:
    """Read the audit trail."""


@audit.command("list")
@click.argument("account", type=ACCOUNT)
@with_services
async def audit_list(services: Services, account: str) -> Result:
    """List events, oldest first in each tenant.

    Events are recoveries, refused logins, and changes of users and roles. Refused attempts of one kind, from one
    client, in one hour are counted in one event.
    """
    rows = [
        {
            "account": event.account,
            "tenant": event.tenant,
            "kind": event.kind,
            "outcome": event.outcome,
            "userId": event.user_id,
            "count": event.count,
            "client": event.client,
            "occurredAt": timestamps.to_text(event.occurred_at),
        }
        for event in await services.audit.events(account)
    ]
    return listing(_EVENTS, rows)
