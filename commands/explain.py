"""`moemap explain`: explains why a value is in a request, or why it is not."""

from __future__ import annotations

import json
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings, samples
from .shared.opening import load_mapping, print_problems, value_in
from .shared.project import chosen, mapping_options
from .shared.targets import check_outputs, files_of

if TYPE_CHECKING:
    from ..engine.insight.tracing import Trace

__all__ = ["command"]

_UNIT_BYTES = 1 << 19


@click.command(
    "explain",
    cls=Command,
    failure="the input is refused as a whole, or there is no such value, or with --why-not no rule that could give it",
    epilog="""
    moemap explain examples/purchase.json
    moemap explain examples/purchase.json --request 1 --output /actions/0/attributes/currency
    moemap explain examples/purchase.json --why-not /attributes/Age
    moemap explain examples/bulk_array.json --record 2 --why-not event
    moemap explain examples/purchase.json --input /events/0/data/product_action/coupon_code
    moemap explain examples/purchase.json --html explain.html --mask
    """,
)
@click.argument("batch_file", shell_complete=samples, metavar="INPUT")
@click.option(
    "--record",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="The batch of an INPUT that has several, a list or one batch a line, counted from 1.",
)
@click.option(
    "--request", "number", type=click.IntRange(0), help="The request, counted from 0; by default all of them."
)
@click.option("--output", "pointer", metavar="POINTER", help="A value in the body of a request: all steps to it.")
@click.option(
    "--why-not",
    "missing",
    metavar="[OUTPUT:]POINTER",
    help="A place in a body that has no value, or an output that has no request: what could have given one.",
)
@click.option("--input", "source", metavar="POINTER", help="A place of the input: all that read it.")
@click.option(
    "--at", "element", metavar="POINTER", help="With --why-not: only this element of the input, as /events/0."
)
@click.option("--html", metavar="FILE", help="Write one page with the input, the rules and the requests side by side.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--mask", is_flag=True, help="Show the kinds of values instead of the values.")
@click.option("--mapping", shell_complete=mappings, metavar="NAME|PATH", help="A mapping or workspace.")
@mapping_options
def command(
    batch_file: str,
    record: int | None,
    number: int | None,
    pointer: str | None,
    missing: str | None,
    source: str | None,
    element: str | None,
    html: str | None,
    as_json: bool,
    mask: bool,
    mapping: str | None,
    settings: tuple[str, ...],
    environment: str | None,
) -> None:
    """Explain why a value is in a request, or why it is not.

    INPUT is a JSON file with one batch, or - for standard input. Without further options, each value of the requests is
    listed with the rule and line that gave it, and the places of the input that were read.
    """
    from ..engine.diagnostics.terminal import printable, takes_color
    from ..engine.insight import explanation
    from ..engine.insight.tracing import TooManyDecisionsError, masked, trace
    from ..engine.insight.why import readers_of
    from ..engine.jobs.files import written_whole
    from ..engine.values.kinds import shown

    given = [
        name
        for name, value in (("--output", pointer), ("--why-not", missing), ("--input", source))
        if value is not None
    ]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} cannot be combined with {given[1]}")
    for name, place in (("--output", pointer), ("--input", source), ("--at", element)):
        if place and not place.startswith("/"):
            raise click.UsageError(f"{name} {place}: a place begins with /, as /{place}")
    batch = _batch_in(batch_file, record)
    rulebook = load_mapping(chosen(mapping, settings, environment)).rulebook
    check_outputs([html], files_of(rulebook), [batch_file])
    try:
        found = trace(rulebook, batch, masked if mask else shown)
    except TooManyDecisionsError as error:
        raise click.UsageError(f"{batch_file}: {error}; give a part of it, such as a few of its elements") from None
    if found.refusal is not None:
        print_problems((found.refusal,), {})
        sys.exit(PROBLEMS)
    count = len(found.result.requests)
    if number is not None and number >= count:
        raise click.UsageError(
            f"--request {number}: the input gives {count} request{'' if count == 1 else 's'}, counted from 0"
        )
    color = takes_color(sys.stdout)
    if html is not None:
        with written_whole(Path(html)) as page:
            page.write(explanation.as_html(found, Path(batch_file).name).encode())
        sys.exit(FINE)
    if given and found.converter is not None and not as_json:
        click.echo(explanation.converted_text(found), err=True)
    if missing is not None:
        sys.exit(FINE if _print_misses(found, missing, element, as_json=as_json) else PROBLEMS)
    if source is not None:
        readers = readers_of(found, source)
        click.echo(
            json.dumps([one.to_json() for one in readers], indent=2)
            if as_json
            else explanation.readers_text(found, readers, color=color)
        )
        sys.exit(FINE)
    numbers = range(count) if number is None else [number]
    if as_json:
        made = explanation.as_json(found, numbers, pointer)
        click.echo(json.dumps(made, indent=2))
        sys.exit(FINE if made["requests"] or pointer is None else PROBLEMS)
    if pointer is not None:
        lines = [
            steps for one in numbers if (steps := explanation.steps_text(found, one, pointer, color=color)) is not None
        ]
        nothing = printable(f"no request has a value at {pointer}; --why-not {pointer} says why")
        click.echo("\n".join(lines) or nothing, err=not lines)
        sys.exit(FINE if lines else PROBLEMS)
    click.echo(explanation.summary_text(found, numbers, color=color))


