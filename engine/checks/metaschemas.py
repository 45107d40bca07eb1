"""Schema files of a mapping that break the metaschema of their draft (M124).

The loader refuses schemas that the engine cannot use. This check asks the library jsonschema, which has the whole
metaschema of each draft, including keywords that are annotations. The tests validate the installed schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Place, Problem, Related
from ..language.rulebook import Rulebook
from ..schemas.keywords import draft_words
from ..schemas.normal_form import Section
from ..schemas.positions import Locator
from ..schemas.schema import Schema
from ..schemas.value_keywords import are_distinct
from ..schemas.violations import Refusal, Violations, violations_of
from ..source.homes import SCHEMAS
from ..values.pointers import value_at
from .shared.named_schemas import named_schemas
from .shared.registry import checks_rules

__all__ = ["MAX_LEVELS", "MAX_VALUES", "check"]

MAX_LEVELS = 40
"""The maximum depth of a document that is checked: the library recurses for each level."""
MAX_VALUES = 20_000
"""The maximum number of values checked for one mapping: the library takes 0.1 ms for each."""


declare(
    "M124",
    "error",
    "schema that its draft refuses",
    "the schema {schema!r} breaks {draft} at {where}: {reason}",
    page="""
A JSON Schema of the mapping, or a file that it refers to, is not a valid schema of its draft: its metaschema refuses it. The
engine could use it all the same, but other tools will not, and something else was probably meant. Installed schemas
are valid; very large or deep ones [are not checked](../language/limits.md).

## How to fix

Correct the place in the schema file that the message names. If the file is written for another draft, name that in
`$schema`.

## Wrong

```yaml title=mapping.yaml
rules:
  - {rule: event, route: events, output: event, fields: {day: event.day}}
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
```

```json title=event.schema.json
{"properties": {"day": {"type": "string", "description": ["The day,", "as the calendar has it"]}}}
```

```text title=problem
error[M124]: the schema './event.schema.json' breaks draft 2020-12 at /properties/day/description: must be string, not list
 --> mapping.yaml:4:19
  |
4 |   event: {schema: ./event.schema.json, request: {path: /v1/event}}
  |                   ^^^^^^^^^^^^^^^^^^^
  = see: event.schema.json:1:43: it stands here
```

## Right

```json title=event.schema.json
{"properties": {"day": {"type": "string", "description": "The day, as the calendar has it"}}}
```
""",  # noqa: E501 - a message is one line
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each place in a schema file that the metaschema refuses. Files beyond the limits are not checked."""
    locator, left = Locator(), MAX_VALUES
    seen: set[tuple[Path, str, int]] = set()
    for name, place in named_schemas(rulebook):
        schema = rulebook.schemas[name]
        for number, section in enumerate(schema.sections):
            file = section.document.path.resolve()
            key = file, section.pointer, section.dialect
            if file.is_relative_to(SCHEMAS) or key in seen:
                continue
            seen.add(key)
            size = _size(_content(section, schema.sections), left)
            if size is not None:
                left -= size
                try:
                    violations = _violations(schema, number)
                except RecursionError:  # whoever calls has used up much of the stack
                    continue
                yield from _problems(name, place, section, violations, locator)


def _content(section: Section, others: Iterable[Section]) -> Any:
    """A copy of a section without its parts that are written in other drafts."""
    content = value_at(section.document.content, section.pointer)
    inner = [
        other.pointer[len(section.pointer) :]
        for other in others
        if other.document is section.document
        and other.dialect != section.dialect
        and other.pointer.startswith(f"{section.pointer}/")
    ]
    if inner:
        content = deepcopy(content)
    for pointer in inner:
        part = value_at(content, pointer)
        if isinstance(part, dict):
            part.clear()
    return content


def _size(content: Any, limit: int) -> int | None:
    """The number of values in a document; None if it exceeds the limit, or if they are nested too deeply."""
    level, levels, count = [content], 0, 0
    while level:
        count += len(level)
        levels += 1
        if count > limit or levels > MAX_LEVELS:
            return None
        level = [one for value in level for one in _members(value)]
    return count


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


@lru_cache(maxsize=64)
def _violations(schema: Schema, number: int) -> Violations:
    """The errors that the metaschema of its draft reports in a section; cached, since schemas change rarely."""
    section = schema.sections[number]
    content, dialect = _content(section, schema.sections), section.dialect
    import jsonschema  # only here: it takes long to import, and most mappings name installed schemas only
    from jsonschema.exceptions import best_match

    drafts: Mapping[int, Any] = {
        4: jsonschema.Draft4Validator,
        6: jsonschema.Draft6Validator,
        7: jsonschema.Draft7Validator,
        2019: jsonschema.Draft201909Validator,
        2020: jsonschema.Draft202012Validator,
    }
    draft = drafts[dialect]
    extend: Any = jsonschema.validators.extend
    extended = extend(draft, {"uniqueItems": _unique})
    errors = extended(draft.META_SCHEMA).iter_errors(content)
    return violations_of(_refusal(best_match([error])) for error in errors)


def _unique(_validator: Any, wanted: Any, value: Any, _schema: Any) -> Iterator[Any]:
    """The keyword `uniqueItems` in linear time; the library takes quadratic time."""
    from jsonschema import ValidationError

    if wanted and isinstance(value, list) and not are_distinct(value):
        yield ValidationError("equal elements")


def _refusal(error: Any) -> Refusal:
    """Converts an error of the library to a Refusal, from which the message is made."""
    keyword, wanted, value = error.validator, error.validator_value, error.instance
    match keyword:
        case "anyOf":
            wanted = len(wanted)
        case "dependencies":
            keyword, wanted = "dependentRequired", next(_missing(wanted, value))
    return Refusal(tuple(error.absolute_path), keyword, wanted, value, error.schema, False)


def _missing(needs: Mapping[str, list[str]], value: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name, others in needs.items():
        if name in value and (missing := [other for other in others if other not in value]):
            yield name, missing


def _problems(
    name: str, place: Place | None, section: Section, violations: Violations, locator: Locator
) -> Iterator[Problem]:
    document = section.document
    draft = draft_words(section.dialect)
    hint = f"the file has {violations.more} more places of this kind" if violations.more else None
    for violation in violations:
        pointer = section.pointer + violation.pointer
        there, top = locator.at(document.path, pointer), pointer or "the top"
        yield Problem.of(
            "M124",
            place,
            hint=hint,
            related=() if there is None else (Related(there, "it stands here"),),
            schema=name,
            draft=draft,
            where=top if document.is_first else f"{top} of {document.path.name}",
            reason=violation.reason,
        )
