"""Which files a run of `moemap transform` reads and writes, and which it refuses to."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

__all__ = ["check_options", "expanded", "outputs", "written"]

_MAGIC = frozenset("*?[")


def check_options(inputs: tuple[str, ...], options: dict[str, Any]) -> None:
    """Refuses options that do not go together."""
    if options["output"] and options["output_dir"]:
        raise click.UsageError("--output and --output-dir exclude each other")
    if options["output_dir"] and options["rejects"]:
        raise click.UsageError("--rejects goes with one output; give it without --output-dir")
    if options["resume"] and not (options["output"] or options["output_dir"]):
        raise click.UsageError(
            "--resume needs --output or --output-dir: what went to standard output cannot be cut back"
        )
    if sys.stdin is None and (not inputs or "-" in inputs):
        raise click.UsageError("standard input is closed")
    if (options["resume"] or options["output_dir"]) and (not inputs or "-" in inputs):
        raise click.UsageError("--resume and --output-dir need files: standard input cannot be read again")


def expanded(inputs: Iterable[str]) -> tuple[str, ...]:
    """The inputs, patterns replaced by the files that match, in order of their names."""
    names: list[str] = []
    for name in inputs:
        if name == "-" or Path(name).exists() or _MAGIC.isdisjoint(name):
            names.append(name)
            continue
        from glob import glob

        matches = sorted(path for path in glob(name, recursive=True) if Path(path).is_file())
        if not matches:
            raise click.UsageError(f"{name}: no file matches")
        names += matches
    return tuple(names)


def written(path: str | None, names: tuple[str, ...]) -> Path | None:
    """Where to write; refused where that is a folder or one of the inputs."""
    if path is None:
        return None
    from .engine.files import real_path

    place = real_path(Path(path))
    if place.is_dir():
        raise click.UsageError(f"{path}: is a folder")
    if any(name != "-" and Path(name).exists() and place.exists() and Path(name).samefile(place) for name in names):
        raise click.UsageError(f"{path}: is one of the inputs")
    return place


def outputs(names: tuple[str, ...], options: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Path | None]]:
    """What is read into which file. With --output-dir and --resume, finished files are not done again."""
    if not options["output_dir"]:
        yield names, written(options["output"], names)
        return
    from .engine.compression import plain_name

    folder = Path(options["output_dir"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise click.UsageError(f"{folder}: is no folder") from None
    ending = "sh" if options["format_"] == "curl" else "json" if options["pretty"] else "ndjson"
    planned: dict[Path, str] = {}
    for name in names:
        stem = Path(plain_name(Path(name).name)).stem
        output = folder / f"{stem}.{options['format_']}.{ending}{'.gz' if name.endswith('.gz') else ''}"
        if output in planned:
            raise click.UsageError(f"{planned[output]} and {name} would both be written to {output}")
        planned[output] = name
    for output, name in planned.items():
        written(str(output), names)
        under_way = output.with_name(output.name + ".journal").exists()
        if not (options["resume"] and output.exists() and not under_way):
            yield (name,), output
