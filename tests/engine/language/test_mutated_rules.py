"""Rule files with something wrong in them, made by changing the trees of good ones: nothing raises, and whatever is
refused has a place.

What is changed are the nodes that YAML composes, not values: so a key can stand twice, and anything in any place.
"""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import api, show
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.documents.markdown import markdown
from moemap.engine.documents.whole import as_html, documentation
from moemap.engine.golden import files as goldenfile
from moemap.engine.insight import change_report, coverage_report, explanation, loss_report, suggestions
from moemap.engine.insight.change_report import Comparison
from moemap.engine.insight.changes import changes_between
from moemap.engine.insight.coverage import CountingInterpreter, coverage_of
from moemap.engine.insight.evaluation import EvaluationPlaceError, SampleEvaluation, scope_of
from moemap.engine.insight.loss import loss_over
from moemap.engine.insight.tracing import trace
from moemap.engine.insight.why import readers_of
from moemap.engine.insight.why_not import why_not
from moemap.engine.inspection import inspect_paths
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.jobs.dispatch import dispatch_of
from moemap.engine.jobs.formats import FORMATS, render
from moemap.engine.jobs.input_check import input_problems
from moemap.engine.language.file_keys import MAPPING, WORKSPACE
from moemap.engine.language.keys import FORMS as KEYS_OF_FORMS
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.proof import prove
from moemap.engine.proof import report as proofs
from moemap.engine.source.homes import MAPPINGS
from moemap.tests.docs.examples import DOCS, LANGUAGE, blocks, completed
from moemap.tests.docs.examples import SCHEMAS as OPEN
from moemap.tests.test_hardness import EVERYTHING, LIST_SCHEMA

Files = Mapping[str, str]

INPUT = "input.json"
EXAMPLES = Path(__file__).parents[3] / "examples"
PURCHASE = json.loads((EXAMPLES / "purchase.json").read_text("utf-8"))
COSTLY = ("M525", "M526")  # their examples do all the work that a batch may take: seconds for each way to map it
BATCHES = [
    {},
    {"events": [{"name": "a", "total": "1", "items": [{"id": 1}, 2]}, 3], "items": [{"kind": "map"}]},
    PURCHASE,
]


@cache
def snippets() -> tuple[Files, ...]:
    """The examples of the documentation, and a mapping that has every kind of iteration."""
    found: list[Files] = [{"mapping.yaml": EVERYTHING, "list.schema.json": json.dumps(LIST_SCHEMA), **OPEN}]
    pages = (page.read_text("utf-8") for page in sorted((DOCS / "problems").glob("M*.md")) if page.stem not in COSTLY)
    for text in (*LANGUAGE.values(), *pages):
        for section in text.split("\n## "):
            shown = {INPUT if block.title == "input" else block.title: block.text for block in blocks(section)}
            files = {name: text for name, text in shown.items() if name.endswith((".yaml", ".json"))}
            if "mapping.yaml" in files:
                found.append(laid_out(files))
    return tuple(found)


