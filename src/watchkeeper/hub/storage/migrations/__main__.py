"""Brings a state database to the newest revision: `python -m watchkeeper.hub.storage.migrations PATH`."""

from __future__ import annotations

import os
import sys

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from watchkeeper.hub.storage.state import HEAD


def upgrade(path: str) -> None:
    """Run what is missing of versions/ on the database at `path`."""
    config = Config()
    config.set_main_option("script_location", os.path.dirname(__file__).replace("%", "%%"))
    config.attributes["path"] = path
    command.upgrade(config, HEAD)


if __name__ == "__main__":
    try:
        upgrade(sys.argv[1])
    except DBAPIError as error:
        sys.exit(str(error.orig))
