"""Loading: refusals with their places and messages, and the results of joining files and mappings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.language.loader import Loaded
from moemap.engine.language.rulebook import ObjectSource

Inspect = Callable[..., Loaded]
Lines = Callable[[Loaded], list[str]]


@pytest.mark.cases("reading", "structure", "files", "expressions", "settings", "workspaces", "delivery")
def test_refused(case: dict[str, Any], inspect_files: Inspect, lines: Lines) -> None:
    main = case.get("main", "mapping.yaml")
    loaded = inspect_files(case["files"], case.get("given"), main)
    assert lines(loaded) == case["problems"]
    assert loaded.ok is not any(problem.severity == "error" for problem in loaded.problems)


def test_names_are_checked_beside_a_key_that_stands_twice(write: Callable[..., Path], lines: Lines) -> None:
    fields = "{x: lost, y: known, z: known.lsot, w: unknown, v: .nan}"
    rules = f"let: {{known: batch.a}}\nlet: {{lost: batch.b}}\nrules:\n  - {{rule: r, output: out, fields: {fields}}}\n"
    assert lines(api.inspect(write({"rules.yaml": rules}))) == [
        "rules.yaml:2:1 M005 duplicate key 'let'; first on line 1",
        "rules.yaml:4:74 M204 unknown name 'unknown' (did you mean 'known'?)",
        'rules.yaml:4:86 M006 .nan is not a number, which JSON does not have (quote it: ".nan")',
    ]


def test_a_link_that_leads_out_of_the_folder(inspect_files: Inspect, lines: Lines, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}.yaml"
    outside.write_text("rules: []\n", "utf-8")
    (tmp_path / "link.yaml").symlink_to(outside)
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    loaded = inspect_files({"rules.yaml": "include: [link.yaml, circle.yaml]"})
    assert lines(loaded) == [
        "rules.yaml:1:11 M107 the included file 'link.yaml' is outside the folder of the mapping",
        "rules.yaml:1:22 M107 the included file 'circle.yaml' does not exist (did you mean 'rules.yaml'?)",
    ]


@pytest.mark.parametrize("main", ["include: [%s]", "extends: ./%s", "input: {as: x, schema: ./%s}"])
def test_a_name_that_no_file_can_have(main: str, inspect_files: Inspect) -> None:
    loaded = inspect_files({"mapping.yaml": main % ("a" * 5000)})
    assert {problem.code for problem in loaded.problems} & {"M107", "M109", "M118"}


def test_a_file_that_is_too_large(inspect_files: Inspect, lines: Lines) -> None:
    loaded = inspect_files({"rules.yaml": f"rules: []\n#{'x' * 1_000_000}"})
    assert lines(loaded) == ["rules.yaml:1:1 M003 the file has 1000011 bytes; at most 1000000 are read"]


def test_a_file_that_is_not_utf_8(write: Callable[..., Path], lines: Lines, tmp_path: Path) -> None:
    main = write({})
    (tmp_path / "rules.yaml").write_bytes(b"rules: []\n# caf\xe9\n")
    assert lines(api.inspect(main)) == [
        "rules.yaml:2:6 M002 the file is not UTF-8 text: invalid continuation byte 0xe9 (save the file as UTF-8)"
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read(write: Callable[..., Path], tmp_path: Path) -> None:
    main = write({})
    (tmp_path / "rules.yaml").chmod(0)
    assert [problem.code for problem in api.inspect(main).problems] == ["M001"]


def test_too_many_files(inspect_files: Inspect, lines: Lines) -> None:
    parts = {f"p{number}.yaml": f"include: [p{number + 1}.yaml]" for number in range(200)}
    loaded = inspect_files({"rules.yaml": "include: [p0.yaml]", **parts})
    assert lines(loaded) == ["p197.yaml:1:11 M119 files: 201; at most 200 are allowed"]


@pytest.mark.slow
def test_too_many_rules(inspect_files: Inspect, lines: Lines) -> None:
    loaded = inspect_files({"rules.yaml": {"rules": [{"rule": f"r{number}", "skip": "x"} for number in range(10001)]}})
    assert lines(loaded) == ["mapping.yaml:1:1 M119 rules: 10001; at most 10000 are allowed"]


def test_rules_that_extend_each_other_in_a_long_chain(inspect_files: Inspect, lines: Lines) -> None:
    rules = [{"rule": "r0", "output": "out"}]
    rules += [{"rule": f"r{number}", "extends": f"r{number - 1}"} for number in range(1, 1500)]
    codes = {problem.code for problem in inspect_files({"rules.yaml": {"rules": rules}}).problems}
    assert "M119" in codes
    loaded = inspect_files({"rules.yaml": {"rules": rules[:17]}})
    assert loaded.problems == ()


@pytest.mark.parametrize("extends", [0, True, 1.5, ["a"], {"a": 1}])
def test_a_rule_that_extends_no_name(extends: Any, inspect_files: Inspect, lines: Lines) -> None:
    rules = [{"rule": "a", "output": "out"}, {"rule": "b", "extends": extends, "output": "out"}]
    (problem,) = inspect_files({"rules.yaml": {"rules": rules}}).problems
    assert problem.code == "M102"
    assert problem.message.startswith("'extends' must be the name of a rule, not ")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ((1,), "tuple"),
        ({1}, "set"),
        (b"x", "bytes"),
        (object(), "object"),
        (float("nan"), "double"),
        (float("inf"), "double"),
        (2**70, "integer"),
        ("\ud800", "string"),
        ({1: 2}, "object"),
        ({"a": [float("inf")]}, "object"),
    ],
)
@pytest.mark.parametrize("name", ["free", "whole"])
def test_a_setting_that_is_no_json(value: Any, word: str, name: str, write: Callable[..., Path]) -> None:
    main = write({"mapping.yaml": SETTINGS})
    problem = single(api.inspect(main, {name: value}))
    assert problem.message == f"the setting '{name}' must be a JSON value, not this {word}"
    assert problem.hint is not None


SETTINGS = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
outputs: {}
settings: {free: {type: any, default: 1}, whole: {type: integer, default: 1}}
"""


