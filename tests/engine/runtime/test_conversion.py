"""Inputs that a rule hands to another mapping: every way gives the same, with the places of the input as it arrived."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import moemap
from moemap.engine import api
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.documents.document import document_of
from moemap.engine.golden import files
from moemap.engine.golden.runner import GoldenRunner
from moemap.engine.golden.watching import files_of
from moemap.engine.insight.changes import changes_between
from moemap.engine.insight.tracing import trace
from moemap.engine.insight.why_not import why_not
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.jobs.program import open_program
from moemap.engine.language.loader import load
from moemap.engine.mutation import running
from moemap.engine.runtime.result import Failed, Result

HEAD = "language: 1\nversion: 1.0.0\n"
MAIN = f"""{HEAD}name: main
input: {{as: order, schema: ./order.schema.json}}
outputs:
  line: {{schema: ./line.schema.json, request: {{path: /lines}}, element_of: lines, combine: {{lines: append}}}}
routes:
  lines: {{each: order.lines, as: line}}
rules:
  - {{rule: rows, when: order.rows, convert: ./rows}}
  - {{rule: negative, route: lines, when: line.count < `0`, reject: the count is negative}}
  - {{rule: free, route: lines, when: line.price == `0`, skip: it is free}}
  - rule: line
    route: lines
    output: line
    fields:
      id: {{from: line.id, required: true}}
      price: {{from: line.price, type: double}}
"""
ROWS = f"""{HEAD}name: rows
input: {{as: sheet, schema: ./sheet.schema.json}}
outputs:
  order:
    schema: ./../order.schema.json
    request: {{path: /}}
    combine: {{lines: append}}
    fields: {{shop: sheet.shop}}
routes:
  rows: {{each: sheet.rows, as: row}}
rules:
  - {{rule: blank, route: rows, when: "!row", skip: the row is blank}}
  - {{rule: comment, route: rows, when: type(row) == 'string', reject: the row is a comment}}
  - rule: row
    route: rows
    output: order
    fields:
      lines:
        list: [{{fields: {{id: "row[0]", price: "row[1]", count: "row[2]"}}}}]
