"""The same batch through every door: the same result to the last digit, whoever reads it and whatever evaluates it."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.cli import main
from moemap.engine import api
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.jobs.transform import Recipe, Transform
from moemap.engine.runtime.batch import Record
from moemap.engine.runtime.result import Result
from moemap.engine.source.json_reader_plain import read_plainly

MAPPING = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
settings:
  one: {type: integer, default: 1}
outputs:
  out:
    schema: ./out.schema.json
    request: {path: /out, query: {id: {from: batch.id, type: string}, x: batch.x}}
    combine: {list: append}
    max_bytes: 3000
tables:
  numbers: {unlisted: keep, entries: {"1": one, "0": zero, "1.5": text, "true": yes_, "1e+22": much}}
routes:
  items: {each: batch.items, as: item}
policies:
  whole:
    - when: type(value) == 'number' && value == `1`
      value: {const: one}
    - {}
rules:
  - rule: types
    route: items
    when: item.kind == 'types'
    output: out
    fields:
      string: {from: item.x, type: string}
      integer: {from: item.x, type: integer}
      double: {from: item.x, type: double}
      strings: {from: item.list, type: array, items: string}
      integers: {from: item.list, type: array, items: integer}
      table: {from: item.x, table: numbers, type: string}
  - rule: functions
    route: items
    when: item.kind == 'functions'
    output: out
    let:
      number: to_number(item.x)
      numbers: item.list[?type(@) == 'number']
    fields:
      number: {from: to_string(number)}
      add: {from: "to_string(add(number, `0.5`))"}
      multiply: {from: "to_string(multiply(number, number))"}
      subtract: {from: "to_string(subtract(`1`, number))"}
      abs: {from: "to_string(abs(number))"}
      floor: {from: "floor(number)"}
      ceil: {from: "ceil(number)"}
      sum: {from: sum(numbers)}
      avg: {from: avg(numbers)}
      max: {from: to_string(max(numbers))}
      sorted: {from: to_string(sort(numbers))}
      by_number: {from: "to_string(sort_by_number(item.list, &@))"}
      distinct: {from: to_string(distinct(item.list))}
      size: {from: size(item)}
      time: {from: "from_unix_ms(item.x, 'milliseconds')"}
      less: {from: "item.list[?type(@) == 'number' && @ < `9007199254740993`] | length(@)"}
      same: {from: "item.list[0] == item.x && contains(item.list, item.x)"}
      one: {from: "[contains(item.list, settings.one), item.list == `[1]`, item.list != `[true]`, item.x == `0`]"}
      nested: {from: "[contains(item.list, `[1]`), item.rest == `{\\"a\\": true}`]"}
  - rule: templates
    route: items
    when: item.kind == 'templates'
    output: out
    fields:
      text: {template: "{{ item.x }} {{ item.list }}"}
      int: {template: "{{ item.x | int }}"}
      round: {template: "{{ item.x | round }} {{ item.x | round(2) }}"}
      equal: {template: "{% if item.x == 1 %}one{% elif item.x in item.list %}in{% else %}other{% endif %}"}
      less: {template: "{% if 0 < item.x <= 9007199254740993 %}less{% endif %}"}
  - rule: raw
    route: items
    when: item.kind == 'raw'
    output: out
    fields:
      raw: item.x
      kept: {from: item.x, type: integer, on_problem: keep}
      list: item.list
      spread: {spread: {from: item.rest, entries: whole}}
  - rule: bare
    route: items
    output: out
    spread: {from: item.rest, entries: whole}
"""

