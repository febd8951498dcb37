"""`audit …`."""

from __future__ import annotations

from typing import Final

import click

from meshydb_server import timestamps
from meshydb_server.cli.results import Result, listing
from meshydb_server.cli.support import ACCOUNT, with_services
from meshydb_server.cli.tables import Column, Table
from meshydb_server.runtime import Services

_EVENTS: Final = Table(
    [
        Column("OCCURRED", "occurredAt", cut=False),
        Column("TENANT", "tenant"),
        Column("KIND", "kind", cut=False),
        Column("OUTCOME", "outcome", cut=False),
        Column("COUNT", "count", cut=False),
        Column("USER ID", "userId"),
        Column("ACTOR ID", "actorId"),
        Column("SUBJECT", "subject"),
        Column("CLIENT", "client"),
    ],
    empty="There are no events.",
)


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
            "actorId": event.actor_id,
            "subject": event.subject,
            "count": event.count,
            "client": event.client,
            "occurredAt": timestamps.to_text(event.occurred_at),
        }
        for event in await services.audit.events(account)
    ]
    return listing(_EVENTS, rows)