"""
SHEETS: list[Any] = [
    {"rows": [["a", "1.5"], ["b", "much"], [], ["c", 0], ["d", 1, -1]]},
    {"rows": [["a", 1], [None, 2], "comment"], "shop": "Ribe"},
    {"rows": [[]]},
    {"rows": [["a", 1]], "lines": [{"id": "z"}]},
    {"rows": 7},
    {"rows": {}},
    {"rows": [["a", {}], ["b", [1]]]},
]
LINES: list[Any] = [{"lines": [{"id": "a", "price": 2}, {"id": "b", "count": -1}, {}]}, {"lines": []}, {}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("converting")
    (made / ".moemap").touch()
    (made / "rows").mkdir()
    (made / "mapping.yaml").write_text(MAIN, "utf-8")
    (made / "rows" / "mapping.yaml").write_text(ROWS, "utf-8")
    for name in ("order", "line", "rows/sheet"):
        (made / f"{name}.schema.json").write_text("{}", "utf-8")
    return made


def test_places_are_those_of_the_input_as_it_arrived(folder: Path) -> None:
    result = moemap.load(folder).transform(SHEETS[0])
    assert [request.body for request in result.requests] == [{"lines": [{"id": "a", "price": 1.5}, {"id": "b"}]}]
    assert [(one.pointer, one.reason) for one in result.skipped] == [
        ("/rows/2", "the row is blank"),
        ("/rows/3", "it is free"),
    ]
    assert [(one.code, one.input, one.output) for one in result.problems] == [
        ("M505", "/rows/1/1", "/lines/1/price"),
        ("M511", "/rows/4", None),
    ]


def test_what_the_conversion_rejects_is_reported_and_the_rest_is_mapped(folder: Path) -> None:
    result = moemap.load(folder).transform(SHEETS[1])
    assert [request.body for request in result.requests] == [{"lines": [{"id": "a", "price": 1}]}]
    assert [(one.code, one.input) for one in result.problems] == [("M511", "/rows/2"), ("M506", "/rows/1")]


@pytest.mark.parametrize("batch", SHEETS + LINES, ids=json.dumps)
def test_every_way_gives_the_same(folder: Path, batch: Any) -> None:
    mapping, program = moemap.load(folder), open_program(str(folder), {})
    mapping.prepare()
    program.prepare()
    text, expected = json.dumps(batch).encode(), Interpreter(mapping.rulebook).run(batch)
    assert mapping.transform(batch) == expected
    assert mapping.transform_json(text) == expected
    assert program.transform(batch) == expected
    assert (program.transform_text(text) or expected) == expected
    assert mapping.explain(batch)[0] == expected
    assert Interpreter(mapping.rulebook).retry(batch)[0] == expected


def test_a_replay_maps_only_what_failed(folder: Path) -> None:
    interpreter = Interpreter(moemap.load(folder).rulebook)
    first, failed = interpreter.retry(SHEETS[0])
    assert failed is not None
    again, still = interpreter.retry(SHEETS[0], set(failed))
    assert len(first.requests) == 1
    assert (again.requests, still) == ((), failed)


def test_a_replay_maps_what_the_conversion_failed_at(folder: Path, tmp_path: Path) -> None:
    _, failed = Interpreter(moemap.load(folder).rulebook).retry(SHEETS[1])
    assert failed == (
        Failed("rows", None, "/rows/2", convert="./rows"),
        Failed("lines", None, "/rows/1"),
    )
    shutil.copytree(folder, tmp_path / "new")
    rows = tmp_path / "new" / "rows" / "mapping.yaml"
    rows.write_text(
        ROWS.replace("reject: the row is a comment", "output: order, fields: {lines: {list: [{fields: {id: row}}]}}"),
        "utf-8",
    )
    again, still = Interpreter(moemap.load(tmp_path / "new").rulebook).retry(SHEETS[1], set(failed))
    assert [request.body for request in again.requests] == [{"lines": [{"id": "comment"}]}]
    assert still == (failed[1],)


MANY = """
name: many
input: {as: pile, schema: ./pile.schema.json}
outputs:
  order: {schema: ./../order.schema.json, request: {path: /}, combine: {lines: append}, max_items: 3}
  other: {schema: ./../order.schema.json, request: {path: /}}
routes:
  orders: {each: pile.orders, as: one}
  loose: {each: pile.loose, as: line}
rules:
  - {rule: packs, when: pile.packs || pile.crumbs, convert: ./pack}
  - {rule: bad, route: orders, when: one.bad, %(bad)s}
  - {rule: order, route: orders, output: other, fields: {lines: one.lines, shop: one.shop, closed: one.closed}}
  - {rule: wrong, route: loose, when: line.bad, %(wrong)s}
  - {rule: loose, route: loose, output: order, fields: {lines: {list: [line]}}}
"""
PACK = """
name: pack
input: {as: all, schema: ./pack.schema.json}
outputs: {pile: {schema: ./../pile.schema.json, request: {path: /}, combine: {loose: append}, max_items: 4}}
routes:
  packs: {each: all.packs, as: pack}
  crumbs: {each: all.crumbs, as: crumb}
rules:
  - {rule: torn, route: packs, when: pack.torn, %(torn)s}
  - {rule: pack, route: packs, output: pile, fields: {orders: pack.orders, loose: pack.loose}}
  - {rule: crumb, route: crumbs, output: pile, fields: {loose: {list: [crumb]}}}
"""
MANY_MAIN = """
name: main
input: {as: order, schema: ./order.schema.json}
outputs:
  line:
    {schema: ./line.schema.json, request: {path: /lines}, element_of: lines, combine: {lines: append}}
  shop: {schema: ./line.schema.json, request: {path: /shops}}
