"""`moemap transform`: converts batches into requests."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from ..engine.jobs.formats import FORMATS
from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings, samples
from .shared.opening import load_mapping, program_of
from .shared.project import BUNDLED, chosen, configuration, files_of_samples, mapping_options
from .shared.verbosity import is_quiet, note

if TYPE_CHECKING:
    from ..engine.jobs.transform import BatchReport

__all__ = ["command"]


@click.command(
    "transform",
    cls=Command,
    failure="a batch had errors or, with --strict, warnings",
    epilog="""
    moemap transform batch.json
    moemap transform --format curl --pretty batch.json
    zcat batches.ndjson.gz | moemap transform --rejects rejects.ndjson - > results.ndjson
    moemap transform --set identity=email --set 'project_names=["ProjectA"]' batch.json
    moemap transform --workspace examples/workspaces/portfolio.yaml batch.json
    moemap transform --account --pretty batch.json
    moemap transform --env staging --samples orders --summary json -o results.ndjson
    moemap transform --jobs 4 --output results.ndjson.zst --rejects rejects.ndjson 'batches/*.ndjson.gz'
    moemap transform --jobs 4 --output-dir results --resume 'batches/*.ndjson.gz'
    moemap transform --coverage --jobs 4 'batches/*.ndjson.gz'
    moemap transform --replay-rejects rejects.ndjson --output fixed.ndjson --rejects still.ndjson
    """,
)
@click.argument("inputs", nargs=-1, type=click.Path(), metavar="[INPUT]...")
@click.option(
    "--mapping",
    shell_complete=mappings,
    metavar="NAME|PATH",
    help=f"Mapping to use.  [default: that of the project or of this folder, or {BUNDLED}]",
)
@click.option(
    "--workspace",
    shell_complete=mappings,
    metavar="NAME|FILE",
    help="A workspace: a mapping with your own changes and settings.",
)
@mapping_options
@click.option(
    "--samples", multiple=True, metavar="NAME", shell_complete=samples, help="Samples of the project file, as inputs."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default=next(iter(FORMATS)),
    show_default=True,
    help="; ".join(one.help for one in FORMATS.values()).capitalize() + ".",
)
@click.option(
    "--pretty/--compact", default=None, help="Indented, or one line for each result.  [default: pretty on a terminal]"
)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write to a file instead of standard output (-); .gz and .zst compress.",
)
@click.option(
    "--output-dir", type=click.Path(), metavar="DIR", help="Write one output for each input, in the same subfolders."
)
@click.option(
    "--rejects",
    type=click.Path(),
    metavar="FILE|DIR",
    help="Write the batches that had errors, with the elements that failed; a folder with --output-dir.",
)
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Number of worker processes.")
@click.option("--resume", is_flag=True, help="Resume an interrupted run with the same files.")
@click.option("--restart", is_flag=True, help="Discard the files of an interrupted run, and start again.")
@click.option(
    "--replay-rejects", is_flag=True, help="The inputs are rejects: map what failed, and report what is fixed."
)
@click.option(
    "--account",
    is_flag=True,
    help="Also account for every leaf of the batches: sent where, skipped why, only read by which rules, or not read.",
)
@click.option(
    "--coverage", is_flag=True, help="Instead of results: how often the batches take each branch of the rules."
)
@click.option(
    "--coverage-output",
    multiple=True,
    metavar="FILE",
    help="Write these counts to a file: .html (annotated rules), .json, or .info (LCOV); may be repeated.",
)
@click.option("--check-input", is_flag=True, help="Also warn where a batch does not conform to the input schema.")
@click.option(
    "--strict/--lenient",
    default=None,
    help="Exit with code 1 for warnings too, or not.  [default: that of the project file, or lenient]",
)
@click.option(
    "--summary",
    "summary_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The summary for people, or for programs: one line of JSON.",
)
def command(inputs: tuple[str, ...], mapping: str | None, workspace: str | None, **options: Any) -> None:
    """Convert batches into requests.

    Each INPUT is a file, a folder, a pattern such as 'batches/*.ndjson.gz', or - for standard input (the default): a
    batch, a list of batches, or one batch a line; gzip and Zstandard are recognised. The summary goes to standard
    error.
    """
    from ..engine.jobs.files import BusyError, InTheWayError
    from ..engine.jobs.job import Job
    from ..engine.jobs.program import RulesChangedError
    from ..engine.jobs.runfiles import ResumeError, is_finished, left_over
    from ..engine.jobs.running import run
    from ..engine.jobs.summary import SAMPLE, Summary
    from ..engine.jobs.transform import Recipe, WorkerError
    from .shared.progress import progress_bar
    from .shared.targets import check_options, expanded, targets

    if mapping is not None and workspace is not None:
        raise click.UsageError("--workspace cannot be combined with --mapping: a workspace names its mapping")
    option = "--workspace" if workspace is not None else "--mapping"
    choice = chosen(workspace or mapping, options["settings"], options["environment"], option=option)
    inputs = (*inputs, *files_of_samples(options["samples"]))
    check_options(inputs, options)
    if options["coverage"] or options["coverage_output"]:
        # Only where it is asked for: most runs map batches.
        from .shared.coverage import print_coverage

        sys.exit(PROBLEMS if print_coverage(load_mapping(choice).rulebook, inputs, options) else FINE)
    program = program_of(choice, bulk=FORMATS[options["format_"]].bundled)
    names = expanded(inputs, options["output_dir"]) or ("-",)
    resume, restart = options["resume"], options["restart"]
    summary = Summary()
    target = None
    try:
        planned = targets(names, options, program.files)
        for target in planned:
            if not (resume or restart) and (left := left_over(target.output, target.rejects)) is not None:
                raise click.UsageError(left)
            if resume and target.output is not None and is_finished(target.output):
                note(f"{target.output}: no interrupted run to resume; it is written again from the start")
        for target in planned:
            is_shown = target.output is None and sys.stdout.isatty()
            recipe = Recipe(
                choice.reference,
                choice.settings,
                options["format_"],
                is_shown if options["pretty"] is None else options["pretty"],
                target.output.name if target.output else "",
                target.rejects.name if target.rejects else None,
                options["replay_rejects"],
                choice.variables,
                _reports(check_input=options["check_input"], account=options["account"]),
            )
            sample = 0 if options["replay_rejects"] else SAMPLE - summary.sample.batches
            files = target.output, target.rejects
            job = Job(target.inputs, recipe, program, *files, options["jobs"], resume, restart, sample)
            with progress_bar(target.inputs) as progress:
                summary.merge(run(job, progress))
    except (BusyError, InTheWayError, ResumeError, RulesChangedError, WorkerError) as error:
        raise click.UsageError(str(error)) from None
    except KeyboardInterrupt:
        left = left_over(target.output, target.rejects) if target is not None else None
        raise KeyboardInterrupt(*([left] if left is not None else [])) from None
    if not is_quiet():
        is_json = options["summary_format"] == "json"
        click.echo(json.dumps(summary.to_json()) if is_json else summary.text(), err=True)
    strict = configuration().strict if options["strict"] is None else None
    is_strict = strict.value if strict is not None else bool(options["strict"])
    sys.exit(PROBLEMS if summary.failed(strict=is_strict) else FINE)


def _reports(*, check_input: bool, account: bool) -> tuple[BatchReport, ...]:
    """The reports that are added to the Result of each batch."""
    # Imported late: they are slow to import.
    reports: list[BatchReport] = []
    if check_input:
        from ..engine.jobs.input_check import input_checked

        reports.append(input_checked)
    if account:
        from ..engine.insight.account import accounted

        reports.append(accounted)
    return tuple(reports)
