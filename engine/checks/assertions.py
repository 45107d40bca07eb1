"""Assertions of a mapping that do not hold (M554), are not proven (M555), or are about nothing (M556)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..inference.facts import Flow
from ..privacy.assertions import findings
from .shared.registry import checks_types

__all__ = ["check"]

_SCHEMA = """
```json title=batch.schema.json
{
  "properties": {
    "allowed": {"type": "boolean"},
    "mail": {"type": "string", "x-personal": "email"}
  }
}
```
"""

declare(
    "M554",
    "error",
    "assertion that does not hold",
    "the assertion {name!r} does not hold: {reason}",
    page=f"""
An [assertion](../privacy.md#assertions) of the mapping is wrong: there is an input for which it does not hold. The
message shows one, and the places that follow are those on the way of the value.

## How to fix

Let the rule that sends it take elements only where that is allowed, mask the value, or correct the assertion.

## Wrong
{_SCHEMA}
```yaml title=mapping.yaml
input: {{as: batch, schema: ./batch.schema.json}}
routes: {{}}
assert:
  mail-needs-consent: {{category: [email], never_in: [event], without: batch.allowed}}
rules:
  - {{rule: mail, output: event, when: batch.mail, fields: {{mail: batch.mail}}}}
```

```text title=problem
error[M554]: the assertion 'mail-needs-consent' does not hold: email of /mail is sent to event /mail, as for the input {{"mail": "ada@example.com"}}
 --> mapping.yaml:4:3
  |
4 |   mail-needs-consent: {{category: [email], never_in: [event], without: batch.allowed}}
  |   ^^^^^^^^^^^^^^^^^^
  = help: let the rule 'mail' take elements only where 'batch.allowed' holds
  = see: mapping.yaml:6:66: through batch.mail
  = see: mapping.yaml:6:12: the rule 'mail' sends it
```

## Right

```yaml title=mapping.yaml
input: {{as: batch, schema: ./batch.schema.json}}
routes: {{}}
assert:
  mail-needs-consent: {{category: [email], never_in: [event], without: batch.allowed}}
rules:
  - {{rule: mail, output: event, when: batch.allowed, fields: {{mail: batch.mail}}}}
```
""",  # noqa: E501 - a message is one line
)
declare(
    "M555",
    "error",
    "assertion that is not proven",
    "the assertion {name!r} is not proven: {reason}",
    page=f"""
An [assertion](../privacy.md#assertions) may hold, but the rules do not show it: a value may take a way that it
excludes, as far as types and conditions tell, and no input was found that does so. It counts as broken, since nothing
holds it.

## How to fix

Write the rules so that it can be seen: the condition as it stands in the assertion, as the `when` of the rule or of the
field.

## Wrong
{_SCHEMA}
```yaml title=mapping.yaml
input: {{as: batch, schema: ./batch.schema.json}}
routes: {{}}
assert:
  mail-needs-consent: {{category: [email], never_in: [event], without: batch.allowed}}
rules:
  - {{rule: mail, output: event, when: "to_string(batch.allowed) == 'true'", fields: {{mail: batch.mail}}}}
```

```text title=problem
error[M555]: the assertion 'mail-needs-consent' is not proven: email of /mail may reach event /mail
 --> mapping.yaml:4:3
  |
4 |   mail-needs-consent: {{category: [email], never_in: [event], without: batch.allowed}}
  |   ^^^^^^^^^^^^^^^^^^
  = help: let the rule 'mail' take elements only where 'batch.allowed' holds
  = see: mapping.yaml:6:92: through batch.mail
  = see: mapping.yaml:6:12: the rule 'mail' sends it
```

## Right

```yaml title=mapping.yaml
input: {{as: batch, schema: ./batch.schema.json}}
routes: {{}}
assert:
  mail-needs-consent: {{category: [email], never_in: [event], without: batch.allowed}}
rules:
  - {{rule: mail, output: event, when: batch.allowed, fields: {{mail: batch.mail}}}}
```
""",
)
declare(
    "M556",
    "warning",
    "assertion that says nothing",
    "the assertion {name!r} says nothing: {reason}",
    page=f"""
An [assertion](../privacy.md#assertions) is about something that does not exist: a category that no member of the input
is marked with, a place that no request has, an output that no rule emits, or inputs for which a condition does not hold
that always holds. So it holds whatever the rules do, and most likely something else was meant.

## How to fix

Name what exists, or mark the members in the schema of the input.

## Wrong
{_SCHEMA}
```yaml title=mapping.yaml
input: {{as: batch, schema: ./batch.schema.json}}
routes: {{}}
assert:
  mail-stays-out: {{category: [email], never_in: [event /name]}}
rules:
  - {{rule: mail, output: event, fields: {{user: {{const: x}}}}}}
```

```text title=problem
warning[M556]: the assertion 'mail-stays-out' says nothing: no request has the place 'event /name'
 --> mapping.yaml:4:50
  |
4 |   mail-stays-out: {{category: [email], never_in: [event /name]}}
  |                                                  ^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
input: {{as: batch, schema: ./batch.schema.json}}
routes: {{}}
assert:
  mail-stays-out: {{category: [email], never_in: [event /user]}}
rules:
  - {{rule: mail, output: event, fields: {{user: {{const: x}}}}}}
```
""",
)
_CODES = {"broken": "M554", "unproven": "M555", "empty": "M556"}


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each assertion that is not proven."""
    for one in findings(flow.rulebook, flow.recall):
        yield Problem.of(
            _CODES[one.verdict],
            one.place,
            hint=one.hint,
            related=one.related,
            name=one.assertion.name,
            reason=one.reason,
        )
