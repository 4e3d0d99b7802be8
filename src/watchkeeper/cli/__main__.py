"""`python -m watchkeeper.cli` is `wk`."""

from __future__ import annotations

from watchkeeper.cli.main import main

main()
