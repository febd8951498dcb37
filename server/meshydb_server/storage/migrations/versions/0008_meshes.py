"""Meshes, their documents, and projections."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# Kilobytes of entries that wait to be sorted into the index. A search reads all of them, and the default is 4 MB.
_PENDING = 256
_FOR_FILTERS = (
    "ALTER TABLE documents ADD COLUMN doc jsonb GENERATED ALWAYS AS (body::jsonb) STORED",
    "CREATE INDEX ix_documents_doc ON documents USING gin (doc jsonb_path_ops)",
    f"ALTER INDEX ix_documents_doc SET (gin_pending_list_limit = {_PENDING})",
)


def upgrade() -> None:
    """Add the three tables, and on PostgreSQL what filters use."""
    op.create_table(
        "meshes",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("mesh", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "mesh", name="pk_meshes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "documents",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("mesh", sa.Text, nullable=False),
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "mesh", "id", name="pk_documents"),
    )
    op.create_table(
        "projections",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mesh", sa.Text, nullable=False),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "name", name="pk_projections"),
    )
    if op.get_context().dialect.name == "postgresql":
        for statement in _FOR_FILTERS:
            op.execute(statement)
