"""Our own server as a deployment on which all scenarios can run."""

from __future__ import annotations

from meshydb_contract import Deployment, Tenant
from tests.support.dependencies import ShiftedClock
from tests.support.server import ACCOUNT, DEFAULT_TENANT
from tests.support.world import PROJECTION, World, public_key


def deployment_of(world: World, clock: ShiftedClock, *tenants: str) -> Deployment:
    """Return the server of a world as a deployment. Scenarios run in the first tenant."""
    return Deployment(
        url=world.url,
        account=ACCOUNT,
        tenants=[Tenant(name, public_key(name), world.tokens[name], world.helper_tokens[name]) for name in tenants],
        newest_code=lambda tenant, username: world.newest_code(tenant or DEFAULT_TENANT, username),
        clock_at=clock.at,
        projection=PROJECTION,
    )
