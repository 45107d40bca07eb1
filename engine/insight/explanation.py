"""Explanations of whole batches: the origin of each value of their requests, as data, text, and one HTML page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..diagnostics.catalogue import CATALOGUE
from ..diagnostics.terminal import printable, styled
from ..html.page import render
from ..source.text import Source
from ..values.pointers import leaves, value_at
from .tracing import Trace
from .why import ExplanationStep, ReadingPart, steps_in
from .why_not import Miss

_MAX_ROWS = 10_000
"""The maximum number of lines of the input, and of all requests together, on a page."""

__all__ = [
    "as_html",
    "as_json",
    "converted_text",
    "misses_text",
    "page_of",
    "readers_text",
    "steps_text",
    "summary_text",
]


def as_json(trace: Trace, numbers: Iterable[int], pointer: str | None = None) -> dict[str, Any]:
    """`{requests: [{number, output, method, path, values: [{pointer, value, steps}]}]}`, without empty requests.

    The values are those that are not objects or lists; with `pointer`, the one there. If the trace masks values, they
    are masked here, too.
    """
    wanted = [(number, trace.result.requests[number]) for number in numbers]
    return {
        "requests": [
            {
                "number": number,
                "output": request.output,
                "method": request.method,
                "path": request.path,
                "values": [
                    {
                        "pointer": place,
                        "value": trace.show(value) if trace.is_masked else value,
                        "steps": [_step_json(trace, step) for step in steps_in(trace, number, place)],
                    }
                    for place, value in found
                ],
            }
            for number, request in wanted
            if (found := list(leaves(request.body) if pointer is None else _there(request.body, pointer)))
            or pointer is None
        ],
    }


def _step_json(trace: Trace, step: ExplanationStep) -> dict[str, Any]:
    found = step.to_json()
    if trace.is_masked:
        found["value"] = trace.show(step.value)
        found["parts"] = [{"text": text, "value": trace.show(value)} for text, value in step.parts]
    return found


def _there(body: Any, pointer: str) -> list[tuple[str, Any]]:
    """The place and its value, if the body has one there, which may be null."""
    above, _, token = pointer.rpartition("/")
    value, holder = value_at(body, pointer), value_at(body, above)
    is_null = isinstance(holder, dict) and token.replace("~1", "/").replace("~0", "~") in holder
    return [(pointer, value)] if value is not None or is_null else []


# Text


def converted_text(trace: Trace) -> str:
    """The note that places are in a converted body, not in the input; empty without a conversion."""
    return printable(f"{trace.converter} converts the input; the places are in what it gives")


def summary_text(trace: Trace, numbers: Iterable[int], *, color: bool) -> str:
    """A line for each value of requests: its place, the value, and the rule and line that gave it."""
    lines = [] if trace.converter is None else [converted_text(trace)]
    for number in numbers:
        request = trace.result.requests[number]
        lines.append(styled("1", f"request {number}: {request.output} {request.method} {request.path}", color=color))
        for pointer, value in leaves(request.body):
            steps = steps_in(trace, number, pointer)
            origin = f"{steps[-1].place}" if steps else "?"
            read = dict.fromkeys(place for step in steps if step.kind in ("source", "entry") for place in step.inputs)
            exact = [place for place in read if not any(other.startswith(f"{place}/") for other in read)]
            inputs = ", ".join(exact) or "no input"
            text = f"  {pointer} = {trace.show(value)}"
            lines.append(printable(text))
            lines.append(styled("2", printable(f"      {origin}, from {inputs}"), color=color))
    if not trace.result.requests:
        lines = [
            "the input gives no request",
            *(printable(f"  {one}") for one in (*problems_of(trace), *skips_of(trace))),
        ]
    return "\n".join(lines)


def skips_of(trace: Trace) -> list[str]:
    """The elements that were left out, and why; if values are masked, with the reason as written in the rules."""
    return [
        f"{one.pointer or 'the batch'}: {(one.template or '') if trace.is_masked else one.reason}"
        for one in trace.result.skipped
    ]


def problems_of(trace: Trace) -> list[str]:
    """The problems in words; if values are masked, by their titles."""
    return [
        f"{one.severity} {one.code}: {CATALOGUE[one.code].title if trace.is_masked else one.message}"
        for one in trace.result.problems
    ]


def steps_text(trace: Trace, number: int, pointer: str, *, color: bool) -> str | None:
    """A tree of the steps to one value of a request, with the parts of expressions; None if there is no such value."""
    found = _there(trace.result.requests[number].body, pointer)
    if not found:
        return None
    ((_, value),) = found
    lines = [styled("1", printable(f"{pointer} = {trace.show(value)}"), color=color)]
    steps = steps_in(trace, number, pointer)
    for step in steps:
        is_last = step is steps[-1]
        bar = styled("2", "   " if is_last else "│  ", color=color)
        lines.append(f"{styled('2', '└─ ' if is_last else '├─ ', color=color)}{printable(step.text)}")
        reads = f", reads {', '.join(step.inputs)}" if step.inputs else ""
        lines.append(f"{bar}{styled('2', printable(f'{step.place}{reads}'), color=color)}")
        for left, (text, part) in enumerate(step.parts, 1 - len(step.parts)):
            branch = styled("2", "├─ " if left else "└─ ", color=color)
            lines.append(f"{bar}{branch}{printable(f'{text} = {trace.show(part)}')}")
    return "\n".join(lines)


def misses_text(misses: Iterable[Miss], *, color: bool) -> str:
    """A line for each reason why rules gave no value, with the parts of the rules that it applies to, and its place.

    Several rules with one reason share a line, and have no place.
    """
    groups: dict[str, list[Miss]] = {}
    for miss in misses:
        groups.setdefault(miss.reason, []).append(miss)
    lines = []
    for reason, own in groups.items():
        first, *lets = reason.split("; let ")
        lines.append(f"{styled('1', printable(_who(own)), color=color)}: {printable(first)}")
        lines += [printable(f"    let {one}") for one in lets]
        places = list(dict.fromkeys(miss.place for miss in own))
        if len(places) == 1:
            lines.append(styled("2", printable(f"    {places[0]}"), color=color))
    return "\n".join(lines)


def _who(misses: list[Miss]) -> str:
    """The rules and their parts that share a reason."""
    rules = list(dict.fromkeys(miss.rule for miss in misses if miss.rule is not None))
    parts = ", ".join(dict.fromkeys(miss.part for miss in misses if miss.part))
    if len(rules) > 1:
        return f"rules {', '.join(rules)}"
    return ", ".join(part for part in (f"rule {rules[0]}" if rules else "", parts) if part)


def readers_text(trace: Trace, readers: Iterable[ReadingPart], *, color: bool) -> str:
    """A line for each expression that read a place of the input, with its value."""
    lines = []
    for reader in readers:
        lines.append(printable(f"{reader.owner}: {reader.text} = {trace.show(reader.value)}"))
        lines.append(styled("2", printable(f"    {reader.place}"), color=color))
    return "\n".join(lines) or "no rule read it"


# HTML


def as_html(trace: Trace, title: str) -> str:
    """One page with the input, the rules and the requests side by side; pointing at one highlights the others."""
    return page_of(title, [("", trace)])


def page_of(
    title: str,
    traces: Sequence[tuple[str, Trace]],
    *,
    lead: str = "",
    findings: Sequence[str] = (),
    sources: Mapping[str, Source] | None = None,
    states: Mapping[str, Mapping[int, str]] | None = None,
) -> str:
    """The page of several inputs, by their names.

    `sources` are files of rules that are always shown, `states` say for their lines how far the inputs took them
    ("taken", "partly", "missed"), `findings` are problems of checks, and `lead` is a sentence about the whole.
    """
    linked = _Linked(sources or {})
    for name, found in traces:
        linked.add(name, found, f"s{len(linked.inputs)}-" if len(traces) > 1 else "")
    return render(
        "explain",
        title=title,
        lead=lead,
        findings=findings,
        inputs=linked.inputs,
        files=[
            {"name": name, "rows": _lines(linked.sources[name].text, start, (states or {}).get(name, {}))}
            for name, start in linked.files.items()
        ],
        outputs=linked.outputs,
        links=linked.links,
        skipped=linked.skipped,
        problems=linked.problems,
    )


class _Linked:
    """The lines of inputs, rules and requests, and for each value of a request the lines that belong to it."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.sources = dict(sources)
        self.files = {name: f"r{number}-" for number, name in enumerate(sources)}
        self.inputs: list[dict[str, Any]] = []
        self.outputs: list[dict[str, Any]] = []
        self.links: dict[str, list[str]] = {}
        self.skipped: list[str] = []
        self.problems: list[str] = []
        self._left = _MAX_ROWS

    def add(self, name: str, trace: Trace, lead: str) -> None:
        """Adds an input with its requests. `lead` begins the ids of its lines, so that they are unique on the page."""
        before = f"{name}: " if name else ""
        inputs = _cut(rows_of(trace.batch, trace), self._left if name else _MAX_ROWS)
        ids = {row["pointer"]: row["id"] for row in reversed(_numbered(inputs, f"{lead}i"))}
        self.inputs.append({"title": name, "rows": inputs})
        self.sources |= trace.rulebook.sources
        for number, request in enumerate(trace.result.requests):
            rows = _numbered(_cut(rows_of(request.body, trace), self._left), f"{lead}o{number}-")
            self._left = max(self._left - len(rows), 0)
            self.outputs.append({"title": f"{before}{request.output} {request.method} {request.path}", "rows": rows})
            for row in rows:
                steps = steps_in(trace, number, row["pointer"]) if row["is_leaf"] else ()
                for step in steps:
                    if step.place.file in trace.rulebook.sources:
                        self.files.setdefault(step.place.file, f"r{len(self.files)}-")
                places = [step.place for step in steps if step.place.file in self.files]
                read = [ids[place] for step in steps for place in step.inputs if place in ids]
                if steps:
                    lines = [f"{self.files[place.file]}{place.line}" for place in places]
                    self.links[row["id"]] = list(dict.fromkeys([*lines, *read]))
        self.skipped += [f"{before}{one}" for one in skips_of(trace)]
        self.problems += [f"{before}{one}" for one in problems_of(trace)]


