"""Reads settings: one TOML file or none, environment variables above it.

settings = load("watchkeeper.toml")
settings["agent.interval"]          # 5.0
"""

from __future__ import annotations

import os

from watchkeeper.base.errors import SettingsError
from watchkeeper.base.nearest import nearest
from watchkeeper.base.options import BY_NAME, OLD_ROLES, OPTIONS, Option


class Settings:
    """Checked values by dotted name. `source(name)` tells where a value comes from."""

    def __init__(self, values: dict[str, object], sources: dict[str, str], path: str = "") -> None:
        self._values = values
        self._sources = sources
        self.path = path

    def __getitem__(self, name: str) -> object:
        return self._values[name]

    def text(self, name: str) -> str:
        return str(self._values[name])

    def number(self, name: str) -> float:
        value = self._values[name]
        assert isinstance(value, (int, float))
        return float(value)

    def table(self, name: str) -> dict[str, object]:
        value = self._values[name]
        assert isinstance(value, dict)
        return value

    def source(self, name: str) -> str:
        """The default, the file or the environment variable that the value was read from."""
        return self._sources.get(name, "default")

    def with_values(self, changes: dict[str, object]) -> Settings:
        """A copy in which command-line flags, say, stand above all else."""
        checked = {name: _checked(BY_NAME[name], value, "command line") for name, value in changes.items()}
        sources = {**self._sources, **dict.fromkeys(changes, "command line")}
        return Settings({**self._values, **checked}, sources, self.path)


def load(path: str = "", env: dict[str, str] | None = None) -> Settings:
    """Read `path` (or none) and the environment.

    Raises SettingsError that names the file, the key, what was expected and the nearest name.
    """
    environment = dict(os.environ) if env is None else env
    path = path or environment.get("WK_CONFIG", "")
    values: dict[str, object] = {option.name: option.default for option in OPTIONS}
    sources: dict[str, str] = {}
    if path:
        for name, value in _flatten(_modern(_read(path), path), "", path):
            values[name] = _checked(BY_NAME[name], value, path)
            sources[name] = path
    for option in OPTIONS:
        text = environment.get(option.variable)
        if text is not None:
            values[option.name] = _checked(option, _parsed(option, text), option.variable)
            sources[option.name] = option.variable
    _refuse_unknown_variables(environment)
    return Settings(values, sources, path)


def _read(path: str) -> dict[str, object]:
    # Most agents have no file: they need not carry its reader.
    from watchkeeper.base import toml

    try:
        with open(path, encoding="utf-8") as file:
            return toml.parse(file.read(), path)
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file", "name another with --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}", "mend the file or name another with --config") from None


def _modern(tables: dict[str, object], path: str) -> dict[str, object]:
    """The same tables with the sections of earlier systems under their names of today."""
    renamed: dict[str, object] = {}
    for section, table in tables.items():
        name = OLD_ROLES.get(section, section)
        if name in renamed or (name != section and name in tables):
            raise SettingsError(f"{path}: [{section}] and [{name}] mean the same", f"put it all into [{name}]")
        renamed[name] = table
    return renamed


def _flatten(table: dict[str, object], prefix: str, path: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in table.items():
        name = prefix + key
        if name in BY_NAME:
            found.append((name, value))
        elif isinstance(value, dict) and any(known.startswith(name + ".") for known in BY_NAME):
            found.extend(_flatten(value, name + ".", path))
        else:
            raise SettingsError(f"{path}: unknown setting {name!r}", _suggestion(name))
    return found


def _suggestion(name: str) -> str:
    sections = {
        known[: known.index(".", at)] for known in BY_NAME for at in (0, known.index(".") + 1) if "." in known[at:]
    }
    near = nearest(name, {*BY_NAME, *sections})
    return f"did you mean {near!r}?" if near else "docs/configuration.md lists them all"


def _parsed(option: Option, text: str) -> object:
    """The value in an environment variable; the text itself where it is no such value, to be refused with its name."""
    if option.kind is bool:
        return _truth(text)
    if option.kind in (int, float):
        try:
            return option.kind(text)
        except ValueError:
            return text
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if option.kind is dict:
        pairs = [part.partition("=") for part in parts]
        read = _truth if option.each is bool else str
        table = {key.strip(): read(value.strip()) for key, _, value in pairs}
        return table if all(equals for _, equals, _ in pairs) else text
    return parts if option.kind is list else text


def _truth(text: str) -> object:
    word = text.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    return False if word in ("0", "false", "no", "off", "") else text


def _checked(option: Option, value: object, source: str) -> object:
    """`value` as the option's type; raises SettingsError for one that it cannot have."""
    name, meaning = option.name, f"it means: {option.help}"
    if name == "mode.type" and isinstance(value, str):
        value = OLD_ROLES.get(value, value)
    if option.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, option.kind) or (option.kind is int and isinstance(value, bool)):
        raise SettingsError(f"{source}: {name} is {value!r}, which is not {_article(option.kind)}", meaning)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Written so that NaN is refused as well.
        if option.minimum is not None and not value >= option.minimum:
            raise SettingsError(f"{source}: {name} is {value}, below {option.minimum:g}", meaning)
        if option.maximum is not None and value > option.maximum:
            raise SettingsError(f"{source}: {name} is {value}, above {option.maximum:g}", meaning)
    if option.choices and value not in option.choices:
        known = ", ".join(choice for choice in option.choices if choice)
        near = nearest(str(value), option.choices)
        raise SettingsError(f"{source}: {name} is {value!r}", f"did you mean {near!r}?" if near else f"one of: {known}")
    if isinstance(value, dict):
        _check_table(option, value, source)
    return value


def _check_table(option: Option, table: dict[str, object], source: str) -> None:
    for key, value in table.items():
        if not isinstance(value, option.each):
            what = f"{source}: {option.name}.{key} is {value!r}, which is not {_article(option.each)}"
            raise SettingsError(what, f"it means: {option.help}")


def _article(kind: type) -> str:
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a table" if kind is dict else "a list")


def _refuse_unknown_variables(environment: dict[str, str]) -> None:
    known = {option.variable for option in OPTIONS}
    for variable in environment:
        if variable.startswith(("WK_HUB_", "WK_AGENT_", "WK_LOG_", "WK_MODE_")) and variable not in known:
            near = nearest(variable, known)
            hint = f"did you mean {near}?" if near else "docs/configuration.md lists them all"
            raise SettingsError(f"unknown environment variable {variable}", hint)
