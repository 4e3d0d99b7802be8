"""`python -m watchkeeper.hub`: run a hub with the settings from the environment and the file that WK_CONFIG names."""

from __future__ import annotations

import sys

from watchkeeper.base import settings
from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.hub import app


def main() -> int:
    try:
        app.run(settings.load())
    except WatchkeeperError as error:
        sys.stderr.write(f"watchkeeper hub: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
