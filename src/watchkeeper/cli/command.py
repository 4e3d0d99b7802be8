"""Groups and commands of `wk`: verbs loaded when they are called, examples in every help, near names for wrong ones."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from watchkeeper.base.nearest import nearest

Examples = Sequence[tuple[str, str]]


class Command(click.Command):
    """A command whose help ends with `examples`: pairs of a command line and what it does."""

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


class Group(click.Group):
    """A group of commands that names the nearest command when one is not known."""

    command_class = Command

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = nearest(name, self.list_commands(ctx))
            guess = f"; did you mean {near!r}?" if near else ""
            raise click.UsageError(f"there is no command {name!r}{guess}", ctx)
        return super().resolve_command(ctx, args)


class VerbGroup(Group):
    """A group of which each verb is the object `command` of a module of `package`, imported when it is needed."""

    def __init__(self, *args: Any, package: str, verbs: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package = package
        self.verbs = list(verbs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self.verbs

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.verbs:
            return None
        found = importlib.import_module(f"{self.package}.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


def write_examples(examples: Examples, formatter: click.HelpFormatter) -> None:
    """The examples as a section of a help page."""
    if examples:
        with formatter.section("Examples"):
            formatter.write_dl([(line, what) for line, what in examples])


def verb(name: str, examples: Examples) -> Callable[[Callable[..., Any]], Command]:
    """Make a function the command `name`."""
    return click.command(name, cls=Command, examples=examples)
