"""Standalone modules in an empty environment: the same results as the interpreter's, whatever the batch."""

from __future__ import annotations
import __future__

import ast
import copy
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from moemap.engine import api, compiler
from moemap.engine.compiler.standalone.standalone import StandaloneError, standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.embedded import written_results
from moemap.engine.values.budget import MAX_COPIED
from moemap.tests.effort import effort
from moemap.tests.engine.damage import damaged

pytestmark = pytest.mark.slow  # a module of many thousand lines is written and compiled in each

ROOT = Path(__file__).parents[4]
REFERENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "defaults": ("mparticle-moengage", {}),
    "all on": (
        "mparticle-moengage",
        {"identity": "mpid", "objects": True, "tags": True, "unset_attributes": True, "push": True},
    ),
    **{path.stem: (str(path), {}) for path in (ROOT / "examples" / "workspaces").glob("*.yaml")},
}
RUN = """
import json, sys
assert not any("site-packages" in path for path in sys.path), sys.path
sys.path.insert(0, sys.argv[1])
import mapping
for line in sys.stdin:
    print(json.dumps(mapping.transform(json.loads(line))))
"""

ELSEWHERE = "this input is for the mapping mparticle-firehose@1, which is no part of this module"

Books = Callable[[dict[str, Any]], Rulebook]


def results_in_an_empty_environment(module: Path, batches: list[Any]) -> list[Any]:
    lines = "".join(json.dumps(batch) + "\n" for batch in batches)
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", RUN, str(module.parent)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def imported(source: str) -> ModuleType:
    """The module, in this process. What modules have in common is compiled once, definition by definition."""
    module = sys.modules["standalone"] = ModuleType("standalone")
    for text in source.split("\n\n\n"):
        exec(code_of(text), vars(module))
    return module


@lru_cache(2_000)
def code_of(text: str) -> CodeType:
    code: CodeType = compile(text, "standalone", "exec", __future__.annotations.compiler_flag, dont_inherit=True)
    return code


def difference(wanted: Any, given: Any) -> str:
    """The first difference between two results, types and order included."""
    for part in ("problems", "skipped", "requests"):
        for number in range(max(len(wanted[part]), len(given[part]))):
            one, other = (side[part][number] if number < len(side[part]) else None for side in (wanted, given))
            if repr(one) != repr(other):
                return f"{part}[{number}]\n  interpreter: {one!r}\n  standalone:  {other!r}"
    return ""


