"""Problems that the author of a mapping allows, with a reason, by a comment beside or above the line:

    when: event.data.legacy_code   # moemap: allow M203 because older senders still give it

An allowance that is malformed (M214) or has no effect any more (M213) is itself reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...diagnostics.catalogue import CATALOGUE, declare
from ...diagnostics.problem import Problem
from ...diagnostics.suggestions import did_you_mean
from ...language.rulebook import Rulebook
from ...source.text import Source

__all__ = ["without_allowed"]

declare(
    "M213",
    "warning",
    "allowance without effect",
    "nothing on this line gives {allowed}",
    page="""
A comment allows a problem that no longer exists. Allowances that stay behind would hide the next mistake on their line.

## How to fix

Remove the comment.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name  # moemap: allow M206 because it is needed soon
```

```text title=problem
warning[M213]: nothing on this line gives M206
 --> mapping.yaml:6:35
  |
6 |       name: event.name  # moemap: allow M206 because it is needed soon
  |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

declare(
    "M214",
    "error",
    "allowance",
    "{text!r} allows nothing",
    page="""
A comment begins with `moemap:` but allows nothing: its form is wrong, its reason is missing, or no problem has the code
that it names.

## How to fix

Write `# moemap: allow M206 because <the reason>`, beside the line or above it. Several codes are separated by commas.

## Wrong

```yaml title=mapping.yaml
let:
  # moemap: allow M206
  currency: batch.currency
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
      currency: currency
```

```text title=problem
error[M214]: 'allow M206' allows nothing
 --> mapping.yaml:2:13
  |
2 |   # moemap: allow M206
  |             ^^^^^^^^^^
  = help: write: # moemap: allow M203 because <the reason>
```

## Right

```yaml title=mapping.yaml
let:
  # moemap: allow M206 because the next release needs it
  currency: batch.currency
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

_COMMENT = re.compile(r"(?:^|[ \t])#[ \t]*moemap:[ \t]*(?P<text>.*)$")
_ALLOW = re.compile(r"allow (?P<codes>M[0-9]{3}(?:, ?M[0-9]{3})*) because (?P<reason>\S.*)")


@dataclass(frozen=True, slots=True)
class _Allowance:
    """The permission for one code on one line; `start` and `end` are the span of the comment."""

    source: Source
    code: str
    line: int
    start: int
    end: int


def without_allowed(problems: Iterable[Problem], rulebook: Rulebook) -> Iterator[Problem]:
    """The problems that are not allowed, and the problems with allowances in the mapping's own files."""
    allowances: dict[tuple[str, int, str], list[_Allowance]] = {}
    for source in rulebook.sources.values():
        for found in _allowances(source):
            if isinstance(found, _Allowance):
                allowances.setdefault((source.name, found.line, found.code), []).append(found)
            elif rulebook.is_own(source):
                yield found
    used = set()
    for problem in problems:
        place = problem.place
        about = None if place is None else (place.file, place.line, problem.code)
        if about in allowances:
            used.add(about)
        else:
            yield problem
    for about, unused in allowances.items():
        for allowance in () if about in used else unused:
            if rulebook.is_own(allowance.source):
                yield Problem.of("M213", allowance.source.place(allowance.start, allowance.end), allowed=allowance.code)


def _allowances(source: Source) -> Iterator[_Allowance | Problem]:
    """The allowances in a file, and a Problem for each malformed one."""
    if "moemap:" not in source.text:
        return
    content = _next_content(source)
    for number, (offset, line) in enumerate(source.lines(), 1):
        match = _COMMENT.search(line)
        if match is not None:
            start, end = offset + match.start("text"), offset + match.end("text")
            allow = _ALLOW.fullmatch(match["text"].rstrip())
            if allow is None:
                hint = "write: # moemap: allow M203 because <the reason>"
                yield Problem.of("M214", source.place(start, end), hint=hint, text=match["text"])
            else:
                about = number if line[: match.start()].strip() else content[number]
                for code in re.findall(r"M[0-9]{3}", allow["codes"]):
                    if code in CATALOGUE:
                        yield _Allowance(source, code, about, start, end)
                    else:
                        near = did_you_mean(code, CATALOGUE)
                        yield Problem.of("M214", source.place(start, end), hint=near, text=match["text"])


def _next_content(source: Source) -> dict[int, int]:
    """The number of the next line with more than a comment, by the number of a line; its own if there is none."""
    lines = [line.lstrip() for _, line in source.lines()]
    following: dict[int, int] = {}
    content: int | None = None
    for number in range(len(lines), 0, -1):
        following[number] = number if content is None else content
        if lines[number - 1] and not lines[number - 1].startswith("#"):
            content = number
    return following
