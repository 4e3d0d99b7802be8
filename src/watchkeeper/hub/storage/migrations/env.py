"""Alembic's entry: one connection, one transaction."""

from __future__ import annotations

from alembic import context

from watchkeeper.hub.storage.state import METADATA, connect

engine = connect(context.config.attributes["path"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