ITEM = {
    "type": "object",
    "properties": {
        "kind": {"type": "string"},
        "x": {"type": ["number", "string", "boolean", "null"]},
        "list": {"type": "array"},
        "rest": {"type": "object"},
    },
    "additionalProperties": False,
}
SCHEMAS: dict[str, Any] = {
    "anything": {},
    "records": {
        "type": "object",
        "properties": {"id": {"type": ["number", "string"]}, "x": {}, "items": {"type": "array", "items": ITEM}},
        "additionalProperties": False,
    },
}
LIMITED = {
    "properties": {
        "raw": {
            "type": ["number", "string", "boolean"],
            "maximum": 1e22,
            "exclusiveMinimum": -(2**63),
            "multipleOf": 0.5,
        },
        "kept": {"enum": [0, 1, 2.5, "1", True, [1], 2**53 + 1, 1e22, 2**64 - 1]},
        "list": {"uniqueItems": True, "items": {"not": {"const": [True]}}, "contains": {"const": 1}},
        "floor": {"maximum": 2**53},
        "size": {"type": "integer", "minimum": 60},
    },
}
OUTPUTS: dict[str, Any] = {"anything": {}, "records": {}, "limited": LIMITED}


def digits() -> st.SearchStrategy[str]:
    """Integers of every size, above all those around what something can hold."""
    bounds = [0, 1, 10, 2**31, 2**53, 2**63, 2**64, 10**18, 10**19, 10**20, 10**21, 10**22, 10**23, 10**308, 10**309]
    near = st.tuples(st.sampled_from([*bounds, *(10**399, 10**400, 10**401)]), st.integers(-2, 2)).map(sum)
    many = st.from_regex(r"[1-9][0-9]{0,40}0{0,30}", fullmatch=True).map(int)
    number = near | many | st.integers(-100, 100) | st.integers()
    return st.tuples(number, st.sampled_from(["", "-"])).map(lambda one: f"{one[1]}{abs(one[0])}")


def numerals() -> st.SearchStrategy[str]:
    """Numbers as JSON writes them, also those that nothing can hold."""
    exponents = st.sampled_from(
        ["", "e0", "E+1", "e-1", "e15", "e16", "e22", "e-7", "e307", "e308", "e309", "e-324", "e400", "e-400"]
    )
    fractions = st.sampled_from(["", ".0", ".5", ".25", ".000", ".1", ".99999999999999999999", f".{'3' * 60}"])
    doubles = st.floats(allow_nan=False, allow_infinity=False).map(repr)
    edges = st.sampled_from(["-0", "-0.0", "5e-324", "1.7976931348623157e308", "1.7976931348623159e308", "2.5e-324"])
    return digits() | doubles | edges | st.tuples(digits(), fractions, exponents).map("".join)


