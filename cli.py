"""The `moemap` command: the group of its commands, each of which is a module of `commands`.

Exit codes: 0 fine, 1 problems found, 2 wrong use (which includes a mapping that cannot be used).
"""

from __future__ import annotations

from typing import NoReturn

import click

from . import commands
from .commands.shared.command import version
from .commands.shared.group import CommandGroup
from .commands.shared.process import end

__all__ = ["main", "run"]


# What has colours has them where `takes_color` says so: click takes none away.
@click.group(
    cls=CommandGroup, package=commands, context_settings={"help_option_names": ["-h", "--help"], "color": True}
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version, help="Show the version.")
def main() -> None:
    """Declarative, versioned mappings between JSON APIs: mParticle event batches to MoEngage requests, and your own."""


def run() -> NoReturn:
    """The command as a process of its own."""
    end(main)


if __name__ == "__main__":
    run()
