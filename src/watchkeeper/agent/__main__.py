"""`python -m watchkeeper.agent`."""

from __future__ import annotations

import sys

from watchkeeper.agent.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
