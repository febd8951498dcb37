"""Alembic's entry point. `meshydb_server.storage.engine.migrate` passes the connection."""

from alembic import context

from meshydb_server.storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
