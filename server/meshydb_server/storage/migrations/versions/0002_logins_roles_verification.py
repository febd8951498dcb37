"""Logins, roles, security questions, verification modes, and recoveries that can be completed."""

import secrets
import time

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# The name of the role, then its operations on each permissible.
_EVERYTHING = {"can_create": True, "can_read": True, "can_update": True, "can_delete": True}
_READ_ONLY = {"can_create": False, "can_read": True, "can_update": False, "can_delete": False}
_SYSTEM_ROLES = {
    "meshy.admin": {"meshes": _EVERYTHING, "projections": _READ_ONLY, "users": _EVERYTHING, "roles": _EVERYTHING},
    "meshy.user": {"meshes": _EVERYTHING, "projections": _READ_ONLY},
}


def upgrade() -> None:
    """Add the tables for logins, registration and completing recoveries."""
    _extend_tenants_users_outbox()
    _create_questions_and_roles()
    _create_sessions_and_audit()
    _replace_recoveries()
    _give_system_roles()


def _extend_tenants_users_outbox() -> None:
    true = sa.true()
    op.add_column("tenants", sa.Column("verification", sa.Text, nullable=False, server_default="email"))
    op.add_column("tenants", sa.Column("public_registration", sa.Boolean, nullable=False, server_default=true))
    op.add_column("tenants", sa.Column("anonymous_registration", sa.Boolean, nullable=False, server_default=true))
    op.add_column("users", sa.Column("first_name", sa.Text))
    op.add_column("users", sa.Column("last_name", sa.Text))
    op.add_column("users", sa.Column("names_key", sa.Text, nullable=False, server_default=""))
    op.add_column("users", sa.Column("verified", sa.Boolean, nullable=False, server_default=true))
    op.add_column("users", sa.Column("is_active", sa.Boolean, nullable=False, server_default=true))
    op.add_column("users", sa.Column("last_accessed", sa.BigInteger))
    op.add_column("outbox", sa.Column("kind", sa.Text, nullable=False, server_default="reset"))
    op.create_index("ix_outbox_expires_at", "outbox", ["expires_at"])


def _create_questions_and_roles() -> None:
    op.create_table(
        "security_questions",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer_hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "user_id", "position", name="pk_security_questions"),
        _of_user("security_questions"),
    )
    op.create_table(
        "roles",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("role_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "role_id", name="pk_roles"),
        sa.ForeignKeyConstraint(["account", "tenant"], ["tenants.account", "tenants.tenant"], name="fk_roles_tenants"),
    )
    op.create_index("ix_roles_account_tenant_name_key", "roles", ["account", "tenant", "name_key"], unique=True)
    op.create_table(
        "permissions",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("role_id", sa.Text, nullable=False),
        sa.Column("permission_id", sa.Text, nullable=False),
        sa.Column("permissible", sa.Text, nullable=False),
        sa.Column("can_create", sa.Boolean, nullable=False),
        sa.Column("can_read", sa.Boolean, nullable=False),
        sa.Column("can_update", sa.Boolean, nullable=False),
        sa.Column("can_delete", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "role_id", "permission_id", name="pk_permissions"),
        _of_role("permissions"),
    )
    op.create_index(
        "ix_permissions_account_tenant_role_id_permissible",
        "permissions",
        ["account", "tenant", "role_id", "permissible"],
        unique=True,
    )
    op.create_table(
        "user_roles",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role_id", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "user_id", "role_id", name="pk_user_roles"),
        _of_user("user_roles"),
        _of_role("user_roles"),
    )
    op.create_index("ix_user_roles_account_tenant_role_id", "user_roles", ["account", "tenant", "role_id"])


def _create_sessions_and_audit() -> None:
    op.create_table(
        "sessions",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("session_id", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary),
        sa.Column("credential_version", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "session_id", name="pk_sessions"),
        _of_user("sessions"),
    )
    op.create_index("ix_sessions_account_tenant_user_id", "sessions", ["account", "tenant", "user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "audit",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("request_id", sa.LargeBinary),
        sa.PrimaryKeyConstraint("account", "tenant", "event_id", name="pk_audit"),
    )


def _replace_recoveries() -> None:
    # No existing request can be completed, and all of them expire within the hour.
    op.drop_table("recoveries")
    op.create_table(
        "recoveries",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("username_key", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("request_id", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("credential_version", sa.Integer, nullable=False),
        sa.Column("code_mac", sa.LargeBinary),
        sa.Column("answer_hash", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.Text, nullable=False),
        sa.Column("guesses", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "username_key", "purpose", name="pk_recoveries"),
    )
    op.create_index("ix_recoveries_expires_at", "recoveries", ["expires_at"])


def _give_system_roles() -> None:
    """Give each tenant the default roles, and its users the default role."""
    connection = op.get_bind()
    meta = sa.MetaData()
    tenants, users, roles, permissions, user_roles = (
        sa.Table(name, meta, autoload_with=connection)
        for name in ("tenants", "users", "roles", "permissions", "user_roles")
    )
    now = time.time_ns() // 1_000_000
    for account, tenant in connection.execute(sa.select(tenants.c.account, tenants.c.tenant)).all():
        place = {"account": account, "tenant": tenant}
        ids = {name: secrets.token_hex(12) for name in _SYSTEM_ROLES}
        for name, grants in _SYSTEM_ROLES.items():
            role = {**place, "role_id": ids[name]}
            connection.execute(sa.insert(roles).values(**role, name=name, name_key=name, created_at=now))
            for permissible, operations in grants.items():
                permission = {**role, "permission_id": secrets.token_hex(12), "permissible": permissible}
                connection.execute(sa.insert(permissions).values(**permission, **operations))
        members = sa.select(
            users.c.account, users.c.tenant, users.c.user_id, sa.literal(ids["meshy.user"]), sa.literal(now)
        ).where(users.c.account == account, users.c.tenant == tenant, sa.not_(users.c.anonymous))
        columns = ["account", "tenant", "user_id", "role_id", "added_at"]
        connection.execute(sa.insert(user_roles).from_select(columns, members))


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account", "tenant", "user_id"],
        ["users.account", "users.tenant", "users.user_id"],
        name=f"fk_{table}_users",
        ondelete="CASCADE",
    )


def _of_role(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account", "tenant", "role_id"],
        ["roles.account", "roles.tenant", "roles.role_id"],
        name=f"fk_{table}_roles",
        ondelete="CASCADE",
    )
