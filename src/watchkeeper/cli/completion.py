"""`wk completion`: the script that makes a shell complete commands, options and names of hosts."""

from __future__ import annotations

import click

from watchkeeper.cli.command import verb


@verb(
    "completion",
    (
        ('eval "$(wk completion bash)"', "in ~/.bashrc"),
        ('eval "$(wk completion zsh)"', "in ~/.zshrc"),
        ("wk completion fish > ~/.config/fish/completions/wk.fish", "once"),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from watchkeeper.cli.main import wk

    kind = get_completion_class(shell)
    assert kind is not None
    print(kind(wk, {}, "wk", "_WK_COMPLETE").source())
