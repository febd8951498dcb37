"""What an operator of our own server hands in, so that all scenarios can be told of it."""

from __future__ import annotations

from meshydb_contract import Deployment, Tenant
from tests.support.server import ACCOUNT, DEFAULT_TENANT
from tests.support.sources import ShiftedClock
from tests.support.world import World, public_key


def deployment_of(world: World, clock: ShiftedClock, *tenants: str) -> Deployment:
    """The server of a world, where stories take place in the first of some tenants."""
    return Deployment(
        url=world.url,
        account=ACCOUNT,
        tenants=[Tenant(name, public_key(name), world.tokens[name], world.helper_tokens[name]) for name in tenants],
        newest_code=lambda tenant, username: world.newest_code(tenant or DEFAULT_TENANT, username),
        clock_at=clock.at,
    )
