"""Where things lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import watchkeeper


def data_folder() -> Path:
    """The folder of what runs here: WK_DATA, else data/ of the checkout, else the user's data folder.

    Inside: `hub/` and `agent/` (their data), `run/` (who runs), `log/`, and `watchkeeper.toml` if there is one.
    """
    named = os.environ.get("WK_DATA")
    if named:
        return Path(named).absolute()
    checkout = Path(watchkeeper.__file__).parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / "Makefile").is_file():
        return checkout / "data"
    return _home("XDG_DATA_HOME", ".local/share") / "watchkeeper"


def login_file() -> Path:
    """Where `wk login` keeps the hub's address and the token."""
    return _home("XDG_CONFIG_HOME", ".config") / "watchkeeper" / "cli.toml"


def settings_file() -> str:
    """The settings file that is read when no --config names one; "" for none."""
    candidate = data_folder() / "watchkeeper.toml"
    return str(candidate) if candidate.is_file() else ""


def _home(variable: str, otherwise: str) -> Path:
    named = os.environ.get(variable)
    return Path(named) if named else Path.home() / otherwise
