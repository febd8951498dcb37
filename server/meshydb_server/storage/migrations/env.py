"""Alembic's entry point. The connection is handed in by `meshydb_server.storage.migrate`."""

from alembic import context

from meshydb_server.storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
