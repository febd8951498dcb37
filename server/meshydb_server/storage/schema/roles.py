"""Roles, their permissions, and the roles of users."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

roles = Table(
    "roles",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # The key that role names are compared by: without regard to case.
    Column("name_key", Text, nullable=False),
    Column("description", Text),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["account", "tenant"], ["tenants.account", "tenants.tenant"]),
    Index(None, "account", "tenant", "name_key", unique=True),
)

permissions = Table(
    "permissions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("permission_id", Text, primary_key=True),
    Column("permissible", Text, nullable=False),
    Column("can_create", Boolean, nullable=False),
    Column("can_read", Boolean, nullable=False),
    Column("can_update", Boolean, nullable=False),
    Column("can_delete", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "role_id"], ["roles.account", "roles.tenant", "roles.role_id"], ondelete="CASCADE"
    ),
    Index(None, "account", "tenant", "role_id", "permissible", unique=True),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("added_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "user_id"], ["users.account", "users.tenant", "users.user_id"], ondelete="CASCADE"
    ),
    ForeignKeyConstraint(
        ["account", "tenant", "role_id"], ["roles.account", "roles.tenant", "roles.role_id"], ondelete="CASCADE"
    ),
    Index(None, "account", "tenant", "role_id"),
)
