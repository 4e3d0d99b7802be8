"""What commands print: tables for people, JSON for programs, plain text where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

# Each state has a mark and a word: colour never stands alone.
STATUS_STYLES = {"online": "green", "late": "yellow", "offline": "red", "never": "bright_black"}
STATUS_MARKS = {"online": "●", "late": "▲", "offline": "✖", "never": "○"}
SEVERITY_STYLES = {"info": "cyan", "warning": "yellow", "error": "red"}
# Wide enough that nothing is cut where the reader is a program.
UNBOUNDED = 10_000


def console(stderr: bool = False) -> Console:
    """A console that keeps to the terminal's width and colours, or to plain text where there is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    plain = not stream.isatty()
    return Console(
        file=stream,
        width=UNBOUNDED if plain else None,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )


def print_json(data: Any) -> None:
    """`data` as JSON, with the names and values of the API."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")


def print_json_line(data: Any) -> None:
    """`data` as one line of JSON, for streams."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(data).decode() + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Aligned columns with a head. `>` before a name aligns right; cells are text or rich Text."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        right = name.startswith(">")
        table.add_column(
            name.removeprefix(">"), justify="right" if right else "left", overflow="ellipsis", no_wrap=True
        )
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    _print_without_trailing_space(table)


def print_facts(facts: Sequence[tuple[str, Any]]) -> None:
    """Names and values, one pair a line."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, value if isinstance(value, Text) else Text(str(value)))
    _print_without_trailing_space(table)


def styled(text: str, style: str) -> Any:
    """`text` in a colour, where there are colours."""
    from rich.text import Text

    return Text(text, style=style)


def status_text(status: str) -> Any:
    """A host's status as mark and word."""
    return styled(f"{STATUS_MARKS.get(status, '?')} {status}", STATUS_STYLES.get(status, ""))


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that `what` is going on; the function it gives changes the words."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        yield lambda words: None
        return
    with shown.status(what) as status:
        yield status.update


def _print_without_trailing_space(renderable: Any) -> None:
    shown = console()
    with shown.capture() as captured:
        shown.print(renderable)
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))
