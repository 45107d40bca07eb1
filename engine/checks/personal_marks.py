"""Invalid marks of personal data in the schema of the input (M246)."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem, Related
from ..diagnostics.suggestions import did_you_mean
from ..language.rulebook import Rulebook
from ..schemas.keywords import keywords_in
from ..schemas.personal import CATEGORIES, PERSONAL, PERSONAL_NAMES, flaw_of
from ..schemas.positions import Locator
from ..source.homes import SCHEMAS
from ..source.nodes import MappingNode
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M246",
    "error",
    "mark of personal data that marks nothing",
    "the schema {schema!r} has a mark of personal data that marks nothing at {where}: {reason}",
    page="""
In the schema of the input, `x-personal` says that a member is personal, and of which
[category](../privacy.md#marks-in-the-schema); `x-personal-names` says it of the members of an object by their names.
Here the category or the keyword is none of those. So the member counts as not personal: `moemap privacy` does not list
it, and no [assertion](../privacy.md#assertions) protects
it.

## How to fix

Write the category or the keyword that was meant.

## Wrong

```yaml title=mapping.yaml
input: {as: batch, schema: ./batch.schema.json}
rules:
  - {rule: event, route: events, output: event, fields: {mail: batch.mail}}
```

```json title=batch.schema.json
{"properties": {"mail": {"type": "string", "x-personal": "mail"}}}
```

```text title=problem
error[M246]: the schema './batch.schema.json' has a mark of personal data that marks nothing at /properties/mail/x-personal: "mail" is not a category
 --> mapping.yaml:1:28
  |
1 | input: {as: batch, schema: ./batch.schema.json}
  |                            ^^^^^^^^^^^^^^^^^^^
  = help: did you mean 'email'?
  = see: batch.schema.json:1:44: it stands here
```

## Right

```json title=batch.schema.json
{"properties": {"mail": {"type": "string", "x-personal": "email"}}}
```
""",  # noqa: E501 - a message is one line
)


_CLOSE = 0.85
"""The similarity to one of the two keywords from which on a keyword is taken for a misspelling of it."""


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each invalid mark in the files of the input's schema. The tests check the installed schemas."""
    schema = rulebook.schemas.get(rulebook.input.schema)
    node = rulebook.input.node
    said = node.get("schema") if isinstance(node, MappingNode) else None
    locator = Locator()
    seen: set[Path] = set()
    for section in () if schema is None else schema.sections:
        document = section.document
        if document.path in seen or document.path.resolve().is_relative_to(SCHEMAS):
            continue
        seen.add(document.path)
        for pointer, reason, hint in flaws(document.content):
            there = locator.at(document.path, pointer)
            yield Problem.of(
                "M246",
                (said or node).place,
                hint=hint,
                related=() if there is None else (Related(there, "it stands here"),),
                schema=rulebook.input.schema,
                where=pointer if document.is_first else f"{pointer} of {document.path.name}",
                reason=reason,
            )


def flaws(content: Any) -> Iterator[tuple[str, str, str | None]]:
    """The pointers of invalid marks in a document, each with a reason and a hint."""
    for place, keyword, value in keywords_in(content):
        if keyword in (PERSONAL, PERSONAL_NAMES):
            reason = flaw_of(keyword, value)
            if reason is not None:
                named = value if keyword == PERSONAL and isinstance(value, str) else ""
                yield place, reason, did_you_mean(named, CATEGORIES)
        elif get_close_matches(keyword, (PERSONAL, PERSONAL_NAMES), 1, _CLOSE):
            yield place, f"there is no keyword {keyword!r}", did_you_mean(keyword, (PERSONAL, PERSONAL_NAMES))
