"""The role of anonymous users."""

import secrets
import time

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ROLE = "meshy.anonymous"
_READ_ONLY = {"can_create": False, "can_read": True, "can_update": False, "can_delete": False}
_PERMISSIONS = {"meshes": dict.fromkeys(_READ_ONLY, True), "projections": _READ_ONLY}


def upgrade() -> None:
    """Give each tenant the role that the tokens of anonymous users have, unless it has a role of this name."""
    connection = op.get_bind()
    meta = sa.MetaData()
    tenants, roles, permissions = (
        sa.Table(name, meta, autoload_with=connection) for name in ("tenants", "roles", "permissions")
    )
    now = time.time_ns() // 1_000_000
    has_role = sa.exists().where(
        roles.c.account == tenants.c.account, roles.c.tenant == tenants.c.tenant, roles.c.name_key == _ROLE
    )
    without = sa.select(tenants.c.account, tenants.c.tenant).where(sa.not_(has_role))
    for account, tenant in connection.execute(without).all():
        role = {"account": account, "tenant": tenant, "role_id": secrets.token_hex(12)}
        connection.execute(sa.insert(roles).values(**role, name=_ROLE, name_key=_ROLE, created_at=now))
        for permissible, operations in _PERMISSIONS.items():
            permission = {**role, "permission_id": secrets.token_hex(12), "permissible": permissible}
            connection.execute(sa.insert(permissions).values(**permission, **operations))
