"""`moemap completion`: prints the script with which a shell completes the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .shared.command import Command

__all__ = ["command"]


@click.command(
    "completion",
    cls=Command,
    epilog="""
    moemap completion bash >> ~/.bashrc
    moemap completion zsh >> ~/.zshrc
    moemap completion fish > ~/.config/fish/completions/moemap.fish
    """,
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script with which a shell completes commands, mappings, workspaces, settings, codes and files."""
    from ..cli import COMPLETE
    from .shared import shells  # noqa: F401 - it changes what Bash gets

    made = get_completion_class(shell)
    assert made is not None  # noqa: S101  click knows these shells
    root = click.get_current_context().find_root().command
    click.echo(made(root, {}, "moemap", COMPLETE).source())
