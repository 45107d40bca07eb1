"""Explanations of a whole batch: where each value of its requests comes from, as data, text, and one HTML page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..diagnostics.catalogue import CATALOGUE
from ..diagnostics.terminal import printable, styled
from ..values.pointers import value_at
from .tracing import Trace
from .why import Miss, Reader, Step, steps_to

__all__ = ["as_html", "as_json", "misses_text", "readers_text", "steps_text", "summary_text"]


def as_json(trace: Trace, numbers: Iterable[int], pointer: str | None = None, *, mask: bool) -> dict[str, Any]:
    """`{requests: [{number, output, method, path, values: [{pointer, value, steps}]}]}`, of requests that have any.

    The values are those that are no objects or lists; with `pointer`, the one there. With `mask`, no value of the batch
    is among them.
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
                        "value": trace.show(value) if mask else value,
                        "steps": [_step_json(trace, step, mask=mask) for step in _steps(trace, number, place)],
                    }
                    for place, value in found
                ],
            }
            for number, request in wanted
            if (found := list(leaves(request.body) if pointer is None else _there(request.body, pointer)))
            or pointer is None
        ],
    }


def _step_json(trace: Trace, step: Step, *, mask: bool) -> dict[str, Any]:
    found = step.to_json()
    if mask:
        found["value"] = trace.show(step.value)
        found["parts"] = [{"text": text, "value": trace.show(value)} for text, value in step.parts]
    return found


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a body that are no objects or lists, and the empty ones, with their pointers."""
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from leaves(member, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, element in enumerate(value):
            yield from leaves(element, f"{pointer}/{index}")
    else:
        yield pointer, value


def _there(body: Any, pointer: str) -> list[tuple[str, Any]]:
    """The place and its value, if the body has one there, which may be null."""
    above, _, token = pointer.rpartition("/")
    value, holder = value_at(body, pointer), value_at(body, above)
    is_null = isinstance(holder, dict) and token.replace("~1", "/").replace("~0", "~") in holder
    return [(pointer, value)] if value is not None or is_null else []


def _steps(trace: Trace, number: int, pointer: str) -> tuple[Step, ...]:
    """The steps to a value of a request; those to what it is in, where it is part of a value that was taken whole."""
    places = trace.bodies[number]
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    if pointer not in places:
        return ()
    application, local = places[pointer]
    return steps_to(trace, application, local)


# Text


def summary_text(trace: Trace, numbers: Iterable[int], *, color: bool) -> str:
    """A line for each value of requests: its place, the value, and the rule and line that gave it."""
    lines = []
    for number in numbers:
        request = trace.result.requests[number]
        lines.append(styled("1", f"request {number}: {request.output} {request.method} {request.path}", color=color))
        for pointer, value in leaves(request.body):
            steps = _steps(trace, number, pointer)
            origin = f"{steps[-1].place}" if steps else "?"
            read = dict.fromkeys(place for step in steps if step.kind in ("source", "entry") for place in step.inputs)
            exact = [place for place in read if not any(other.startswith(f"{place}/") for other in read)]
            inputs = ", ".join(exact) or "no input"
            text = f"  {pointer} = {trace.show(value)}"
            lines.append(printable(text))
            lines.append(styled("2", printable(f"      {origin}, from {inputs}"), color=color))
    return "\n".join(lines)


def steps_text(trace: Trace, number: int, pointer: str, *, color: bool) -> str | None:
    """The steps to one value of a request, with the parts of expressions; None if the request has no such value."""
    found = _there(trace.result.requests[number].body, pointer)
    if not found:
        return None
    ((_, value),) = found
    lines = [styled("1", printable(f"{pointer} = {trace.show(value)}"), color=color)]
    for step in _steps(trace, number, pointer):
        lines.append(printable(f"  {step.text}"))
        reads = f", reads {', '.join(step.inputs)}" if step.inputs else ""
        lines.append(styled("2", printable(f"      {step.place}{reads}"), color=color))
        lines += [
            styled("2", printable(f"      {text} = {trace.show(part)}"), color=color) for text, part in step.parts
        ]
    return "\n".join(lines)


def misses_text(misses: Iterable[Miss], *, color: bool) -> str:
    """A line for each part of the rules that could have given a value, and its place."""
    lines = []
    for miss in misses:
        lines.append(
            printable(
                f"rule {miss.rule}, {miss.part}: {miss.reason}" if miss.part else f"rule {miss.rule}: {miss.reason}"
            )
        )
        lines.append(styled("2", printable(f"    {miss.place}"), color=color))
    return "\n".join(lines) or "no rule can give a value there"


def readers_text(trace: Trace, readers: Iterable[Reader], *, color: bool) -> str:
    """A line for each expression that read a place of the input, with its value."""
    lines = []
    for reader in readers:
        lines.append(printable(f"{reader.owner}: {reader.text} = {trace.show(reader.value)}"))
        lines.append(styled("2", printable(f"    {reader.place}"), color=color))
    return "\n".join(lines) or "no rule read it"


# HTML


def as_html(trace: Trace, title: str, *, mask: bool) -> str:
    """One page with the input, the rules and the requests side by side; pointing at one lights the others."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    used = [
        step
        for number in range(len(trace.bodies))
        for pointer in trace.bodies[number]
        for step in _steps(trace, number, pointer)
    ]
    files = {
        step.place.file: trace.rulebook.sources[step.place.file]
        for step in used
        if step.place.file in trace.rulebook.sources
    }
    outputs = []
    for number, request in enumerate(trace.result.requests):
        rows = [
            {**row, "links": _links(_steps(trace, number, row["pointer"])) if row["is_leaf"] else ""}
            for row in rows_of(request.body, trace, mask=mask)
        ]
        outputs.append({"title": f"{request.output} {request.method} {request.path}", "rows": rows})
    return environment.from_string(_PAGE).render(
        title=title,
        input=rows_of(trace.batch, trace, mask=mask),
        files=[{"name": name, "lines": list(enumerate(source.text.splitlines(), 1))} for name, source in files.items()],
        outputs=outputs,
        skipped=[
            f"{one.pointer or 'the batch'}: {one.template if mask and one.template else '' if mask else one.reason}"
            for one in trace.result.skipped
        ],
        problems=[
            f"{one.severity} {one.code}: {CATALOGUE[one.code].title if mask else one.message}"
            for one in trace.result.problems
        ],
    )


