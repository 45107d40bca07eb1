"""Every example of docs/language does what its page says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api, expressions, golden, schemas, source, templates, values
from moemap.engine.checks import metaschemas
from moemap.engine.diagnostics import problem
from moemap.engine.expressions import growth
from moemap.engine.functions import errors, globs
from moemap.engine.insight import tracing
from moemap.engine.jobs import dispatch, rejects, runfiles
from moemap.engine.jobs import input as inputs
from moemap.engine.language import assertions as language_assertions
from moemap.engine.language import converters, field_reader, inheritance, kinds, loader, scopes
from moemap.engine.patterns import parser as regular
from moemap.engine.privacy import assertions as privacy_assertions
from moemap.engine.proof import subtyping
from moemap.engine.runtime import outputs
from moemap.engine.schemas import complexity, normal_form, violations
from moemap.engine.types import narrowing
from moemap.engine.values import budget, numbers
from moemap.tests.docs.examples import LANGUAGE, Block, blocks, rendered, transformed, write

ROOT = Path(__file__).parents[2]
DATA = {"input", "result", "bulk"}
LAST = {"result", "bulk", "tests.yaml"}


def examples(text: str) -> Iterator[list[Block]]:
    """The blocks of each example of a page: files, the input, and last the result."""
    example: list[Block] = []
    for block in blocks(text):
        example.append(block)
        if block.title in LAST:
            yield example
            example = []
    assert example == []


EXAMPLES = [
    pytest.param(example, id=f"{page} line {example[0].line}")
    for page, text in LANGUAGE.items()
    for example in examples(text)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main = write((block for block in example if block.title not in DATA), tmp_path)
    loaded = api.inspect(main)
    assert rendered(loaded.problems, loaded) == ""
    assert loaded.rulebook is not None
    shown = {block.title: block.text for block in example}
    if "tests.yaml" in shown:
        file, problems, _ = golden.load(Path("tests.yaml"), "tests.yaml")
        assert file is not None, problems
        outcomes = [golden.GoldenRunner().run(file, test) for test in file.tests]
        assert [golden.text(outcome, color=False) for outcome in outcomes if not outcome.passed] == []
        return
    result = transformed(loaded, shown["input"])
    if "bulk" in shown:
        envelope = dispatch.dispatch_of(loaded.rulebook).bulk
        assert envelope is not None
        bundler = dispatch.Bundler(envelope)
        full = bundler.add(json.dumps(request.body, separators=(",", ":")).encode() for request in result.requests)
        assert [request.body for request in (*full, *bundler.rest())] == json.loads(shown["bulk"])
        return
    expected = json.loads(shown["result"])
    assert {"requests"} <= set(expected) <= {"requests", "skipped", "problems"}
    for part, actual in result.to_json().items():
        wanted = expected.get(part, [])
        assert same_keys(actual, wanted) == wanted


def same_keys(actual: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each element of `actual` the keys that the element of `wanted` at the same place has."""
    shown = [{key: one[key] for key in other} for one, other in zip(actual, wanted, strict=False)]
    return [*shown, *actual[len(wanted) :]]


def test_limits() -> None:
    shown = [
        int(number.replace(",", ""))
        for row in re.findall(r"^\|.*?\|(.*?)\|", LANGUAGE["limits"], re.MULTILINE)[2:]
        for number in re.findall(r"\d[\d,]*", row)
    ]
    assert shown == [
        source.MAX_FILE_BYTES,
        source.MAX_NODES,
        source.MAX_DEPTH,
        loader.MAX_FILES,
        inheritance.MAX_RULES,
        inheritance.MAX_INHERITED,
        converters.MAX_EXTENDS,
        converters.MAX_CONVERTERS,
        field_reader.MAX_ENTRY_RULES,
        scopes.MAX_NAMES,
        language_assertions.MAX_PROVEN_RULES,
        privacy_assertions.MAX_TRIES,
        kinds.MAX_AMOUNT,
        kinds.MAX_BODY_BYTES,
        problem.MAX_PROBLEMS,
        narrowing.MAX_CONDITIONS,
        expressions.MAX_EXPRESSION_CHARS,
        expressions.MAX_EXPRESSION_DEPTH,
        growth.MAX_COPIES,
        growth.MAX_COPIES,
        growth.MAX_LEVELS,
        growth.MAX_LOOPS,
        globs.MAX_WILD,
        errors.MAX_TEXT,
        templates.MAX_TEMPLATE_CHARS,
        50,
        templates.MAX_TEMPLATE_RESULT,
        schemas.MAX_SCHEMA_BYTES,
        schemas.MAX_SCHEMA_FILES,
        values.MAX_INPUT_DEPTH,
        64,
        metaschemas.MAX_VALUES,
        metaschemas.MAX_LEVELS,
        normal_form.MAX_UNKNOWN,
        complexity.MAX_WAYS,
        complexity.MAX_LEVELS,
        subtyping.MAX_GAPS,
        regular.MAX_TIMES,
        regular.MAX_DEPTH,
        violations.MAX_VIOLATIONS,
        inputs.MAX_RECORD_BYTES,
        values.MAX_INPUT_NODES,
        values.MAX_INPUT_DEPTH,
        numbers.MAX_DIGITS,
        rejects.MAX_REJECT_BYTES,
        outputs.MAX_RESULT_BYTES,
        budget.MAX_COPIED,
        100,
        budget.EMISSION,
        budget.MAX_COPIED,
        budget.MAX_SCANNED,
        100,
        100,
        runfiles.MAX_JOURNAL_BYTES,
        tracing.MAX_DECISIONS,
        tracing.MAX_REFUSALS,
    ]


def test_every_type_is_described() -> None:
    _, _, section = LANGUAGE["types"].partition("\n## Types\n")
    table = re.findall(r"^\| `(\w+)` \|", section.partition("```")[0], re.MULTILINE)
    assert table == list(values.TYPES)


def test_the_index_names_every_page() -> None:
    named = re.findall(r"^\| \[[^]]+\]\((\w+)\.md\) \|", LANGUAGE["README"], re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == set(LANGUAGE) - {"README"}


def keys_of(schema: object) -> Iterator[str]:
    """The keys that a JSON Schema declares, at any depth."""
    if isinstance(schema, dict):
        if isinstance(declared := schema.get("properties"), dict):
            yield from declared
        for part in schema.values():
            yield from keys_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys_of(part)


def test_every_key_is_described() -> None:
    schema = json.loads((ROOT / "schemas" / "moemap" / "rules.schema.json").read_text("utf-8"))
    prose = re.sub(r"^```.*?^```$", "", "\n".join(LANGUAGE.values()), flags=re.MULTILINE | re.DOTALL)
    named = {word for span in re.findall(r"`([^`\n]+)`", prose) for word in re.findall(r"\w+", span)}
    assert set(keys_of(schema)) - named == set()
