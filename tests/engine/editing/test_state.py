"""The problems of an editing state are those of a check of the same texts on the disk, whatever changed before."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from moemap.engine.diagnostics.problem import Problem
from moemap.engine.editing.data import Sample
from moemap.engine.editing.state import EditingState
from moemap.engine.inspection import inspect_paths
from moemap.engine.source.homes import MAPPINGS, PACKAGE
from moemap.tests.effort import effort
from moemap.tests.engine.checks.shared.test_session import changed

from .conftest import FILES, written

Placed = Mapping[str, list[str]]

SHIPPED = MAPPINGS / "mparticle-moengage" / "v1"
WORKSPACES = PACKAGE / "examples" / "workspaces"
GITHUB = PACKAGE / "examples" / "mappings" / "github-to-chat"
HOMES = ((SHIPPED.parents[1], SHIPPED), (WORKSPACES.parent, WORKSPACES), (GITHUB.parents[1], GITHUB))
_STEPS = min(settings().max_examples // 4, 400)


def said(problem: Problem, root: Path) -> str:
    """All of a Problem in one text, without the folder."""
    related = [f"{one.place} {one.text}" for one in problem.related]
    change = problem.change
    text = f"{problem.place} {problem.code} {problem.severity} {problem.message} {problem.hint} {related} {change}"
    return re.sub(rf"{re.escape(str(root))}/|(?<![\w./-])(?={re.escape(root.name)}/)", "", text)


def whole(root: Path) -> Placed:
    """The problems that a check of a folder finds, by file."""
    found: dict[str, list[str]] = defaultdict(list)
    for problem in inspect_paths([str(root)]).problems:
        assert problem.place is not None
        found[str(Path(problem.place.file).relative_to(root))].append(said(problem, root))
    return found


def of_state(state: EditingState, path: Path, root: Path) -> Placed:
    problems = state.diagnostics(path).items()
    return {str(file.relative_to(root)): [said(one, root) for one in found] for file, found in problems}


def broken(text: str, random: Random) -> str:
    """A text with a part cut out or doubled, at any character."""
    start = random.randrange(len(text) + 1)
    end = min(len(text), start + random.randrange(30))
    return text[:start] + random.choice(["", text[start:end] * 2, ":", "'", '"', "\t", "{", "- ", "é😀"]) + text[end:]


def edits(files: Mapping[str, str], random: Random, count: int) -> Iterator[tuple[str, str]]:
    """Names of files, each with its next text."""
    texts = dict(files)
    for _ in range(count):
        name = random.choice([name for name in sorted(files) if files[name]])
        if random.random() < 0.4:
            texts[name] = files[name]
        else:
            texts[name] = random.choice([changed, changed, broken])(texts[name], random)
        yield name, texts[name]


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(effort(2, 6)))
def test_any_changes(seed: int, project: Path, tmp_path: Path) -> None:
    saved = written(tmp_path / "saved", FILES)
    state, random, faults = EditingState([project]), Random(seed), 0
    for name, text in edits(FILES, random, _STEPS):
        state.open(project / name, text)
        written(saved, {name: text})
        wanted, all_found = whole(saved), set[str]()
        names = [name, *random.sample(sorted(FILES), 3)]
        for path in names:
            first = {said(one, project) for one in state.first_problems(project / path)}
            found = of_state(state, project / path, project)
            assert first <= set(found.get(path, ()))
            assert {file: wanted.get(file, []) for file in found} == found
            all_found |= {one for problems in found.values() for one in problems}
            assert not found or path in found
        for path in FILES:
            all_found |= {one for found in of_state(state, project / path, project).values() for one in found}
        assert all_found == {one for found in wanted.values() for one in found}
        faults += len(all_found)
        if random.random() < 0.1:
            written(project, {name: text})
            state.close(project / name)
    assert faults


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(effort(1, 8)))
def test_any_changes_of_what_is_shipped(seed: int, tmp_path: Path) -> None:
    files = {
        str(path.relative_to(home)): path.read_text("utf-8")
        for home, folder in (
            (SHIPPED.parents[1], SHIPPED),
            (WORKSPACES.parent, WORKSPACES),
            (GITHUB.parents[1], GITHUB),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and (path.parent.name != "tests" or folder is GITHUB or path.name in ("push.yaml", "user.yaml"))
    }
    files = {(f"workspaces/{name}" if name.startswith("mparticle") else name): text for name, text in files.items()}
    edited, saved = (written(tmp_path / name, {".moemap": "", **files}) for name in ("edited", "saved"))
    state = EditingState([edited])
    for name, text in edits(files, Random(seed), effort(3, 12)):
        state.open(edited / name, text)
        written(saved, {name: text})
        wanted, found = whole(saved), of_state(state, edited / name, edited)
        assert {file: wanted.get(file, []) for file in found} == found
        assert not found or name in found


def test_files_that_no_mapping_uses_have_no_problems(project: Path) -> None:
    state = EditingState([project])
    state.open(project / "other" / "compose.yaml", "services: {a: [}\n")
    assert state.diagnostics(project / "other" / "compose.yaml") == {}
    state.open(project / "none.json", "{")
    assert state.diagnostics(project / "none.json") == {}
    assert state.mains(project / "none.json") == ()


def test_what_depends_on_a_file(project: Path) -> None:
    state = EditingState([project])
    main, acme, orders = project / "mapping.yaml", project / "acme.yaml", project / "parts" / "orders.yaml"
    tests = project / "tests" / "orders.yaml"
    assert state.mains(orders) == state.mains(main) == (main, acme)
    assert state.mains(acme) == (acme,)
    assert state.mains(tests) == (main,)
    assert state.mains(project / "schemas" / "in.schema.json") == (main, acme)
    assert state.tests(main) == (tests,)
    assert state.tests(acme) == ()
    parts = {orders, project / "parts" / "tables.yaml", project / "parts" / "lonely.yaml"}
    assert set(state.diagnostics(orders)) == {main, acme, tests} | parts
    assert set(state.diagnostics(project / "tests" / "inputs" / "order.json")) == {
        project / "tests" / "inputs" / "order.json",
        tests,
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "there", "code"),
    [
        ("parts/orders.yaml", "order.kind == 'order'", "orderkind == 'order'", "parts/orders.yaml", "M204"),
        ("parts/tables.yaml", "kinds:", "sorts:", "parts/orders.yaml", "M112"),
        ("mapping.yaml", "  user: batch.user.id", "  you: batch.user.id", "acme.yaml", "M204"),
        ("schemas/in.schema.json", '"kind"', '"sort"', "parts/orders.yaml", "M203"),
        ("schemas/in.schema.json", '"kind"', '"sort" 5', "mapping.yaml", "M118"),
        ("mapping.yaml", "enum: [EUR, USD]", "enum: [EUR, GBP]", "tests/orders.yaml", "M116"),
        ("tests/inputs/order.json", "{", "{{", "tests/orders.yaml", "M603"),
        ("mapping.yaml", "parts/orders.yaml, ", "", "parts/orders.yaml", "M133"),
    ],
)
def test_unsaved_texts_count(project: Path, name: str, old: str, new: str, there: str, code: str) -> None:
    state, path = EditingState([project]), project / name
    before, text = state.diagnostics(path), path.read_text("utf-8")
    state.open(path, text.replace(old, new, 1))
    assert code in {problem.code for problem in state.diagnostics(path)[project / there]}
    state.close(path)
    after = state.diagnostics(path)
    assert {file: [str(one) for one in after[file]] for file in before} == {
        file: [str(one) for one in found] for file, found in before.items()
    }


def test_broken_texts_keep_the_last_tree_and_rules(project: Path) -> None:
    state, path, main = EditingState([project]), project / "parts" / "orders.yaml", project / "mapping.yaml"
    tree, rulebook, text = state.tree(path), state.rulebook(main), path.read_text("utf-8")
    assert tree is not None
    assert rulebook is not None
    state.open(path, text.replace("rules:\n", "rules: [\n", 1))
    assert state.tree(path) is tree
    assert state.rulebook(main) is rulebook
    assert [problem.code for problem in state.diagnostics(path)[path]] == ["M004"]
    state.open(path, text.replace("order.vip", "order.id"))
    assert state.tree(path) is not tree
    assert state.rulebook(main) is not None


def test_a_text_that_was_never_saved(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "new.yaml"
    text = (project / "mapping.yaml").read_text("utf-8")
    state.open(project / "mapping.yaml", text.replace("parts/tables.yaml", "parts/tables.yaml, parts/new.yaml"))
    assert "M107" in {problem.code for problem in state.diagnostics(project / "mapping.yaml")[project / "mapping.yaml"]}
    state.open(path, "rules: [{rule: new, skip: never, when: nope}]\n")
    assert [problem.code for problem in state.diagnostics(path)[path]] == ["M204"]


def test_several_folders_and_files_outside_of_them(project: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "second", FILES)
    state = EditingState([project, other / "parts"])
    assert set(state.mains(other / "parts" / "orders.yaml")) == {other / "acme.yaml"}
    (problem,) = state.diagnostics(other / "parts" / "lonely.yaml")[other / "parts" / "lonely.yaml"]
    assert problem.code == "M133"
    assert not any(file.is_relative_to(project) for file in state.diagnostics(other / "parts" / "orders.yaml"))
    secret = written(tmp_path, {"secret.yaml": "tables: {a: {entries: {b: c}}}\n"}) / "secret.yaml"
    text = (project / "mapping.yaml").read_text("utf-8")
    state.open(project / "mapping.yaml", text.replace("parts/tables.yaml", "../secret.yaml"))
    found = state.diagnostics(project / "mapping.yaml")
    assert "M107" in {problem.code for problem in found[project / "mapping.yaml"]}
    assert secret not in found


def test_files_that_come_and_go(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "tables.yaml"
    before = state.diagnostics(project / "mapping.yaml")
    path.rename(path.with_name("gone.yaml"))
    state.refresh()
    found = state.diagnostics(project / "mapping.yaml")
    assert {"M107"} == {problem.code for problem in found[project / "mapping.yaml"]}
    path.with_name("gone.yaml").rename(path)
    state.refresh()
    after = state.diagnostics(project / "mapping.yaml")
    assert {file: list(map(str, after[file])) for file in before} == {
        file: list(map(str, found)) for file, found in before.items()
    }


def test_the_chosen_sample_is_kept(project: Path) -> None:
    path = project / "tests" / "inputs" / "order.json"
    state, sample = EditingState([project]), Sample("order.json", path, {})
    assert state.chosen(project / "mapping.yaml") is None
    state.choose(project / "mapping.yaml", sample)
    assert state.chosen(project / "mapping.yaml") == sample
    with state.reading():
        assert json.loads(state.text(path) or "")["id"] == 1
