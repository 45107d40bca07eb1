"""Coverage of branches as text, JSON, LCOV and one HTML page with the annotated files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ..diagnostics.terminal import printable, styled
from ..source.text import Source
from .coverage import BranchCount, Coverage

__all__ = ["FORMATS", "as_html", "as_json", "as_lcov", "text"]


def text(coverage: Coverage, *, color: bool = False) -> str:
    """The share of each file, and the branches that were not taken, by line."""
    lines = []
    for file, counts in _by_file(coverage):
        missed = [one for one in counts if not one.count]
        share = 100 * (len(counts) - len(missed)) / len(counts)
        lines.append(
            styled("1", f"{printable(file)}: {len(counts) - len(missed)} of {len(counts)} ({share:.1f} %)", color=color)
        )
        lines += [f"  {one.branch.place.line:>4}  {printable(one.branch.text)}" for one in missed]
    lines.append(
        f"{coverage.taken} of {len(coverage.branches)} branches taken ({coverage.share:.1f} %), "
        f"{len(coverage.unreachable)} that no input can take"
    )
    return "\n".join(lines)


def as_json(coverage: Coverage) -> str:
    """`{taken, branches, share, unreachable, files}`; a file has a list of its branches with their counts."""
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
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE)
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
    return page.render(files=files, coverage=coverage)


def _line(number: int, line: str, counts: list[BranchCount]) -> dict[str, Any]:
    """A line of a file: its number and text, the branches that were not taken, and the state of all of them."""
    missed = [one for one in counts if not one.count]
    state = "" if not counts else "taken" if not missed else "missed" if len(missed) == len(counts) else "some"
    return {"number": number, "text": line, "missed": missed, "state": state}


FORMATS: Mapping[str, Callable[[Coverage], str]] = {".json": as_json, ".info": as_lcov, ".html": as_html}
"""The formats of files, by the ending of their names."""


def _by_file(coverage: Coverage) -> Iterable[tuple[str, list[BranchCount]]]:
    return ((file, list(counts)) for file, counts in groupby(coverage, key=lambda one: one.branch.place.file))


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Coverage of rules</title>
<style>
:root { color-scheme: light dark; --line: #8884; --missed: #d33; --some: #b80; --taken: #284; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
h1 { font-size: 1.4rem; }
summary { cursor: pointer; padding: .4rem 0; font-weight: 600; }
ol { font: 13px/1.6 ui-monospace, monospace; list-style: none; margin: 0; padding: 0; overflow-x: auto; }
li { border-left: 4px solid transparent; padding-left: .5rem; white-space: pre; }
li.missed { border-color: var(--missed); }
li.some { border-color: var(--some); }
li.taken { border-color: var(--taken); }
li > a { color: inherit; display: inline-block; opacity: .55; text-align: right; text-decoration: none; width: 3.5em; }
ul { font: 13px/1.5 system-ui, sans-serif; margin: 0 0 .4rem 4.5em; padding: 0; white-space: normal; }
ul > li { border: 0; padding: 0; white-space: normal; }
.no { color: var(--missed); }
</style>
</head>
<body>
<h1>Coverage of rules</h1>
<p>{{ coverage.taken }} of {{ coverage.branches | length }} branches taken ({{ "%.1f" | format(coverage.share) }} %),
{{ coverage.unreachable | length }} that no input can take.</p>
{% for file in files %}
<details{{ " open" if file.taken < file.count }}>
<summary>{{ file.name }}: {{ file.taken }} of {{ file.count }}</summary>
<ol>
{% for line in file.lines %}
<li id="{{ file.name }}:{{ line.number }}" class="{{ line.state }}"><a href="#{{ file.name }}:{{ line.number }}">
{{- line.number }}</a>  {{ line.text }}
{%- if line.missed %}
<ul>
{% for one in line.missed %}
<li class="no">not taken: {{ one.branch.text }}</li>
{% endfor %}
</ul>
{%- endif %}</li>
{% endfor %}
</ol>
</details>
{% endfor %}
</body>
</html>
"""
