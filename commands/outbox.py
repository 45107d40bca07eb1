"""`moemap outbox`: shows and changes the requests that wait to be delivered."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.delivering import (
    choice_of,
    counted,
    deliverable,
    duration,
    opened,
    outbox_option,
    plan_of,
    sending_options,
)
from .shared.opening import program_of

if TYPE_CHECKING:
    from ..engine.configuration import Choice
    from ..engine.delivery.entries import Shown
    from ..engine.delivery.outbox import Outbox

__all__ = ["command"]

ACTIONS = ("status", "show", "dead", "retry", "hold", "release", "purge", "replay", "export", "compact")
_DAY = 86_400


@click.command(
    "outbox",
    cls=Command,
    failure="status: something is dead or held; else: nothing was found",
    epilog="""
    moemap outbox status
    moemap outbox dead
    moemap outbox retry 17 18
    moemap outbox retry --all
    moemap outbox export --state dead > dead.ndjson
    moemap outbox compact --older-than 7
    """,
)
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@click.argument("requests", nargs=-1, type=click.IntRange(1, 2**63 - 1), metavar="[REQUEST]...")
@sending_options
@outbox_option
@click.option("--all", "all_", is_flag=True, help="All requests that the action applies to.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["waiting", "sending", "dead", "uncertain", "held"]),
    help="Requests in this state; several may be given.",
)
@click.option(
    "--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="For compact: minimum age in days.  [default: 1]"
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or programs.",
)
def command(
    action: str,
    requests: tuple[int, ...],
    mapping: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    path: str,
    all_: bool,
    states: tuple[str, ...],
    older_than: float | None,
    format_: str,
) -> None:
    """Show and change the requests that wait to be delivered.

    \b
    status    counts by state, the oldest that waits, and the size
    show      requests with their logs
    dead      the requests that were given up, or are uncertain, and why
    retry     send what is dead or uncertain once more
    hold      keep back requests that wait; release lets them go
    purge     give up requests that wait, are dead, uncertain or held
    replay    map the inputs of dead requests again, by the present rules
    export    requests with their bodies and logs, one a line of JSON
    compact   delete accepted requests, and free their space

    A request that comes back takes its old place in the order of its key.
    """
    from ..engine.delivery import upkeep
    from ..engine.delivery.entries import OutboxError
    from ..engine.diagnostics.terminal import printable

    with opened(path, create=False) as outbox:
        try:
            if action == "status":
                sys.exit(_status(outbox, format_))
            if action == "compact":
                number = upkeep.compact(outbox, (1 if older_than is None else older_than) * _DAY)
                click.echo(f"{counted(number, 'request')} deleted")
                return
            if action in upkeep.MOVES:
                _, able = upkeep.MOVES[action]
                chosen = _chosen(outbox, requests, states or (able if all_ else ()))
                number = upkeep.move(outbox, action, chosen)
                click.echo(f"{action}: {counted(number, 'request')}")
            else:
                default = (
                    ("waiting", "sending", "dead", "uncertain", "held") if action == "export" else ("dead", "uncertain")
                )
                chosen = _chosen(outbox, requests, states or (("dead",) if action == "replay" else default))
                number = sum(outbox.shown(one) is not None for one in chosen) if requests else len(chosen)
                if not chosen:
                    click.echo(printable(f"{outbox.name}: there are no such requests"), err=True)
                if action == "replay":
                    number = _replay(outbox, chosen, choice_of(mapping, settings, environment))
                elif action == "export" or format_ == "json":
                    for line in upkeep.exported(outbox, chosen, bodies=action == "export"):
                        click.echo(json.dumps(line))
                else:
                    _show(outbox, chosen, choice_of(mapping, settings, environment))
        except OutboxError as error:
            raise click.UsageError(str(error)) from None
        sys.exit(FINE if number else PROBLEMS)


def _chosen(outbox: Outbox, requests: tuple[int, ...], states: Any) -> list[int]:
    if requests:
        return list(requests)
    if not states:
        raise click.UsageError("name requests by their numbers, or a --state, or --all")
    return outbox.ids(states)


def _status(outbox: Outbox, format_: str) -> int:
    counts = outbox.counts()
    age = None if counts.oldest is None else max(0.0, time.time() - counts.oldest)
    if format_ == "json":
        values: dict[str, Any] = {
            "inputs": counts.inputs,
            **{str(name): count for name, count in counts.states.items()},
        }
        values |= {"repeated": counts.repeated, "age": age, "bytes": counts.size}
        click.echo(json.dumps(values))
    else:
        rows = [*((state, f"{number:,}") for state, number in counts.states.items()), ("inputs", f"{counts.inputs:,}")]
        rows += [("sent again, and may have arrived", f"{counts.repeated:,}"), ("bytes", f"{counts.size:,}")]
        rows += [("oldest that waits", duration(age))] if age is not None else []
        for name, value in rows:
            click.echo(f"{name:<33} {value:>12}")
    return PROBLEMS if counts.states["dead"] or counts.states["uncertain"] or counts.states["held"] else FINE


def _show(outbox: Outbox, requests: list[int], choice: Choice) -> None:
    """Shows requests with the rule, the line and the input place that made them."""
    from ..engine.delivery.origins import Origins
    from ..engine.diagnostics.terminal import printable

    program = cache(lambda: program_of(choice, bulk=False))
    origins = Origins(outbox, lambda batch: program().origins(batch))
    for number in requests:
        shown = outbox.shown(number)
        if shown is None:
            click.echo(f"{number}: there is no such request", err=True)
            continue
        entry = shown.entry
        click.echo(f"{number} {shown.state}: {entry.method} {printable(entry.url)}, {len(entry.body):,} bytes")
        click.echo(f"  input {printable(shown.source)}, {shown.mapping}")
        for origin in origins.of(shown):
            click.echo(f"  rule {origin['rule']} ({origin['place']}) at {printable(origin['pointer']) or 'the batch'}")
        for line in shown.log:
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(line.at))
            status = "" if line.status is None else f" {line.status}"
            words = " ".join(printable(line.answer).split())
            click.echo(f"  {when} {line.kind}{status}{': ' if words else ''}{words}")


def _replay(outbox: Outbox, dead: list[int], choice: Choice) -> int:
    """Maps the inputs of dead requests again; returns the number of new requests."""
    from ..engine.delivery import upkeep
    from ..engine.delivery.origins import Origins, parts_in
    from ..engine.delivery.results import RESULTS
    from ..engine.runtime.batch import Record

    program = deliverable(choice)
    outbox.claim(program.name, program.workspace, choice.environment)
    origins = Origins(outbox, program.origins)
    plan, total, replaced, failing, given, unknown = plan_of(program), 0, 0, 0, 0, 0
    for own, text in _inputs_of(outbox, dead):
        if own[0].mapping.startswith(RESULTS):
            given += len(own)
            continue
        batch, problem = Record(own[0].source, 0, text).parse()
        parts = [parts_in(one.origin or origins.line(one.id)) for one in own]
        if problem is not None:
            result = None
        elif all(parts):
            result = program.retry(batch, frozenset().union(*(part or () for part in parts)))[0]
        else:  # it was not noted what they were made of, and the rules make other requests of it now
            result = program.transform(batch)
        entries = [plan.entry(request) for request in result.requests] if result is not None else []
        if result is None or (not result.ok and (all(parts) or not entries)):  # they stay
            failing += len(own)
            continue
        numbers, name = [one.id for one in own], f"{program.name}@{program.version}"
        new = upkeep.mapped_anew(outbox, own[0].input, numbers, entries, name, is_whole=not all(parts))
        if new is None:
            unknown += len(own)
        else:
            total, replaced = total + new, replaced + len(own)
    click.echo(f"{total:,} request{' takes' if total == 1 else 's take'} the place of {replaced:,} that were dead")
    for number, why in (
        (failing, "their inputs give errors"),
        (given, "they were given as results"),
        (unknown, "the rules make other requests of all that their inputs hold, also of what arrived"),
    ):
        if number:
            click.echo(f"{counted(number, 'request')} left as before: {why}", err=True)
    return total


def _inputs_of(outbox: Outbox, requests: list[int]) -> Iterator[tuple[list[Shown], bytes]]:
    """The requests that are dead or uncertain by their inputs, with the texts of these."""
    groups: dict[int, list[Shown]] = {}
    for request in requests:
        shown = outbox.shown(request)
        if shown is not None and shown.state in ("dead", "uncertain"):
            groups.setdefault(shown.input, []).append(shown)
    for own in groups.values():
        for _, _, text in outbox.texts([own[0].id]):
            yield own, text