TEXTS = st.sampled_from(
    ["", "1_0", "+5", "007", " 5 ", "0x1F", "Infinity", "\uff11\uff12", "1e", "true", "5\n", "\x1c5"]
)
QUOTED = (numerals() | TEXTS).map(json.dumps)
SCALARS = numerals() | QUOTED | st.sampled_from(["true", "false", "null"])
LISTS = st.lists(SCALARS | SCALARS.map("[{}]".format), max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
OBJECTS = st.lists(
    st.tuples(QUOTED | st.just('"a"'), SCALARS | LISTS), max_size=3, unique_by=lambda entry: json.loads(entry[0])
).map(lambda entries: f"{{{', '.join(f'{name}: {value}' for name, value in entries)}}}")
KINDS = st.sampled_from(["types", "functions", "templates", "raw", "bare"])
ITEMS = st.builds(
    '{{"kind": "{}", "x": {}, "list": {}, "rest": {}}}'.format, KINDS, SCALARS, LISTS, OBJECTS
)  # the texts are what differs between the doors, not what Python makes of them
BATCHES = st.builds(
    '{{"id": {}, "x": {}, "items": [{}]}}'.format,
    QUOTED | st.just("1") | digits(),
    st.just("1") | st.just("1") | SCALARS,
    st.lists(ITEMS, max_size=3).map(", ".join),
)


@dataclass(repr=False)
class Doors:
    """A mapping, and all ways to give it the text of a batch."""

    path: Path
    mapping: api.Mapping
    interpreter: Interpreter
    module: ModuleType
    quick: Any
    slow: Transform

    def results(self, text: str) -> Iterator[tuple[str, str]]:
        """The name of each door, and the result as JSON text, in which 1, 1.0 and true differ."""
        raw = text.encode()
        yield "transform_json", told(self.mapping.transform_json(text).to_json())
        yield "records", told(self.result_of_records(raw).to_json())
        yield "a job", self.piece_of(raw)
        lines = io.StringIO()
        self.module.written_results([raw], lines, self.module.transform)
        yield "the lines of a standalone module", told(json.loads(lines.getvalue()))
        try:
            batch = json.loads(text)
        except ValueError:  # Python has no integers of that size
            return
        before = told(batch)
        yield "transform", told(self.mapping.transform(batch).to_json())
        yield "the interpreter", told(self.interpreter.run(batch).to_json())
        yield "a standalone module", told(self.module.transform(batch))
        assert told(batch) == before

    def result_of_records(self, text: bytes) -> Result:
        found: Result | None = self.quick.transform_text(text)
        if found is None:
            batch, problem = Record("", 1, text).parse()
            found = Result((), (), (problem,)) if problem is not None else self.quick.transform(batch)
        return found

    def piece_of(self, text: bytes) -> str:
        piece = self.slow.piece([Record("", 1, text)])
        return told(json.loads(piece.output))


def told(result: Any) -> str:
    return json.dumps(result)


@pytest.fixture(scope="module", params=OUTPUTS)
def doors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Doors:
    folder = tmp_path_factory.mktemp("mapping")
    (folder / "in.schema.json").write_text(json.dumps(SCHEMAS.get(request.param, {})))
    (folder / "out.schema.json").write_text(json.dumps(OUTPUTS[request.param]))
    path = folder / "mapping.yaml"
    path.write_text(MAPPING)
    mapping = api.load(path)
    module = sys.modules["standalone_doors"] = ModuleType("standalone_doors")
    exec(compile(standalone_of(mapping.rulebook), "standalone_doors", "exec", dont_inherit=True), vars(module))
    recipe = Recipe(str(path), {}, "result", pretty=False)
    quick, slow = recipe.program(), Transform(recipe, recipe.program())
    quick.prepare()
    return Doors(path, mapping, Interpreter(mapping.rulebook), module, quick, slow)


IDS = [
    ("10482000000000000000001", "10482000000000000000001"),
    ("18446744073709551616", "18446744073709551616"),
    ("-9223372036854775809", "-9223372036854775809"),
    ("-9999999999999999999", "-9999999999999999999"),
    ("9" * 400, "9" * 400),
    ("36800000000000000000", "36800000000000000000"),
    ("100000000000000000000000", "100000000000000000000000"),
    ("1e22", "10000000000000000000000"),
    ("18446744073709551615", "18446744073709551615"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("9007199254740993", "9007199254740993"),
    ("-0", "0"),
    ("-0.0", "0"),
]


@pytest.mark.parametrize(("number", "digits"), IDS)
def test_the_digits_of_an_id_are_kept(doors: Doors, number: str, digits: str) -> None:
    text = f'{{"items": [{{"kind": "types", "x": {number}, "list": [{number}]}}]}}'
    for door, result in doors.results(text):
        (request,) = json.loads(result)["requests"]
        assert (request["body"]["string"], request["body"]["strings"]) == (digits, [digits]), door


SENT = [
    ("36800000000000000000", "3.68e+19", None),
    ("9007199254740993", "9007199254740993", None),
    ("18446744073709551615", "18446744073709551615", None),
    ("-0.0", "-0.0", None),
    ("18446744073709551616", None, "18446744073709551616 needs more than 64 bits"),
    ("-9223372036854775809", None, "-9223372036854775809 needs more than 64 bits"),
    ("10482000000000000000001", None, "10482000000000000000001 needs more than 64 bits"),
    ("1" + "0" * 350, None, f"1{'0' * 76}... needs more than 64 bits"),
]


@pytest.mark.parametrize(("number", "sent", "reason"), SENT)
def test_a_number_is_sent_exactly_or_not(doors: Doors, number: str, sent: str | None, reason: str | None) -> None:
    text = f'{{"items": [{{"kind": "raw", "x": 1, "list": [[{number}], 1]}}]}}'
    for door, answer in doors.results(text):
        result = json.loads(answer)
        (request,) = result["requests"]
        assert told(request["body"].get("list")) == (f"[[{sent}], 1]" if sent else "null"), door
        assert request["body"]["raw"] == 1
        found = [
            tuple(problem[key] for key in ("code", "output", "input", "message")) for problem in result["problems"]
        ]
        wanted = ("M518", "/list/0/0", "/items/0/list", f"a number of the out request would be rounded: {reason}")
        assert found == ([wanted] if reason else []), door


def test_what_is_left_out_is_named_where_it_would_stand(doors: Doors) -> None:
    lists = ("[1]", '[{"a": 18446744073709551616, "b": [2]}, {"c": null}]', "[[18446744073709551616]]")
    items = ", ".join(f'{{"kind": "raw", "x": 1, "list": {one}}}' for one in lists)
    for door, answer in doors.results(f'{{"items": [{items}]}}'):
        result = json.loads(answer)
        bodies = [request["body"] for request in result["requests"]]
        whole = {"raw": 1, "kept": 1, "list": [1, {"b": [2]}, {"c": None}]}
        assert bodies == [whole], door
        places = [(problem["input"], problem["output"]) for problem in result["problems"]]
        assert places == [("/items/1/list", "/list/1/a"), ("/items/2/list", "/list/0/0")], door


def test_a_request_without_anything_exact_is_not_made(doors: Doors) -> None:
    """Objects in which nothing else is are nothing."""
    for rest, place in ('{"a": 18446744073709551616}', "/a"), ('{"o": {"p": {"a": 18446744073709551616}}}', "/o/p/a"):
        for door, answer in doors.results(f'{{"items": [{{"kind": "bare", "rest": {rest}}}]}}'):
            result = json.loads(answer)
            (problem,) = result["problems"]
            assert (problem["code"], problem["severity"], problem["output"]) == ("M518", "error", place), door
            assert result["requests"] == []


def test_objects_with_nothing_else_are_left_out_with_a_number(doors: Doors) -> None:
    rest = '{"a": {"b": {"c": 18446744073709551616}}, "d": {"e": {}}, "l": [{"m": 18446744073709551616}, 1]}'
    for door, answer in doors.results(f'{{"items": [{{"kind": "bare", "rest": {rest}}}]}}'):
        result = json.loads(answer)
        assert [request["body"] for request in result["requests"]] == [{"d": {"e": {}}, "l": [{}, 1]}], door
        assert [problem["output"] for problem in result["problems"]] == ["/a/b/c", "/l/0/m"], door


def test_a_query_has_all_digits(doors: Doors) -> None:
    text = '{"x": 18446744073709551616, "items": [{"kind": "raw", "x": 1, "list": [1]}]}'
    for door, answer in doors.results(text):
        result = json.loads(answer)
        assert [request["query"] for request in result["requests"]] == [{"x": "18446744073709551616"}], door
        assert result["problems"] == []


NO_NUMBERS = [
    (f'"{"9" * 390}.5"', {"int", "round", "less"}),
    (f'"{"9" * 400}"', {"int", "round", "less"}),
    (f'"{"9" * 5000}"', {"int", "round", "less"}),
    ('"1e309"', {"int", "round", "less"}),
    ("1.7976931348623157e308", {"int"}),
    ("9223372036854775808.5", set()),
]


@pytest.mark.parametrize(("text", "failing"), NO_NUMBERS)
def test_arithmetic_of_templates_fails_and_raises_nothing(doors: Doors, text: str, failing: set[str]) -> None:
    for door, answer in doors.results(f'{{"items": [{{"kind": "templates", "x": {text}, "list": [1]}}]}}'):
        result = json.loads(answer)
        failed = {problem["output"][1:] for problem in result["problems"] if problem["code"] == "M514"}
        assert failed == failing, door
        assert "the engine failed" not in answer
        for body in (request["body"] for request in result["requests"]):  # none where it is too large
            assert not failing & body.keys()
            assert not {"inf", "nan", "Infinity"} & set(" ".join(map(str, body.values())).split())


REFUSED = [
    ("1e400", "a number is not finite"),
    ("-1.8e308", "a number is not finite"),
    ("9" * 401, "an integer has more than 400 digits"),
    ("-1" + "0" * 5000, "an integer has more than 400 digits"),
]


@pytest.mark.parametrize(("number", "reason"), REFUSED)
def test_a_record_with_a_number_beyond_all_is_refused(doors: Doors, number: str, reason: str) -> None:
    for door, result in doors.results(f'{{"items": [], "x": {number}}}'):
        (problem,) = json.loads(result)["problems"]
        assert (problem["code"], problem["message"]) == ("M503", f"the record is refused: {reason}"), door


NO_OBJECTS = [
    ("18446744073709551616", "an integer"),
    ("-9223372036854775809", "an integer"),
    ("9" * 400, "an integer"),
    ("1e30", "a double"),
    ("true", "a boolean"),
    ("null", "null"),
    ('"18446744073709551616"', "a string"),
    ("[18446744073709551616]", "a list"),
]


@pytest.mark.parametrize(("text", "found"), NO_OBJECTS)
def test_a_record_that_is_no_object_is_named(doors: Doors, text: str, found: str) -> None:
    for door, result in doors.results(text):
        (problem,) = json.loads(result)["problems"]
        assert (problem["code"], problem["message"]) == ("M502", f"a batch must be an object, not {found}"), door


@pytest.mark.parametrize("number", ["1e400", "9" * 401])
def test_a_record_that_is_a_number_beyond_all_is_refused(doors: Doors, number: str) -> None:
    for door, result in doors.results(number):
        assert [problem["code"] for problem in json.loads(result)["problems"]] == ["M503"], door


def test_the_command_keeps_the_digits(doors: Doors, tmp_path: Path) -> None:
    lines = [f'{{"items": [{{"kind": "{kind}", "x": {n}}}]}}' for n, _ in IDS for kind in ("types", "raw")]
    given_, out, rejects = (tmp_path / name for name in ("in.ndjson.gz", "out.ndjson", "rejects.ndjson"))
    given_.write_bytes(gzip.compress("\n".join(lines).encode()))
    options = ["--output", str(out), "--rejects", str(rejects), "--mapping", str(doors.path)]
    command = CliRunner().invoke(main, ["transform", *options, str(given_)])
    assert command.exit_code == 1, command.output
    results = [told(json.loads(line)) for line in out.read_text().splitlines()]
    assert results == [told(doors.mapping.transform_json(line).to_json()) for line in lines]
    kept = [told(json.loads(line)["batch"]) for line in rejects.read_text().splitlines()]
    assert told(json.loads(lines[1])) in kept
    again = CliRunner().invoke(main, ["transform", "--replay-rejects", "--mapping", str(doors.path), str(rejects)])
    assert "10482000000000000000001" in again.output


@pytest.mark.slow
@pytest.mark.fuzz
@given(BATCHES)
@example('{"id": 10482000000000000000001, "items": [{"kind": "raw", "x": 10482000000000000000002}]}')
def test_all_doors_give_the_same(doors: Doors, text: str) -> None:
    (name, wanted), *others = doors.results(text)
    for other, found in others:
        assert found == wanted, f"{other} and {name} differ"


@pytest.mark.fuzz
@given(numerals())
def test_numbers_are_read_the_same(text: str) -> None:
    raw = b'{"a": [%s]}' % text.encode()
    assert told_of_reading(Record("", 1, raw).parse()) == told_of_reading(read_plainly(raw))


def told_of_reading(read: tuple[Any, Any]) -> str:
    value, problem = read
    return told(value if problem is None else problem.to_json())
