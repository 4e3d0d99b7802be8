"""state.db: what people decide (users, sessions, tokens, hosts).

SQLAlchemy Core, so that PostgreSQL can take its place.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from watchkeeper.base.errors import StorageError

HEAD = "0001"
METADATA = sa.MetaData()

USERS = sa.Table(
    "users",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("user", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)
API_TOKENS = sa.Table(
    "api_tokens",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("user", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("last_used", sa.Float),
    sa.Column("expires", sa.Float),
)
HOSTS = sa.Table(
    "hosts",
    METADATA,
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("skew", sa.Float),
    sqlite_autoincrement=True,
)
AGENT_TOKENS = sa.Table(
    "agent_tokens",
    METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("host", sa.Integer, sa.ForeignKey("hosts.key", ondelete="CASCADE"), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)
SERIES_CAPS = sa.Table(
    "series_caps",
    METADATA,
    sa.Column("host", sa.Integer, sa.ForeignKey("hosts.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("kept", sa.JSON, nullable=False),
)


class StateStore:
    """The open database. `engine` has one connection: callers on several threads take turns.

    `notice` says what happened to a damaged database at start, "" when nothing did.
    """

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "state.db")
        self.notice = self._mend()
        self._migrate()
        self.engine = connect(self.path)
        self._keep_copy()

    def close(self) -> None:
        self.engine.dispose()

    def _mend(self) -> str:
        """Move a damaged database aside and take the copy of the last good start, if there is one."""
        if not os.path.exists(self.path) or (reason := damage(self.path)) is None:
            return ""
        aside = f"{self.path}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.path + suffix):
                os.replace(self.path + suffix, aside + suffix)
        copy = f"{self.path}.copy"
        if os.path.exists(copy) and damage(copy) is None:
            _copy(copy, self.path)
            what = "the copy of the last good start took its place; hosts and tokens made since are missing"
        else:
            what = "an empty one took its place; hosts have to be added again"
        return (
            f"{self.path} was damaged ({reason}) and was moved to {aside}; {what}. "
            f"To restore a backup: stop the hub, copy the backup to {self.path}, start the hub"
        )

    def _migrate(self) -> None:
        """Bring the tables to HEAD in a process of its own, so that Alembic never takes the hub's memory."""
        if revision(self.path) == HEAD:
            return
        command = [sys.executable, "-m", "watchkeeper.hub.storage.migrations", self.path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise StorageError(
                f"{self.path}: the tables could not be brought up to date: {done.stderr.strip()[-500:]}",
                "is the folder writable and the disk not full? a newer hub's database needs that newer hub",
            )

    def _keep_copy(self) -> None:
        _copy(self.path, f"{self.path}.copy")


def connect(path: str) -> sa.Engine:
    """An engine on `path` with one connection, so that no two ever checkpoint at once."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=QueuePool, pool_size=1, max_overflow=0)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def damage(path: str) -> str | None:
    """What is wrong with the database at `path`, None when it is whole."""
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=5)
        found = str(connection.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise StorageError(f"{path}: cannot be opened: {error}", "check its permissions and the disk") from error
        return str(error)
    finally:
        if connection:
            connection.close()
    return None if found == "ok" else found


def revision(path: str) -> str:
    """The revision of the tables, "" when there are none."""
    if not os.path.exists(path):
        return ""
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return ""
    finally:
        connection.close()
    return str(row[0]) if row else ""


def _copy(source: str, target: str) -> None:
    """Copy a database through SQLite's backup API, whole or not at all."""
    fresh = f"{target}.new"
    if os.path.exists(fresh):
        os.unlink(fresh)
    reader, writer = sqlite3.connect(source), sqlite3.connect(fresh)
    try:
        reader.backup(writer)
    finally:
        reader.close()
        writer.close()
    os.chmod(fresh, 0o600)
    os.replace(fresh, target)
