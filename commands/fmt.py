"""`moemap fmt`: gives rule files their canonical layout."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..engine.source.paths import STDIN
from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings
from .shared.project import configuration
from .shared.verbosity import detail, note

__all__ = ["command"]


@click.command(
    "fmt",
    cls=Command,
    failure="a file has no canonical layout; with --check or --diff: a file would be changed",
    epilog="""
    moemap fmt
    moemap fmt --check mappings examples
    moemap fmt --diff mappings/mparticle-moengage/v1
    moemap fmt - < mapping.yaml
    """,
)
@click.argument("paths", nargs=-1, shell_complete=mappings, metavar="[PATH|-]...")
@click.option("--check", is_flag=True, help="Change no file; list those that would be changed.")
@click.option("--diff", is_flag=True, help="Change no file; show what would be changed.")
def command(paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Give rule, workspace and test files their canonical layout.

    Only blanks, indentation, line breaks and quotes change: order, comments, blank lines between parts, and the choice
    between a block and one line stay, and so does what the file means. A PATH is a file, or a folder with files of
    mappings; without one, the project is formatted, or else the files below this folder. - is standard input, formatted
    to standard output.
    """
    from ..engine.diagnostics.problem import Problem
    from ..engine.diagnostics.terminal import printable
    from ..engine.editing.files import formatted_source, rule_files
    from ..engine.jobs.files import written_whole
    from ..engine.source.paths import PathError
    from ..engine.source.text import MAX_FILE_BYTES, Source, decoded, read
    from .shared.opening import print_problems

    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- cannot be combined with other paths")
    try:
        files = () if STDIN in paths else rule_files(paths or _homes())
    except PathError as error:
        raise click.UsageError(str(error)) from None
    problems: list[Problem] = []
    sources: dict[str, Source] = {}
    changed = 0
    for path in files or (None,):
        if path is None:
            source, found = decoded(sys.stdin.buffer.read(MAX_FILE_BYTES + 1), "<stdin>")
        else:
            detail(f"read: {path.as_posix()}")
            source, found = read(path, path.as_posix())
        new = None
        if source is not None:
            sources[source.name] = source
            new, more = formatted_source(source)
            found += more
        problems += found
        if source is None or new is None:
            continue
        is_same = new == source.text
        changed += not is_same
        if diff and not is_same:
            click.echo(_difference(source.name, source.text, new), nl=False)
        elif path is None and not (check or diff):
            sys.stdout.buffer.write(new.encode())
        elif path is not None and not is_same:
            click.echo(printable(f"{'would change' if check else 'changed'}: {source.name}"))
            if not check:
                with written_whole(path) as file:
                    file.write(new.encode())
    if problems:
        print_problems(tuple(problems), sources)
    if files:
        count = f"{len(files)} {'file' if len(files) == 1 else 'files'}"
        note(f"{count}: {changed} {'would be changed' if check or diff else 'changed'}")
    sys.exit(PROBLEMS if problems or (changed and (check or diff)) else FINE)


def _homes() -> tuple[str, ...]:
    """The folders of the project, or this one."""
    made = configuration(broken=True)
    return tuple(map(str, made.homes)) if made.source is not None else (str(Path()),)


def _difference(name: str, old: str, new: str) -> str:
    from difflib import unified_diff

    from ..engine.diagnostics.terminal import printable_lines

    lines = unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), name, f"{name} (formatted)")
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return printable_lines("".join(ended))
