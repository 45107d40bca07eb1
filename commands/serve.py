"""`moemap serve`: receives batches over HTTP, and delivers their requests."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.delivering import (
    OUTBOX,
    choice_of,
    deliverable,
    needs_delivery,
    opened,
    outbox_option,
    plan_of,
    sending_options,
)
from .shared.process import when_ended
from .shared.verbosity import is_quiet

if TYPE_CHECKING:
    from ..engine.delivery.receiving import Receiver
    from ..engine.delivery.sender import Sender

__all__ = ["command"]


@click.command(
    "serve",
    cls=Command,
    failure="sending was stopped",
    epilog="""
    moemap serve --env live
    moemap serve --env live --host 0.0.0.0 --port 9000 --authorization 'Token {intake_token}'
    moemap serve --no-delivery --outbox live.db
    """,
)
@sending_options
@outbox_option
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port; 0 for any free one."
)
@click.option(
    "--authorization",
    metavar="TEXT",
    help="The Authorization header that senders must give; its {placeholders} are filled in, as in requests.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="Maximum size of the outbox in bytes; beyond it, senders are told to try again.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Add the batches that had errors to this file; by default, beside the outbox, or in the working folder.",
)
@click.option("--no-delivery", is_flag=True, help="Only receive; another process sends.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the log."
)
def command(
    mapping: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    path: str,
    host: str,
    port: int,
    authorization: str | None,
    max_bytes: int | None,
    rejects: str | None,
    no_delivery: bool,
    log: str,
) -> None:
    """Receive batches over HTTP, and deliver their requests.

    POST /v1/batches takes a batch, a list of batches, or one a line, plain or compressed, and answers 202 when their
    requests are on the disk, in the outbox. From there they are sent, as by send. /healthz, /readyz, /metrics and
    /openapi.json describe the service. SIGTERM ends it once all work in progress is done.
    """
    from ..engine.delivery.entries import OutboxError
    from ..engine.delivery.origins import Origins
    from ..engine.delivery.places import is_url
    from ..engine.delivery.receiving import Receiver
    from ..engine.delivery.secrets import SecretError, Secrets
    from ..engine.delivery.sender import Sender
    from ..engine.delivery.sending import run
    from ..engine.jobs.files import BusyError, InTheWayError, locked
    from ..engine.jobs.transform import Recipe, Transform

    choice = choice_of(mapping, settings, environment)
    program = deliverable(choice)
    plan = plan_of(program)
    needs_delivery()
    secrets = Secrets(choice.secrets)
    program.prepare_all()
    written = Path(f"{OUTBOX if is_url(path) else path}.rejects.ndjson" if rejects is None else rejects)
    recipe = Recipe(choice.reference, choice.settings, "bulk" if plan.bulk else "result", False, "", str(written))
    try:
        agreed = None if authorization is None else secrets.fill(authorization)
        with ExitStack() as stack:
            outbox = stack.enter_context(opened(path, create=True, max_bytes=max_bytes))
            outbox.claim(program.name, program.workspace, choice.environment)
            file = stack.enter_context(locked(written))
            file.seek(0, 2)
            sender = (
                None
                if no_delivery
                else Sender(outbox, plan, secrets, is_service=True, origins=Origins(outbox, program.origins).line)
            )
            receiver = Receiver(
                outbox,
                plan,
                Transform(recipe, program),
                f"{program.name}@{program.version}",
                rejects=file,
                sender=sender,
                authorization=agreed,
                log=_log_json if log == "json" else _log_text,
            )
            if agreed is None and host not in ("127.0.0.1", "::1", "localhost"):
                click.echo("Warning: without --authorization, everybody who reaches this address can send.", err=True)
            run(_serve(receiver, sender, host, port))
    except (BusyError, InTheWayError, OutboxError, SecretError, OSError) as error:
        raise click.UsageError(str(error)) from None
    sys.exit(PROBLEMS if sender is not None and sender.progress.stopped not in (None, _ENDED) else FINE)


_ENDED = "the service ends"


async def _serve(receiver: Receiver, sender: Sender | None, host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C, and then finishes all work in progress."""
    import asyncio

    from aiohttp import web

    ended = asyncio.Event()
    when_ended(ended.set)
    sending = None
    if sender is not None:
        sending, begun = asyncio.create_task(sender.run()), asyncio.create_task(sender.begun.wait())
        await asyncio.wait([sending, begun], return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():  # another process sends: nothing is received here
            begun.cancel()
            sending.result()
        sending.add_done_callback(partial(_why_stopped, receiver, sender))
    runner = receiver.runner()
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        if not is_quiet():
            for address in runner.addresses:
                name = f"[{address[0]}]" if ":" in address[0] else address[0]
                click.echo(f"Listening at http://{name}:{address[1]}", err=True)
        waiting = asyncio.create_task(ended.wait())
        if sending is not None:
            await asyncio.wait([sending, waiting], return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        await waiting
    finally:
        await runner.cleanup()
        if sender is not None and sending is not None:
            sender.stop(_ENDED)
            await sending


def _why_stopped(receiver: Receiver, sender: Sender, _: Any) -> None:
    """Logs why sending stopped, unless it is since the service ends."""
    reason = sender.progress.stopped
    if reason is not None and reason != _ENDED:
        receiver.stopped(reason)


def _log_json(entry: Any) -> None:
    from datetime import UTC, datetime

    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    click.echo(json.dumps({"time": time, **entry}), err=True)


def _log_text(entry: Any) -> None:
    from ..engine.diagnostics.terminal import printable

    rest = ", ".join(f"{name} {value}" for name, value in entry.items() if name != "event")
    click.echo(printable(f"{entry['event']}: {rest}"), err=True)
