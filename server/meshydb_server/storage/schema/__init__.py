"""The tables, as the migrations create them: a file for each subject.

Each key begins with the account and, below it, the tenant, so that rows shard by tenant on a distributed PostgreSQL.
"""

from meshydb_server.storage.schema.accounts import accounts, tenants
from meshydb_server.storage.schema.audit import audit
from meshydb_server.storage.schema.counters import counters
from meshydb_server.storage.schema.health import heartbeat
from meshydb_server.storage.schema.logins import known_addresses, sessions
from meshydb_server.storage.schema.meshes import documents, meshes, projections
from meshydb_server.storage.schema.messages import IS_DECOY, WAITING, outbox
from meshydb_server.storage.schema.recovery import recoveries
from meshydb_server.storage.schema.roles import permissions, roles, user_roles
from meshydb_server.storage.schema.types import Instant, metadata
from meshydb_server.storage.schema.users import pending_questions, security_questions, users

__all__ = [
    "IS_DECOY",
    "WAITING",
    "Instant",
    "accounts",
    "audit",
    "counters",
    "documents",
    "heartbeat",
    "known_addresses",
    "meshes",
    "metadata",
    "outbox",
    "pending_questions",
    "permissions",
    "projections",
    "recoveries",
    "roles",
    "security_questions",
    "sessions",
    "tenants",
    "user_roles",
    "users",
]
