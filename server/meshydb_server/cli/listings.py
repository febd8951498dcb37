"""`outbox …` and `audit …`."""

from __future__ import annotations

import click

from meshydb_server import instants
from meshydb_server.cli.support import ACCOUNT, with_services
from meshydb_server.runtime import Services


@click.group()
def outbox() -> None:
    """Read the messages to users."""


@outbox.command("list")
@with_services
async def outbox_list(services: Services) -> object:
    """List the messages, oldest first; with their codes where console delivery stands in for a mailbox."""
    return [
        {
            "account": message.account,
            "tenant": message.tenant,
            "username": message.username,
            "kind": message.kind,
            "channel": message.channel,
            "to": message.recipient,
            **({} if code is None else {"code": code}),
            "status": message.status,
            "createdAt": instants.to_text(message.created_at),
        }
        for message, code in await services.outbox.messages()
    ]


@click.group()
def audit() -> None:
    """Read the trail of recoveries."""


@audit.command("list")
@click.argument("account", type=ACCOUNT)
@with_services
async def audit_list(services: Services, account: str) -> object:
    """List what was asked of the recovery of an account's users, and how it ended: each tenant's oldest first.

    What was refused is counted: one event for all of a kind from one client in the hour that begins at occurredAt.
    """
    return [
        {
            "account": event.account,
            "tenant": event.tenant,
            "kind": event.kind,
            "outcome": event.outcome,
            "userId": event.user_id,
            "count": event.count,
            "client": event.client,
            "occurredAt": instants.to_text(event.occurred_at),
        }
        for event in await services.audit.events(account)
    ]
