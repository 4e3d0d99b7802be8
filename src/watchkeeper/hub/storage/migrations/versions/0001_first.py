"""Users, sessions, tokens, hosts, and which series were capped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("last_used", sa.Float),
        sa.Column("expires", sa.Float),
    )
    op.create_table(
        "hosts",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("skew", sa.Float),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "agent_tokens",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("host", sa.Integer, sa.ForeignKey("hosts.key", ondelete="CASCADE"), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "series_caps",
        sa.Column("host", sa.Integer, sa.ForeignKey("hosts.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("kept", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    for table in ("series_caps", "agent_tokens", "hosts", "api_tokens", "sessions", "users"):
        op.drop_table(table)
