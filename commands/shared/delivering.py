"""The parts that commands for delivery share: the outbox, the plan of a mapping, and its secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .completion import mappings
from .extras import needs_extra
from .opening import program_of
from .project import chosen, mapping_options

if TYPE_CHECKING:
    from ...engine.configuration import Choice
    from ...engine.delivery.outbox import Outbox
    from ...engine.delivery.plan import Plan
    from ...engine.jobs.program import Program

__all__ = [
    "choice_of",
    "counted",
    "deliverable",
    "duration",
    "needs_delivery",
    "opened",
    "outbox_option",
    "plan_of",
    "sending_options",
]

OUTBOX = "outbox.db"


def sending_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that choose a mapping, its settings and its environment."""
    mapping = click.option("--mapping", shell_complete=mappings, metavar="NAME|PATH", help="A mapping or workspace.")
    return mapping(mapping_options(command))


def outbox_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the option that names the outbox."""
    return click.option(
        "--outbox",
        "path",
        default=OUTBOX,
        show_default=True,
        metavar="FILE|URL",
        help="The outbox: a file on a local disk, or postgresql://HOST/DATABASE.",
    )(command)


def choice_of(mapping: str | None, settings: tuple[str, ...], environment: str | None) -> Choice:
    """The Choice of the named mapping, or of that of the project."""
    return chosen(mapping, settings, environment, option="--mapping")


def opened(path: str, *, create: bool, max_bytes: int | None = None) -> Outbox:
    """The outbox of a file or URL; exits with the reason and exit code 2 if it cannot be used."""

    from ...engine.delivery.entries import OutboxError
    from ...engine.delivery.outbox import Outbox
    from ...engine.delivery.places import is_url

    if is_url(path):
        needs_extra("psycopg", "an outbox in PostgreSQL", "postgres")
    try:
        return Outbox(path, max_bytes=max_bytes, create=create)
    except OutboxError as error:
        raise click.UsageError(str(error)) from None


def deliverable(choice: Choice) -> Program:
    """The program of a mapping, whose bodies fit into bulk requests if it sends these."""
    program = program_of(choice, bulk=False)
    is_bulk = program.dispatch.delivery["bulk_from"] is not None and program.dispatch.bulk is not None
    return program_of(choice, bulk=True) if is_bulk else program


def plan_of(program: Any) -> Plan:
    """The plan of a mapping; exits with exit code 2 if it has no server."""
    from ...engine.delivery.plan import Plan

    if program.dispatch.server_url is None:
        raise click.UsageError(f"the mapping {program.name} names no server to send to")
    return Plan.of(program.dispatch)


def counted(number: int, what: str) -> str:
    """A number with a noun, in the plural unless it is 1."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def needs_delivery() -> None:
    """Exits with exit code 2 if the extra for delivery is not installed."""
    needs_extra("aiohttp", "sending", "delivery")


def duration(seconds: float) -> str:
    """A duration in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
