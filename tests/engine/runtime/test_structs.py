"""Batches read as structs give the Results of the interpreter, or are left to the code for objects."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moemap.engine import api, compiler
from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result
from moemap.engine.runtime.runner import MANY
from moemap.engine.runtime.structs import _NO_ANSWER
from moemap.tests.engine.compiler.validation.test_whole_bodies import MANY_SETTINGS
from moemap.tests.engine.damage import damaged

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.json"))
SETTINGS: list[dict[str, Any]] = [{}, MANY_SETTINGS]
Difference = Callable[[Result, Result], str]


def samples() -> list[Any]:
    batches: list[Any] = []
    for path in EXAMPLES:
        content = orjson.loads(path.read_bytes())
        batches += content if isinstance(content, list) else [content]
    return batches


def answering(rulebook: Rulebook) -> Callable[[bytes], Result | None]:
    """The function that maps texts as structs, and never pauses."""
    compiled = compiler.compile(rulebook)
    compiled.prepare()
    records = compiled._structs.get()
    if records is None:
        return lambda _: None

    def answer(text: bytes) -> Result | None:
        records._left_out = 0
        return records.transform(text)

    return answer


@pytest.fixture(scope="module", params=range(len(SETTINGS)))
def shipped(
    request: pytest.FixtureRequest, shipped_mapping: Callable[..., api.Mapping]
) -> tuple[Interpreter, Callable[[bytes], Result | None]]:
    rulebook = shipped_mapping(**SETTINGS[request.param]).rulebook
    return Interpreter(rulebook), answering(rulebook)


@pytest.mark.slow
def test_samples(shipped: tuple[Interpreter, Callable[[bytes], Result | None]], difference: Difference) -> None:
    interpreter, answer = shipped
    answered = 0
    for batch in samples():
        given, wanted = answer(orjson.dumps(batch)), interpreter.run(batch)
        assert given is None or not difference(wanted, given)
        answered += given is not None
    assert answered >= 15


@pytest.mark.slow
@pytest.mark.fuzz
def test_damaged_samples(
    shipped: tuple[Interpreter, Callable[[bytes], Result | None]], difference: Difference, grammar: ModuleType
) -> None:
    interpreter, answer = shipped
    batches, answered = samples(), 0
    for number in range(settings().max_examples * 6):
        dice = grammar.Dice(number)
        batch = damaged(dice, dice.choice(batches))
        given = answer(orjson.dumps(batch))
        if given is not None:
            found = difference(interpreter.run(batch), given)
            assert not found, f"{found}\n{json.dumps(batch)}"
            answered += 1
    assert answered > 60


# --- texts

SHAPED = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": ["string", "number", "null"]},
        "any": {},
        "unread": {"type": "string"},
        "class": {"type": "boolean"},
        "_x": {"type": "integer"},
        "part": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {"a b": {"type": "string"}, "n": {"type": "number"}},
        },
        "parts": {
            "type": "array",
            "items": {
                "type": ["object", "null"],
                "x-complete": True,
                "properties": {
                    "n": {"type": ["number", "string"]},
                    "sub": {"type": "array", "items": {"$ref": "#/$defs/sub"}},
                },
            },
        },
    },
    "$defs": {"sub": {"type": "object", "additionalProperties": False, "properties": {"k": {"type": "string"}}}},
}  # fmt: skip
FIELDS = {
    "id": "batch.id",
    "text": {"from": "batch.id", "type": "string"},
    "any": "batch.any",
    "class": 'batch."class"',
    "x": "batch._x",
    "a b": 'batch.part."a b"',
    "part": {"const": "there", "when": "batch.part"},
    "n": "batch.part.n",
    "subs": {"each": "batch.parts[].sub[]", "as": "sub", "value": "sub.k"},
    "ns": "batch.parts[*].n",
    "big": "batch.parts[?n > `1`].n",
    "first": "batch.parts[0].n",
    "last": "batch.parts[-2:] | [1].n",
    "told": {"template": "{{ batch.part.n | default('none') }} {{ batch.id }}", "when": "batch.part != `null`"},
    "list": {
        "each": "batch.parts",
        "as": "part",
        "fields": {"n": {"from": "part.n", "type": "string"}, "k": "part.sub[0].k"},
    },
}
PLAIN = {"outputs": {"single": {"schema": "./out.schema.json", "request": {"method": "POST", "path": "/s"}}}}
Books = Callable[[dict[str, Any], dict[str, Any]], Rulebook]


@pytest.fixture(scope="module")
def shaped(book: Books) -> tuple[Interpreter, Callable[[bytes], Result | None]]:
    rulebook = book({**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": FIELDS}]}, SHAPED)
    source = structs_source_of(rulebook)
    assert source is not None
    assert source.count("= struct(") == 4
    return Interpreter(rulebook), answering(rulebook)


TEXTS: list[tuple[str, bool]] = [
    ('{"id": "a", "part": {"a b": "é", "n": 1.0}, "parts": [{"n": 2, "sub": [{"k": "x"}]}]}', True),
    ('{"parts": [{"sub": [{}]}]}', False),
    ('{"id": 1, "class": true, "_x": -0, "any": [1, {"a": [null]}]}', True),
    ('{"id": "\\ud83d\\ude00", "any": {"a": "\\u0000"}, "parts": []}', True),
    ('{"id": 1, "id": 2}', True),
    ('{"part": {"n": 1e5}, "parts": [{"sub": []}]}', True),
    ('{"part": {"n": null}}', False),
    ('{"part": {}}', False),
    ('{"part": null}', True),
    ('{"unread": 7}', True),
    ('{"unread": 1e400}', False),
    ('{"unread": "\\ud800"}', False),
    ('{"other": 1}', False),
    ('{"id": true}', False),
    ('{"id": 9223372036854775808}', False),
    ('{"any": 123456789012345678901234567890}', False),
    ('{"any": [[[[[[1]]]]]]}', False),
    ('{"parts": [{"n": 1, "else": 2}]}', False),
    ('{"parts": {"n": 1}}', False),
    ("[]", False),
    ("", False),
    ('{"id": 1} x', False),
]


@pytest.mark.parametrize(("text", "is_answered"), TEXTS)
def test_texts(
    shaped: tuple[Interpreter, Callable[[bytes], Result | None]], difference: Difference, text: str, is_answered: bool
) -> None:
    interpreter, answer = shaped
    given = answer(text.encode())
    assert (given is not None) == is_answered
    if given is not None:
        assert not difference(interpreter.run(orjson.loads(text)), given)


WARN = {"output": "single", "fields": {"id": "batch.id"}}
EACH = {"each": "batch.parts", "as": "part"}
SAID: list[tuple[str, list[dict[str, Any]], str, list[str]]] = [
    ("constant", [{"rule": "one", **WARN, "warn": [{"message": "old"}]}], "{}", ["M512"]),
    (
        "template",
        [{"rule": "one", **WARN, "warn": [{"when": "batch.id", "message": "{{ batch.id }} is old"}]}],
        '{"id": "a"}',
        ["M512"],
    ),
    ("not said", [{"rule": "one", **WARN, "warn": [{"when": "batch.id", "message": "old"}]}], '{"id": ""}', []),
    ("rejected batch", [{"rule": "no", "when": "batch.id", "reject": "no {{ batch.id }}"}], '{"id": 1.0}', ["M511"]),
    (
        "rejected element",
        [{"rule": "no", "route": "parts", "when": "part.n == `1`", "reject": "one"}],
        '{"parts": [{"n": 2}, {"n": 1}, {"n": 1}]}',
        ["M511", "M511"],
    ),
    (
        "element",
        [{"rule": "all", "route": "parts", "when": "part.n", **WARN, "warn": [{"message": "n is {{ part.n }}"}]}],
        '{"id": "a", "parts": [{"n": ""}, {"n": "x"}]}',
        ["M512"],
    ),
    (
        "entry",
        [{"rule": "one", "output": "single", "fields": {}, "spread": {"from": "batch.any", "entries": [
            {"when": "type(value) == 'number'", "warn": "'{{ name }}' is a number"}, {"reject": "no {{ name }}"}]}}],
        '{"any": {"a/b": 1, "c": true}}',
        ["M512", "M511"],
    ),
    (
        "entry of a policy",
        [{"rule": "all", "route": "parts", "output": "single", "fields": {"n": "part.n"}, "spread": {
            "from": "batch.any", "entries": "noted"}}],
        '{"any": {"a~b": 1, "c": null}, "parts": [{"n": 1}]}',
        ["M512", "M512"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "text", "codes"), [case[1:] for case in SAID], ids=[case[0] for case in SAID])
def test_what_rules_say_themselves_is_said_of_records(
    book: Books, difference: Difference, rules: list[dict[str, Any]], text: str, codes: list[str]
) -> None:
    content = {
        **PLAIN,
        "routes": {"parts": EACH} if any("route" in rule for rule in rules) else {},
        "policies": {"noted": [{"warn": "'{{ name }}' of {{ value }}"}]},
        "rules": rules,
    }
    rulebook = book(content, SHAPED)
    given, wanted = answering(rulebook)(text.encode()), Interpreter(rulebook).run(orjson.loads(text))
    assert given is not None
    assert [problem.code for problem in given.problems] == codes
    assert not difference(wanted, given)
    assert [problem.to_json() for problem in given.problems] == [problem.to_json() for problem in wanted.problems]


def test_text_that_is_no_utf_8_is_left_to_others(shaped: tuple[Any, Callable[[bytes], Result | None]]) -> None:
    for text in (b'{"unread": "\xff"}', b'{"id": "\xed\xa0\x80"}', b'\xef\xbb\xbf{"id": 1}', b'{"id": "\x01"}'):
        assert shaped[1](text) is None


def test_text_that_msgspec_refuses_is_left_to_others_in_every_version() -> None:
    """Before 0.21, its errors were no ValueErrors."""
    assert msgspec.DecodeError in _NO_ANSWER


VALUES = st.sampled_from(
    """1|1.0|-0|-0.0|1e2|true|null|"a"|"\\n"|"é"|{}|[]|{"k": "x"}|[{"k": "y"}]|9007199254740993|1e22|0.1|-1|"1"|{"n": 3}
