"""`moemap send`: delivers the requests of batches."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.delivering import (
    choice_of,
    counted,
    deliverable,
    duration,
    needs_delivery,
    opened,
    outbox_option,
    plan_of,
    sending_options,
)
from .shared.opening import load_mapping
from .shared.process import in_thread, when_ended
from .shared.verbosity import is_quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from ..engine.configuration import Choice
    from ..engine.delivery.intake import DryRun, TakenInputs
    from ..engine.delivery.outbox import Outbox
    from ..engine.delivery.plan import Plan
    from ..engine.delivery.results import StoredResults
    from ..engine.delivery.sender import Progress, Sender
    from ..engine.jobs.distinct import DistinctCounter
    from ..engine.jobs.input import Unit
    from ..engine.jobs.program import Program

__all__ = ["command"]

REFRESH_SECONDS = 0.25
NAMES_SHOWN = 10
LINE_SECONDS = 60.0
"""The seconds between two lines with the progress, if there is no terminal."""


@click.command(
    "send",
    cls=Command,
    failure="a batch had errors, a request is dead or held, sending was stopped, or the outbox is full",
    epilog="""
    moemap send --dry-run batches.ndjson.gz
    moemap send --env live 'batches/*.ndjson.gz'
    zcat batches.ndjson.gz | moemap send --env live -
    moemap transform --env live -o results.ndjson batches.ndjson && moemap send --env live --results results.ndjson
    moemap send --env live --outbox live.db
    """,
)
@click.argument("inputs", nargs=-1, type=click.Path(), metavar="[INPUT]...")
@sending_options
@outbox_option
@click.option("--max-bytes", type=click.IntRange(min=1), metavar="BYTES", help="Maximum size of the outbox in bytes.")
@click.option("--rejects", type=click.Path(dir_okay=False), metavar="FILE", help="Write the batches that had errors.")
@click.option("--replay-rejects", is_flag=True, help="The inputs are rejects: map what failed.")
@click.option("--results", is_flag=True, help="The inputs are results of transform: send their requests.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing: say what would be sent, in which time, and which names are new.",
)
def command(
    inputs: tuple[str, ...],
    mapping: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    path: str,
    max_bytes: int | None,
    rejects: str | None,
    replay_rejects: bool,
    results: bool,
    dry_run: bool,
) -> None:
    """Deliver the requests of batches.

    Each INPUT is a file, a folder, a pattern, or - for standard input, as for transform. Its requests go into the
    outbox, each input once, and from there to the receiver, until all have arrived. Without INPUT, what is left in the
    outbox is sent. A run that was interrupted, or killed, is continued by calling the same again.
    """
    from ..engine.delivery.entries import OutboxError
    from ..engine.jobs.files import BusyError, InTheWayError, locked
    from ..engine.jobs.input import MAX_RECORD_BYTES
    from ..engine.jobs.program import RulesChangedError
    from ..engine.jobs.rejects import MAX_REJECT_BYTES
    from ..engine.jobs.running import Reader
    from ..engine.jobs.transform import Recipe, Transform
    from .shared.targets import check_outputs, expanded

    choice = choice_of(mapping, settings, environment)
    if "-" in inputs and "stdin" in choice.secrets.values():
        raise click.UsageError("standard input cannot hold both a secret and the batches")
    if dry_run and not inputs:
        raise click.UsageError("--dry-run needs an INPUT: it says what would be sent of it")
    program = deliverable(choice)
    plan = plan_of(program)
    recipe = Recipe(
        choice.reference, choice.settings, "bulk" if plan.bulk else "result", False, "", rejects, replay_rejects
    )
    names = expanded(inputs, None) if inputs else ()
    check_outputs([path, rejects], map(Path, program.files), names)
    units = Reader(names, MAX_REJECT_BYTES if replay_rejects else MAX_RECORD_BYTES, 0, 0).units()
    if results and replay_rejects:
        raise click.UsageError("--results cannot be combined with --replay-rejects")
    transform = _stored_results(choice) if results else Transform(recipe, program)
    try:
        if dry_run:
            sys.exit(_dry_run(plan, choice, path, transform, units))
        needs_delivery()
        with ExitStack() as stack:
            outbox = stack.enter_context(opened(path, create=bool(inputs), max_bytes=max_bytes))
            outbox.claim(program.name, program.workspace, choice.environment)
            written = stack.enter_context(locked(Path(rejects))) if rejects is not None else None
            if written is not None:
                written.truncate()
            from ..engine.delivery.intake import TakenInputs

            given = TakenInputs()

            def take(sender: Sender, reading: Event) -> None:
                from ..engine.delivery.intake import take as take_all
                from ..engine.delivery.results import RESULTS

                def added(taken: TakenInputs) -> None:
                    nonlocal given
                    given = taken
                    sender.wake_from_elsewhere()

                take_all(
                    outbox,
                    plan,
                    transform,
                    f"{RESULTS if results else ''}{program.name}@{program.version}",
                    _until_stopped(units, sender, reading),
                    written.write if written is not None else lambda _: None,
                    added,
                )

            progress = _run(_sender_of(outbox, plan, choice, program), take)
            _show_end(outbox, progress, given, is_taken=bool(inputs))
            counts = outbox.counts().states
    except (BusyError, InTheWayError, OutboxError, RulesChangedError) as error:
        raise click.UsageError(str(error)) from None
    failed = given.summary.failed(strict=False) or counts["dead"] or counts["uncertain"] or counts["held"]
    sys.exit(PROBLEMS if failed or given.full or progress.stopped is not None else FINE)


def _dry_run(plan: Plan, choice: Choice, path: str, transform: Any, units: Iterator[Unit]) -> int:
    """Says what would be sent; returns the exit code."""
    from ..engine.delivery.intake import DryRun

    tried = DryRun(plan, _names(choice, path))
    for unit in units:
        tried.add(transform, unit)
    _show_dry_run(tried)
    return PROBLEMS if tried.summary.failed(strict=False) else FINE


def _names(choice: Choice, path: str) -> DistinctCounter:
    """A counter of limited names, which starts with those in the requests of the outbox, if it exists."""
    import orjson

    from ..engine.jobs.distinct import DistinctCounter

    names = DistinctCounter(load_mapping(choice).rulebook)
    if names.limits and Path(path).is_file():
        with opened(path, create=False) as outbox:
            for output, body in outbox.bodies():
                with suppress(orjson.JSONDecodeError):  # a form
                    names.add_body(output, orjson.loads(body))
    return names


def _stored_results(choice: Choice) -> StoredResults:
    """The reader of results of `moemap transform`."""
    from ..engine.delivery.results import StoredResults

    return StoredResults(load_mapping(choice).rulebook)


def _sender_of(outbox: Outbox, plan: Plan, choice: Choice, program: Program) -> Callable[..., Sender]:
    from ..engine.delivery.origins import Origins
    from ..engine.delivery.secrets import Secrets
    from ..engine.delivery.sender import Sender

    return partial(Sender, outbox, plan, Secrets(choice.secrets), origins=Origins(outbox, program.origins).line)


def _until_stopped(units: Iterator[Unit], sender: Sender, reading: Event) -> Iterator[Unit]:
    """Yields units until sending is stopped; `reading` is set while it waits for the next one."""
    while True:
        reading.set()
        unit = next(units, None)
        reading.clear()
        if unit is None or sender.progress.stopped is not None:
            return
        yield unit


def _run(sender_of: Callable[..., Sender], take: Callable[[Sender, Event], None]) -> Progress:
    """Sends while inputs are taken, and until all is sent; the first Ctrl-C finishes what is on the way.

    That includes the unit that is being taken, but nothing waits for an input that is still open.
    """
    import asyncio
    from threading import Event

    from ..engine.delivery.sending import run

    async def main() -> Progress:
        sender = sender_of(goes_on=True)
        when_ended(sender.stop, "interrupted")
        sending, begun = asyncio.create_task(sender.run()), asyncio.create_task(sender.begun.wait())
        await asyncio.wait([sending, begun], return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():  # another process sends
            begun.cancel()
            return sending.result()
        reading = Event()
        taking = in_thread(take, sender, reading)
        shown = asyncio.create_task(_show(sender))
        await asyncio.wait([sending, taking], return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            shown.cancel()
            while not (taking.done() or reading.is_set()):
                await asyncio.wait([taking], timeout=0.01)
            return sending.result()  # what was not taken yet is taken next time
        if taking.exception() is not None:
            sender.stop("the inputs cannot be read")
        sender.finish()
        progress = await sending
        shown.cancel()
        taking.result()
        return progress

    return run(main())


async def _show(sender: Sender) -> None:
    """Shows the progress: on a terminal in one line, updated a few times a second, elsewhere as a line a minute."""
    import asyncio
    import time

    from ..engine.diagnostics.terminal import is_lively
    from .shared.progress import status_line

    with status_line() as show:
        due = time.monotonic() + LINE_SECONDS
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            is_due = time.monotonic() >= due
            if is_quiet() or not (is_lively(sys.stderr) or is_due):
                continue
            progress, left = sender.progress, await asyncio.to_thread(sender.outbox.left)
            rest = f", about {duration(left / progress.rate)}" if progress.rate > 1 else ""
            waits = f", waits {progress.waiting}" if progress.waiting else ""
            text = f"{progress.counts['accepted']:,} accepted, {progress.rate:.0f}/s, {left:,} left{rest}{waits}"
            show(text)
            if is_due and not is_lively(sys.stderr):
                due = time.monotonic() + LINE_SECONDS
                click.echo(text, err=True)


def _show_end(outbox: Outbox, progress: Progress, given: TakenInputs, *, is_taken: bool) -> None:
    from ..engine.diagnostics.terminal import printable

    counts = outbox.counts()
    if progress.stopped is not None:
        click.echo(printable(f"Stopped: {progress.stopped}"), err=True)
    if given.full:
        click.echo(f"Not all was taken: {given.full}", err=True)
        click.echo("moemap outbox compact makes room; then, the same command goes on", err=True)
    if is_quiet():
        return
    if is_taken:
        click.echo(given.summary.text(), err=True)
        known = f"; {counted(given.known, 'input')} known before" if given.known else ""
        click.echo(f"{counted(given.requests, 'request')} taken{known}", err=True)
    states = [f"{count:,} {state}" for state, count in counts.states.items() if count]
    click.echo(printable(f"outbox {outbox.name}: {', '.join(states) or 'empty'}"), err=True)
    if counts.repeated:
        click.echo(f"{counted(counts.repeated, 'time')} a request was sent again that may have arrived", err=True)
    if counts.states["dead"] or counts.states["uncertain"]:
        click.echo("moemap outbox dead says why", err=True)


def _show_dry_run(tried: DryRun) -> None:
    from ..engine.diagnostics.terminal import printable

    click.echo(tried.summary.text(), err=True)
    width = max((len(endpoint) for endpoint in tried.requests), default=0)
    for endpoint, number in sorted(tried.requests.items()):
        what = "request " if number == 1 else "requests"
        click.echo(f"{endpoint:<{width}}  {number:>9,} {what}  {tried.bytes[endpoint]:>13,} bytes")
    click.echo(f"at the limits: at least {duration(tried.seconds)}")
    for name, number, most in tried.crowded():
        click.echo(
            f"window {name}: {number:,} keys have more than it allows, one of them {most:,}; they are slowed down"
        )
    for one, new in tried.new_names():
        listed = ", ".join(map(printable, new[:NAMES_SHOWN]))
        listed += f" and {len(new) - NAMES_SHOWN:,} more" if len(new) > NAMES_SHOWN else ""
        click.echo(f"{one.output} /{'/'.join(one.path)}: {one.left}; {len(new):,} new{': ' if new else ''}{listed}")
