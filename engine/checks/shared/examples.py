"""Parts of examples that several problem pages repeat."""

from __future__ import annotations

__all__ = ["SCHEMA"]

SCHEMA = """
```json title=batch.schema.json
{
  "type": "object",
  "properties": {
    "events": {
      "type": "array",
      "items": {
        "type": "object",
        "x-complete": true,
        "required": ["kind", "id"],
        "properties": {
          "kind": {"enum": ["view", "buy"]},
          "id": {"type": "string"},
          "title": {"type": ["string", "null"]},
          "price": {"type": "number"},
          "tags": {"type": "array", "items": {"type": "string"}},
          "user": {"type": "object", "properties": {"name": {"type": "string"}}}
        }
      }
    }
  }
}
```
"""
"""The input schema of the examples: a list of events of two kinds."""
