"""Texts in comparisons that differ little from one that the input schema lists beside any other text (M228)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api

KINDS = ("session_start", "custom_event", "profile")
OPEN = {
    "items": {
        "type": "array",
        "items": {
            "anyOf": [
                *(
                    {"type": "object", "properties": {"kind": {"const": kind}, "n": {"type": "number"}}}
                    for kind in KINDS
                ),
                {"type": "object", "properties": {"kind": {"type": "string", "not": {"enum": list(KINDS)}}}},
            ]
        },
    }
}


@pytest.fixture
def found(write: Callable[[Mapping[str, Any]], Path]) -> Callable[..., list[str]]:
    """The problems of the mapping with a rule that takes the elements for which the condition holds."""

    def problems(when: str, **more: Any) -> list[str]:
        schema = {"type": "object", "properties": OPEN}
        rule = {"rule": "r", "route": "items", "when": when, "output": "out", "fields": {"a": {"const": 1}}, **more}
        main = write({"in.schema.json": json.dumps(schema, indent=1), "rules.yaml": {"rules": [rule]}})
        return [
            f"{problem.place and problem.place.column} {problem.code} {problem.severity} {problem.message}"
            f" ({problem.hint}) {[f'{one.place.line}:{one.place.column} {one.text}' for one in problem.related]}"
            for problem in api.inspect(main).problems
        ]

    return problems


@pytest.mark.parametrize(
    ("when", "text", "value", "hint"),
    [
        ("item.kind == 'custom_evnt'", "item.kind", "'custom_evnt'", "custom_event"),
        ("'custom-event' != item.kind", "item.kind", "'custom-event'", "custom_event"),
        ("item.kind == 'Profile'", "item.kind", "'Profile'", "profile"),
        ('item | kind == `"profil"`', "kind", '`"profil"`', "profile"),
        ("batch.items[?kind == 'sesion_start'] && item.n", "kind", "'sesion_start'", "session_start"),
    ],
)
def test_a_text_near_a_listed_one_has_a_hint(
    when: str, text: str, value: str, hint: str, found: Callable[..., list[str]]
) -> None:
    (problem,) = found(when)
    message = f"M228 warning {text!r} is compared with {value}, which the input schema does not list"
    assert problem.partition(" ")[2].startswith(f"{message} (did you mean {hint!r}?)")
    assert problem.endswith("the schema lists that here']")


@pytest.mark.parametrize(
    "when",
    [
        "item.kind == 'custom_event'",
        "item.kind == 'other'",
        "item.kind == batch.kind",
        "item.kind",
        "item.kind == `1` || item.n",
        "batch.kind == 'custom_evnt'",
        "to_string(item.kind) == 'custom_evnt'",
    ],
)
def test_any_other_text(when: str, found: Callable[..., list[str]]) -> None:
    assert [problem for problem in found(when) if "M228" in problem] == []


def test_what_is_never_equal_is_an_error_of_its_own(found: Callable[..., list[str]]) -> None:
    problems = found("item.kind == 'profile'", let={"x": "item.kind == 'profil'"}, warn=[{"when": "x", "message": "x"}])
    assert any(" M220 " in problem for problem in problems)
    assert not any(" M228 " in problem for problem in problems)


@pytest.mark.parametrize(
    ("entries", "hints"),
    [
        ({"custom_evnt": 1, "session_start": 2}, {"custom_evnt": "custom_event"}),
        ({"custom_evnt": 1, "custom_event": 2}, {}),  # both spellings are meant
        ({"unheard_of": 1}, {}),
        ({"Profile": 1}, {"Profile": "profile"}),
    ],
)
def test_a_near_entry_of_a_table(entries: Any, hints: dict[str, str], found: Callable[..., list[str]]) -> None:
    field = {"from": "item.kind", "table": {"unlisted": "keep", "entries": entries}}
    problems = found("item", fields={"a": field})
    assert [line.partition(" ")[2] for line in problems] == [
        f"M240 warning the input schema does not list the value {key!r} (did you mean {near!r}?) []"
        for key, near in hints.items()
    ]