def single(loaded: Loaded) -> Problem:
    (problem,) = loaded.problems
    return problem


RULES = """\
rules:
  - {rule: a, skip: x}
  - {rule: base, abstract: true, output: out, fields: {x: batch.x, y: batch.y}}
  - {rule: b, extends: base}
  - {rule: c, extends: b, fields: {x: {type: string}}}
include: [more.yaml]
"""


def test_the_order_of_rules(inspect_files: Inspect) -> None:
    """The file's own come before those it includes; a workspace's new ones before all, its changes in place."""
    files = {
        "rules.yaml": RULES,
        "more.yaml": "rules: [{rule: d, skip: x}]",
        "ws.yaml": "{language: 1, workspace: one, extends: ./mapping.yaml, include: [ws-part.yaml], rules: ["
        "{rule: e, extends: b}, {rule: c, enabled: false}, {rule: f, skip: x}, {rule: a, when: batch}]}",
        "ws-part.yaml": "rules: [{rule: g, skip: x}]",
        "top.yaml": "{language: 1, workspace: two, extends: ./ws.yaml, rules: [{rule: h, skip: x}, "
        "{rule: c, enabled: true}, {rule: base, fields: {z: batch.z}}, {rule: f, enabled: false}]}",
    }
    expected = {"mapping.yaml": "a b c d", "ws.yaml": "e f g a b d", "top.yaml": "h e g a b c d"}
    fields = {}
    for main, names in expected.items():
        rulebook = inspect_files(files, main=main).rulebook
        assert rulebook is not None
        assert " ".join(rule.name for rule in rulebook.rules) == names
        assert rulebook.workspace == {"ws.yaml": "one", "top.yaml": "two"}.get(main)
        fields = {
            rule.name: [field.name for field in rule.body.fields]
            for rule in rulebook.rules
            if isinstance(rule.body, ObjectSource)
        }
    assert fields["b"] == fields["c"] == fields["e"] == ["x", "y", "z"]


