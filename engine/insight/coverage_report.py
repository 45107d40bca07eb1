"""Coverage of branches as text, JSON, LCOV and one HTML page with the annotated files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ..diagnostics.terminal import printable, styled
from ..html.page import render
from ..source.text import Source
from .coverage import BranchCount, Coverage

__all__ = ["FORMATS", "as_html", "as_json", "as_lcov", "lines_of", "text"]


def text(coverage: Coverage, *, color: bool = False, counts_all: bool = False) -> str:
    """The share of each file, and the branches that were not taken, by line; or all, with their counts."""
    lines = []
    for file, counts in _by_file(coverage):
        missed = [one for one in counts if not one.count]
        share = 100 * (len(counts) - len(missed)) / len(counts)
        lines.append(
            styled("1", f"{printable(file)}: {len(counts) - len(missed)} of {len(counts)} ({share:.1f} %)", color=color)
        )
        if counts_all:
            width = max(len(f"{one.count:,}") for one in counts)
            shown = [(f"{one.count:>{width},}  ", one) for one in counts]
        else:
            shown = [("", one) for one in missed]
        lines += [f"  {one.branch.place.line:>4}  {count}{printable(one.branch.text)}" for count, one in shown]
    lines.append(
        f"{coverage.taken} of {len(coverage.branches)} branches taken ({coverage.share:.1f} %), "
        f"{len(coverage.unreachable)} that no input can take"
        + (f", {len(coverage.explained)} explained" if coverage.explained else "")
    )
    return "\n".join(lines)


def as_json(coverage: Coverage) -> str:
    """`{taken, branches, share, unreachable, explained, files}`; a file has its branches with their counts."""
    files = {
        file: [
            {
                "id": one.branch.id,
                "line": one.branch.place.line,
                "column": one.branch.place.column,
                "owner": one.branch.owner,
                "part": one.branch.part,
                "outcome": one.branch.outcome,
                "words": one.branch.words,
                "count": one.count,
            }
            for one in counts
        ]
        for file, counts in _by_file(coverage)
    }
    found: dict[str, Any] = {
        "taken": coverage.taken,
        "branches": len(coverage.branches),
        "share": round(coverage.share, 2),
        "unreachable": sorted(coverage.unreachable),
        "explained": coverage.explained,
        "files": files,
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def as_lcov(coverage: Coverage) -> str:
    """A tracefile of LCOV, in which branches have names in words."""
    return "".join(f"{line}\n" for line in _lcov(coverage))


def _lcov(coverage: Coverage) -> Iterator[str]:
    for file, counts in _by_file(coverage):
        yield "TN:"
        yield f"SF:{_path(file, coverage.sources)}"
        lines: dict[int, int] = {}
        for one in counts:
            line = one.branch.place.line
            lines[line] = max(lines.get(line, 0), one.count)
        for one in counts:
            line = one.branch.place.line
            taken = one.count if lines[line] else "-"
            name = " ".join(printable(one.branch.text).replace(",", ";").split())
            yield f"BRDA:{line},0,{name},{taken}"
        yield f"BRF:{len(counts)}"
        yield f"BRH:{sum(1 for one in counts if one.count)}"
        for line, count in sorted(lines.items()):
            yield f"DA:{line},{count}"
        yield f"LF:{len(lines)}"
        yield f"LH:{sum(1 for count in lines.values() if count)}"
        yield "end_of_record"


def _path(file: str, sources: Mapping[str, Source]) -> str:
    """The path of a file, relative to the working folder if it lies in it."""
    source = sources.get(file)
    if source is None or source.path is None:
        return file
    path = os.path.abspath(source.path)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative.replace(os.sep, "/")


def as_html(coverage: Coverage) -> str:
    """One page with the lines of the files, and the branches of each line with their counts."""
    files = []
    for file, counts in _by_file(coverage):
        source = coverage.sources.get(file)
        written = [] if source is None else source.text.splitlines()
        by_line = {line: list(found) for line, found in groupby(counts, key=lambda one: one.branch.place.line)}
        files.append(
            {
                "name": file,
                "taken": sum(1 for one in counts if one.count),
                "count": len(counts),
                "lines": [_line(number, line, by_line.get(number, [])) for number, line in enumerate(written, 1)],
            }
        )
    return render("coverage", files=files, coverage=coverage)


def _line(number: int, line: str, counts: list[BranchCount]) -> dict[str, Any]:
    """A line of a file: its number and text, the branches that were not taken, and the state of the line."""
    missed = [one for one in counts if not one.count]
    return {"number": number, "text": line, "missed": missed, "state": _state(counts)}


def _state(counts: list[BranchCount]) -> str:
    missed = sum(1 for one in counts if not one.count)
    return "" if not counts else "taken" if not missed else "missed" if missed == len(counts) else "partly"


def lines_of(coverage: Coverage) -> Iterator[tuple[str, list[tuple[int, str, list[BranchCount]]]]]:
    """The lines of each file that have branches: the number, "taken", "partly" or "missed", and the branches."""
    for file, counts in _by_file(coverage):
        lines = ((line, list(found)) for line, found in groupby(counts, key=lambda one: one.branch.place.line))
        yield file, [(line, _state(found), found) for line, found in lines]


FORMATS: Mapping[str, Callable[[Coverage], str]] = {".json": as_json, ".info": as_lcov, ".html": as_html}
"""The functions that write coverage, by the suffix of the file."""


def _by_file(coverage: Coverage) -> Iterable[tuple[str, list[BranchCount]]]:
    return ((file, list(counts)) for file, counts in groupby(coverage, key=lambda one: one.branch.place.file))
