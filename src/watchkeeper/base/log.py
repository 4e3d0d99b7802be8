"""Logging: one line a message on standard error, plain enough for a terminal and a journal.

    log = Log(__name__)
    log.warning("%s does not answer", url)

The agent's side logs through `Log`, because the standard library's `logging` takes a megabyte of its memory. A process
that has imported `logging`, such as the hub, gets that set up in the same manner.
"""

from __future__ import annotations

import sys
import time

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40
LEVELS = {"debug": DEBUG, "info": INFO, "warning": WARNING, "error": ERROR}
_WORDS = {number: word for word, number in LEVELS.items()}

_threshold = WARNING


class Log:
    """Messages of one module; `name` is its dotted name, of which the last part is shown."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name.rsplit(".", 1)[-1]

    def debug(self, text: str, *values: object) -> None:
        self.log(DEBUG, text, *values)

    def info(self, text: str, *values: object) -> None:
        self.log(INFO, text, *values)

    def warning(self, text: str, *values: object) -> None:
        self.log(WARNING, text, *values)

    def error(self, text: str, *values: object) -> None:
        self.log(ERROR, text, *values)

    def exception(self, text: str, *values: object) -> None:
        """An error message with the exception that is being handled."""
        import traceback

        self.log(ERROR, text + "\n%s", *values, traceback.format_exc().rstrip())

    def log(self, level: int, text: str, *values: object) -> None:
        """Write `text` with `values` put in, if `level` is worth it."""
        if level >= _threshold:
            message = text % values if values else text
            try:
                sys.stderr.write(_line(time.time(), _WORDS[level], self._name, message) + "\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                pass  # Nobody reads the log any more; that is no reason to end.


def start(level: str) -> None:
    """Send messages of `level` (a key of LEVELS) and above to standard error."""
    global _threshold
    _threshold = LEVELS[level]
    if "logging" in sys.modules:
        _start_standard(level)


def _line(when: float, word: str, name: str, message: str) -> str:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
    return f"{stamp} {word:<7} {name}: {message}"


def _start_standard(level: str) -> None:
    import logging

    class Lines(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            name = record.name.rsplit(".", 1)[-1]
            text = _line(record.created, record.levelname.lower(), name, record.getMessage())
            return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger("watchkeeper")
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    root.propagate = False
