"""Chooses the files that a run of `moemap transform` reads and writes, and refuses unsafe ones."""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Values
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from unicodedata import normalize

import click

from ...engine.source.paths import STDIN
from ...engine.source.project import MARKER, PROJECT_FILE, PYPROJECT

if TYPE_CHECKING:
    from ...engine.language.rulebook import Rulebook

__all__ = ["PlannedRun", "check_options", "check_outputs", "expanded", "files_of", "targets"]

_MAGIC = frozenset("*?[")
_ENDINGS = (".json", ".ndjson", ".jsonl")
_OF_PROJECTS = frozenset((MARKER, PROJECT_FILE, PYPROJECT))


class PlannedRun(NamedTuple):
    """Inputs, and the files their results go to; an output of None is standard output."""

    inputs: tuple[str, ...]
    output: Path | None
    rejects: Path | None


def check_options(inputs: tuple[str, ...], options: dict[str, Any]) -> None:
    """Refuses options that cannot be combined."""
    if options["output"] and options["output_dir"]:
        raise click.UsageError("--output cannot be combined with --output-dir")
    for option in ("output", "rejects"):
        name = options[option] or ""
        if name.endswith(os.sep) and not options["output_dir"]:
            raise click.UsageError(f"{name}: is a folder")
    if options["output_dir"] == STDIN:
        raise click.UsageError("--output-dir needs a folder: - is standard output")
    if options["resume"] and options["restart"]:
        raise click.UsageError("--resume cannot be combined with --restart")
    if options["resume"] and not (_is_file(_output(options["output"])) or options["output_dir"]):
        raise click.UsageError(
            "--resume requires --output with a file, or --output-dir: other output cannot be truncated"
        )
    if not inputs:
        check_stdin()
    if (options["resume"] or options["output_dir"]) and (not inputs or STDIN in inputs):
        raise click.UsageError("--resume and --output-dir require files: standard input cannot be read again")
    if options["resume"]:
        for name in inputs:
            if os.path.exists(name) and not os.path.isfile(name) and not os.path.isdir(name):
                raise click.UsageError(f"--resume requires files: {name} cannot be read again")


def check_stdin() -> None:
    """Refuses to read standard input where it is closed."""
    if sys.stdin is None:
        raise click.UsageError("standard input is closed")


def expanded(inputs: Iterable[str], output_dir: str | None) -> tuple[str, ...]:
    """The inputs, with patterns replaced by the matching files, and folders by the batches in them, sorted by name.

    Files in the output folder are left out, since they were made from inputs. Raises OSError for an unreadable folder.
    """
    names: list[str] = []
    for name in inputs:
        if os.path.isdir(name):
            found = _without_outputs(_batches(Path(name)), name, output_dir)
            if not found:
                raise click.UsageError(
                    f"{name}: no file in this folder ends in {', '.join(_ENDINGS)}, with .gz or .zst"
                )
            names += found
        elif name == STDIN:
            check_stdin()
            names.append(name)
        elif os.path.exists(name) or _MAGIC.isdisjoint(name):
            names.append(name)
        else:
            from glob import glob

            fixed = os.path.dirname(name[: min(name.index(char) for char in _MAGIC if char in name)]) or "."
            if "**" in name and os.path.isdir(fixed):
                deque(_walked(Path(fixed)), 0)  # glob is silent about folders that cannot be read
            matches = sorted(filter(_is_input, glob(name, recursive=True)))
            matches = _without_outputs(matches, fixed, output_dir)
            if not matches:
                raise click.UsageError(f"{name}: no file matches")
            names += matches
    return tuple(names)


def _batches(folder: Path) -> Iterator[str]:
    """The files below a folder whose names are those of JSON files, in order, without hidden ones."""
    from ...engine.jobs.compression import plain_name

    for inner, names in _walked(folder):
        for name in sorted(names):
            path = str(Path(inner, name))
            if plain_name(name).endswith(_ENDINGS) and not name.startswith(".") and _is_input(path):
                yield path


