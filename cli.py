"""The `moemap` command: a group of commands, each of which is a module of `commands`.

Exit codes: 0 fine, 1 problems found, 2 wrong use (including a mapping that cannot be used).
"""

from __future__ import annotations

import gc
import os
from functools import partial
from typing import NoReturn

from .commands.shared.interruption import ends_at_once

with ends_at_once():
    import click

    from . import commands
    from .commands.shared.command import version
    from .commands.shared.group import CommandGroup
    from .commands.shared.process import end

__all__ = ["COLLECT_AFTER", "main", "run"]

COMPLETE = "_MOEMAP_COMPLETE"
"""The environment variable with which a shell requests completions, under any name of the command."""
COLLECT_AFTER = 50_000
"""The number of new objects after which garbage is collected. Nearly all that a command makes of rules stays: with the
usual threshold, looking through it again and again takes a tenth of the start, and a third of a check of many rules."""


# `takes_color` decides about colours: click must not remove them.
@click.group(
    cls=CommandGroup, package=commands, context_settings={"help_option_names": ["-h", "--help"], "color": True}
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version, help="Show the version.")
def main() -> None:
    """Declarative, versioned mappings between JSON APIs.
    The bundled mapping converts mParticle event batches into MoEngage requests.
    """


def run() -> NoReturn:
    """Runs the command as a process."""
    gc.set_threshold(COLLECT_AFTER)
    if COMPLETE in os.environ:
        # Imported late: shells rarely request completions.
        from .commands.shared import shells  # noqa: F401 - it changes what Bash gets
    end(partial(main, complete_var=COMPLETE))


if __name__ == "__main__":
    run()
