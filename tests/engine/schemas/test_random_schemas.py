"""Random mappings whose outputs have schemas with every keyword: the same results at every door."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any

import orjson
import pytest

from moemap.engine import compiler
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result

Books = Callable[[dict[str, Any], Any], Rulebook]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, bodies: ModuleType, head: dict[str, Any]) -> Books:
    """The Rulebook of a mapping with this content, and this schema of its bodies."""
    folder = tmp_path_factory.mktemp("random")
    (folder / "in.schema.json").write_text(json.dumps(bodies.INPUT))
    path = folder / "mapping.yaml"

    def read(content: dict[str, Any], schema: Any) -> Rulebook:
        (folder / "out.schema.json").write_text(json.dumps(schema))
        written = {**{key: head[key] for key in ("language", "name", "version", "input")}, **content}
        path.write_text(json.dumps(written, ensure_ascii=False).replace("\x7f", "\\x7f"), "utf-8")
        loaded = load(path)
        assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
        return loaded.rulebook

    return read


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(8))
def test_every_validator_of_random_bodies_gives_the_same(
    seed: int, book: Books, bodies: ModuleType, difference: Callable[[Result, Result], str]
) -> None:
    dice = Random(seed)
    content = bodies.mapping(dice)
    batches = [bodies.batch(dice) for _ in range(12)]
    free = Interpreter(book(content, {}))
    sent = [request.body for batch in batches[:6] for request in free.run(batch).requests]
    schema = bodies.odd_schema_of(dice, sent)
    rulebook = book(content, schema)
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    compiled.prepare()
    module = sys.modules["standalone"] = ModuleType("standalone")
    exec(standalone_of(rulebook), vars(module))
    for batch in batches:
        wanted = interpreter.run(batch)
        assert difference(wanted, compiled.transform(batch)) == "", schema
        assert module.transform(batch) == wanted.to_json(), schema
        given = compiled.transform_text(orjson.dumps(batch))
        assert given is None or difference(wanted, given) == "", schema