def _walked(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A folder and those below it, without hidden ones, in order, with the names in each.

    Raises OSError for one that cannot be read: batches in it would be lost.
    """

    def refuse(error: OSError) -> NoReturn:
        raise error

    for inner, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield inner, names


def _is_input(path: str) -> bool:
    """Returns whether a path is a file, or a link that leads nowhere, which is reported when it is opened."""
    return os.path.isfile(path) or (os.path.islink(path) and not os.path.exists(path))


def _without_outputs(files: Iterable[str], searched: str, output_dir: str | None) -> list[str]:
    """The files found in a folder, without those in the output folder if that is inside it."""
    if output_dir is None or _is_inside(searched, output_dir):
        return list(files)
    return [file for file in files if not _is_inside(file, output_dir)]


def _is_inside(path: str, folder: str) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def targets(names: tuple[str, ...], options: dict[str, Any], made_of: Iterable[str]) -> list[PlannedRun]:
    """The targets of the inputs, in order. With --output-dir and --resume, finished ones are left out.

    Refused are runs that would overwrite their inputs, files that the mapping is `made_of`, or their own files.
    """
    if not options["output_dir"]:
        planned = [PlannedRun(names, _output(options["output"]), _rejects(options["rejects"]))]
        given = {_output(name): name for name in (options["output"], options["rejects"]) if name}
        _check_apart(planned, names, made_of, given)
        return planned
    from ...engine.jobs.runfiles import is_finished

    planned = _in_folders(names, options)
    _check_apart(planned, names, made_of, {})
    for folder in dict.fromkeys(path.parent for target in planned for path in (target.output, target.rejects) if path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise click.UsageError(f"{folder}: is not a folder") from None
    return [one for one in planned if not (options["resume"] and one.output is not None and is_finished(one.output))]


def _output(name: str | None) -> Path | None:
    """The file that --output names; None for standard output."""
    from ...engine.jobs.files import is_stdout, real_path

    return None if name is None or name == STDIN or is_stdout(Path(name)) else real_path(Path(name))


def _rejects(name: str | None) -> Path | None:
    """The file that --rejects names; None without the option."""
    from ...engine.jobs.files import STDOUT

    return None if name is None else _output(name) or STDOUT


def _is_file(path: Path | None) -> bool:
    from ...engine.jobs.files import is_plain

    return path is not None and is_plain(path)


def _is_device(path: Path | None) -> bool:
    """Returns whether a path may have several writers. Standard output (None) may not, for output and rejects."""
    return path is not None and not _is_file(path)


def _in_folders(names: tuple[str, ...], options: dict[str, Any]) -> list[PlannedRun]:
    """A target for each input, at the same relative path among the outputs as among the inputs."""
    from ...engine.jobs.compression import plain_name
    from ...engine.jobs.files import real_path
    from ...engine.jobs.formats import FORMATS

    folders = [os.path.dirname(os.path.abspath(name)) for name in names]
    top = os.path.commonpath(folders)
    below = [os.path.relpath(os.path.abspath(name), top) for name in names]
    plain = [plain_name(name) for name in below]
    stems = [os.path.splitext(name)[0] for name in plain]
    endings = [name[len(inner) :] for name, inner in zip(below, plain, strict=True)]
    often = Counter(_folded(stem + ending) for stem, ending in zip(stems, endings, strict=True))
    kind = FORMATS[options["format_"]].ending or ("json" if options["pretty"] else "ndjson")
    planned: list[PlannedRun] = []
    made: dict[str | None, tuple[str, Path]] = {}
    for name, whole, stem, ending in zip(names, plain, stems, endings, strict=True):
        start = stem if often[_folded(stem + ending)] == 1 else whole
        output = Path(options["output_dir"], f"{start}.{options['format_']}.{kind}{ending}")
        other, there = made.setdefault(_folded(output), (name, output))
        if there is not output:
            if there == output:
                raise click.UsageError(f"{other} and {name} would both be written to {output}")
            raise click.UsageError(
                f"{other} and {name} would be written to files whose names differ only by letter case or Unicode form, "
                "which not every file system tells apart; map them into different folders"
            )
        rejects = Path(options["rejects"], f"{start}.rejects.ndjson{ending}") if options["rejects"] else None
        planned.append(PlannedRun((name,), real_path(output), real_path(rejects) if rejects else None))
    return planned


def files_of(rulebook: Rulebook) -> Iterator[Path]:
    """The files that a mapping was made from."""
    yield from (source.path for source in rulebook.sources.values() if source.path is not None)
    yield from (path for schema in rulebook.schemas.values() for path in schema.paths)
    for converter in rulebook.converters.values():
        yield from files_of(converter)


def check_outputs(
    outputs: Iterable[str | None], made_of: Iterable[Path], inputs: Iterable[str] = (), *, of: str = "mapping"
) -> None:
    """Refuses to overwrite a file `of` the mapping or the project, or an input, or to write twice to one file.

    Nor is anything written to a file that has the name of a project file, or that `-` names, as for standard output.
    """
    taken = _taken(made_of, inputs, of)
    for name in filter(None, outputs):
        if name == STDIN:
            raise click.UsageError(
                "- is standard output, which is for the rest; name a file, such as ./- for one called -"
            )
        if name.endswith(os.sep):
            raise click.UsageError(f"{name}: is a folder")
        keys = _keys(Path(name))
        _check_name(name, keys)
        for key in keys:
            if key in taken:
                raise click.UsageError(f"{name}: is {taken[key]}")
        taken.update(dict.fromkeys(keys, "written already"))


def _check_name(name: Path | str, keys: tuple[Any, ...]) -> None:
    """Refuses to overwrite or to make a project file, whose real path is the first of its keys."""
    if _folded(os.path.basename(keys[0])) in _OF_PROJECTS:
        raise click.UsageError(f"{name}: is a project file")


def _taken(made_of: Iterable[Path], inputs: Iterable[str], of: str = "mapping") -> dict[Any, str]:
    """Names the files that must not be written to: by their keys, what they are."""
    taken = {key: f"a file of the {of}" for path in made_of for key in _keys(path)}
    taken.update((key, "one of the inputs") for name in inputs if name != STDIN for key in _keys(Path(name)))
    return taken


def _check_apart(
    planned: Iterable[PlannedRun], names: Iterable[str], made_of: Iterable[str], given: Values[Path | None, str]
) -> None:
    """Refuses to overwrite inputs, or to write two outputs to one file. `given` are names for messages."""
    from ...engine.jobs.runfiles import names_of

    taken = _taken(map(Path, made_of), names)
    for target in planned:
        for place in (target.output, target.rejects):
            if place is not None and place.is_dir():
                raise click.UsageError(f"{given.get(place, place)}: is a folder")
        if (
            target.rejects is not None
            and _folded(target.output) == _folded(_output(str(target.rejects)))
            and not _is_device(target.output)
        ):
            both = "go to standard output" if target.output is None else "are the same file"
            raise click.UsageError(f"--output and --rejects {both}")
        for path, what in names_of(target.output, target.rejects):
            keys = (*_keys(path), ("folded", _folded(os.path.realpath(path))))
            _check_name(given.get(path, path), keys)
            for key in keys:
                if key in taken:
                    raise click.UsageError(f"{given.get(path, path)}: is {taken[key]}{f', and {what}' if what else ''}")
            taken.update((key, what or "written already") for key in keys)


def _folded(path: Path | str | None) -> str | None:
    """A path as file systems compare it that ignore letter case and the Unicode form of names, as many do."""
    return None if path is None else normalize("NFC", normalize("NFC", os.fspath(path)).casefold())


def _keys(path: Path) -> tuple[Any, ...]:
    """Identifies a file: its real path, and the file that exists there now."""
    real = os.path.realpath(path)
    try:
        status = os.stat(real)
    except OSError:
        return (real,)
    return real, (status.st_dev, status.st_ino)
