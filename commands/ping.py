"""`moemap ping`: tries the host and the credentials of a receiver."""

from __future__ import annotations

import json
import sys

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.delivering import choice_of, needs_delivery, plan_of, sending_options
from .shared.opening import program_of

__all__ = ["command"]


@click.command(
    "ping",
    cls=Command,
    failure="the receiver cannot be reached, or does not accept the request",
    epilog="""
    moemap ping --env live
    """,
)
@sending_options
def command(mapping: str | None, settings: tuple[str, ...], environment: str | None) -> None:
    """Try the host and the credentials with a request that changes nothing.

    The mapping declares the request as `ping` of its delivery.
    """
    from ..engine.delivery.answers import read_answer
    from ..engine.delivery.secrets import SecretError, Secrets
    from ..engine.delivery.sending import CallOutcome, Http, run
    from ..engine.diagnostics.terminal import printable

    choice = choice_of(mapping, settings, environment)
    program = program_of(choice, bulk=False)
    plan = plan_of(program)
    if plan.ping is None:
        raise click.UsageError(f"the mapping {program.name} does not say with what to ping")
    needs_delivery()
    secrets, dispatch, ping = Secrets(choice.secrets), plan.dispatch, plan.ping

    async def main() -> CallOutcome:
        body = b"" if ping["body"] is None else json.dumps(secrets.fill_all(ping["body"])).encode()
        async with Http(secrets, 1, plan.keep_alive) as http:
            url = f"{dispatch.server_url}{ping['path']}"
            return await http.send(http.call(ping["method"], url, dispatch.server_headers, body))

    try:
        outcome = run(main())
    except SecretError as error:
        raise click.UsageError(str(error)) from None
    if outcome.status is None:
        click.echo(printable(f"{dispatch.server_url} cannot be reached: {outcome.text}"), err=True)
        sys.exit(PROBLEMS)
    words = " ".join(outcome.text.split())[:500]
    if read_answer(outcome.status, outcome.headers, plan, 0).verdict == "accept":
        click.echo(f"{dispatch.server_url} accepts: host and credentials are right")
        sys.exit(FINE)
    what = {401: "the credentials are wrong", 403: "the credentials may not do this, or the account is blocked"}
    what |= {404: "the host or the path is wrong"}
    said = f"{what.get(outcome.status, 'it does not accept')} ({outcome.status}: {words})"
    click.echo(printable(f"{dispatch.server_url}: {said}"), err=True)
    sys.exit(PROBLEMS)
