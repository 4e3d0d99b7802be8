"""Logging: one line a message on standard error, plain enough for a terminal and a journal."""

from __future__ import annotations

import logging
import sys
import time

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        name = record.name.rsplit(".", 1)[-1]
        text = f"{stamp} {record.levelname.lower():<7} {name}: {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def start(level: str) -> None:
    """Send messages of `level` and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger("watchkeeper")
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    root.propagate = False
