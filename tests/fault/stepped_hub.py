"""The hub, with a clock that a scenario sets and housekeeping that a scenario need not wait for.

`python -m tests.fault.stepped_hub` is `python -m watchkeeper.hub`, except that the date is the machine's plus the
seconds in the file that FAULT_CLOCK names, and that the store looks every FAULT_TICK seconds whether anything is due.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from watchkeeper.hub.__main__ import main
from watchkeeper.hub.storage.embedded import housekeeping

_real_time = time.time


def stepped_time() -> float:
    """Seconds since 1970, by a clock that may be wrong."""
    try:
        return _real_time() + float(Path(os.environ["FAULT_CLOCK"]).read_text())
    except FileNotFoundError:
        return _real_time()


if __name__ == "__main__":
    time.time = stepped_time
    housekeeping.TICK = float(os.environ["FAULT_TICK"])
    sys.exit(main())