def _links(steps: tuple[Step, ...]) -> str:
    """The links of a value, to lines of rules and places of the input, as a JSON list."""
    lines = [f"r:{step.place.file}:{step.place.line}" for step in steps]
    inputs = [f"i:{place}" for step in steps for place in step.inputs]
    return json.dumps(list(dict.fromkeys([*lines, *inputs])))


def rows_of(value: Any, trace: Trace, *, mask: bool) -> list[dict[str, Any]]:
    """The lines of a JSON value as it is printed, each with the pointer that it is about."""
    rows: list[dict[str, Any]] = []

    def add(pointer: str, depth: int, text: str, *, is_leaf: bool) -> None:
        rows.append({"pointer": pointer, "text": "  " * depth + text, "is_leaf": is_leaf})

    def write(value: Any, pointer: str, depth: int, lead: str, end: str) -> None:
        if isinstance(value, dict | list) and value:
            brackets = "{}" if isinstance(value, dict) else "[]"
            add(pointer, depth, f"{lead}{brackets[0]}", is_leaf=False)
            entries = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
            for number, (key, member) in enumerate(entries, 1):
                token = str(key).replace("~", "~0").replace("/", "~1")
                name = f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else ""
                write(member, f"{pointer}/{token}", depth + 1, name, "," if number < len(entries) else "")
            add(pointer, depth, f"{brackets[1]}{end}", is_leaf=False)
        else:
            shown = trace.show(value) if mask else json.dumps(value, ensure_ascii=False)
            add(pointer, depth, f"{lead}{shown}{end}", is_leaf=True)

    write(value, "", 0, "", "")
    return rows


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --on: #fd06; --focus: #28f; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
header { padding: .8rem 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.1rem; margin: 0; }
header p { margin: .2rem 0 0; opacity: .75; }
main { display: grid; grid-template-columns: 1fr 1.3fr 1fr; height: calc(100vh - 4.6rem); }
section { overflow: auto; border-right: 1px solid var(--line); padding: .5rem; }
h2 { font-size: .95rem; margin: .2rem 0 .4rem; }
h3 { font-size: .85rem; margin: .8rem 0 .2rem; }
ol { font: 12.5px/1.55 ui-monospace, monospace; list-style: none; margin: 0; padding: 0; }
li { white-space: pre; padding: 0 .3rem; border-radius: 3px; }
li.on { background: var(--on); }
li[tabindex] { cursor: pointer; }
li:focus { outline: 2px solid var(--focus); }
li b { display: inline-block; width: 3em; opacity: .5; font-weight: normal; }
@media (max-width: 60rem) {
  main { display: block; height: auto; }
  section { border-right: 0; border-bottom: 1px solid var(--line); max-height: 70vh; }
}
</style>
</head>
<body>
<header>
<h1>{{ title }}</h1>
<p>Point at a value, or move to it with Tab, to see where it comes from and where it goes.</p>
</header>
<main>
<section aria-labelledby="h-input"><h2 id="h-input">Input</h2>
<ol>
{% for row in input %}
<li data-id="i:{{ row.pointer }}"{% if row.is_leaf %} tabindex="0"{% endif %}>{{ row.text }}</li>
{% endfor %}
</ol>
</section>
<section aria-labelledby="h-rules"><h2 id="h-rules">Rules</h2>
{% for file in files %}
<h3>{{ file.name }}</h3>
<ol>
{% for number, line in file.lines %}
<li data-id="r:{{ file.name }}:{{ number }}" tabindex="-1"><b>{{ number }}</b>{{ line }}</li>
{% endfor %}
</ol>
{% endfor %}
</section>
<section aria-labelledby="h-output"><h2 id="h-output">Requests</h2>
{% for output in outputs %}
<h3>{{ output.title }}</h3>
<ol>
{% for row in output.rows %}
<li{% if row.is_leaf %} tabindex="0" data-links="{{ row.links }}"{% endif %}>{{ row.text }}</li>
{% endfor %}
</ol>
{% endfor %}
{% if skipped %}
<h3>Skipped</h3>
<ol>
{% for one in skipped %}
<li>{{ one }}</li>
{% endfor %}
</ol>
{% endif %}
{% if problems %}
<h3>Problems</h3>
<ol>
{% for one in problems %}
<li>{{ one }}</li>
{% endfor %}
</ol>
{% endif %}
</section>
</main>
<script>
const values = [...document.querySelectorAll("li[data-links]")];
const byId = new Map();
for (const one of document.querySelectorAll("li[data-id]")) {
  const known = byId.get(one.dataset.id) || [];
  known.push(one);
  byId.set(one.dataset.id, known);
}
const links = new Map(values.map((one) => [one, JSON.parse(one.dataset.links)]));
const back = new Map();
for (const [value, ids] of links) for (const id of ids) back.set(id, [...(back.get(id) || []), value]);
function light(item) {
  for (const one of document.querySelectorAll(".on")) one.classList.remove("on");
  const id = item.dataset.id;
  const found = links.has(item) ? [item] : back.get(id) || [];
  const ids = new Set(found.flatMap((value) => links.get(value)));
  if (id) ids.add(id);
  const lit = [...found, ...[...ids].flatMap((one) => byId.get(one) || [])];
  for (const one of lit) one.classList.add("on");
  const shown = new Set();
  for (const one of lit) {
    const panel = one.closest("section");
    if (panel === item.closest("section") || shown.has(panel)) continue;
    shown.add(panel);
    one.scrollIntoView({ block: "nearest" });
  }
}
for (const event of ["mouseover", "focusin"]) {
  document.addEventListener(event, (fired) => {
    const item = fired.target.closest("li");
    if (item && (item.dataset.links || item.dataset.id)) light(item);
  });
}
</script>
</body>
</html>
"""