def _cut(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first rows, and a note with the number of the others: a page with a large input would not open."""
    note = {**rows[0], "indent": "", "text": f"... {len(rows) - most} more lines", "is_leaf": False}
    return rows if len(rows) <= most else [*rows[:most], note]


def _numbered(rows: list[dict[str, Any]], lead: str) -> list[dict[str, Any]]:
    for number, row in enumerate(rows):
        row["id"] = f"{lead}{number}"
    return rows


def _lines(text: str, lead: str, states: Mapping[int, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{lead}{number}",
            "number": number,
            "indent": indent,
            "text": line[len(indent) :],
            "is_end": False,
            "state": states.get(number),
        }
        for number, line in enumerate(text.splitlines(), 1)
        for indent in (line[: len(line) - len(line.lstrip(" "))],)
    ]


def rows_of(value: Any, trace: Trace) -> list[dict[str, Any]]:
    """The lines of a JSON value in print, each with the pointer of the value on it."""
    rows: list[dict[str, Any]] = []

    def add(pointer: str, depth: int, text: str, *, is_leaf: bool = False, is_end: bool = False) -> None:
        line = {"indent": "  " * depth, "text": text, "number": None, "state": None}
        rows.append({"pointer": pointer, **line, "is_leaf": is_leaf, "is_end": is_end})

    def write(value: Any, pointer: str, depth: int, lead: str, end: str) -> None:
        if isinstance(value, dict | list) and value:
            brackets = "{}" if isinstance(value, dict) else "[]"
            add(pointer, depth, f"{lead}{brackets[0]}")
            entries = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
            for number, (key, member) in enumerate(entries, 1):
                token = str(key).replace("~", "~0").replace("/", "~1")
                name = f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else ""
                write(member, f"{pointer}/{token}", depth + 1, name, "," if number < len(entries) else "")
            add(pointer, depth, f"{brackets[1]}{end}", is_end=True)
        else:
            shown = trace.show(value) if trace.is_masked else json.dumps(value, ensure_ascii=False)
            add(pointer, depth, f"{lead}{shown}{end}", is_leaf=True)

    write(value, "", 0, "", "")
    return rows
