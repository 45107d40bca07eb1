"""A small mapping with most of what can be changed in rules, and its tests."""

from __future__ import annotations

from pathlib import Path

from moemap.engine.golden import files
from moemap.engine.golden.files import GoldenTest, TestFile
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.mutation.mutant import Mutant
from moemap.engine.mutation.mutants import mutants_of
from moemap.engine.mutation.running import MutatedMapping, mutate
from moemap.tests.docs.examples import Block, write

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
outputs: {event: {schema: ./event.schema.json, request: {path: /v1}}}
let:
  blocked: {const: [id, secret]}
tables:
  sizes: {unlisted: keep, ignore_case: true, entries: {s: small, L: large}}
routes: {events: {each: batch.events, as: event}}
rules:
  - rule: order
    route: events
    when: event.type == 'order' && event.total
    output: event
    fields:
      name: {const: order}
      size: {from: [event.size, event.format], table: sizes}
      total: {from: event.total, type: double, required: true}
    spread:
      from: event.more
      except: {names: [size]}
      rename: {old: new}
      entries:
        - {when: "contains(blocked, name)", skip: it is blocked}
        - description: All others are sent.
  - rule: refund
    route: events
    when: event.type == 'refund'
    output: event
    fields:
      name: {const: refund}
    warn:
      - {when: event.total, message: a refund has a total}
  - rule: rest
    route: events
    skip: "no {{ event.type }}"
"""

TESTS = """\
tests:
  - test: an order
    input: {events: [{type: order, size: s, total: "12", more: {id: 1, size: 2, old: 3, other: 4}}]}
    match: partial
    expect: {requests: [{body: {name: order, size: small, total: 12.0, new: 3, other: 4}}]}
  - test: what is no order
    input: {events: [{type: order}, {type: login}]}
    match: partial
    expect: {requests: [], skipped: [{reason: no order}, {reason: no login}]}
"""


def loaded_tests(folder: Path, mapping: str = MAPPING, tests: str = TESTS) -> list[tuple[TestFile, GoldenTest]]:
    """Writes a mapping with its tests to a folder, and loads the tests."""
    write([Block("mapping.yaml", mapping, 1)], folder)
    path = folder / "tests.yaml"
    path.write_text(tests, "utf-8")
    file, problems, _ = files.load(path, "tests.yaml")
    assert file is not None, [problem.message for problem in problems]
    return [(file, test) for test in file.tests]


def mutated(folder: Path, mapping: str = MAPPING, tests: str = TESTS) -> MutatedMapping:
    """The mutants of a mapping, with their verdicts."""
    (found,) = mutate(loaded_tests(folder, mapping, tests)).mappings
    return found


def by_id(rulebook: Rulebook) -> dict[str, Mutant]:
    return {mutant.id: mutant for mutant in mutants_of(rulebook)}
