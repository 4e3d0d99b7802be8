"""Settings: one file or none, the environment above it, and errors that name the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.base.errors import SettingsError
from watchkeeper.base.options import OPTIONS
from watchkeeper.base.settings import load


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "watchkeeper.toml"
    path.write_text(text)
    return str(path)


def test_without_file_and_environment_every_option_has_its_default() -> None:
    settings = load(env={})
    assert {option.name: settings[option.name] for option in OPTIONS} == {o.name: o.default for o in OPTIONS}
    assert settings.source("agent.interval") == "default"


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[agent]\ninterval = 10\nhub = 'https://a'\n")
    settings = load(path, env={"WK_AGENT_INTERVAL": "2.5"})
    assert settings["agent.interval"] == 2.5
    assert settings["agent.hub"] == "https://a"
    assert settings.source("agent.interval") == "WK_AGENT_INTERVAL"
    assert settings.source("agent.hub") == path


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path, "log.level = 'debug'\n")
    assert load(env={"WK_CONFIG": path})["log.level"] == "debug"


def test_command_line_flags_stand_above_all_and_leave_what_was_handed_in_alone() -> None:
    changes: dict[str, object] = {"agent.interval": 7}
    settings = load(env={"WK_AGENT_INTERVAL": "2"}).with_values(changes)
    assert settings["agent.interval"] == 7.0
    assert changes == {"agent.interval": 7}
    assert type(changes["agent.interval"]) is int


def test_tables_can_be_set_in_the_environment() -> None:
    settings = load(env={"WK_AGENT_TAGS": "role=web, site=home", "WK_AGENT_COLLECTORS": "gpu=off,users=true"})
    assert settings["agent.tags"] == {"role": "web", "site": "home"}
    assert settings["agent.collectors"] == {"gpu": False, "users": True}


def test_a_section_of_tags_is_read_from_the_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, "[agent.tags]\nrole = 'web'\n'strange key' = 'x'\n"), env={})
    assert settings["agent.tags"] == {"role": "web", "strange key": "x"}


@pytest.mark.parametrize(
    ("old", "new"), [("master", "hub"), ("aggregator", "hub"), ("satellite", "agent"), ("queue", "relay")]
)
def test_old_role_words_are_read_as_those_of_today(tmp_path: Path, old: str, new: str) -> None:
    assert load(written(tmp_path, f"[mode]\ntype = '{old}'\n"), env={})["mode.type"] == new


def test_old_section_names_are_read_as_those_of_today(tmp_path: Path) -> None:
    path = written(tmp_path, "[satellite]\ninterval = 9\n[satellite.tags]\na = 'b'\n[master]\nlisten = '0.0.0.0:1'\n")
    settings = load(path, env={})
    assert settings["agent.interval"] == 9.0
    assert settings["agent.tags"] == {"a": "b"}
    assert settings["hub.listen"] == "0.0.0.0:1"


def test_old_and_new_section_side_by_side_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[satellite\] and \[agent\] mean the same"):
        load(written(tmp_path, "[satellite]\ninterval = 9\n[agent]\nhub = 'x'\n"), env={})


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("[agent]\nintervall = 5\n", "unknown setting 'agent.intervall'", "did you mean 'agent.interval'?"),
        ("[agnet]\ninterval = 5\n", "unknown setting 'agnet'", "did you mean 'agent'?"),
        ("[agent]\ninterval = 'fast'\n", "which is not a number", "seconds between two reports"),
        ("[agent]\ninterval = 0.5\n", "below 1", "seconds between two reports"),
        ("[agent]\ninterval = nan\n", "below 1", "seconds between two reports"),
        ("[agent]\ninterval = true\n", "which is not a number", "seconds between two reports"),
        ("[agent.spool]\nquota_mb = 1.5\n", "which is not a whole number", "MiB"),
        ("[log]\nlevel = 'infos'\n", "log.level is 'infos'", "did you mean 'info'?"),
        ("[mode]\ntype = 'xyzzyxyzzy'\n", "mode.type is", "one of: hub, agent, relay"),
        ("[agent.tags]\nrack = 12\n", "agent.tags.rack is 12, which is not a text", "tags of this host"),
        ("[agent.collectors]\ngpu = 'off'\n", "agent.collectors.gpu is 'off', which is not true or false", "switch"),
        ("agent = 5\n", "unknown setting 'agent'", ""),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(tmp_path: Path, text: str, what: str, hint: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path, env={})
    assert path in caught.value.message
    assert what in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("variable", "value", "what"),
    [
        ("WK_AGENT_INTERVALL", "5", "unknown environment variable WK_AGENT_INTERVALL"),
        ("WK_AGENT_INTERVAL", "soon", "WK_AGENT_INTERVAL: agent.interval is 'soon'"),
        ("WK_AGENT_TAGS", "justaword", "WK_AGENT_TAGS: agent.tags is 'justaword', which is not a table"),
        ("WK_AGENT_COLLECTORS", "gpu=maybe", "agent.collectors.gpu is 'maybe'"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(variable: str, value: str, what: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(env={variable: value})
    assert what in caught.value.message


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load(str(tmp_path / "none.toml"), env={})
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(str(tmp_path / "bytes.toml"), env={})
