"""Targets of requests, the parts that rules give to them, and elements that go on to other rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from moemap.engine.api import Mapping
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.runtime.result import Failed

MAIN = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
settings: {region: {type: string, default: eu}}
server: {url: https://example.com, headers: {X-Region: "{{ settings.region }}"}}
outputs:
  put:
    schema: ./out.schema.json
    request:
      method: PUT
      path: "/a/{{ item.id }}/{key}"
      query: {tag: item.tags, at: {from: item.at, type: integer}}
      headers: {X-Title: item.title, X-Key: {const: "{key}"}, X-Mixed: {template: "{key}.{{ item.mixed }}"}}
  gone: {body: none, request: {method: DELETE, path: "/b/{{ item.id }}"}}
  ids: {body: list, schema: ./ids.schema.json, request: {path: /c}, max_items: 2}
  sum:
    body: value
    schema: ./out.schema.json
    request: {path: /d}
    server: {url: "https://{{ settings.region }}.example.com", headers: {Accept: "*/*"}}
  tags: {schema: ./out.schema.json, request: {path: /e}, combine: {tags: append}, max_items: 2}
routes: {items: {each: batch.items, as: item}}
rules:
"""
RULES = {
    "put": "- {rule: put, route: items, output: put, fields: {v: item.v}}",
    "gone": "- {rule: gone, route: items, output: gone}",
    "ids": "- {rule: ids, route: items, output: ids, value: item.v}",
    "sum": "- {rule: sum, output: sum, value: length(batch.items)}",
    "tags": "- {rule: tags, route: items, output: tags, fields: {tags: item.tags}}",
}
Of = Callable[[str], Mapping]


@pytest.fixture
def of(mapping_of: Callable[..., Mapping]) -> Of:
    """The mapping with rules as they are written."""
    return lambda rules: mapping_of({"mapping.yaml": MAIN + rules, "ids.schema.json": '{"items": {"type": "integer"}}'})


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"id": 5}, "/a/5/{key}"),
        ({"id": True}, "/a/true/{key}"),
        ({"id": "a/b?c#d"}, "/a/a%2Fb%3Fc%23d/{key}"),
        ({"id": "{key}"}, "/a/%7Bkey%7D/{key}"),
        ({"id": "\u00e9 %"}, "/a/%C3%A9%20%25/{key}"),
        ({"id": "..."}, "/a/.../{key}"),
    ],
)
def test_a_value_is_one_segment(of: Of, item: dict[str, Any], path: str) -> None:
    result = of(RULES["put"]).transform({"items": [{"v": 1, **item}]})
    assert [request.path for request in result.requests] == [path]
    assert result.problems == ()


@pytest.mark.parametrize(
    ("id_", "reason"),
    [
        ("", "a value of the path is empty"),
        (None, "a value of the path is null"),
        (".", "a value of the path is '.'"),
        ("..", "a value of the path is '..'"),
        (["a"], "a path takes a string, not a list"),
    ],
)
def test_no_segment_is_an_error(of: Of, id_: Any, reason: str) -> None:
    mapping = of(RULES["put"])
    batch = {"items": [{"id": "a", "v": 1}, {"id": id_, "v": 2}]}
    result = mapping.transform(batch)
    assert [request.body for request in result.requests] == [{"v": 1}]
    (problem,) = result.problems
    assert (problem.code, problem.severity, problem.rule, problem.input) == ("M514", "error", "put", "/items/1")
    assert problem.message == f"the template failed: {reason}"
    assert [element.outcome for element in mapping.elements(batch)] == ["mapped", "rejected"]


def test_a_constant_that_is_no_segment_is_an_error(mapping_of: Callable[..., Mapping]) -> None:
    main = MAIN.replace("path: /d}", 'path: "/d/{{ none.id }}"}')
    mapping = mapping_of({"mapping.yaml": main + RULES["sum"], "ids.schema.json": "{}"})
    for result in (mapping.transform({"items": []}), Interpreter(mapping.rulebook).run({"items": []})):
        assert result.requests == ()
        assert [problem.message for problem in result.problems] == ["the template failed: a value of the path is null"]