def samples() -> list[Any]:
    found: list[Any] = []
    for path in sorted((ROOT / "examples").glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        found += content if isinstance(content, list) else [content]
    return found


@cache
def golden() -> list[Any]:
    """The inputs of the golden tests of the shipped mapping."""
    from moemap.engine.golden import GoldenRunner, discover, load

    opening, found = GoldenRunner().opening, []
    for path in discover([ROOT / "mappings"]):
        file, _, _ = load(path, path.name, opening)
        assert file is not None
        found += [batch for test in file.tests for batch in test.batches]
    return found


def large() -> Iterator[Any]:
    """Batches whose bodies pass a limit, or must be split."""
    batch = json.loads((ROOT / "examples" / "custom_event_all_attribute_types.json").read_text("utf-8"))
    event = batch["events"][0]
    for texts, events in ((500, 300), (127_000, 3), (130_000, 2), (600, 1)):
        long = {**event, "data": {**event["data"], "custom_attributes": {"long": "x" * texts, "tiny": 0.00001234}}}
        yield {**batch, "events": [copy.deepcopy(long) for _ in range(events)]}


@pytest.mark.fuzz
@pytest.mark.parametrize("name", REFERENCES)
def test_the_shipped_mapping(name: str, grammar: ModuleType, tmp_path: Path) -> None:
    rulebook = api.load(*REFERENCES[name]).rulebook
    module = tmp_path / "mapping.py"
    module.write_text(standalone_of(rulebook), "utf-8")
    inputs = golden() if name == "defaults" else golden()[:: effort(6, 1)]
    batches = [*samples(), *inputs, *large(), None, [], 1, "text", {}, {"events": 5}, {"a": 2**64}, {"a": "\ud800"}]
    for number in range(effort(120, 400)):
        dice = grammar.Dice(number)
        batches.append(damaged(dice, dice.choice(batches[:60])))
    interpreter = Interpreter(rulebook)
    codes: set[str] = set()
    for batch, given in zip(batches, results_in_an_empty_environment(module, batches), strict=True):
        messages = [problem["message"] for problem in given["problems"]]
        if isinstance(batch, dict) and batch.get("type") == "event_processing_request" and ELSEWHERE in messages:
            continue  # only the whole engine has what `convert` names
        wanted = interpreter.run(batch)
        assert not difference(wanted.to_json(), given), f"{difference(wanted.to_json(), given)}\n{json.dumps(batch)}"
        codes.update(problem.code for problem in wanted.problems)
    assert {"M502", "M503", "M505"} <= codes
    assert name != "defaults" or {"M510", "M513"} <= codes


STRICT = {
    "type": "object",
    "required": ["e"],
    "properties": {
        "bad": False,
        "e": {"type": "string"},
        "list": {
            "maxItems": 3,
            "items": {"anyOf": [{"maxProperties": 2}, {"required": ["a"]}], "not": {"required": ["b"]}},
        },
        "attributes": {"propertyNames": {"pattern": "^[a-z]"}, "additionalProperties": {"type": ["string", "number"]}},
        "tags": {"items": {"type": "string", "maxLength": 3}, "uniqueItems": True},
    },
    "additionalProperties": {"not": {"type": ["array", "boolean"]}},
}


@pytest.mark.fuzz
@pytest.mark.parametrize("schema", [{"properties": {"bad": False}}, STRICT], ids=["loose", "strict"])
@pytest.mark.parametrize("seed", range(0, 400, effort(150, 50)))
def test_random_mappings(
    tmp_path: Path,
    grammar: ModuleType,
    head: dict[str, Any],
    copy_limit: Callable[[int], int],
    schema: Any,
    seed: int,
) -> None:
    (tmp_path / "in.schema.json").write_text("{}")
    (tmp_path / "out.schema.json").write_text(json.dumps(schema))
    limits = {"limits": "./out.schema.json"}
    outputs = {name: {**output, **(limits if "schema" in output else {})} for name, output in head["outputs"].items()}
    codes: set[str] = set()
    for number in range(seed, seed + 12):
        dice = grammar.Dice(number)
        content = {**head, **grammar.rules(dice)}
        if number % 2:
            content["outputs"] = outputs
        path = tmp_path / "mapping.yaml"
        path.write_text(json.dumps(content), "utf-8")
        rulebook = load(path).rulebook
        assert rulebook is not None
        source = standalone_of(rulebook).replace(f"MAX_COPIED = {MAX_COPIED:_}", f"MAX_COPIED = {copy_limit(number)}")
        interpreter, module = Interpreter(rulebook), imported(source)
        dice.roots = grammar.ROOTS
        for _ in range(12):
            batch = grammar.batch(dice)
            wanted = interpreter.run(batch)
            found = difference(wanted.to_json(), module.transform(batch))
            assert not found, f"mapping {number}: {found}\n{json.dumps(batch)}\n{json.dumps(content)}"
            codes.update(problem.code for problem in wanted.problems)
    assert schema is not STRICT or {"M505", "M509"} <= codes


def rulebook_of(tmp_path: Path, head: dict[str, Any], content: dict[str, Any], schema: Any = True) -> Rulebook:
    (tmp_path / "in.schema.json").write_text("{}")
    (tmp_path / "out.schema.json").write_text(json.dumps(schema if isinstance(schema, dict) else {}))
    (tmp_path / "mapping.yaml").write_text(json.dumps({**head, **content}), "utf-8")
    rulebook = load(tmp_path / "mapping.yaml").rulebook
    assert rulebook is not None
    return rulebook


def test_templates(tmp_path: Path, head: dict[str, Any]) -> None:
    texts = [
        "{{ batch.a|default('none')|upper }}",
        "{% if batch.a is none %}no{% else %}{{ batch.a ~ '!' }}{% endif %}",
    ]
    fields = {f"t{number}": {"template": text} for number, text in enumerate([*texts, "{{ batch.a < 1 }}"])}
    rulebook = rulebook_of(tmp_path, head, {"rules": [{"rule": "one", "output": "single", "fields": fields}]})
    interpreter, module = Interpreter(rulebook), imported(standalone_of(rulebook))
    for batch in ({}, {"a": "x"}, {"a": 2}, {"a": [1.50]}):
        assert not difference(interpreter.run(batch).to_json(), module.transform(batch))


def test_bodies_that_cannot_be_written(tmp_path: Path, head: dict[str, Any]) -> None:
    deep = "batch"
    lets = {f"l{number}": f"[[[[[[[[[[{deep if not number else f'l{number - 1}'}]]]]]]]]]]" for number in range(30)}
    fields = {"shallow": "l10", "x": {"from": "l29", "when": "batch.deep"}}
    content = {"let": lets, "rules": [{"rule": "one", "output": "single", "fields": fields}]}
    rulebook = rulebook_of(tmp_path, head, content)
    interpreter, module = Interpreter(rulebook), imported(standalone_of(rulebook))
    for batch, codes in (({"deep": False}, set()), ({"deep": True}, {"M509"})):
        wanted = interpreter.run(batch)
        assert {problem.code for problem in wanted.problems} == codes
        assert not difference(wanted.to_json(), module.transform(batch))


def test_schemas_that_refer_to_themselves(tmp_path: Path, head: dict[str, Any]) -> None:
    """This holds to the maximum depth of a batch, in time that does not multiply with each level."""
    nested = [
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {"type": "object", "additionalProperties": {"if": {"type": "number"}, "else": {"$ref": "#/$defs/value"}}},
    ]
    value = {"allOf": [{"anyOf": [{"type": "string"}, {"oneOf": nested}]}]}
    schema = {"$defs": {"value": value}, "properties": {"a": {"$ref": "#/$defs/value"}}}
    rules = [{"rule": "one", "output": "single", "fields": {"a": "batch.a"}}]
    rulebook = rulebook_of(tmp_path, head, {"rules": rules}, schema)
    (tmp_path / "mapping.py").write_text(standalone_of(rulebook), "utf-8")
    batches = []
    for leaf, depth in (("x", 30), ("x", 97), (False, 30), (False, 97)):
        deep: Any = leaf
        for number in range(depth):
            deep = [deep] if number % 2 else {"a": deep}
        batches.append({"a": deep})
    given = results_in_an_empty_environment(tmp_path / "mapping.py", batches)
    assert given == [Interpreter(rulebook).run(batch).to_json() for batch in batches]
    assert [len(result["requests"]) for result in given] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "schema",
    [
        {"unevaluatedProperties": False},
        {"properties": {"a": {"multipleOf": 0.1}, "e": True}},
        {"properties": {"a": {"pattern": r"^\p{L}+$"}}},
        {"properties": {"a": {"pattern": r"^(\S+\s?)+$"}}},
        {"properties": {"a": {"type": "string", "maxLength": 2**63, "minLength": 2**64 - 1}}},
        {"patternProperties": {"(?<!b)a": {"uniqueItems": True}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"format": "date-time"}}},
        {"properties": {"a": {"items": {"maxLength": 1}}}},
    ],
)
def test_schemas_mean_the_same_everywhere(tmp_path: Path, head: dict[str, Any], schema: dict[str, Any]) -> None:
    rules = {"rules": [{"rule": "one", "output": "single", "fields": {"a": "batch.a"}}]}
    rulebook = rulebook_of(tmp_path, head, rules, schema)
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    compiled.prepare()
    module = imported(standalone_of(rulebook))
    values: list[Any] = [
        None,
        1,
        0.3,
        0.35,
        True,
        "é",
        "a b",
        " ",
        "a\u2028b",
        "2026-01-31T23:59:59Z",
        [1, 1.0],
        [1, True],
    ]
    values += [["ab"] * 50, ["a"]]
    for value in values:
        batch = {"a": value}
        wanted = interpreter.run(batch)
        assert difference(wanted.to_json(), compiled.transform(batch).to_json()) == ""
        assert difference(wanted.to_json(), module.transform(batch)) == ""
        given = compiled.transform_text(json.dumps(batch).encode())
        assert given is None or difference(wanted.to_json(), given.to_json()) == ""


