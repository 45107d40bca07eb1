"""Settings that nothing reads (M236)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.names import Use, definitions_and_uses
from ..language.rulebook import Rulebook
from ..language.setting_reads import settings_read
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M236",
    "warning",
    "unused setting",
    "the setting {name!r} is never used",
    page="""
A setting is declared, but no expression or template reads it: whatever its value is, nothing changes.

## How to fix

Remove the setting, or read it where it was meant to count: `settings.currency`.

## Wrong

```yaml title=mapping.yaml
settings:
  currency: {type: string, default: EUR}
rules:
  - rule: event
    route: events
    output: event
    fields:
      currency: event.currency
```

```text title=problem
warning[M236]: the setting 'currency' is never used
 --> mapping.yaml:2:13
  |
2 |   currency: {type: string, default: EUR}
  |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
settings:
  currency: {type: string, default: EUR}
rules:
  - rule: event
    route: events
    output: event
    fields:
      currency: [event.currency, settings.currency]
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each setting that no expression and no template reads."""
    texts = (item.text for item in definitions_and_uses(rulebook) if isinstance(item, Use))
    used = {read.name for text in texts for read in settings_read(text)}
    if not used <= rulebook.settings.keys():
        return  # all are read, or one is misspelt
    for name, setting in rulebook.settings.items():
        if name not in used and rulebook.is_own(setting.node.source):
            yield Problem.of("M236", setting.node.place, name=name)