@pytest.mark.parametrize(
    ("item", "query", "headers", "reasons"),
    [
        ({"tags": ["a", 1, True]}, {"tag": ["a", 1, True]}, {}, []),
        ({"tags": "a"}, {"tag": "a"}, {}, []),
        ({"tags": {"a": 1}}, {}, {}, ["it is an object"]),
        ({"tags": ["a", None]}, {}, {}, ["it is null in a list"]),
        ({"tags": "x {key}"}, {}, {}, ["the sender would take {key} for a placeholder"]),
        ({"at": "7"}, {"at": 7}, {}, []),
        ({"title": 1.5}, {}, {"X-Title": "1.5"}, []),
        ({"title": False}, {}, {"X-Title": "false"}, []),
        ({"title": "a\r\nX: b"}, {}, {}, ["a header cannot have the character '\\r'"]),
        ({"title": " a"}, {}, {}, ["a header cannot begin or end with a space"]),
        ({"title": ["a"]}, {}, {}, ["it is a list"]),
        ({"title": "{key}"}, {}, {}, ["the sender would take {key} for a placeholder"]),
        ({"mixed": "m"}, {}, {"X-Mixed": "{key}.m"}, []),
        ({"mixed": "{key}"}, {}, {}, ["a value has {key}, which would be taken for a placeholder"]),
    ],
)
def test_query_and_headers(of: Of, item: Any, query: Any, headers: Any, reasons: list[str]) -> None:
    result = of(RULES["put"]).transform({"items": [{"id": "a", "v": 1, **item}]})
    (request,) = result.requests
    assert (request.query, request.headers) == (query, {**headers, "X-Key": "{key}"})
    assert [str(problem.data["reason"]) for problem in result.problems] == reasons
    assert {problem.severity for problem in result.problems} <= {"warning"}


def test_bodies_of_all_kinds(of: Of) -> None:
    rules = [RULES["sum"], RULES["ids"].replace("}", ", then: continue}"), RULES["gone"]]
    result = of("\n".join(rules)).transform({"items": [{"id": number, "v": number} for number in range(3)]})
    assert [request.to_json() for request in result.requests] == [
        *({"output": "gone", "method": "DELETE", "path": f"/b/{number}", "query": {}} for number in range(3)),
        *({"output": "ids", "method": "POST", "path": "/c", "query": {}, "body": body} for body in ([0, 1], [2])),
        {
            "output": "sum",
            "method": "POST",
            "path": "/d",
            "query": {},
            "server": "https://eu.example.com",
            "headers": {"Accept": "*/*"},
            "body": 3,
        },
    ]
    assert [request.text for request in result.requests] == [b"", b"", b"", b"[0,1]", b"[2]", b"3"]


def test_a_list_that_is_longer_than_its_limit(of: Of) -> None:
    result = of(RULES["tags"]).transform({"items": [{"tags": ["a"]}, {"tags": ["b", "c", "d"]}, {"tags": ["e"]}]})
    assert [request.body for request in result.requests] == [{"tags": ["a", "e"]}]
    (problem,) = result.problems
    assert (problem.code, problem.input) == ("M530", "/items/1")
    assert problem.message == "the tags request has a list of 3 elements; at most 2 are allowed"


ON = """\
- {rule: first, route: items, when: item.v, output: ids, value: item.v, then: continue}
- {rule: none, route: items, when: item.skip, skip: not wanted}
- {rule: last, route: items, when: item.id, output: gone}
"""


def test_an_element_has_one_outcome(of: Of) -> None:
    mapping = of(ON)
    batch = {
        "items": [
            {"v": 1, "id": "a"},
            {"v": "x", "id": "b"},
            {"v": 2, "id": "."},
            {"v": "x", "id": "."},
            {"v": 3, "skip": 1},
            {"v": 4},
            {"id": "c"},
            {},
        ]
    }
    result = mapping.transform(batch)
    assert [(request.path, request.body) for request in result.requests] == [
        *((f"/b/{name}", None) for name in "abc"),
        *(("/c", body) for body in ([1], [2], [3, 4])),
    ]
    assert [(skipped.pointer, skipped.rule) for skipped in result.skipped] == [("/items/4", "none"), ("/items/7", None)]
    assert [(element.outcome, element.rule) for element in mapping.elements(batch)] == [
        ("mapped", "first"),
        ("mapped", "first"),
        ("mapped", "first"),
        ("rejected", "first"),
        ("mapped", "first"),
        ("mapped", "first"),
        ("mapped", "last"),
        ("skipped", None),
    ]


def test_a_replay_repeats_the_rule_that_failed_alone(of: Of) -> None:
    interpreter = Interpreter(of(ON).rulebook)
    batch = {"items": [{"v": "x", "id": "a"}, {"v": 1, "id": "."}]}
    _, failed = interpreter.retry(batch)
    first, last = Failed("items", "first", "/items/0"), Failed("items", None, "/items/1")
    assert failed is not None
    assert set(failed) == {first, last}
    assert first.to_json() == {"route": "items", "rule": "first", "element": "/items/0"}
    for cured, path, body in (({"v": 7, "id": "a"}, "/c", [7]), ({"v": 1, "id": "z"}, "/b/z", None)):
        items = [cured, batch["items"][1]] if body else [batch["items"][0], cured]
        result, left = interpreter.retry({"items": items}, {first if body else last})
        assert [(request.path, request.body) for request in result.requests] == [(path, body)]
        assert left == ()
