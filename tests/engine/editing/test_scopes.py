"""The names in scope at a place are those that inference finds there; samples are read, bounded and counted."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.engine.editing import samples as module
from moemap.engine.editing.analysis import analysis_of
from moemap.engine.editing.members import members_of, type_words
from moemap.engine.editing.roles import ROOTS, parts_of
from moemap.engine.editing.samples import samples, samples_in
from moemap.engine.editing.state import EditingState
from moemap.engine.inference import EvaluatedPart
from moemap.engine.inference.expressions import infer
from moemap.engine.source.homes import MAPPINGS, PACKAGE
from moemap.engine.source.nodes import MappingNode, ScalarNode, SequenceNode
from moemap.engine.types.types import ANY

from .conftest import FILES, written

HOMES = {
    "mparticle-moengage": MAPPINGS / "mparticle-moengage" / "v1",
    "mparticle-firehose": MAPPINGS / "mparticle-firehose" / "v1",
    "github-to-chat": PACKAGE / "examples" / "mappings" / "github-to-chat",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOMES)
def test_types_at_places_are_those_that_are_inferred(name: str) -> None:
    state, count = EditingState([HOMES[name]]), 0
    for path in state.files():
        kind, tree, mains = state.kind(path), state.tree(path), state.mains(path)
        if kind not in ("mapping", "part") or tree is None or not mains:
            continue
        analysis = analysis_of(state, mains[0])
        assert analysis is not None
        abstract = {number for number, rule in enumerate(_rules(tree)) if rule.get("abstract") is not None}
        inferred = defaultdict(list)
        for fact in analysis.flow.of(EvaluatedPart):
            if fact.seen.node is fact.expr.expression.tree and fact.expr.node.source.path == path:
                inferred[fact.expr.node.start].append(fact)
        for part in parts_of(tree, ROOTS[kind]):
            facts = inferred.get(part.node.start, [])
            if part.is_key or part.role.scalar != "expression" or len(facts) != 1 or part.keys[1] in abstract:
                continue
            assert isinstance(part.node, ScalarNode)
            context = analysis.scopes.at(tree, part.keys)
            found = infer(facts[0].expr.expression.tree, context.type).type
            assert type_words(found) == type_words(facts[0].seen.type), (path.name, part.keys)
            count += 1
    assert count > 30


def _rules(tree: MappingNode) -> Iterator[MappingNode]:
    rules = tree.get("rules")
    return (rule for rule in (rules.items if isinstance(rules, SequenceNode) else ()) if isinstance(rule, MappingNode))


def test_samples_are_files_and_inputs_of_tests(project: Path) -> None:
    batches = [{"id": 1}, {"id": 2}]
    written(
        project,
        {
            "samples/several.json": json.dumps(batches),
            "samples/broken.json": "{",
            "samples/none.json": "3",
            "more/other.json": '{"id": 3}',
            "moemap.toml": '[samples]\nall = ["more/*.json"]\n',
        },
    )
    if hasattr(os, "mkfifo"):
        os.mkfifo(project / "samples" / "pipe.json")  # reading it would never end
    state, main = EditingState([project]), project / "mapping.yaml"
    found = samples(state, main)
    assert [(one.name, one.path and one.path.name, dict(one.settings)) for one in found] == [
        ("several.json [1]", "several.json", {}),
        ("several.json [2]", "several.json", {}),
        ("other.json", "other.json", {}),
        ("order.json", "order.json", {}),
        ("none", "orders.yaml", {}),
    ]
    whole = samples_in(state, main)
    assert [(one.name, dict(one.settings)) for one in whole.tests] == [("an order", {"currency": "USD"}), ("none", {})]
    assert whole.share(("id",)) == "in 4 of 4 samples"  # files alone, as there are some
    assert whole.share(("orders", "*", "kind")) == "in 1 of 4 samples"
    assert samples_in(state, main) is whole
    (project / "more" / "other.json").write_text("{}")
    assert samples_in(state, main).share(("id",)) == "in 3 of 4 samples"
    state.open(project / "tests" / "orders.yaml", FILES["tests/orders.yaml"].replace("input: {id: 1", "input: {id: 7"))
    assert samples(state, main)[-1].batch["id"] == 7


def test_samples_are_bounded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(project, {f"samples/{number}.json": json.dumps({"a": "x" * 100}) for number in range(9)})
    main = project / "mapping.yaml"
    monkeypatch.setattr(module, "MAX_SAMPLES", 3)
    assert len(samples(EditingState([project]), main)) == 3
    monkeypatch.setattr(module, "MAX_SAMPLES", 99)
    monkeypatch.setattr(module, "MAX_BYTES", 300)
    assert len(samples(EditingState([project]), main)) == 2
    monkeypatch.setattr(module, "MAX_BYTES", 10_000)
    monkeypatch.setattr(module, "MAX_SAMPLE_BYTES", 90)
    assert [one.name for one in samples(EditingState([project]), main)] == ["order.json", "none"]


def test_samples_outside_of_the_project_are_not_read(tmp_path: Path, project: Path) -> None:
    (tmp_path / "secret.json").write_text('{"id": 9}')
    (project / "samples").mkdir()
    (project / "samples" / "link.json").symlink_to(tmp_path / "secret.json")
    tests = FILES["tests/orders.yaml"].replace("inputs/order.json", "../../secret.json")
    (project / "tests" / "orders.yaml").write_text(tests)
    assert [one.name for one in samples(EditingState([project]), project / "mapping.yaml")] == ["none"]


def test_words_of_types_are_short() -> None:
    assert type_words(ANY) == "any value"
    assert members_of(ANY) == ()
