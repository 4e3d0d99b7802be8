"""TOML as the settings files use it."""

from __future__ import annotations

import tomllib

from watchkeeper.base.errors import SettingsError


def parse(text: str, path: str) -> dict[str, object]:
    """The tables of `text`; raises SettingsError with `path` and the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}", "mend that line") from None