@cache
def known() -> dict[str, list[tuple[frozenset[str], yaml.Node]]]:
    """The values of each key in the examples, each with the keys beside it."""
    found: dict[str, list[tuple[frozenset[str], yaml.Node]]] = {}
    for files in (*snippets(), *shipped()):
        for tree in trees_of(files).values():
            for node in mappings_in(tree):
                keys = frozenset(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
                for key, value in node.value:
                    if isinstance(key, yaml.ScalarNode):
                        found.setdefault(key.value, []).append((keys, value))
    return found


def laid_out(files: Files) -> Files:
    """The files of an example, by their paths: see `tests.docs.examples`."""
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
    for main in sorted(EXAMPLES.glob("mappings/*/mapping.yaml")):
        beside = (path for path in sorted(main.parent.glob("*")) if path.suffix in (".yaml", ".json"))
        sample = min(main.parent.glob("samples/*.json"))
        found.append({**{path.name: path.read_text("utf-8") for path in beside}, INPUT: sample.read_text("utf-8")})
    return tuple(found)


def trees_of(files: Files) -> dict[str, yaml.Node]:
    """The trees of those of the files that are YAML."""
    trees: dict[str, yaml.Node] = {}
    for name, text in files.items():
        if name.endswith(".yaml"):
            with suppress(yaml.YAMLError):
                tree = yaml.compose(text, Loader=yaml.SafeLoader)
                if tree is not None:
                    trees[name] = tree
    return trees


# --- changes of trees

WORDS = [
    "", "x", "null", "true", "1", "-1", "1.5", "1e400", ".nan", "NO", "2026-01-31", "0x1f", "é", "\u00a0", "a b", "a-b",
    "batch", "event", "item", "value", "name", "settings", "settings.x", "event.name", "batch.events", "@", "`1`",
    "'x'",
    "`{}` | {x: @, y: @}", "[event, event]", "length(", "sum(event.name)", "sort_by(batch.events, &name)", "!event.x",
    "{{ event.name }}", "{{ x", "{% if event %}a{% endif %}", "{{ event | join }}", "string", "integer", "datetime",
    "array", "omit", "keep", "reject", "append", "merge", "POST", "name@1", "./base", "./mapping.yaml", "..", "/etc",
    "mapping.yaml", "orders.yaml", "./event.schema.json", "mparticle/batch.schema.json", "1.0.0", "ignore", "error",
    "$event.name", "batch.events[?name == $event.name]", "let $x = event, $y = $x.name in [$x, $y]", "$", "let $x = x",
    "if(event.x, event.name, `0`)", "group_by(batch.events, &name)", "matches(event.name, '(a|b)*$')", "list", "none",
    "hmac_sha256(event.name, settings.x)", "format_time(event.time, '%d.%m.%Y', 'Europe/Berlin')", "value", "repeat",
    "to_unix_ms(event.time)", "sha256(event.name)", "flatten(event, '.', 'index')", "zip(batch.events, event.items)",
    "iso8601", "unix_ms", "%d.%m.%Y %H:%M", "Europe/Berlin", "seconds", "continue", "brackets", "GET", "number",
    "/v1/{{ event.name }}/{x}", "https://x.example/{{ settings.x }}", "https://[", "Bearer {token}", "20", "..a\r\nb",
]  # fmt: skip
KEYS = [
    *dict.fromkeys(key for form in (MAPPING, WORKSPACE, *KEYS_OF_FORMS.values()) for key in form.keys),
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
    """The place of each node: the list of its parent, its number there, and 0 or 1 for the key or value of an entry (-1
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


def mappings_in(root: yaml.Node) -> list[yaml.MappingNode]:
    """The mappings of a tree, each once."""
    found = [root, *(parent[number] if side < 0 else parent[number][side] for parent, number, side in places(root))]
    return list({id(node): node for node in found if isinstance(node, yaml.MappingNode)}.values())


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

    def graft(self) -> None:
        """Gives a key another value that it has somewhere, or a key that stands elsewhere beside one of the same."""
        found = [node for tree in self.trees for node in mappings_in(tree) if node.value]
        if not found:
            return
        node = self.random.choice(found)
        number = self.random.randrange(len(node.value))
        key = node.value[number][0]
        own = {one.value for one, _ in node.value if isinstance(one, yaml.ScalarNode)}
        there = known().get(str(key.value), [(frozenset[str](), scalar("x"))])
        likely = self.random.choices(there, k=5)
        beside, value = max(likely, key=lambda one: len(one[0] & own) - len(one[0] ^ own))
        if self.random.random() < 0.5 or not beside - own:
            node.value[number] = (key, copy.deepcopy(value))
            return
        other = self.random.choice(sorted(beside - own))
        likely = [one for one in known()[other] if one[0] & own] or known()[other]
        node.value.append((scalar(other), copy.deepcopy(self.random.choice(likely)[1])))

    def mutate(self) -> None:
        if self.random.random() < 0.7:
            self.graft()
            return
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
    """The files after a number of changes to the trees of those that are YAML."""
    trees = trees_of(files)
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


def checked(files: Files, folder: Path) -> Rulebook | None:
    """Checking the files gives Problems that all have a place and can be shown; returns what loads."""
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
    return loaded.rulebook


def held(files: Files, folder: Path, *, deeply: bool = False) -> None:
    """Checking the files gives Problems, see `checked`; what loads, maps every batch."""
    rulebook = checked(files, folder)
    if rulebook is not None:
        batches = [json.loads(files[INPUT]), *BATCHES] if INPUT in files else BATCHES
        mapped_alike(rulebook, batches)
        if deeply:
            understood(rulebook, batches, folder)


def mapped_alike(rulebook: Rulebook, batches: list[Any]) -> None:
    """All ways to run a mapping give the results of the interpreter."""
    mapping, ready, interpreter = api.Mapping(rulebook), api.Mapping(rulebook), Interpreter(rulebook)
    ready.prepare()
    module = sys.modules["standalone_mutated"] = ModuleType("standalone_mutated")
    exec(compile(standalone_of(rulebook), "standalone_mutated", "exec", dont_inherit=True), vars(module))
    dispatch = dispatch_of(rulebook)
    for batch in batches:
        result = interpreter.run(batch)
        wanted = json.dumps(result.to_json())
        assert json.dumps(mapping.transform(batch).to_json()) == wanted
        assert json.dumps(ready.transform_json(json.dumps(batch)).to_json()) == wanted
        assert json.dumps(module.transform(batch)) == wanted
        for name in FORMATS:
            b"".join(render([result], dispatch, name, pretty=False))


def understood(rulebook: Rulebook, batches: list[Any], folder: Path) -> None:
    """Everything that shows or searches a mapping accepts it."""
    page = documentation(rulebook)
    show.text(rulebook, color=False), show.as_json(rulebook), markdown(page), as_html(page)
    proofs.text("x", prove(rulebook, tries=5), all_guards=True)
    before = api.inspect(folder / "before" / "mapping.yaml").rulebook
    for old, new in ((before, rulebook), (rulebook, before), (rulebook, rulebook)):
        if old is not None and new is not None:
            comparison = Comparison("a", "b", old.version, new.version, changes_between(old, new), is_versioned=True)
            assert old is not new or not comparison.changes
            for name in change_report.FORMATS:
                change_report.render(name, comparison, None, show_values=True)
    counting = CountingInterpreter(rulebook)
    for batch in batches:
        counting.run(batch)
        found = trace(rulebook, batch)
        numbers = range(len(found.result.requests))
        explanation.as_json(found, numbers)
        explanation.as_html(found, "x")
        explanation.summary_text(found, numbers, color=False)
        for pointer in ("", "/name", "/list/0", "/attributes/*"):
            explanation.misses_text(why_not(found, pointer), color=False)
            explanation.readers_text(found, readers_of(found, pointer), color=False)
        with suppress(EvaluationPlaceError):
            SampleEvaluation(scope_of(rulebook, batch, None)).names()
        input_problems(rulebook, batch)
    coverage = coverage_of([counting])
    for write in coverage_report.FORMATS.values():
        write(coverage)
    suggestions.text(suggestions.suggestions(rulebook, coverage, batches, 20, lambda _line: None))
    (folder / "batches.ndjson").write_text("\n".join(map(json.dumps, batches)))
    loss = loss_over(rulebook, [str(folder / "batches.ndjson")], lambda _line: None)
    loss_report.render("text", loss, ("unread", "read", "sent"), show_values=True)
    assert not loss_report.drift(loss_report.read_baseline(loss_report.baseline_of(loss).encode()), loss)


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2 // 5)
@given(number=st.integers(0, 10_000), seed=st.integers(0, 2**32), changes=st.integers(1, 6))
def test_examples_with_something_wrong_in_them(
    number: int, seed: int, changes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = snippets()[number % len(snippets())]
    before = {f"before/{name}": text for name, text in files.items()}
    held({**before, **mutated(files, seed, changes)}, tmp_path_factory.mktemp("rules"), deeply=True)


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=max(1, settings().max_examples // 30))
@given(number=st.integers(0, 10_000), seed=st.integers(0, 2**32), changes=st.integers(1, 4))
def test_installed_mappings_with_something_wrong_in_them(
    number: int, seed: int, changes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = mutated(shipped()[number % len(shipped())], seed, changes)
    held(files, tmp_path_factory.mktemp("rules"))


@pytest.mark.slow
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


WRONG = ("", "1", "x", "[]", "{}", "[{}]", "[null]", "{x: []}", "{x: {}}")
"""Values that few keys take."""


@pytest.mark.slow
def test_every_key_with_a_value_of_each_kind(tmp_path: Path) -> None:
    """Each key of the examples, beside two choices of other keys."""
    seen: dict[str, set[frozenset[str]]] = {}
    for files in snippets():
        trees = trees_of(files)
        for name, tree in trees.items():
            for node in mappings_in(tree):
                beside = frozenset(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
                for number, (key, value) in enumerate(node.value):
                    tried = seen.setdefault(key.value, set()) if isinstance(key, yaml.ScalarNode) else {beside}
                    if key.value not in KEYS or beside in tried or len(tried) >= 2:
                        continue
                    tried.add(beside)
                    for text in WRONG:
                        node.value[number] = (key, yaml.compose(text, Loader=yaml.SafeLoader) or scalar(text, "'"))
                        checked({**files, name: yaml.serialize(tree)}, tmp_path)
                    node.value[number] = (key, value)
    assert len(seen) > 100
