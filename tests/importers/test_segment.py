"""Segment's directives: the fields they become, and what these fields give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.importers import Imported, import_segment, write
from moemap.importers.triggers import TriggerError, condition_of


def imported(tmp_path: Path, content: Any) -> Imported:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(content), "utf-8")
    made = import_segment("shop", [path])
    if made.files:
        write(made, tmp_path / "shop")
    return made


def bodies(tmp_path: Path, payload: dict[str, Any]) -> list[Any]:
    return [request.body for request in api.load(tmp_path / "shop").transform(payload).requests]


def path(to: str) -> dict[str, str]:
    return {"@path": f"$.{to}"}


CASES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "@path": (path("a.b"), {"a": {"b": 1}}, 1),
    "@path without a dollar, with an index": ({"@path": "a[1].b"}, {"a": [{}, {"b": 1}]}, 1),
    "@path with a blank in a name": (path("a b.c"), {"a b": {"c": 1}}, 1),
    "@path as a list": ({"@path": ["a", "b.c"]}, {"a": {"b.c": 1}}, 1),
    "@path to nothing": (path("x"), {}, None),
    "@template": ({"@template": "Hi {{a.b}}, {{{c}}}!"}, {"a": {"b": "x"}}, "Hi x, !"),
    "@template with a blank in a name": ({"@template": "{{a b}}"}, {"a b": 1}, "1"),
    "@template of nothing": ({"@template": "a"}, {}, "a"),
    "@literal": ({"@literal": {"x": path("a"), "y": False}}, {"a": 1}, {"x": 1, "y": False}),
    "a constant": ([1, {"b": None}], {}, [1, {"b": None}]),
    "an object": ({"x": {"y": path("a")}}, {"a": 1}, {"x": {"y": 1}}),
    "@if, then": ({"@if": {"exists": path("a"), "then": "yes", "else": "no"}}, {"a": ""}, "yes"),
    "@if, else": ({"@if": {"exists": path("a"), "then": "yes", "else": "no"}}, {"a": None}, "no"),
    "@if, blank": ({"@if": {"blank": path("a"), "then": "yes", "else": path("b")}}, {"a": "", "b": 2}, 2),
    "@if without an else": ({"@if": {"exists": path("a"), "then": path("b")}}, {"b": 1}, None),
    "@if in an @if": (
        {"@if": {"exists": path("a"), "then": {"@if": {"exists": path("b"), "then": 1, "else": 2}}}}, {"a": 1}, 2,
    ),
    "@case": ({"@case": {"operator": "upper", "value": path("a")}}, {"a": "eur"}, "EUR"),
    "@case of a number": ({"@case": {"operator": "lower", "value": path("a")}}, {"a": 7}, 7),
    "@arrayPath": ({"@arrayPath": ["$.a"]}, {"a": [1]}, [1]),
    "@arrayPath with a shape": (
        {"@arrayPath": ["$.a", {"id": path("n"), "more": {"@arrayPath": ["$.m", {"k": path("v")}]}}]},
        {"a": [{"n": 1, "m": [{"v": 2}]}, {"n": 3}]},
        [{"id": 1, "more": [{"k": 2}]}, {"id": 3}],
    ),
    "@arrayPath with a directive for each element": ({"@arrayPath": ["$.a", path("n")]}, {"a": [{"n": 1}]}, [1]),
    "@merge": (
        {"@merge": {"objects": [path("a"), {"y": path("b")}, path("z")]}}, {"a": {"x": 1}, "b": 2}, {"x": 1, "y": 2},
    ),
    "@merge, left": (
        {"@merge": {"direction": "left", "objects": [path("a"), path("b")]}}, {"a": {"x": 1}, "b": {"x": 2}}, {"x": 1},
    ),
    "directives in a list": ([path("a"), {"x": path("b")}, path("c"), 1], {"a": 1, "b": 2}, [1, {"x": 2}, None, 1]),
    "@replace": ({"@replace": {"pattern": "a.", "value": path("a")}}, {"a": "a.b axa."}, "b ax"),
    "@replace, the first": (
        {"@replace": {"pattern": "-", "replacement": "+", "global": False, "value": path("a")}}, {"a": "a-b-"}, "a+b-",
    ),
    "@replace in any case": (
        {"@replace": {"pattern": "x'", "replacement": "\\", "ignorecase": True, "value": path("a")}},
        {"a": "X'x'"},
        "\\" * 2,
    ),
    "@replace, twice": (
        {"@replace": {"pattern": "a", "replacement": "b", "pattern2": "bb", "value": path("a")}}, {"a": "abc"}, "c",
    ),
    "@replace in a number": ({"@replace": {"pattern": "1", "replacement": "2", "value": path("a")}}, {"a": 11}, "22"),
    "@replace in nothing": ({"@replace": {"pattern": "1", "value": path("a")}}, {}, ""),
    "@replace in a @case": (
        {"@case": {"operator": "upper", "value": {"@replace": {"pattern": "a", "value": path("a")}}}}, {"a": "ab"}, "B",
    ),
    "@excludeWhenNull": ({"@excludeWhenNull": path("a")}, {"a": None}, None),
    "@excludeWhenNull of a value": ({"@excludeWhenNull": path("a")}, {"a": 1}, 1),
    "@json": ({"@json": {"mode": "encode", "value": path("a")}}, {"a": {"x": 1}}, '{"x":1}'),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_directives_give_what_the_source_gives(name: str, tmp_path: Path) -> None:
    directive, payload, wanted = CASES[name]
    made = imported(tmp_path, {"value": directive, "always": 1})
    assert made.problems == ()
    assert bodies(tmp_path, payload) == [{"always": 1} if wanted is None else {"value": wanted, "always": 1}]
    assert api.inspect(tmp_path / "shop").problems == ()


REFUSED: dict[str, tuple[Any, str]] = {
    "an unknown directive": ({"@liquid": "x"}, "the directive @liquid is not converted: there is nothing like it"),
    "a name of the importer": ({"@members": {}}, "the directive @members is not converted: there is nothing like it"),
    "something unknown in a list": (
        [{"@liquid": "x"}], "the directive @liquid is not converted: there is nothing like it",
    ),
    "a replacement with a dollar": (
        {"@replace": {"pattern": "a", "replacement": "$1", "value": path("a")}},
        "the directive @replace is not converted: it has no value and texts without a dollar",
    ),
    "no separator": (
        {"@flatten": {"value": path("a")}},
        "the directive @flatten is not converted: it has no value, or no separator that is a string",
    ),
    "a nested path": ({"@path": path("a")}, 'the path {"@path": "$.a"} is not converted: it is no path'),
    "a template": (
        {"@template": "{{#each a}}x{{/each}}"},
        "the template '{{#each a}}x{{/each}}' is not converted: it has more in braces than paths",
    ),
    "JSON to be read": (
        {"@json": {"mode": "decode", "value": path("a")}},
        "the directive @json is not converted: only the mode 'encode' can be converted",
    ),
    "a case": (
        {"@case": {"operator": "snake", "value": path("a")}},
        "the directive @case is not converted: it has no value, or an unknown operator",
    ),
    "a condition": (
        {"@if": {"then": 1}}, "the directive @if is not converted: it has neither `exists` nor `blank`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_converted_is_said_and_costs_nothing_else(name: str, tmp_path: Path) -> None:
    directive, message = REFUSED[name]
    made = imported(tmp_path, {"value": directive, "always": 1})
    assert [(problem.code, problem.message) for problem in made.problems] == [("M701", message)]
    assert bodies(tmp_path, {}) == [{"always": 1}]


TRIGGERS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    'type = "track"': ([{"type": "track"}], [{"type": "page"}, {}]),
    'type = "track" and (event = "A" or event != "B")': (
        [{"type": "track", "event": "A"}, {"type": "track", "event": "C"}], [{"type": "track", "event": "B"}],
    ),
    'type = "a" or type = "b" and n = 1': ([{"type": "a"}, {"type": "b", "n": 1}], [{"type": "b"}]),
    'contains(event, "Order")': ([{"event": "The Order"}], [{"event": "order"}, {"event": 7}, {}]),
    'match(event, "Order *")': ([{"event": "Order Done"}], [{"event": "No Order Done"}]),
    "properties.total > 9.5": ([{"properties": {"total": 10}}], [{"properties": {"total": 9}}, {}]),
    "traits.vip = true": ([{"traits": {"vip": True}}], [{"traits": {"vip": "true"}}]),
    "userId != null": ([{"userId": "u"}], [{}]),
}  # fmt: skip


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_triggers_become_conditions(trigger: str, tmp_path: Path) -> None:
    holds, fails = TRIGGERS[trigger]
    made = imported(tmp_path, [{"name": "Order Done", "trigger": trigger, "settings": {"a": 1}}])
    assert made.problems == ()
    assert "  - rule: order-done\n" in made.files["mapping.yaml"]
    assert [bodies(tmp_path, payload) for payload in holds] == [[{"a": 1}]] * len(holds)
    assert [bodies(tmp_path, payload) for payload in fails] == [[]] * len(fails)


WRONG_TRIGGERS = {
    'type = "track" and': "it ends too early",
    'type = "track" type': "'type' is not expected there",
    "type = track": "'track' is neither a string, a number, true, false nor null",
    '!(type = "x")': "'!(type = \"x\")' is not expected there",
    'length(a) = 1': "length() is not known",
    "a = 007": "'007' is not JSON: number with leading zero is not allowed: line 1 column 1 (char 0)",
    "a = \u0663": "'\u0663' is neither a string, a number, true, false nor null",
    "a = 18446744073709551616": "'18446744073709551616' cannot be used: an integer needs more than 64 bits",
    f"a = 1{'0' * 309}.5": f"'1{'0' * 39}' cannot be used: a number is not finite",
    r'a = "\q"': r"""'"\\q"' is not JSON: invalid escaped sequence in string: line 1 column 2 (char 1)""",
    "(" * 60: "it is nested more than 50 levels deep",
}  # fmt: skip


@pytest.mark.parametrize("trigger", [f"a = {'9' * 5000}", f"a[{'9' * 5000}] = 1", f"a > -{'9' * 5000}"])
def test_triggers_with_thousands_of_digits_are_refused(trigger: str) -> None:
    with pytest.raises(TriggerError, match="999"):
        condition_of("event", trigger)


@pytest.mark.parametrize("trigger", WRONG_TRIGGERS)
def test_triggers_that_cannot_be_read_are_refused(trigger: str, tmp_path: Path) -> None:
    made = imported(tmp_path, {"subscribe": trigger, "mapping": {"a": 1}})
    message = f"the trigger {trigger!r} is not converted: {WRONG_TRIGGERS[trigger]}"
    assert [problem.message for problem in made.problems] == [message]


def test_a_directive_as_the_whole_mapping_is_a_spread(tmp_path: Path) -> None:
    assert imported(tmp_path, path("traits")).problems == ()
    assert bodies(tmp_path, {"traits": {"a": 1, "b": [2]}}) == [{"a": 1, "b": [2]}]


def test_several_mappings_are_several_rules(tmp_path: Path) -> None:
    made = imported(tmp_path, [{"a": 1}, {"b": path("b")}])
    assert [line for line in made.files["mapping.yaml"].splitlines() if "- rule" in line] == [
        "  - rule: order-1",
        "  - rule: order-2",
    ]


def test_null_is_sent(tmp_path: Path) -> None:
    assert imported(tmp_path, {"a": None}).problems == ()
    assert bodies(tmp_path, {}) == [{"a": None}]


@pytest.mark.parametrize(("omits_lists", "wanted"), [(False, {"b_c_0": 1}), (True, {"b_c": [1]})])
def test_flattening_keeps_what_is_empty(omits_lists: bool, wanted: Any, tmp_path: Path) -> None:
    made = imported(
        tmp_path, {"value": {"@flatten": {"separator": "_", "omitArrays": omits_lists, "value": path("a")}}}
    )
    (problem,) = made.problems
    assert (problem.code, problem.message) == (
        "M702", "the directive @flatten means something else here: objects and lists inside that are empty are kept",
    )  # fmt: skip
    assert bodies(tmp_path, {"a": {"b": {"c": [1]}}}) == [{"value": wanted}]
    assert api.inspect(tmp_path / "shop").problems == ()
