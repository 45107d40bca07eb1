"""`moemap eval`: evaluates an expression or a template on a sample."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings, samples
from .shared.opening import load_mapping, print_problems, value_in
from .shared.project import chosen, mapping_options

__all__ = ["command"]

_SHOWN = 100


@click.command(
    "eval",
    cls=Command,
    failure="the expression is wrong, or fails on this input",
    epilog="""
    moemap eval "batch.user_attributes" --input examples/purchase.json
    moemap eval "event.data.product_action.products[*].name" --input examples/purchase.json --at event:0
    moemap eval "{{ event.data.event_name | upper }}" --input examples/mixed_all_event_types.json --at event:1
    moemap eval --input examples/purchase.json --at event:0
    """,
)
@click.argument("expression", required=False)
@click.option(
    "--input", "input_", required=True, shell_complete=samples, metavar="FILE", help="A JSON file with one batch, or -."
)
@click.option("--at", metavar="ROUTE:N", help="An element of a route, counted from 0, such as event:0.")
@click.option("--mapping", shell_complete=mappings, metavar="NAME|PATH", help="A mapping or workspace.")
@mapping_options
@click.option("--json", "as_json", is_flag=True, help="Print the value alone, as JSON.")
def command(
    expression: str | None,
    input_: str,
    at: str | None,
    mapping: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    as_json: bool,
) -> None:
    """Evaluate an expression or a template on a sample.

    The names are those that rules see: the input, settings, lets, and with --at the element of a route. The value comes
    first, then that of each part of the expression. Without an EXPRESSION, the names are listed with their values.
    """
    from ..engine.diagnostics.terminal import printable, printable_lines
    from ..engine.insight.evaluation import EvaluationPlaceError, SampleEvaluation, scope_of
    from ..engine.source.text import Source

    batch = value_in(input_)
    try:
        evaluation = SampleEvaluation(
            scope_of(load_mapping(chosen(mapping, settings, environment)).rulebook, batch, at)
        )
    except EvaluationPlaceError as error:
        raise click.UsageError(f"--at {at}: {error}" if at is not None else f"{input_}: {error}") from None
    if expression is None:
        _list(evaluation.names())
        sys.exit(FINE)
    found = evaluation.evaluate(expression)
    if found.problems:
        print_problems(found.problems, {"the text": Source("the text", expression)})
    elif as_json:
        click.echo(printable(json.dumps(found.value, ensure_ascii=False)))
    else:
        click.echo(printable_lines(json.dumps(found.value, ensure_ascii=False, indent=2)))
    if found.parts and not as_json:
        click.echo()
        _list(found.parts)
    sys.exit(PROBLEMS if found.problems else FINE)


def _list(values: Any) -> None:
    """Prints names or parts of an expression with their values."""
    from ..engine.diagnostics.terminal import printable
    from ..engine.values.kinds import shown

    rows = [(" ".join(name.split()), value) for name, value in values]
    width = min(60, max((len(name) for name, _ in rows), default=0))
    for name, value in rows:
        click.echo(printable(f"{name:<{width}}  {shown(value, _SHOWN)}"))
