"""Words in braces that are not placeholders (M143)."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import api

MAPPING = """
language: 1
name: shop
version: 1.0.0
input: {{as: batch, schema: ./batch.schema.json}}
server: {{url: {url}, headers: {{Authorization: {header}}}}}
outputs:
  event:
    schema: ./event.schema.json
    request: {{path: {path}, query: {{key: {query}}}, headers: {{X-Key: {own}}}}}
rules:
  - {{rule: event, output: event, fields: {{note: {{const: "{{NOTE}}"}}}}}}
"""
GOOD = {
    "url": "'https://{dc}.example.com'",
    "header": "'Bearer {token}'",
    "path": "'/v1/{app_id}/{{ batch.id }}'",
    "query": "{const: '{key_2}'}",
    "own": "{template: '{key} {}{1} {{ batch.id }}'}",
}


@pytest.mark.parametrize(
    ("part", "text", "found"),
    [
        ("url", "'https://{DC}.example.com'", ["'{DC}' is no placeholder, and is sent as it stands"]),
        ("header", "'Bearer {TOKEN} {token}'", ["'{TOKEN}' is no placeholder, and is sent as it stands"]),
        ("path", "'/v1/{app-id}/{{ batch.id }}'", ["'{app-id}' is no placeholder, and is sent as it stands"]),
        ("query", "{const: '{Key}'}", ["'{Key}' is no placeholder, and is sent as it stands"]),
        ("own", "{template: '{a b} {{ batch.id }}'}", ["'{a b}' is no placeholder, and is sent as it stands"]),
        ("own", "{const: '{key}'}", []),
    ],
)
def test_braces(tmp_path: Path, part: str, text: str, found: list[str]) -> None:
    for name in ("batch", "event"):
        (tmp_path / f"{name}.schema.json").write_text("{}")
    (tmp_path / "mapping.yaml").write_text(MAPPING.format(**{**GOOD, part: text}))
    problems = [one for one in api.inspect(tmp_path / "mapping.yaml").problems if one.code == "M143"]
    assert [one.message for one in problems] == found
