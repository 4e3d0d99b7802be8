from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from watchkeeper.base.errors import UnavailableError
from watchkeeper.cli import main
from watchkeeper.cli.command import Command, Group

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def commands(group: click.Group, path: str = "wk") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        yield f"{path} {name}", found
        if isinstance(found, click.Group):
            yield from commands(found, f"{path} {name}")


ALL = dict(commands(main.wk))


@pytest.mark.parametrize("path", ALL)
def test_each_command_has_a_help_with_examples(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*path.split()[1:], "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Examples:" in shown
    found = ALL[path]
    assert isinstance(found, Command | Group)
    assert any(line.split("#")[0].find("wk ") >= 0 for line, _ in found.examples)


@pytest.mark.parametrize("path", ALL)
def test_the_first_sentence_of_each_help_fits_the_list_of_commands(path: str) -> None:
    assert not ALL[path].get_short_help_str(62).endswith("...")


@pytest.mark.parametrize("path", ALL)
def test_each_example_is_a_command_line_that_exists(path: str) -> None:
    found = ALL[path]
    assert isinstance(found, Command | Group)
    for line, _ in found.examples:
        words = re.search(r"wk ((?:[a-z]+ ?)+)", line)
        assert words, line
        known = " ".join(["wk", *words.group(1).split()])
        assert any(known.startswith(name) for name in ALL), line


def test_each_command_stands_in_the_docs_and_each_in_the_docs_exists() -> None:
    told = set(re.findall(r"^#+ `(wk [a-z ]+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    leaves = {path for path, found in ALL.items() if not isinstance(found, click.Group)}
    assert {words.strip() for words in told} == leaves


def test_each_option_stands_in_the_docs_of_its_command() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shared = {"--hub", "--token", "--ca", "--json", "--config", "--help", "-h"}
    for path, found in ALL.items():
        if isinstance(found, click.Group):
            continue
        section = text.partition(f"### `{path}")[2].partition("\n## ")[0].partition("\n### ")[0]
        for parameter in found.params:
            if isinstance(parameter, click.Option):
                for name in set(parameter.opts) - shared:
                    assert name in section, f"{path} {name}"


def test_a_wrong_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["hots"]) == 2
    assert "did you mean 'hosts'?" in capsys.readouterr().err
    assert main.run(["hosts", "lst"]) == 2
    assert "did you mean 'list'?" in capsys.readouterr().err


def test_a_wrong_option_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["hosts", "list", "--jsn"]) == 2
    assert "--json" in capsys.readouterr().err


def test_an_error_is_one_line_what_and_one_line_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise UnavailableError("the hub does not answer", "start it")

    monkeypatch.setattr(main.wk, "main", fails)
    assert main.run([]) == 3
    assert capsys.readouterr().err.splitlines() == ["wk: the hub does not answer", "    start it"]