def test_rules_that_python_cannot_nest_are_refused(tmp_path: Path, head: dict[str, Any]) -> None:
    field: dict[str, Any] = {"from": "x25"}
    for number in range(25, 0, -1):
        field = {"each": f"x{number - 1}", "as": f"x{number}", "value": field}
    field["each"] = "batch.nested"
    rules = {"rules": [{"rule": "deep", "output": "single", "fields": {"nested": field}}]}
    with pytest.raises(StandaloneError, match="nested too deeply"):
        standalone_of(rulebook_of(tmp_path, head, rules))


def test_no_text_of_the_rules_becomes_code(tmp_path: Path, head: dict[str, Any]) -> None:
    evil = "x'''\"\"\"\n\r\u2028#\\'); raise SystemExit('"
    fields = {evil: {"const": evil}, "b": {"template": evil}, "c": {"from": f"batch.{json.dumps(evil)}"}}
    rules = [{"rule": "evil", "output": "single", "description": evil, "fields": fields, "spread": [{"from": "batch"}]}]
    schema = {"properties": {evil: {"const": evil, "not": {"const": 1}, "description": evil}}}
    rulebook = rulebook_of(tmp_path, head, {"rules": rules}, schema)
    batch = {"a": 1, evil: 2}
    wanted = Interpreter(rulebook).run(batch).to_json()
    assert not difference(wanted, imported(standalone_of(rulebook)).transform(batch))
    assert wanted["requests"][0]["body"][evil] == evil


