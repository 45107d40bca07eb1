"""Rule files with something wrong in them, made by changing the trees of good ones: nothing raises, and whatever is
refused has a place.

What is changed are the nodes that YAML composes, not values: so a key can stand twice, and anything in any place.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import api
from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.golden import files as goldenfile
from moemap.engine.inspection import inspect_paths
from moemap.engine.language.file_keys import MAPPING, WORKSPACE
from moemap.engine.language.keys import FORMS
from moemap.engine.source.homes import MAPPINGS
from moemap.tests.docs.examples import DOCS, LANGUAGE, blocks, completed
from moemap.tests.docs.examples import SCHEMAS as OPEN
from moemap.tests.test_hardness import EVERYTHING, LIST_SCHEMA

Files = Mapping[str, str]

EXAMPLES = Path(__file__).parents[3] / "examples"
PURCHASE = json.loads((EXAMPLES / "purchase.json").read_text("utf-8"))
BATCHES = [
    {},
    {"events": [{"name": "a", "total": "1", "items": [{"id": 1}, 2]}, 3], "items": [{"kind": "map"}]},
    PURCHASE,
]


@cache
def snippets() -> tuple[Files, ...]:
    """The examples of the documentation, and a mapping that has every kind of iteration."""
    found: list[Files] = [{"mapping.yaml": EVERYTHING, "list.schema.json": json.dumps(LIST_SCHEMA), **OPEN}]
    pages = (page.read_text("utf-8") for page in sorted((DOCS / "problems").glob("M*.md")))
    for text in (*LANGUAGE.values(), *pages):
        for section in text.split("\n## "):
            files = {block.title: block.text for block in blocks(section) if block.title.endswith((".yaml", ".json"))}
            if "mapping.yaml" in files:
                found.append(laid_out(files))
    return tuple(found)


def laid_out(files: Files) -> Files:
    """The files of an example, each where it lies: see `tests.docs.examples`."""
    texts = {**OPEN, "in.schema.json": "{}", **files, "mapping.yaml": completed(files["mapping.yaml"])}
    if "workspace.yaml" in texts:
        texts |= {f"base/{name}": texts[name] for name in ("mapping.yaml", *OPEN)}
        del texts["mapping.yaml"]
    return texts


@cache
def shipped() -> tuple[Files, ...]:
    """The installed mappings, each with the workspaces that come as examples."""
    found: list[Files] = []
    for main in sorted(MAPPINGS.glob("*/v*/mapping.yaml")):
        found.append({path.name: path.read_text("utf-8") for path in sorted(main.parent.glob("*.yaml"))})
    found += [{"workspace.yaml": path.read_text("utf-8")} for path in sorted(EXAMPLES.glob("workspaces/*.yaml"))]
    return tuple(found)


# --- changes of trees

WORDS = [
    "", "x", "null", "true", "1", "-1", "1.5", "1e400", ".nan", "NO", "2026-01-31", "0x1f", "é", "\u00a0", "a b", "a-b",
    "batch", "event", "item", "value", "name", "settings", "settings.x", "event.name", "batch.events", "@", "`1`",
    "'x'",
    "`{}` | {x: @, y: @}", "[event, event]", "length(", "sum(event.name)", "sort_by(batch.events, &name)", "!event.x",
    "{{ event.name }}", "{{ x", "{% if event %}a{% endif %}", "{{ event | join }}", "string", "integer", "datetime",
    "array", "omit", "keep", "reject", "append", "merge", "POST", "name@1", "./base", "./mapping.yaml", "..", "/etc",
    "mapping.yaml", "orders.yaml", "./event.schema.json", "mparticle/batch.schema.json", "1.0.0", "ignore", "error",
]  # fmt: skip
KEYS = [
    *dict.fromkeys(key for form in (MAPPING, WORKSPACE, *FORMS.values()) for key in form.keys),
    *("M206", "M222", "x", "tests", "test", "input_file", "expect", "match", "covers", "mapping"),
]
TEXT = "tag:yaml.org,2002:str"


def scalar(text: str, style: str | None = None) -> yaml.ScalarNode:
    resolver: Any = yaml.SafeLoader("")
    return yaml.ScalarNode(TEXT if style else resolver.resolve(yaml.ScalarNode, text, (True, False)), text, style=style)


def mapping(*entries: tuple[yaml.Node, yaml.Node]) -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", list(entries))


def sequence(*items: yaml.Node) -> yaml.SequenceNode:
    return yaml.SequenceNode("tag:yaml.org,2002:seq", list(items))


def places(root: yaml.Node) -> Iterator[tuple[Any, int, int]]:
    """Where each node stands: the list of its parent, its number there, and 0 or 1 for the key or value of an entry (-1
    in a list). A tree may share parts, or be inside itself."""
    pending, seen = [root], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        for number, entry in enumerate(node.value):
            if isinstance(node, yaml.MappingNode):
                yield from ((node.value, number, 0), (node.value, number, 1))
                pending += entry
            else:
                yield node.value, number, -1
                pending.append(entry)


class Mutator:
    """Changes trees at random."""

    def __init__(self, seed: int, trees: list[yaml.Node]) -> None:
        self.random = random.Random(seed)
        self.trees = trees

    def fresh(self) -> yaml.Node:
        """A node of any kind."""
        match self.random.randrange(8):
            case 0:
                return mapping()
            case 1:
                return sequence()
            case 2:
                return mapping((scalar(self.random.choice(KEYS)), scalar(self.random.choice(WORDS))))
            case 3:
                return sequence(scalar(self.random.choice(WORDS)))
            case 4:
                return scalar(self.random.choice(WORDS), '"')
            case 5:
                return copy.deepcopy(self.node(self.place()))
        return scalar(self.random.choice(WORDS))

    def place(self) -> tuple[Any, int, int]:
        found = [place for tree in self.trees for place in places(tree)]
        return self.random.choice(found) if found else ([sequence()], 0, -1)

    def node(self, place: tuple[Any, int, int]) -> yaml.Node:
        parent, number, side = place
        found = parent[number] if side < 0 else parent[number][side]
        assert isinstance(found, yaml.Node)
        return found

    def put(self, place: tuple[Any, int, int], node: yaml.Node) -> None:
        parent, number, side = place
        if side < 0:
            parent[number] = node
        else:
            entry = list(parent[number])
            entry[side] = node
            parent[number] = tuple(entry)

    def mutate(self) -> None:
        place = self.place()
        parent, number, side = place
        match self.random.choice(("replace", "delete", "duplicate", "swap", "retype", "rename", "insert", "share")):
            case "replace":
                self.put(place, self.fresh())
            case "delete":
                del parent[number]
            case "duplicate":
                parent.insert(number, copy.deepcopy(parent[number]))
            case "swap":
                other = self.place()
                mine, theirs = copy.deepcopy(self.node(place)), copy.deepcopy(self.node(other))
                self.put(place, theirs)
                self.put(other, mine)
            case "retype":
                node = self.node(place)
                wrapped = (
                    sequence(node),
                    mapping((scalar("from"), node)),
                    mapping((node, scalar("x"))),
                    scalar("null"),
                )
                self.put(place, self.random.choice(wrapped))
            case "rename" if side >= 0:
                self.put((parent, number, 0), scalar(self.random.choice(KEYS)))
            case "insert" if side >= 0:
                parent.insert(number, (scalar(self.random.choice(KEYS)), self.fresh()))
            case "insert":
                parent.insert(number, self.fresh())
            case "share":  # comes out as an anchor and its alias
                self.put(place, self.node(self.place()))


def mutated(files: Files, seed: int, changes: int) -> Files:
    """The files after so many changes to the trees of those that are YAML."""
    trees: dict[str, yaml.Node] = {}
    for name, text in files.items():
        if name.endswith(".yaml"):
            try:
                tree = yaml.compose(text, Loader=yaml.SafeLoader)
            except yaml.YAMLError:
                continue
            if tree is not None:
                trees[name] = tree
    mutator = Mutator(seed, list(trees.values()))
    for _ in range(changes):
        mutator.mutate()
    result = dict(files)
    for name, tree in trees.items():
        try:
            result[name] = yaml.serialize(tree)
        except (yaml.YAMLError, RecursionError):  # a node inside itself, where the serializer gives up
            result[name] = "rules: [&a [*a]]\n"
    return result


# --- the laws


def held(files: Files, folder: Path) -> None:
    """Checking the files gives Problems that all have a place and can be shown; what loads, maps every batch."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    main = folder / ("workspace.yaml" if "workspace.yaml" in files else "mapping.yaml")
    loaded = api.inspect(main)
    assert all(problem.message and problem.place is not None for problem in loaded.problems)
    assert (loaded.rulebook is None) == any(problem.severity == "error" for problem in loaded.problems)
    reporters.render("text", Report(loaded.problems, loaded.sources))
    if "tests.yaml" in files:
        goldenfile.load(folder / "tests.yaml", "tests.yaml")
    if loaded.rulebook is not None:
        mapping = api.Mapping(loaded.rulebook)
        for batch in BATCHES:
            result = mapping.transform(batch)
            interpreted = mapping.explain(batch)[0]
            assert result == interpreted


@pytest.mark.fuzz
@given(number=st.integers(0, 10_000), seed=st.integers(0, 2**32), changes=st.integers(1, 6))
def test_examples_with_something_wrong_in_them(
    number: int, seed: int, changes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = mutated(snippets()[number % len(snippets())], seed, changes)
    held(files, tmp_path_factory.mktemp("rules"))


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=max(1, settings().max_examples // 20))
@given(number=st.integers(0, 10_000), seed=st.integers(0, 2**32), changes=st.integers(1, 4))
def test_installed_mappings_with_something_wrong_in_them(
    number: int, seed: int, changes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = mutated(shipped()[number % len(shipped())], seed, changes)
    held(files, tmp_path_factory.mktemp("rules"))


def test_a_folder_of_changed_files_is_checked_as_a_whole(tmp_path: Path) -> None:
    """The command goes on to the next file, whatever is wrong with one."""
    for number, files in enumerate(snippets()[:25]):
        for name, text in mutated(files, number, 3).items():
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    found = inspect_paths([str(tmp_path)])
    assert len(found.files) >= 25
    assert any(problem.severity == "error" for problem in found.problems)
