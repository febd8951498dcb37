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
    """List the messages, oldest first. Those that no mail or text service delivers have their codes."""
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
    """Read the audit trail."""


@audit.command("list")
@click.argument("account", type=ACCOUNT)
@with_services
async def audit_list(services: Services, account: str) -> object:
    """List password recoveries, refused logins, and changes of users and roles: each tenant's oldest first.

    Refused tries are counted: one event for all of a kind from one client in the hour that begins at occurredAt.
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
