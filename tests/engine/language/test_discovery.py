"""The files that look like ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine.language import discovery
from moemap.tests.engine.test_inspection import ACTION, MAPPING, TESTS, WORKSPACE


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("mapping.yaml", MAPPING, "mapping"),
        ("mapping.yml", "nonsense", "mapping"),
        ("a.yml", MAPPING, "mapping"),
        ("a.YAML", MAPPING, "mapping"),
        ("workspace.yaml", "", "workspace"),
        ("a.yaml", WORKSPACE, "workspace"),
        ("a.yaml", "workspace: [\n", "workspace"),
        ("a.yaml", "# a comment\n---\nworkspace: w\nextends: {\n", "workspace"),
        ("a.yaml", "\ufeffworkspace: w\nextends: [x\n", "workspace"),
        ("a.yaml", "'workspace' : w\n\tx", "workspace"),
        ("a.yaml", "workspac: w\nextends: base@1\n", "mapping"),
        ("a.yaml", "workspac: w\nextends: base@1\nsettings: {a: 1}\nrules: [\n", "mapping"),
        ("a.yaml", "{language: 1, workspace: w, extends: ./base, x}\n}", "workspace"),
        ("a.yaml", '{"language": 1, "workspace": "w", "extends": "./base", ', "workspace"),
        ("a.yaml", '{"name": "x", "jobs": [', None),
        ("a.yaml", "langauge: 1\nworkspace: w\n", "workspace"),
        ("a.yaml", "languag: 1\nworkspace: w\nextend: base@1\n", "workspace"),
        ("a.yaml", "workspace: w\nextend: base@1\nruls: []\nsetings: {}\n", "workspace"),
        ("a.yaml", "{language: 1, workspace: w}", "workspace"),
        ("a.yaml", "  language: 1\n  workspace: w\n", "workspace"),
        ("a.yaml", "  language: 1\n  workspace: [\n", "workspace"),
        ("a.yaml", "\tlanguage: 1\n\tworkspace: w\n", "workspace"),
        ("a.yaml", "? workspace\n: w\n", "workspace"),
        ("a.yaml", "extends: base@1\n\tworkspace: w\n", "workspace"),
        ("a.yaml", "  workspace: w\nextends: base@1\n", "workspace"),
        ("a.yaml", "workspace:w\nextends: base@1\n", "workspace"),
        ("a.yaml", "workspace:w\nextends:base@1\n", "workspace"),
        ("a.yaml", "mapping: shop@1\n tests:\n  - test: t\n", "tests"),
        ("a.yaml", "language: 1\r\nworkspace: w\r\nextends: [\r\n", "workspace"),
        ("a.yaml", "rules: []\n", "part"),
        ("a.yaml", "nonsense: 1\nrules: [{rule: one, output: out}]\n", "part"),
        ("a.yaml", "rules:\n  - rule: one\n    output: [\n", "part"),
        ("a.yaml", "name: x\nversion: 1.0.0\ninput: {}\noutputs: {o: {request: {path: /}}}\n", "mapping"),
        ("a.yaml", "languag: 1\nrules: []\n", "mapping"),
        ("a.yaml", "'language': '1'\nname: x\n", "mapping"),
        ("a.yaml", "Language: 1\nWorkspace: w\n", "mapping"),
        ("a.yaml", "WORKSPACE: w\nEXTENDS: base@1\n", "mapping"),
        ("a.yaml", "Workspace: w\nextend: base@1\n", "mapping"),
        ("a.yaml", "MAPPING: shop@1\nTESTS: [\n", "mapping"),
        ("a.yaml", "RULES:\n  - RULE: one\n    OUTPUT: out\n", "mapping"),
        ("a.yaml", "language: 2\nname: x\noutputs: [\n", "mapping"),
        ("a.yaml", "tables: {}\n", "part"),
        ("a.yaml", "description: x\nlet: {\n", "part"),
        ("a.yaml", TESTS, "tests"),
        ("a.yaml", "workspace: w\ntests: []\n", "tests"),
        ("a.yaml", "mapping: shop@1\ntestss: []\n", "tests"),
        ("a.yaml", "tests:\n  - test: t\n    input: [\n", "tests"),
        ("a.yaml", "testss: []\n# yaml-language-server: $schema=../moemap/tests.schema.json\n", "tests"),
        ("a.yaml", "# yaml-language-server: $schema=https://x/moemap/workspace.schema.json\nx: 1\n", "workspace"),
        ("a.yaml", "# yaml-language-server: $schema=../schemas/moemap/rules.schema.json\nruels: [\n", "mapping"),
        ("a.yaml", "# yaml-language-server: $schema=../schemas/moemap/rules.schema.json\nrules: [\n", "part"),
        # parts with misspelt keys
        ("a.yaml", "ruels: [{rule: one, output: out}]\n", "part"),
        ("a.yaml", "description: x\nrulse:\n  - rule: one\n    output: [\n", "part"),
        ("a.yaml", "rules:\n  - ruel: one\n    output: out\n", "part"),
        ("a.yaml", "ruels:\n  - rul: one\n    skip: no\n", "part"),
        ("a.yaml", "{ruels: [{rule: one}]}\n", "part"),
        ("a.yaml", "tabels: {t: {entries: {a: b}}}\n", "part"),
        ("a.yaml", "route: {lines: {each: batch.lines, as: line}}\n", "part"),
        ("a.yaml", "policy: {options: [{when: value}]}\ndescripton: x\n", "part"),
        ("a.yaml", "asserts: {a: {never_in: [x]}}\nlet: {}\n", "part"),
        # files of others
        ("a.yaml", "rule: x\n", None),
        ("a.yaml", "ruels: []\n", None),
        ("a.yaml", "roles: [{role: admin, rules: []}]\n", None),
        ("a.yaml", "rules:\n  - role: admin\n    allow: all\n", None),
        ("a.yaml", "rules: [{if: $CI, when: always}]\n", None),
        ("a.yaml", "table: {a: [entries]}\n", None),
        ("a.yaml", "routes: [{route: a, each: b}]\n", None),
        ("a.yaml", "policy: [{when: x}]\n", None),
        ("a.yaml", "asserts: [{equal: {path: a}}]\n", None),
        ("a.yaml", "ruels: [{rule: one}]\njobs: {}\n", None),
        ("a.yaml", "openapi: 3.1.0\ninfo: {}\npaths: {}\n", None),
        ("docker-compose.yml", "services: {web: {image: x}}\n", None),
        ("a.yaml", "groups: [{name: x, rules: [{alert: down, expr: up}]}]\n", None),
        ("a.yaml", "- rule: Shell\n  condition: x\n  output: y\n", None),
        ("a.yaml", "", None),
        ("a.yaml", "- tests\n", None),
        ("a.yaml", "- name: x\n  tests: []\n", None),
        ("a.yaml", "name: ci\non: push\njobs: {}\n", None),
        ("a.yaml", "version: 3\nservices: {}\n", None),
        ("a.yaml", "apiVersion: v1\nkind: Role\nmetadata: {}\nrules: []\n", None),
        ("action.yml", ACTION, None),
        ("action.yml", ACTION + "  steps: [\n", None),
        (".travis.yml", "language: python\nscript: make\n", None),
        ("a.yaml", "language: python\n", None),
        ("a.yaml", "language: [python]\nname: x\n", None),
        ("a.yaml", "extends: default\nrules: {line-length: disable}\n", None),
        ("a.yaml", "extends: ./base.yaml\nrules: {}\n", None),
        ("a.yaml", "extends: [[spectral:oas, off]]\nrules:\n  x: {given: $, then: {}}\n", None),
        ("a.yaml", "rules:\n  - id: x\n    message: m\n    languages: [python]\n", None),
        ("a.yaml", "name: x\nrules:\n  - alert: down\n", None),
        ("a.yaml", "policies:\n  - name: x\n    resource: s3\n", None),
        ("a.yaml", "routes:\n  - path: /\n", None),
        ("a.yaml", "tables: [a, b]\n", None),
        ("a.yaml", "suite: x\ntests:\n  - it: works\n    asserts: []\n", None),
        ("a.yaml", "description: x\nproviders: []\ntests:\n  - vars: {}\n", None),
        ("a.yaml", "version: 2\ntests: {x: 1}\n", None),
        ("a.yaml", "workspace: {members: [a]}\n", None),
        ("a.yaml", "WORKSPACE: /tmp\nNAME: x\n", None),
        ("a.yaml", "Description: x\nResources: {}\nRules: {}\nOutputs: {Url: {Value: x}}\n", None),
        ("a.yaml", "mapping: {a: 1}\n", None),
        ("a.yaml", "root: true\nenv: {}\nparserOptions: {}\nextends: x\nrules: {}\n", None),
        ("a.yaml", "a: |\n  workspace: w\n", None),
        ("a.yaml", "a: |\n  workspace:w\n  extends:b\n", None),
        ("a.yaml", "name:x\n", None),
        ("a.yaml", "{{- if .x }}\nname: ci\njobs:\n  workspace: w\n  rules: []\n", None),
        ("a.yaml", "name: ci\nextends: {a: {workspace: w}}\n", None),
        ("a.yaml", "{{ template }}\n", None),
        (
            "a.yaml",
            "# yaml-language-server: $schema=https://json.schemastore.org/github-workflow.json\nname: x\n",
            None,
        ),
    ],
)
def test_what_a_file_is(tmp_path: Path, name: str, text: str, kind: str | None) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert discovery.kind_of(path) == kind


@pytest.mark.parametrize(
    "text",
    [
        "a" + " " * 900_000,
        "{a" * 450_000,
        "{," + " " * 900_000,
        "#" + " " * 900_000,
        "# yaml-language-server:" + "moemap/" * 130_000,
    ],
)
def test_long_lines_are_looked_at_quickly(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert discovery.kind_of(tmp_path / "a.yaml") is None


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["tests"], "a test file"),
        (["rules"], "a part"),
        (["$schema", "type"], "a JSON Schema"),
        (["type", "properties"], "a JSON Schema"),
        (["openapi", "info", "paths"], "an OpenAPI document"),
        (["events", "user_identities"], "a file of another kind"),
        (["langauge", "events"], None),
        (["nam"], None),
        (["language"], None),
        ([], None),
    ],
)
def test_what_is_no_main_file(keys: list[str], kind: str | None) -> None:
    other = discovery.other_than_main(keys)
    assert (None if other is None else other[0]) == kind