def _batch_in(name: str, number: int | None) -> Any:
    """The batch in a file, or - for standard input; of several, that of this number."""
    if number is not None:
        return _record_in(name, number)
    batch = value_in(name)
    if isinstance(batch, list):
        raise click.UsageError(f"{name} holds a list; choose a batch of it, as with --record 1")
    return batch


def _record_in(name: str, number: int) -> Any:
    """The batch of this number in a file, which is read no further."""
    from ..engine.jobs.input import units_in

    count = 0
    for record in chain.from_iterable(units_in([name], _UNIT_BYTES)):
        count += 1
        if count < number:
            continue
        batch, problem = record.parse()
        if problem is not None:
            raise click.UsageError(f"{record.where}: {problem.message}")
        return batch
    raise click.UsageError(f"--record {number}: {name} has {count} batch{'' if count == 1 else 'es'}, counted from 1")


def _print_misses(found: Trace, missing: str, element: str | None, *, as_json: bool) -> bool:
    """Prints what could have given a value at a place; returns whether anything could."""
    from ..engine.diagnostics.suggestions import did_you_mean
    from ..engine.diagnostics.terminal import printable, takes_color
    from ..engine.insight import explanation
    from ..engine.insight.namesakes import namesakes, nearest_place
    from ..engine.insight.why_not import why_not

    missing = f"{missing}:" if missing in found.rulebook.outputs else missing
    output, _, place = missing.rpartition(":") if not missing.startswith("/") else ("", "", missing)
    if output and output not in found.rulebook.outputs:
        hint = did_you_mean(output, found.rulebook.outputs)
        raise click.UsageError(f"--why-not: no output {output!r}{f'; {hint}' if hint else ''}")
    if place and not place.startswith("/"):
        raise click.UsageError(f"--why-not {place}: a place begins with /, as /{place}")
    misses = why_not(found, place, output or None, element)
    if as_json:
        click.echo(json.dumps([miss.to_json() for miss in misses], indent=2))
        return bool(misses)
    near = None if misses else nearest_place(found.rulebook, place)
    nothing = f"no rule can give a value at {place}{f'; did you mean {near!r}?' if near else ''}"
    click.echo(explanation.misses_text(misses, color=takes_color(sys.stdout)) if misses else printable(nothing))
    if number := found.refused.get(element, (0, 0))[1]:
        click.echo(f"of the elements that a rule does not take, only the first {number} are compared", err=True)
    for namesake in namesakes(found, place) if place else ():
        click.echo(printable(str(namesake)))
    return bool(misses)
