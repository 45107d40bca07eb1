"""Runs over mutants: processes, budgets, revisions, the cache, and reports."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from moemap.engine import schemas
from moemap.engine.insight.revisions import RevisionError
from moemap.engine.mutation import running
from moemap.engine.mutation.report import as_json, text
from moemap.engine.mutation.running import Mutation, MutationBudget, mutate
from moemap.tests.engine.mutation.mapping import MAPPING, TESTS, loaded_tests, mutated


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


HERE = Path()


@pytest.mark.slow
@pytest.mark.parametrize("is_forked", [True, False])
def test_processes_give_the_same_verdicts(monkeypatch: pytest.MonkeyPatch, is_forked: bool) -> None:
    monkeypatch.setattr(running, "_cached", lambda _key: {})
    monkeypatch.setattr(running, "has_one_thread", lambda: is_forked)
    alone = mutated(HERE).verdicts
    done: list[tuple[int, int]] = []
    found = mutate(loaded_tests(HERE), jobs=2, progress=lambda *counts: done.append(counts))
    assert found.mappings[0].verdicts == alone
    assert done[-1] == (len(alone), len(alone))


@pytest.mark.slow
def test_verdicts_are_kept_until_rules_or_tests_change() -> None:
    first = mutated(HERE)
    assert first.cached == 0
    again = mutated(HERE)
    assert (again.cached, again.verdicts) == (len(first.mutants), first.verdicts)
    assert mutated(HERE, tests=TESTS.replace("no login", "no login")).cached == len(first.mutants)
    assert mutated(HERE, tests=TESTS.replace("{type: login}", "{type: login, x: 1}")).cached == 0
    assert mutated(HERE, MAPPING.replace("it is blocked", "blocked")).cached == 0


def test_an_unusable_cache_is_no_error(cache: Path) -> None:
    first = mutated(HERE)
    (kept,) = (cache / "moemap" / "mutants").iterdir()
    kept.write_text('{"rules/order#rule": {"state": "killed"}}', "utf-8")
    assert mutated(HERE).verdicts == first.verdicts


def test_a_budget_runs_some_mutants_the_same_ones_for_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_cached", lambda _key: {})

    def ran(seed: int, budget: MutationBudget) -> set[str]:
        return set(mutate(loaded_tests(HERE), seed=seed, budget=budget).mappings[0].verdicts)

    one, same, other = ran(1, MutationBudget(count=9)), ran(1, MutationBudget(count=9)), ran(2, MutationBudget(count=9))
    assert len(one) == 9
    assert one == same != other
    assert len(ran(0, MutationBudget(seconds=0))) == 1
    assert "not run" in text(mutate(loaded_tests(HERE), budget=MutationBudget(count=9)))


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.mark.slow
def test_only_parts_that_changed_since_a_revision() -> None:
    loaded_tests(HERE)
    git(HERE, "init", "-q")
    git(HERE, "add", ".")
    git(HERE, "commit", "-qm", "first")

    def owners(mapping: str) -> set[str]:
        tests = loaded_tests(HERE, mapping)
        return {one.owner for one in mutate(tests, against="HEAD").mappings[0].mutants}

    assert owners(MAPPING) == set()
    assert owners(f"# a comment\n{MAPPING}") == set()
    assert owners(MAPPING.replace("no {{", "not {{")) == {"rule rest"}
    assert owners(MAPPING.replace("s: small", "s: tiny")) == {"table sizes"}
    assert owners(MAPPING.replace("secret", "hidden")) == {"the mapping"}
    Path("explained.yaml").write_text(
        "mutants: [{mutant: tables/sizes#letter-case, change: letter case counts, reason: sizes are small}]", "utf-8"
    )
    assert not mutate(loaded_tests(HERE), against="HEAD").mappings[0].problems  # the part has not changed
    with pytest.raises(RevisionError, match="Needed a single revision"):
        mutate(loaded_tests(HERE), against="nowhere")


def test_survivors_in_words() -> None:
    lines = text(Mutation((mutated(HERE),))).splitlines()
    at = lines.index("SURVIVED rule order, size: alternative 1 comes after the next   mapping.yaml:18:21")
    assert lines[at + 1 : at + 4] == [
        "  rules/order/fields/size/from/1#alternative-order",
        "  - event.size",
        "  + alternative 1 comes after the next",
    ]
    assert lines[-1] == ("59 mutants: 31 killed, 14 survived, 13 that no test covers, 1 proven equivalent")


def test_only_what_surrounds_a_change_is_shown() -> None:
    name = "a" * 60
    long = MAPPING.replace("when: event.total,", f'when: "event.{name} || event.total",')
    assert f"  + ...{name[-31:]} || event\n" in text(Mutation((mutated(HERE, long),)))


def test_what_is_explained_counts_as_no_survivor() -> None:
    entry = "  - {{mutant: {}, change: {}, reason: sizes are always small}}\n"
    Path("explained.yaml").write_text(
        "mutants:\n"
        + entry.format("tables/sizes#letter-case", "letter case counts")
        + entry.format("tables/sizes#unlisted", "omit becomes keep")
        + entry.format("tables/sizes#nothing", "letter case counts")
        + entry.format("rules/order/fields/total#type", "it is dropped"),
        "utf-8",
    )
    found = mutated(HERE)
    assert found.verdicts["tables/sizes#letter-case"].status == "explained"
    assert [f"{problem.place.line}: {problem.code}" for problem in found.problems if problem.place] == [
        "3: M605",
        "4: M605",
        "5: M606",
    ]
    assert [problem.message for problem in found.problems] == [
        "the mutant 'tables/sizes#unlisted' is explained, but that mutant is another change: keep becomes omit",
        "the mutant 'tables/sizes#nothing' is explained, but there is no such mutant",
        "the mutant 'rules/order/fields/total#type' needs no explanation: a test kills it: tests.yaml: an order",
    ]
    assert not Mutation((found,)).ok


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("mutants: 1", "M102 'mutants' must be a list, not the number 1"),
        ("mutants: [{mutant: x}]", "M103"),
        ("ignored: []", "M101"),
        ("mutants: [", "M00"),
    ],
)
def test_a_file_of_explanations_that_cannot_be_read(content: str, wanted: str) -> None:
    Path("explained.yaml").write_text(content, "utf-8")
    assert f"{mutated(HERE).problems[0].code} {mutated(HERE).problems[0].message}".startswith(wanted)


REPORT = {
    "type": "object",
    "required": ["schemaVersion", "thresholds", "files"],
    "properties": {
        "schemaVersion": {"type": "string", "pattern": r"^[12](\.(([1-9]\d*)|0)){0,2}$"},
        "thresholds": {
            "type": "object",
            "required": ["high", "low"],
            "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100},
        },
        "framework": {"type": "object", "required": ["name"]},
        "files": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["language", "source", "mutants"],
                "properties": {
                    "language": {"type": "string"},
                    "source": {"type": "string"},
                    "mutants": {
                        "type": "array",
                        "uniqueItems": True,
                        "items": {
                            "type": "object",
                            "required": ["id", "mutatorName", "location", "status"],
                            "properties": {
                                "id": {"type": "string"},
                                "mutatorName": {"type": "string"},
                                "description": {"type": "string"},
                                "replacement": {"type": "string"},
                                "statusReason": {"type": "string"},
                                "coveredBy": {"type": "array", "items": {"type": "string"}},
                                "killedBy": {"type": "array", "items": {"type": "string"}},
                                "testsCompleted": {"type": "number"},
                                "location": {"$ref": "#/$defs/location"},
                                "status": {
                                    "enum": [
                                        *("Killed", "Survived", "NoCoverage", "CompileError", "RuntimeError"),
                                        *("Timeout", "Ignored", "Pending"),
                                    ]
                                },
                            },
                            "additionalProperties": False,
                        },
                    },
                },
            },
        },
        "testFiles": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["tests"],
                "properties": {
                    "source": {"type": "string"},
                    "tests": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["id", "name"],
                            "properties": {"location": {"$ref": "#/$defs/location"}},
                        },
                    },
                },
            },
        },
    },
    "$defs": {
        "position": {
            "type": "object",
            "required": ["line", "column"],
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
        "location": {
            "type": "object",
            "required": ["start", "end"],
            "additionalProperties": {"$ref": "#/$defs/position"},
        },
    },
}
"""The parts of the schema of mutation-testing-elements (version 2) that are about what is written."""


def test_the_report_is_what_its_readers_take() -> None:
    report = json.loads(as_json(Mutation((mutated(HERE),))))
    assert [str(one) for one in schemas.schema_of(REPORT).validator.violations(report)] == []
    (file,) = report["files"].values()
    mutants = {one["id"]: one for one in file["mutants"]}
    assert mutants["rules/order/fields/total#type"] == {
        "id": "rules/order/fields/total#type",
        "mutatorName": "type",
        "description": "rule order, total: it is dropped",
        "replacement": "",
        "location": {"start": {"line": 19, "column": 34}, "end": {"line": 19, "column": 46}},
        "status": "Killed",
        "coveredBy": ["tests.yaml: an order"],
        "killedBy": ["tests.yaml: an order"],
        "testsCompleted": 1,
    }
    assert mutants["tables/sizes#unlisted"]["status"] == "NoCoverage"
    tests = {test["id"] for file in report["testFiles"].values() for test in file["tests"]}
    assert {name for one in mutants.values() for name in one["coveredBy"]} <= tests
