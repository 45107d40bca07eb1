"""`moemap new`: starts a mapping from samples, schemas and an operation of an API."""

from __future__ import annotations

from pathlib import Path

import click

from .shared.command import Command
from .shared.folders import name_for, new_folder
from .shared.project import configuration
from .shared.verbosity import note

__all__ = ["command"]


@click.command(
    "new",
    cls=Command,
    epilog="""
    moemap new orders
    moemap new mappings/orders --from-sample order.json --from-sample refund.json
    moemap new orders --input-schema order.schema.json
    moemap new orders --from-sample order.json --output-openapi shop-api.yaml --operation createInvoice
    """,
)
@click.argument("folder", metavar="NAME", type=click.Path(path_type=Path))
@click.option(
    "--from-sample",
    "samples",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A sample of the input: a JSON document, a list of them, or one a line; may be repeated.",
)
@click.option(
    "--input-schema",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The JSON Schema of the input.  [default: inferred from the samples]",
)
@click.option(
    "--output-openapi",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The OpenAPI document of the API that takes the requests, as JSON or YAML.",
)
@click.option("--operation", metavar="ID", help="Its operation: an operationId, or a method and a path (POST /orders).")
def command(
    folder: Path,
    samples: tuple[Path, ...],
    input_schema: Path | None,
    output_openapi: Path | None,
    operation: str | None,
) -> None:
    """Start a mapping in a new folder.

    NAME is the folder; its last part is the name of the mapping. The folder gets the mapping, the schemas of its input
    and output, the samples, and golden tests of them; moemap check and moemap test pass at once. Rules are guessed by
    the names of members: what is to be reviewed is listed.
    """
    from ..engine.authoring.openapi import OpenApiError
    from ..engine.authoring.starting import StartError, operation_in, samples_in, schema_in, start, write
    from ..engine.diagnostics.terminal import printable

    if (output_openapi is None) is not (operation is None):
        raise click.UsageError("--output-openapi and --operation go together")
    name = name_for(folder)
    found = None
    try:
        if output_openapi is not None and operation is not None:
            found = operation_in(output_openapi, operation)
        values = [sample for path in samples for sample in samples_in(path)]
        schema = None if input_schema is None else schema_in(input_schema)
        made = start(name, values, schema, found)
    except OpenApiError as error:
        raise click.UsageError(f"{output_openapi} {error}{f'; {error.hint}' if error.hint else ''}") from None
    except StartError as error:
        raise click.UsageError(str(error)) from None
    own = {} if configuration().source is not None else {"moemap.toml": PROJECT}
    try:
        with new_folder(folder) as fresh:
            write(fresh, made, own)
    except StartError as error:
        raise click.UsageError(str(error)) from None
    for file in (*made.files, *own):
        click.echo(printable(f"written: {(folder / file).as_posix()}"))
    for one in made.notes:
        note(f"review: {one}")


PROJECT = """\
# What belongs to this project: moemap config shows what counts.
default = "."

[samples]
all = ["samples/*.json"]
"""
"""The project file of a mapping that stands alone."""