routes:
  lines: {each: order.lines, as: line}
rules:
  - {rule: many, when: order.orders || order.loose || order.packs || order.crumbs, convert: ./many}
  - {rule: closed, when: order.closed, %(closed)s}
  - {rule: shop, when: order.shop, output: shop, fields: {id: {from: order.shop.id, required: true}}}
  - rule: line
    route: lines
    output: line
    fields: {id: line.id, price: {from: line.price, required: %(required)s}}
"""
STRICT = {
    "torn": "reject: it is torn",
    "bad": "reject: it is bad",
    "wrong": "reject: it is wrong",
    "closed": "reject: closed",
    "required": "true",
}
LENIENT = {
    "torn": "output: pile, fields: {orders: pack.orders, loose: pack.loose}",
    "bad": "output: other, fields: {lines: one.lines, shop: one.shop}",
    "wrong": "output: order, fields: {lines: {list: [line]}}",
    "closed": "output: shop, fields: {id: order.closed}",
    "required": "false",
}


@pytest.fixture(scope="module")
def strict_and_lenient(tmp_path_factory: pytest.TempPathFactory) -> list[Interpreter]:
    """A mapping that another one converts for, into several bodies, as both were and after they were mended."""
    made = []
    for values in (STRICT, LENIENT):
        folder = tmp_path_factory.mktemp("many")
        (folder / ".moemap").touch()
        (folder / "many" / "pack").mkdir(parents=True)
        for where, text in ((folder, MANY_MAIN), (folder / "many", MANY), (folder / "many" / "pack", PACK)):
            (where / "mapping.yaml").write_text(HEAD + text % values, "utf-8")
        for name in ("order", "line", "many/pile", "many/pack/pack"):
            (folder / f"{name}.schema.json").write_text("{}", "utf-8")
        made.append(Interpreter(moemap.load(folder).rulebook))
    return made


def some_lines(dice: random.Random, numbers: Iterator[int]) -> list[Any]:
    kinds = [{"price": 1}, {"price": 1}, {}, {"price": 2, "bad": True}]
    return [{"id": next(numbers), **dice.choice(kinds)} for _ in range(dice.randint(0, 4))]


def given_by(*results: Result) -> Counter[str]:
    """Counts the elements of all request bodies as JSON, those of combined bodies one by one."""
    found: Counter[str] = Counter()
    for request in (request for result in results for request in result.requests):
        found.update(json.dumps(one) for one in request.body.get("lines", [request.body]))
    return found


def some_pile(dice: random.Random, numbers: Iterator[int]) -> dict[str, Any]:
    orders = []
    for _ in range(dice.randint(0, 4)):
        order: dict[str, Any] = {"lines": some_lines(dice, numbers), "shop": {"id": next(numbers)}}
        orders.append({**order, **dice.choice([{}, {}, {"bad": True}, {"closed": next(numbers)}])})
    return {"orders": orders, "loose": some_lines(dice, numbers)}


def some_packs(dice: random.Random, numbers: Iterator[int]) -> dict[str, Any]:
    packs = [{**some_pile(dice, numbers), **dice.choice([{}, {}, {"torn": True}])} for _ in range(dice.randint(0, 4))]
    return {"packs": packs, "crumbs": some_lines(dice, numbers)}


@pytest.mark.parametrize("given", [some_pile, some_packs], ids=["converted once", "converted twice"])
@pytest.mark.parametrize("seed", range(60))
def test_replays_of_many_bodies_give_what_is_missing_and_nothing_else(
    strict_and_lenient: list[Interpreter], seed: int, given: Callable[..., Any]
) -> None:
    strict, lenient = strict_and_lenient
    batch = given(random.Random(seed), count())
    first, failed = strict.retry(batch)
    only = None if failed is None else set(failed)
    still, same = strict.retry(batch, only)
    assert (still.requests, same and sorted(same, key=repr)) == ((), failed and sorted(failed, key=repr))
    mended, none = lenient.retry(batch, only)
    assert none == ()
    assert given_by(first, mended) == given_by(lenient.run(batch))


def test_each_element_of_a_combined_list_has_its_own_place(strict_and_lenient: list[Interpreter]) -> None:
    loose = [[{"id": 1, "price": 1}], [], [{"id": 2}, {"id": 3}], [{"id": 4}]]
    result = strict_and_lenient[0].run({"packs": [{"loose": some} for some in loose]})
    places = ["/packs/2/loose/0", "/packs/2/loose/1", "/packs/3/loose/0"]
    assert sorted(one.input or "" for one in result.problems) == places


def test_parts_of_a_conversion_that_converts_are_named(strict_and_lenient: list[Interpreter]) -> None:
    pack = {"orders": [{"lines": [{"id": 1}], "bad": True}], "loose": [{"id": 2}]}
    packs = {"packs": [{"torn": True}, pack, {"loose": [{"id": 3, "price": 1}]}]}
    _, failed = strict_and_lenient[0].retry(packs)
    assert failed is not None
    assert set(failed) == {
        Failed("packs", None, "/packs/0", convert="./many > ./pack"),
        Failed("orders", None, "/packs/1/orders/0", convert="./many"),
        Failed("lines", None, "/packs/1/loose/0"),
    }
    assert str(failed[0]) == "the route 'packs' at /packs/0 of ./many > ./pack"


def test_elements_of_both_are_accounted_for(folder: Path) -> None:
    elements = moemap.load(folder).elements(SHEETS[0])
    assert [(one.pointer, one.outcome, one.rule) for one in elements] == [
        ("/rows/0", "mapped", "row"),
        ("/rows/1", "mapped", "row"),
        ("/rows/2", "skipped", "blank"),
        ("/rows/3", "mapped", "row"),
        ("/rows/4", "mapped", "row"),
        ("/rows/0", "mapped", "line"),
        ("/rows/1", "mapped", "line"),
        ("/rows/3", "skipped", "free"),
        ("/rows/4", "rejected", "negative"),
    ]


def test_a_standalone_module_rejects_the_other_form(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("standalone")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(standalone_of(moemap.load(folder).rulebook), vars(module))
    result = module.transform(SHEETS[0])
    assert result["requests"] == []
    assert [(one["code"], one["message"], one["input"]) for one in result["problems"]] == [
        ("M511", "this input is for the mapping ./rows, which is no part of this module", "")
    ]
    assert module.transform(LINES[0]) == moemap.load(folder).transform(LINES[0]).to_json()


def test_what_was_converted_is_not_converted_again(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "again")
    main = tmp_path / "again" / "mapping.yaml"
    main.write_text(MAIN.replace("when: order.rows", "when: order.rows || order.lines"), "utf-8")
    mapping, batch = moemap.load(main.parent), {"rows": [["a", 1]]}
    result = mapping.transform(batch)
    message = "this is what ./rows gives, and would be converted again"
    assert [(one.code, one.message, one.input) for one in result.problems] == [("M511", message, "")]
    assert result.requests == ()
    assert result == Interpreter(mapping.rulebook).run(batch) == mapping.explain(batch)[0]
    assert Interpreter(mapping.rulebook).retry(batch) == (result, None)
    assert [one.fate for one in mapping.account(batch)] != []


def test_branches_taken_after_a_conversion_count(folder: Path) -> None:
    interpreter = Interpreter(moemap.load(folder).rulebook)
    hits: dict[tuple[int, str], int] = {}
    interpreter.count(SHEETS[0], hits)
    seen = Counter[tuple[int, str]]()
    interpreter.observe(SHEETS[0], lambda taken: seen.update([(id(taken.part), taken.outcome)]))
    assert hits == seen
    line = next(rule for rule in interpreter.rulebook.rules if rule.name == "line")
    assert hits[id(line), "takes"] == 2


def test_a_change_of_what_the_other_mapping_makes_is_a_change(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "new")
    rows = tmp_path / "new" / "rows" / "mapping.yaml"
    rows.write_text(ROWS.replace("row[1]", "row[3]"), "utf-8")
    old, new = (moemap.load(path).rulebook for path in (folder, tmp_path / "new"))
    (change,) = changes_between(old, new)
    assert (change.effect, change.text) == (
        "behaviour",
        "./rows: rule row, lines comes from a list of an object that differs",
    )
    assert change.id == "converters/./rows/rules/row/fields/lines/from"


def test_verdicts_on_mutants_hold_for_the_other_mapping_too(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "new")
    rows = tmp_path / "new" / "rows" / "mapping.yaml"
    rows.write_text(ROWS.replace("row[1]", "row[3]"), "utf-8")
    books = [moemap.load(path).rulebook for path in (folder, tmp_path / "new")]
    old, new = (running._key(SimpleNamespace(rulebook=book, tested=SimpleNamespace(tests=()))) for book in books)  # type: ignore[arg-type]
    assert old != new


def test_tests_are_run_again_where_the_other_mapping_changes(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    tests, rows = (tmp_path / "copy" / name for name in ("tests.yaml", "rows/mapping.yaml"))
    tests.write_text("mapping: ./mapping.yaml\ntests: [{test: one, input: {}, expect: {}}]\n", "utf-8")
    for text in (ROWS, ROWS.replace("rules:", "ruls:")):
        rows.write_text(text, "utf-8")
        runner = GoldenRunner()
        file, _, _ = files.load(tests, str(tests), runner.opening)
        assert file is not None
        assert rows.resolve() in {path.resolve() for path in files_of(file, runner.opening)}


def test_a_mapping_that_converts_can_convert_first(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "rows" / "table").mkdir()
    (copy / "mapping.yaml").write_text(MAIN.replace("order.rows", "order.rows || order.table"), "utf-8")
    table = "rules:\n  - {rule: table, when: sheet.table, convert: ./table}\n"
    (copy / "rows" / "mapping.yaml").write_text(ROWS.replace("rules:\n", table), "utf-8")
    (copy / "rows" / "table" / "mapping.yaml").write_text(
        f"""{HEAD}name: table