def test_workspaces_on_top_of_each_other_set_settings(inspect_files: Inspect) -> None:
    files = {
        "mapping.yaml": SETTINGS,
        "one.yaml": "{language: 1, workspace: one, extends: ./mapping.yaml, settings: {free: [1], whole: 2}}",
        "two.yaml": "{language: 1, workspace: two, extends: ./one.yaml, settings: {free: false}}",
    }
    for main, given, values in [
        ("mapping.yaml", None, {"free": 1, "whole": 1}),
        ("one.yaml", None, {"free": [1], "whole": 2}),
        ("two.yaml", None, {"free": False, "whole": 2}),
        ("two.yaml", {"whole": 3}, {"free": False, "whole": 3}),
    ]:
        rulebook = inspect_files(files, given, main).rulebook
        assert rulebook is not None
        assert rulebook.values == values


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rules: [{rule: r, output: out}]", "part"),
        ("description: x\nlet: {a: nowhere.b}", "part"),
        ("tests: []", "test file"),
        ("mapping: ./mapping.yaml\ntests: []", "test file"),
    ],
)
def test_what_is_no_mapping_is_called_so(write: Callable[..., Path], lines: Lines, text: str, what: str) -> None:
    hint = "moemap test runs it" if what == "test file" else "give the mapping that includes it"
    main = write({"other.yaml": text, "ws.yaml": "{language: 1, workspace: w, extends: ./other.yaml}"})
    said = f"M134 this is a {what}, not a mapping or workspace ({hint})"
    assert lines(api.inspect(main.with_name("other.yaml"))) == [f"other.yaml:1:1 {said}"]
    assert lines(api.inspect(main.with_name("ws.yaml"))) == [f"ws.yaml:1:38 {said}"]


@pytest.mark.parametrize("name", ["moemap.toml", "pyproject.toml"])
@pytest.mark.parametrize("text", ['mapping = "shop"\n', "[tool.moemap]\n", "", "["])
def test_a_project_file_is_called_so(write: Callable[..., Path], lines: Lines, name: str, text: str) -> None:
    main = write({name: text, "ws.yaml": f"{{language: 1, workspace: w, extends: ./{name}}}"})
    hint = "moemap config checks it, and moemap check without a path"
    said = f"M134 this is a project file, not a mapping or workspace ({hint})"
    assert lines(api.inspect(main.with_name(name))) == [f"{name}:1:1 {said}"]
    assert lines(api.inspect(main.with_name("ws.yaml"))) == [f"ws.yaml:1:38 {said}"]


@pytest.mark.parametrize("name", ["mapping.yaml", "workspace.yaml"])
def test_a_main_file_without_its_header_is_told_what_it_lacks(write: Callable[..., Path], name: str) -> None:
    main = write({name: "rules: []"})
    assert {problem.code for problem in api.inspect(main.with_name(name)).problems} == {"M103"}


def test_text_stands_for_the_content_of_the_file(write: Callable[..., Path]) -> None:
    main = write({})
    assert [problem.code for problem in api.inspect(main, text="language: [").problems] == ["M004"]
    assert [problem.code for problem in api.inspect(main.with_name("not-yet.yaml"), text="language: [").problems] == [
        "M004"
    ]


def test_a_mapping_that_is_nowhere() -> None:
    problem = single(api.inspect("nowhere"))
    assert (problem.code, problem.place) == ("M109", None)
    with pytest.raises(api.MappingError, match="no mapping 'nowhere' is known"):
        api.load("nowhere")


def test_the_shipped_mapping_by_its_names() -> None:
    versions = {api.load(name).version for name in ("mparticle-moengage", "mparticle-moengage@1")}
    assert len(versions) == 1
