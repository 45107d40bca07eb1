"""Mutants and their verdicts: as text, and as JSON in the schema of mutation-testing-elements."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from ..diagnostics.problem import Place
from ..diagnostics.terminal import printable, styled
from ..source.text import one_line
from ..values.ends import common_ends
from .mutant import Mutant
from .running import MutatedMapping, Mutation
from .testing import Status, Verdict, name_of

__all__ = ["as_json", "text"]

_STATUSES = {
    "killed": "Killed",
    "survived": "Survived",
    "not covered": "NoCoverage",
    "equivalent": "Ignored",
    "explained": "Ignored",
    "not run": "Pending",
}
_WORDS: Mapping[Status, str] = {
    "killed": "killed",
    "survived": "survived",
    "not covered": "that no test covers",
    "equivalent": "proven equivalent",
    "explained": "explained",
    "not run": "not run",
}
_CONTEXT = 40
"""The number of characters that are shown around a change."""


def text(found: Mutation, *, color: bool = False) -> str:
    """The survivors, each with its place and change, and the counts."""
    lines = []
    for _, mutant, verdict in found.of("survived", "not covered"):
        what = styled("1;31", "SURVIVED" if verdict.status == "survived" else "NOT COVERED", color=color)
        place = styled("1;34", printable(str(mutant.place)), color=color)
        lines += [f"{what} {printable(mutant.text)}   {place}", f"  {printable(mutant.id)}"]
        lines += [styled(code, printable(line), color=color) for code, line in _diff(mutant)]
    return "".join(f"{line}\n" for line in [*lines, counts(found)])


def counts(found: Mutation) -> str:
    """The counts in words."""
    number = Counter(mapping.verdict(mutant).status for mapping in found.mappings for mutant in mapping.mutants)
    parts = [f"{number[status]} {words}" for status, words in _WORDS.items() if number[status] or status == "survived"]
    cached = sum(mapping.cached for mapping in found.mappings)
    return f"{number.total()} mutants: {', '.join(parts)}" + (f" ({cached} known from before)" if cached else "")


def _diff(mutant: Mutant) -> Iterator[tuple[str, str]]:
    """The lines of the change, with their styles; of long texts, only the surroundings of the change."""
    before, after = (one_line(one) for one in (mutant.before, mutant.after))
    start, end = common_ends(before, after)
    for code, sign, one in (("31", "-", before), ("32", "+", after)):
        first, last = max(0, start - _CONTEXT), len(one) - max(0, end - _CONTEXT)
        shown = f"{'...' if first else ''}{one[first:last]}{'...' if last < len(one) else ''}"
        if one:
            yield code, f"  {sign} {shown}"


def as_json(found: Mutation) -> str:
    """A report that the HTML element and the dashboards of mutation-testing-elements read."""
    files: dict[str, Any] = {}
    tests: dict[str, Any] = {}
    for mapping in found.mappings:
        for mutant in mapping.mutants:
            source = mapping.rulebook.sources[mutant.place.file]
            file = files.setdefault(mutant.place.file, {"language": "yaml", "source": source.text, "mutants": []})
            file["mutants"].append(_mutant(mapping, mutant, mapping.verdict(mutant)))
        for one in mapping.files:
            own = [{"id": name_of(test), "name": test.name, "location": _location(test.place)} for test in one.tests]
            tests[one.source.name] = {"source": one.source.text, "tests": own}
    report = {
        "$schema": "https://git.io/mutation-testing-schema",
        "schemaVersion": "2",
        "thresholds": {"high": 100, "low": 80},
        "framework": {"name": "moemap", "version": version("moemap")},
        "files": files,
        "testFiles": tests,
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _mutant(mapping: MutatedMapping, mutant: Mutant, verdict: Verdict) -> dict[str, Any]:
    found = {
        "id": mutant.id,
        "mutatorName": mutant.operator,
        "description": mutant.text,
        "replacement": mutant.after,
        "location": _location(mutant.place),
        "status": _STATUSES[verdict.status],
        "statusReason": verdict.reason,
        "coveredBy": [name_of(test) for test in mapping.tested.covering(mutant)],
        "killedBy": None if verdict.killed_by is None else [verdict.killed_by],
        "testsCompleted": verdict.completed,
    }
    return {key: value for key, value in found.items() if value is not None}


def _location(place: Place) -> dict[str, Any]:
    return {
        "start": {"line": place.line, "column": place.column},
        "end": {"line": place.end_line, "column": place.end_column},
    }