input: {{as: page, schema: ./page.schema.json}}
outputs: {{sheet: {{schema: ./../sheet.schema.json, request: {{path: /}}}}}}
rules: [{{rule: sheet, output: sheet, fields: {{rows: page.table, shop: page.at.shop}}}}]
""",
        "utf-8",
    )
    (copy / "rows" / "table" / "page.schema.json").write_text("{}", "utf-8")
    for sheet in SHEETS:
        page = {"table": sheet["rows"], "at": {"shop": sheet.get("shop")}}
        given, wanted = moemap.load(copy).transform(page), moemap.load(folder).transform({**sheet, "lines": None})
        assert given == Interpreter(moemap.load(copy).rulebook).run(page)
        assert [request.body for request in given.requests] == [request.body for request in wanted.requests]
        places = [(one.code, one.input and one.input.replace("/rows", "/table")) for one in wanted.problems]
        assert [(one.code, one.input) for one in given.problems] == places


def test_one_path_in_two_folders_is_refused(folder: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(folder, project)
    shutil.copytree(folder / "rows", project / "own" / "rows")
    workspace = project / "own" / "workspace.yaml"
    rule = "{rule: more, when: order.more, convert: ./rows}"
    workspace.write_text(f"language: 1\nworkspace: own\nextends: ./../mapping.yaml\nrules:\n  - {rule}\n", "utf-8")
    messages = [problem.message for problem in load(workspace).problems]
    assert "'./rows' cannot convert the input: in the folder of another rule, this is another mapping" in messages


def test_explanations_and_documentation_say_that_inputs_are_converted(folder: Path) -> None:
    rulebook = moemap.load(folder).rulebook
    (miss,) = why_not(trace(rulebook, {"rows": [[]]}), "/lines/0/id")
    assert miss.reason == "it hands the batch to ./rows"
    listings = {one.title: one for one in document_of(rulebook, {}).overview}
    assert [row.key for row in listings["What is converted"].rows] == ["rows"]
    assert [row.key for row in listings["What is left out"].rows] == ["negative", "free"]


def test_nothing_is_left_to_read_for_a_program_that_is_wholly_prepared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_program(str(folder), {})
    program = open_program(str(folder), {})  # from the cache
    program.prepare_all()
    monkeypatch.setattr("moemap.engine.jobs.program._unchecked", None)
    assert [request.body for request in program.transform(SHEETS[1]).requests] == [{"lines": [{"id": "a", "price": 1}]}]
    assert program.retry(SHEETS[1])[1] is not None


def test_a_change_of_the_other_mapping_is_seen(folder: Path, tmp_path: Path) -> None:
    digest = open_program(str(folder), {}).digest
    file = folder / "rows" / "mapping.yaml"
    before = file.read_text("utf-8")
    try:
        file.write_text(before.replace("the row is blank", "the row is empty"), "utf-8")
        program = open_program(str(folder), {})
        assert program.digest != digest
        assert program.transform(SHEETS[2]).skipped[0].reason == "the row is empty"
    finally:
        file.write_text(before, "utf-8")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "{rule: rows, convert: ./rows}",
            "'./rows' cannot convert the input: without `when`, what it gives would be converted again",
        ),
        ("{rule: rows, convert: rows}", "'convert' 'rows' is not name@major or ./path"),
        ("{rule: rows, convert: ./none}", "no mapping './none' is known"),
        ("{rule: rows, convert: ./../none}", "the mapping './../none' "),
        ("{rule: rows, convert: none@1}", "no mapping 'none@1' is known"),
        ("{rule: rows, convert: .}", "'.' cannot convert the input: it would convert its own input"),
        (
            "{rule: rows, convert: ./rows, skip: it is}",
            "the rule 'rows' takes exactly one of output, skip, reject and convert",
        ),
        ("{rule: rows, route: lines, convert: ./rows}", "the rule 'rows' takes exactly one of route and convert"),
        ("{rule: rows, convert: ./rows, fields: {}}", "the rule 'rows' takes exactly one of fields and convert"),
    ],
)
def test_errors(folder: Path, rule: str, message: str) -> None:
    text = MAIN.replace("{rule: rows, when: order.rows, convert: ./rows}", rule)
    problems = load(folder / "mapping.yaml", text=text).problems
    assert [problem.message for problem in problems if problem.message.startswith(message)] != [], problems


def test_a_mapping_with_errors_converts_nothing(folder: Path) -> None:
    (folder / "broken").mkdir(exist_ok=True)
    (folder / "broken" / "mapping.yaml").write_text(ROWS.replace("rules:", "ruls:"), "utf-8")
    text = MAIN.replace("./rows}", "./broken}")
    (problem,) = load(folder / "mapping.yaml", text=text).problems
    assert problem.message == "'./broken' cannot convert the input: it has errors of its own"
    assert [str(one.place) for one in problem.related] != []
    assert not api.load(folder).problems


def test_mappings_that_convert_for_each_other_are_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    rows = ROWS.replace("rules:\n", "rules:\n  - {rule: back, when: sheet.back, convert: ./..}\n")
    Path("rows/mapping.yaml").write_text(rows, "utf-8")
    for file, name, circle in (
        ("mapping.yaml", "./rows", "main -> rows -> main"),
        ("rows/mapping.yaml", "./..", "rows -> main -> rows"),
    ):
        problem, *more = load(Path(file)).problems
        assert problem.message == f"'{name}' cannot convert the input: it would convert its own input: {circle}"
        assert [one.text for one in problem.related] == ["its first error"]
        assert [one.message for one in more] == []