[null]|[1, 2.5]|1E400|01|"\\q"|nul""".replace("\n", "|").split("|")
)
MEMBERS = st.sampled_from(["id", "any", "unread", "class", "_x", "a b", "n", "sub", "k", "part", "parts", "other"])
TREES = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(MEMBERS, inner), max_size=4).map(
            lambda pairs: "{" + ",".join(f'"{name}": {value}' for name, value in pairs) + "}"
        )
    ),
    max_leaves=12,
)


@pytest.mark.fuzz
@pytest.mark.slow
@settings(max_examples=settings().max_examples * 2)
@given(st.lists(st.tuples(MEMBERS, TREES), max_size=5))
@example([("parts", '[{"n": "2", "sub": [{"k": "a"}]}]')])
def test_any_text_is_read_as_it_is_elsewhere_or_not_at_all(
    shaped: tuple[Interpreter, Callable[[bytes], Result | None]],
    difference: Difference,
    members: list[tuple[str, str]],
) -> None:
    text = "{" + ",".join(f'"{name}": {value}' for name, value in members) + "}"
    interpreter, answer = shaped
    given_ = answer(text.encode())
    if given_ is not None:
        assert not difference(interpreter.run(orjson.loads(text)), given_)


# --- when they are used


def test_after_many_texts_records_answer(shaped: Any, book: Books) -> None:
    rulebook = book({**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"id": "batch.id"}}]}, SHAPED)
    compiled = compiler.compile(rulebook)
    text = b'{"id": "a"}'
    assert [compiled.transform_text(text) for _ in range(MANY)] == [None] * MANY
    compiled.prepare()  # waits for what was begun beside them
    assert compiled.transform_text(text) == compiled.transform(orjson.loads(text))


def test_many_texts_wait_for_no_records(book: Books) -> None:
    rulebook = book({**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"id": "batch.id"}}]}, SHAPED)
    compiled = compiler.compile(rulebook)
    asked, answered, made_by = threading.Event(), threading.Event(), set[int]()

    def structs_code() -> Any:
        made_by.add(threading.get_ident())
        asked.set()
        assert answered.wait(60)
        return compiled.structs_code()

    compiled._make_structs_code = structs_code
    text = b'{"id": "a"}'
    assert [compiled.transform_text(text) for _ in range(2 * MANY)] == [None] * 2 * MANY
    assert asked.wait(60)
    answered.set()
    compiled.prepare()
    assert compiled.transform_text(text) == compiled.transform(orjson.loads(text))
    assert len(made_by) == 1
    assert threading.get_ident() not in made_by


def test_while_most_texts_are_no_records_few_are_tried(book: Books) -> None:
    rulebook = book({**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"id": "batch.id"}}]}, SHAPED)
    compiled = compiler.compile(rulebook)
    compiled.prepare()
    good, bad = b'{"id": "a"}', b'{"id": []}'
    assert compiled.transform_text(good) is not None
    for _ in range(100):
        assert compiled.transform_text(bad) is None
    answers = [compiled.transform_text(good) is not None for _ in range(200)]
    assert not answers[0]
    assert answers == sorted(answers)
    assert answers[-1]


NESTED = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"a": {"type": "string"}, "b": {"type": ["object", "null"]}},
            },
        },
    },
}


def test_undeclared_members_are_learnt(book: Books, difference: Difference) -> None:
    rule = {"rule": "one", "route": "items", "when": "item", "output": "single", "fields": {"a": "item.a"}}
    routes = {"items": {"each": "batch.items", "as": "item"}}
    rulebook = book({**PLAIN, "routes": routes, "rules": [rule]}, NESTED)
    interpreter, answer = Interpreter(rulebook), answering(rulebook)
    texts = [
        b'{"id": "x", "more": {"deep": [1, null]}, "id_2": 1}',
        b'{"id": "x", "items": [{"a": "y", "z": 1}, {"z": {}}, {"b": {"z": 1}, "_more0": 2, "a-b": 3}]}',
    ]
    assert [answer(text) for text in texts] == [None, None]
    for text in (*texts, b'{"items": [{"a-b": "w"}, {"a": "v"}, {"z": []}], "more": 1.5}'):
        learnt = answer(text)
        assert learnt is not None
        assert not difference(interpreter.run(orjson.loads(text)), learnt)
    for odd in ("36893488147419103232", '"\udcff"', "01", "[[[[[[]]]]]]"):
        assert answer(b'{"id": "x", "more": %b}' % odd.encode(errors="surrogateescape")) is None
    assert answer(b'{"items": [{"z": null}]}') is None  # for a struct, that is an object without members


def test_members_are_expected_in_the_order_of_the_first_batch(book: Books, difference: Difference) -> None:
    rulebook = book({**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"id": "batch.id"}}]}, SHAPED)
    compiled = compiler.compile(rulebook)
    compiled.prepare()
    mapper = compiled._structs.get()
    assert mapper is not None
    batches = [{"id": "a", "any": 1, "unread": "x"}, {"unread": "y", "id": "b"}, {"any": [], "id": 3}]
    texts = [orjson.dumps(batch) for batch in batches]
    before, interpreter = mapper._way[1], Interpreter(rulebook)
    for text in texts:
        found = mapper.transform(text)
        assert found is not None
        assert not difference(interpreter.run(orjson.loads(text)), found)
    for _ in range(1_000):  # until a thread has arranged them
        if mapper._way[1] not in (before, mapper._read):
            break
        time.sleep(0.01)
    assert mapper._members._order[""] == ["id", "any", "unread"]
    assert [mapper.transform(text) for text in texts] == [interpreter.run(orjson.loads(text)) for text in texts]


def test_not_every_undeclared_member_is_learnt(book: Books) -> None:
    rulebook = book({**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"id": "batch.id"}}]}, SHAPED)
    answer = answering(rulebook)
    many = orjson.dumps({"id": "a", **{f"m{number}": 1 for number in range(1000)}})
    assert [answer(many) for _ in range(3)] == [None] * 3
    assert answer(b'{"id": "a", "n": 1}') is None
    assert answer(b'{"id": "a"}') is not None
    answer = answering(rulebook)
    for number in range(30):
        answer(b'{"id": "a", "m%d": 1}' % number)
    assert answer(b'{"id": "a", "m0": 1, "m19": 1}') is not None
    assert [answer(b'{"id": "a", "m20": 1}') for _ in range(2)] == [None] * 2
    assert [answer(orjson.dumps({"id": "a", "x" * 201: 1})) for _ in range(2)] == [None] * 2


def test_a_mapping_that_uses_batches_as_a_whole_has_no_records(book: Books) -> None:
    whole = {**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"n": "length(batch)"}}]}
    assert structs_source_of(book(whole, SHAPED)) is None
    plain = {**PLAIN, "rules": [{"rule": "one", "output": "single", "fields": {"n": "batch.id"}}]}
    assert structs_source_of(book(plain, {})) is None
    assert structs_source_of(book(plain, {"type": "object"})) is None


@pytest.mark.slow
def test_the_source_is_the_same_each_time(shipped_mapping: Callable[..., api.Mapping]) -> None:
    rulebook = shipped_mapping().rulebook
    assert structs_source_of(rulebook) == structs_source_of(rulebook)


@pytest.mark.slow
def test_many_brackets(shipped: tuple[Interpreter, Callable[[bytes], Result | None]], difference: Difference) -> None:
    interpreter, answer = shipped
    batch = next(one for one in samples() if one.get("events") and answer(orjson.dumps(one)) is not None)
    many = {**batch, "events": batch["events"] * 100}
    text = orjson.dumps(many)
    given = answer(text)
    assert text.count(b"{") > 100
    assert given is not None
    assert not difference(interpreter.run(many), given)


@pytest.mark.parametrize("levels", [3, 5, 90, 98, 99, 100, 101, 200])
def test_levels_of_what_no_rule_reads(
    shipped: tuple[Interpreter, Callable[[bytes], Result | None]], difference: Difference, levels: int
) -> None:
    interpreter, answer = shipped
    deep = json.loads("[" * levels + "]" * levels)
    batch = {"mpid": 123456789, "user_identities": {"customer_id": "anna"}, "context": deep}
    given = answer(orjson.dumps(batch))
    assert (given is not None) == (levels < 5)
    assert given is None or not difference(interpreter.run(batch), given)
