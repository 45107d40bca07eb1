"""The `moemap` command: options in, one engine call, rendering, exit code.

Exit codes: 0 fine, 1 problems found, 2 wrong use (which includes a mapping that cannot be used). Everything heavy is
imported where it is used, so that `moemap --version` and shell completion stay quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Values
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .process import Group, end

if TYPE_CHECKING:
    from .engine.api import Mapping
    from .engine.problem import Problem
    from .engine.program import Program
    from .engine.rules import Rulebook
    from .engine.source import Source

    Sources = Values[str, Source]
__all__ = ["main", "run"]

DEFAULT_MAPPING = "mparticle-moengage"
FINE, PROBLEMS, WRONG_USE = 0, 1, 2


def version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Prints the version of the installed distribution."""
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"moemap {version('moemap')}")
        context.exit()


class Command(click.Command):
    """A command whose help keeps its examples as they are written, and which takes no empty texts."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        rest = super().parse_args(context, arguments)
        for parameter in self.params:
            given = context.params.get(parameter.name or "")
            if given == "" or (isinstance(given, tuple) and "" in given):
                raise click.BadParameter("it is empty", context, parameter)
        return rest

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.strip().splitlines():
                    formatter.write(f"  {line.strip()}\n" if line.strip() else "\n")


# What has colours has them where `takes_color` says so: click takes none away.
@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "color": True})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version, help="Show the version.")
def main() -> None:
    """Declarative, versioned mappings between JSON APIs: mParticle event batches to MoEngage requests, and your own."""


@main.command(
    cls=Command,
    epilog="""
    moemap transform batch.json
    moemap transform --format curl --pretty batch.json
    zcat batches.ndjson.gz | moemap transform --rejects rejects.ndjson - > results.ndjson
    moemap transform --set identity=email --set 'project_names=["ProjectA"]' batch.json
    moemap transform --workspace examples/workspaces/portfolio.yaml batch.json
    moemap transform --jobs 4 --output results.ndjson.zst --rejects rejects.ndjson 'batches/*.ndjson.gz'
    moemap transform --jobs 4 --output-dir results --resume 'batches/*.ndjson.gz'
    moemap transform --replay-rejects rejects.ndjson --output fixed.ndjson --rejects still.ndjson
    """,
)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@click.option("--mapping", metavar="NAME|PATH", help=f"The mapping to use.  [default: {DEFAULT_MAPPING}]")
@click.option("--workspace", metavar="FILE", help="A workspace file: a mapping with changes and settings of your own.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting; text as it stands, all else as JSON."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["result", "requests", "bulk", "curl"]),
    default="result",
    show_default=True,
    help="Results with all that was skipped; requests alone; bulk bodies; commands for a shell.",
)
@click.option("--pretty/--compact", default=None, help="Indented, or one line each.  [default: pretty on a terminal]")
@click.option("--output", metavar="FILE", help="Where to write instead of standard output; .gz and .zst compress.")
@click.option("--output-dir", metavar="DIR", help="Where to write one output for each input, in the inputs' folders.")
@click.option(
    "--rejects",
    metavar="FILE|DIR",
    help="Where to write the batches that had errors, with what failed of them; a folder with --output-dir.",
)
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes work.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run with the same files stopped.")
@click.option("--restart", is_flag=True, help="Throw away what an interrupted run left, and begin anew.")
@click.option("--replay-rejects", is_flag=True, help="The inputs are rejects files: say what is fixed by now.")
@click.option("--strict", is_flag=True, help="Let warnings count as problems.")
def transform(inputs: tuple[str, ...], mapping: str | None, workspace: str | None, **options: Any) -> None:
    """Turn batches into requests.

    Each INPUT is a file, a folder, a pattern such as 'batches/*.ndjson.gz', or - for standard input (the default): a
    batch, a list of batches, or one batch a line; gzip and Zstandard are recognised. The summary goes to standard
    error.
    """
    from .engine import job as jobs
    from .engine.files import BusyError, InTheWayError
    from .engine.program import RulesChangedError
    from .engine.replay import Recipe, Summary, WorkerError
    from .engine.runfiles import left_over
    from .progress import progress_bar
    from .targets import check_options, expanded, targets

    if mapping is not None and workspace is not None:
        raise click.UsageError("--workspace names its mapping itself; give it without --mapping")
    check_options(inputs, options)
    reference, settings = workspace or mapping or DEFAULT_MAPPING, _settings(options["settings"])
    program = _program(reference, settings, bulk=options["format_"] == "bulk")
    names = expanded(inputs, options["output_dir"]) or ("-",)
    resume, restart = options["resume"], options["restart"]
    summary = Summary()
    target = None
    try:
        planned = targets(names, options, program.files)
        for target in planned:
            if not (resume or restart) and (left := left_over(target.output, target.rejects)) is not None:
                raise click.UsageError(left)
        for target in planned:
            is_shown = target.output is None and sys.stdout.isatty()
            recipe = Recipe(
                reference,
                settings,
                options["format_"],
                is_shown if options["pretty"] is None else options["pretty"],
                target.output.name if target.output else "",
                target.rejects.name if target.rejects else None,
                options["replay_rejects"],
            )
            job = jobs.Job(
                target.inputs, recipe, program, target.output, target.rejects, options["jobs"], resume, restart
            )
            with progress_bar(target.inputs) as progress:
                summary.merge(jobs.run(job, progress))
    except (BusyError, InTheWayError, jobs.ResumeError, RulesChangedError, WorkerError) as error:
        raise click.UsageError(str(error)) from None
    except KeyboardInterrupt:
        left = left_over(target.output, target.rejects) if target is not None else None
        raise KeyboardInterrupt(*([left] if left is not None else [])) from None
    click.echo(summary.text(), err=True)
    sys.exit(PROBLEMS if summary.failed(strict=options["strict"]) else FINE)


@main.command(
    cls=Command,
    epilog="""
    moemap check
    moemap check mappings examples/workspaces
    moemap check --format github --fail-level warning mappings
    moemap check --format sarif mappings > moemap.sarif
    moemap check --prove
    """,
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="For people, programs, or a CI service.",
)
@click.option(
    "--fail-level",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--prove", is_flag=True, help="Also prove outputs against their schemas, and print the verdicts.")
@click.option("--all-guards", is_flag=True, help="With --prove: every place that needs validation at run time.")
@click.option("--list-skipped", is_flag=True, help="Also list the YAML files in folders that are not checked, and why.")
def check(
    paths: tuple[str, ...], format_: str, fail_level: str, prove: bool, all_guards: bool, list_skipped: bool
) -> None:
    """Check mappings, workspaces and their tests' files without any data.

    A PATH is a file or a folder, or the name of an installed mapping; without one, all installed mappings are checked.
    In a folder, every YAML file that looks like a file of a mapping is checked, by its name, a key or its modeline;
    hidden files are left alone.
    """
    from .engine import report
    from .engine.inspection import PathError, inspect_paths
    from .engine.terminal import printable, takes_color

    try:
        inspection = inspect_paths(paths)
    except PathError as error:
        raise click.UsageError(str(error)) from None
    problems = inspection.problems
    if (prove or all_guards) and format_ != "text":
        raise click.UsageError("--prove prints a table for people; give it without --format")
    if list_skipped:
        for one in inspection.skipped:
            click.echo(printable(f"skipped: {one.path.as_posix()} {one.reason}"), err=True)
    refuted = _prove(inspection.rulebooks, all_guards=all_guards) if prove or all_guards else 0
    if format_ == "text":
        if problems:
            click.echo(report.text(problems, inspection.sources, color=takes_color(sys.stdout)))
            click.echo()
        count, skipped = len(inspection.files), len(inspection.skipped)
        counts = f"{count} {'file' if count == 1 else 'files'} checked{f', {skipped} skipped' if skipped else ''}"
        proofs = f", but {refuted} {'output is' if refuted == 1 else 'outputs are'} refuted" if refuted else ""
        click.echo(f"{counts}: {report.summary(problems)}{proofs}")
    elif format_ == "junit":
        click.echo(report.junit(problems, inspection.files))
    else:
        render = {"json": report.as_json, "github": report.github, "sarif": report.sarif}[format_]
        if text := render(problems):
            click.echo(text)
    failed = refuted > 0 or any(problem.severity in ("error", fail_level) for problem in problems)
    sys.exit(PROBLEMS if failed else FINE)


def _prove(rulebooks: Values[str, Rulebook], *, all_guards: bool) -> int:
    """Prints the verdicts on the outputs of each mapping; gives the number of those that are refuted."""
    from .engine import proof_report
    from .engine.prove import prove
    from .progress import status_line

    refuted = 0
    for name, rulebook in rulebooks.items():
        with status_line() as show:
            proof = prove(rulebook, progress=partial(_show_progress, show, name))
        click.echo(proof_report.text(name, proof, all_guards=all_guards) + "\n")
        refuted += sum(output.verdict == "refuted" for output in proof.outputs)
    return refuted


def _show_progress(show: Callable[[str], None], name: str, output: str, share: float) -> None:
    show(f"proving {name}: {output}, {share:.0%} of the search done")


@main.command(
    cls=Command,
    epilog="""
    moemap test
    moemap test mappings/mparticle-moengage/v1/tests -k purchase
    moemap test -k "refund and not wishlist"
    moemap test --update mappings
    """,
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "-k", "expression", metavar="EXPR", help="Only tests whose name, file or rows hold these words (and, or, not)."
)
@click.option("--update", is_flag=True, help="Rewrite the expectations that failed, and show what changes.")
def test(paths: tuple[str, ...], expression: str | None, update: bool) -> None:
    """Run the golden tests of mappings.

    A PATH is a test file or a folder that is searched; without one, the tests of all installed mappings are run.
    """
    from .engine import golden, goldenfile
    from .engine.api import load
    from .engine.files import written_whole
    from .engine.installed import display_name
    from .engine.selection import SelectionError, selection
    from .engine.terminal import printable_lines, takes_color

    try:
        wanted = selection(expression) if expression is not None else None
    except SelectionError as error:
        raise click.UsageError(f"-k {expression!r}: {error}") from None
    for missing in (path for path in paths if not Path(path).exists()):
        raise click.UsageError(f"{missing}: no such file or folder")
    runner, declared = golden.Runner(load), cache(goldenfile.declared_settings)
    passed = failed = updated = 0
    color = takes_color(sys.stdout)
    for path in goldenfile.discover([Path(path) for path in paths]):
        name = path.as_posix() if paths else display_name(path)
        file, problems, sources = goldenfile.load(path, name, declared)
        if file is None:
            _print_problems(problems, sources)
            failed += 1
            continue
        chosen = [one for one in file.tests if wanted is None or wanted((one.name, path.name, *one.covers))]
        outcomes = [runner.run(file, one) for one in chosen]
        passed_here = sum(outcome.passed for outcome in outcomes)
        passed += passed_here
        failures = [outcome for outcome in outcomes if not outcome.passed]
        if update and failures:
            change = golden.update(file, failures)
            click.echo(printable_lines(change.diff), nl=False)
            with written_whole(path) as rewritten:
                rewritten.write(change.text.encode())
            failures = [outcome for outcome in failures if outcome.problems or outcome.test in change.refused]
            updated += len(outcomes) - passed_here - len(failures)
        for outcome in failures:
            click.echo(golden.text(outcome, color=color) + "\n")
        failed += len(failures)
    if passed + failed + updated == 0:
        raise click.UsageError("no test was found" + (f" for -k {expression!r}" if expression is not None else ""))
    click.echo(f"{passed} passed, {failed} failed" + (f", {updated} updated" if updated else ""))
    sys.exit(PROBLEMS if failed else FINE)


@main.command(
    cls=Command,
    epilog="""
    moemap show
    moemap show mparticle-moengage@1
    moemap show --format json mappings/mparticle-moengage/v1
    """,
)
@click.argument("name", default=DEFAULT_MAPPING, metavar="[NAME|PATH]")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting; text as it stands, all else as JSON."
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(name: str, settings: tuple[str, ...], format_: str) -> None:
    """Show a mapping as tables: outputs, settings with their values, rules with their fields, tables, functions."""
    from .engine import show as tables
    from .engine.terminal import takes_color

    mapping = _load(name, _settings(settings))
    if format_ == "json":
        click.echo(tables.as_json(mapping.rulebook))
    else:
        click.echo(tables.text(mapping.rulebook, color=takes_color(sys.stdout)))


@main.command(
    "compile",
    cls=Command,
    epilog="""
    moemap compile
    moemap compile --set identity=email --output generated.py
    moemap compile --standalone -o mapping.py
    moemap compile --standalone -o mapping.py examples/workspaces/portfolio.yaml
    """,
)
@click.argument("name", default=DEFAULT_MAPPING, metavar="[NAME|PATH]")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting; text as it stands, all else as JSON."
)
@click.option(
    "--standalone", is_flag=True, help="One module that runs alone, with nothing but Python: transform(batch)."
)
@click.option("-o", "--output", metavar="FILE", help="Where to write instead of standard output.")
def compile_(name: str, settings: tuple[str, ...], standalone: bool, output: str | None) -> None:
    """Print the Python source that a mapping is compiled to, with the line of the rules beside each part."""
    from .engine.compiler import source_of
    from .engine.compiler.standalone import StandaloneError, standalone_of
    from .engine.files import written_whole
    from .targets import check_output

    rulebook = _load(name, _settings(settings)).rulebook
    try:
        source = standalone_of(rulebook) if standalone else source_of(rulebook)
    except StandaloneError as error:
        raise click.UsageError(f"{name} cannot be compiled to a module that runs alone: {error}") from None
    if output is None or output == "-":
        click.echo(source, nl=False)
        return
    paths = [source.path for source in rulebook.sources.values() if source.path is not None]
    check_output(output, [*paths, *(path for schema in rulebook.schemas.values() for path in schema.paths)])
    with written_whole(Path(output)) as file:
        file.write(source.encode())


@main.command(
    "explain-code",
    cls=Command,
    epilog="""
    moemap explain-code M101
    """,
)
@click.argument("code")
def explain_code(code: str) -> None:
    """Print the page of a problem code: what it means, how to fix it, a wrong and a right example."""
    from .engine.problem import CATALOGUE, did_you_mean

    page = Path(__file__).parent / "docs" / "problems" / f"{code.upper()}.md"
    if code.upper() not in CATALOGUE or not page.is_file():
        hint = did_you_mean(code.upper(), CATALOGUE)
        raise click.UsageError(f"no problem has the code {code!r}{f'; {hint}' if hint else ''}")
    click.echo(page.read_text("utf-8"), nl=False)


@main.command(
    cls=Command,
    epilog="""
    moemap docs docs
    moemap docs --check docs
    """,
)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail where a page is missing or stale.")
def docs(folder: str, only_check: bool) -> None:
    """Write the generated pages of the documentation into a folder."""
    from .engine.files import written_whole
    from .engine.pages import pages
    from .engine.terminal import printable

    stale = []
    for name, text in pages().items():
        path = Path(folder) / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(str(path))
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as file:
                file.write(text.encode())
    for path_name in stale:
        what = f"is stale; write it with: moemap docs {folder}" if only_check else "written"
        click.echo(printable(f"{path_name} {what}"))
    sys.exit(PROBLEMS if only_check and stale else FINE)


def _settings(given: Iterable[str]) -> dict[str, Any]:
    """The settings of `--set`, to be read by the type that the mapping declares."""
    from .engine.settings import GivenText

    settings = {}
    for setting in given:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set takes NAME=VALUE, not {setting!r}")
        settings[name] = GivenText(value)
    return settings


def _program(reference: str, settings: dict[str, Any], *, bulk: bool) -> Program:
    """The mapping, ready to run; ends with its problems and exit code 2 where it cannot be used."""
    from .engine.problem import MappingError
    from .engine.program import open_program

    try:
        program = open_program(reference, settings, bulk=bulk)
    except MappingError as error:
        _print_problems(error.problems, error.sources)
        sys.exit(WRONG_USE)
    if bulk and program.delivery.bulk is None:
        raise click.UsageError(f"the mapping {program.name} does not describe 'bulk'")
    return program


def _load(reference: str, settings: dict[str, Any]) -> Mapping:
    """The mapping; ends with its problems and exit code 2 where it cannot be used."""
    from .engine.api import Mapping, inspect

    loaded = inspect(reference, settings)
    if loaded.rulebook is None:
        _print_problems(loaded.problems, loaded.sources)
        sys.exit(WRONG_USE)
    return Mapping(loaded.rulebook, loaded.problems)


def _print_problems(problems: tuple[Problem, ...], sources: Sources) -> None:
    from .engine import report
    from .engine.terminal import takes_color

    click.echo(report.text(problems, sources, color=takes_color(sys.stderr)), err=True)
    click.echo(f"\n{report.summary(problems)}", err=True)


def run() -> NoReturn:
    """The command as a process of its own."""
    end(main)


if __name__ == "__main__":
    run()
