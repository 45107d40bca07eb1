"""Words in schema files that are no keywords, and look as if they were meant as some (M158)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem, Related
from ..language.rulebook import Rulebook
from ..schemas.keywords import draft_with, draft_words, keyword_meant
from ..schemas.normal_form import Unknown
from ..schemas.positions import Locator
from ..source.homes import SCHEMAS
from .shared.named_schemas import named_schemas
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M158",
    "warning",
    "misspelt keyword of a schema",
    "the schema {schema!r} has {keyword!r} at {where}, which is no keyword of {draft}",
    page="""
A word in a JSON Schema is nearly a keyword, or one of another draft. JSON Schema takes all words that it does not know
for annotations, so what was meant as a condition refuses nothing. Words that are not similar to a keyword, and those
that begin with `x-`, are annotations, and are not reported. Of each word the first place is shown, and
[of many words the first ones](../language/limits.md).

## How to fix

Correct the word. If it is a keyword of another draft, name that in `$schema`, or write what the draft of the file has
for it. If it is an annotation for another program, put `x-` before it, or allow the problem where the mapping names the
schema: [Problems](README.md) says how.

## Wrong

```yaml title=mapping.yaml
rules:
  - {rule: event, route: events, output: event, fields: {day: event.day}}
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
```

```json title=event.schema.json
{"properties": {"day": {"type": "string", "maxLenght": 10}}}
```

```text title=problem
warning[M158]: the schema './event.schema.json' has 'maxLenght' at /properties/day/maxLenght, which is no keyword of draft 2020-12
 --> mapping.yaml:4:19
  |
4 |   event: {schema: ./event.schema.json, request: {path: /v1/event}}
  |                   ^^^^^^^^^^^^^^^^^^^
  = help: did you mean 'maxLength'?
  = see: event.schema.json:1:43: it stands here
```

## Right

```json title=event.schema.json
{"properties": {"day": {"type": "string", "maxLength": 10}}}
```
""",  # noqa: E501 - a message is one line
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each word that is similar to a keyword, or is one of another draft; not those of installed schemas."""
    locator = Locator()
    seen: set[tuple[Path, str]] = set()
    for name, place in named_schemas(rulebook):
        schema = rulebook.schemas[name]
        for one in schema.unknown:
            file = one.path.resolve()
            if (file, one.pointer) in seen or file.is_relative_to(SCHEMAS):
                continue
            seen.add((file, one.pointer))
            if hint := _meant(one):
                there = locator.at(one.path, one.pointer)
                yield Problem.of(
                    "M158",
                    place,
                    hint=hint,
                    related=() if there is None else (Related(there, "it stands here"),),
                    schema=name,
                    keyword=one.keyword,
                    draft=draft_words(one.dialect),
                    where=one.pointer if one.path == schema.path else f"{one.pointer} of {one.path.name}",
                )


def _meant(one: Unknown) -> str | None:
    """A hint at what was meant, or None for an annotation."""
    if other := draft_with(one.keyword):
        return f"{other} has it: name that in `$schema`"
    if near := keyword_meant(one.keyword, one.value, one.dialect):
        return f"did you mean {near!r}?"
    return None
