"""Chains of mappings that convert the input of one another, and their bounds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.converters import MAX_CONVERTERS, MAX_EXTENDS

MAPPING = """\
language: 1
name: {name}
version: 1.0.0
input: {{as: batch, schema: ../any.json}}
outputs: {{out: {{schema: ../any.json, request: {{path: /}}}}}}
rules:
{converters}\
  - rule: out
    output: out
    fields: {{wanted: batch.wanted, depth: "add(batch.depth || `0`, `1`)", at: {{const: {at}}}}}
"""
TOO_LONG = f"more than {MAX_EXTENDS} mappings would convert it one after the other"
TOO_MANY = f"with the converters of converters, the mapping has more than {MAX_CONVERTERS}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".moemap").touch()
    (tmp_path / "any.json").write_text("{}")
    return tmp_path


def write(folder: Path, at: int, convert: str) -> Path:
    folder.mkdir()
    main = folder / "mapping.yaml"
    main.write_text(MAPPING.format(name=folder.name, converters=convert, at=at))
    return main


def chain(project: Path, length: int) -> Path:
    """Mappings each of which has its input converted by the next one, where that is `wanted`."""
    rule = "  - {{rule: in, when: 'batch.at == `null` && batch.wanted > `{0}`', convert: ../m{1}}}\n"
    mains = [write(project / f"m{at}", at, rule.format(at, at + 1) if at < length else "") for at in range(length + 1)]
    return mains[0]


@pytest.mark.parametrize("wanted", [0, 1, 7, MAX_EXTENDS, MAX_EXTENDS + 1])
def test_a_converter_converts_what_another_has_converted(project: Path, wanted: int) -> None:
    mapping = api.load(chain(project, MAX_EXTENDS))
    batch = {"wanted": wanted}
    result = mapping.transform(batch)
    assert [request.body for request in result.requests] == [
        {"wanted": wanted, "depth": min(wanted, MAX_EXTENDS) + 1, "at": 0}
    ]
    assert Interpreter(mapping.rulebook).run(batch) == result


def test_a_chain_that_is_too_long(project: Path) -> None:
    (problem,) = api.inspect(chain(project, MAX_EXTENDS + 1)).problems
    assert (problem.code, problem.data["reason"]) == ("M170", TOO_LONG)


@pytest.mark.slow
def test_converters_that_share_theirs_are_bounded_together(project: Path) -> None:
    """Each of two mappings at a level has two of the next one: each level doubles what is loaded."""
    levels = 12
    for at in range(levels + 1):
        for name in "ab":
            rules = [
                f"  - {{rule: {one}, when: batch.to == '{one}', convert: ../m{at + 1}{one}}}\n"
                for one in "ab"
                if at < levels
            ]
            write(project / f"m{at}{name}", at, "".join(rules))
    started = time.process_time()
    problems = api.inspect(project / "m0a" / "mapping.yaml").problems
    assert time.process_time() - started < 5
    assert {(problem.code, problem.data["reason"]) for problem in problems} == {("M170", TOO_MANY)}
    assert api.inspect(project / f"m{levels - 4}a" / "mapping.yaml").problems == ()