def test_the_source_is_the_same_each_time_and_needs_no_other_module(shipped_module: Path) -> None:
    source = shipped_module.read_text("utf-8")
    assert source == standalone_of(api.load("mparticle-moengage").rulebook)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert all(alias.name.partition(".")[0] in sys.stdlib_module_names for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert str(node.module).partition(".")[0] in sys.stdlib_module_names
    bound = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(bound) == len(set(bound))


@pytest.fixture(scope="module")
def shipped_module(shipped_mapping: Callable[..., api.Mapping], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped mapping as a module."""
    module: Path = tmp_path_factory.mktemp("standalone") / "mapping.py"
    module.write_text(standalone_of(shipped_mapping().rulebook), "utf-8")
    return module


def test_a_stream(shipped_module: Path, shipped_mapping: Callable[..., api.Mapping]) -> None:
    batch = {"user_identities": {"customer_id": "Zo\u00eb"}, "user_attributes": {"plan": "gold"}}
    lines = [json.dumps(batch), "", '{"a": }', '{"a": NaN}', "[" * 100_000, json.dumps(batch, ensure_ascii=False)]
    text = b"\xef\xbb\xbf" + "\n".join(lines).encode() + b'\n"\xff"'
    done = subprocess.run([sys.executable, "-I", "-S", str(shipped_module)], input=text, capture_output=True)
    results = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert (done.returncode, done.stderr) == (1, b"")
    assert [[problem["message"] for problem in result["problems"]] for result in results] == [
        [],
        ["the record is not JSON: Expecting value (character 7)"],
        ["the record is not JSON: NaN is not a JSON number"],
        ["the record is refused: it is nested more than 100 levels deep"],
        [],
        ["the record is not JSON: it is not UTF-8 text (byte 2)"],
    ]
    assert results[0] == results[4] == shipped_mapping().transform(batch).to_json()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(shipped_module)], input=lines[0].encode(), capture_output=True
    )
    assert done.returncode == 0


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="the system has no such signal")
def test_a_process_that_embeds_a_module_keeps_its_signals() -> None:
    before = signal.getsignal(signal.SIGPIPE)
    assert written_results([b"{}"], io.StringIO(), lambda _batch: {"problems": []}) == 0
    assert signal.getsignal(signal.SIGPIPE) == before


def test_a_reader_that_has_had_enough(shipped_module: Path, tmp_path: Path) -> None:
    (tmp_path / "batches.ndjson").write_text("{}\n" * 20_000, "utf-8")
    with (tmp_path / "batches.ndjson").open("rb") as batches:
        done = subprocess.Popen(
            [sys.executable, "-I", "-S", str(shipped_module)],
            stdin=batches,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert done.stdout is not None
        assert done.stderr is not None
        with done.stdout, done.stderr:
            assert done.stdout.readline().startswith(b'{"requests":[]')
            done.stdout.close()
            assert done.stderr.read() == b""
        assert done.wait() == -signal.SIGPIPE
