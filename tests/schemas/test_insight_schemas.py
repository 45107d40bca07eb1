"""The schemas of what commands find out describe what they write, and no more than that."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from moemap.cli import main
from moemap.tests.schemas.test_language_schemas import FAST, ROOT, VALIDATORS

PURCHASE = str(ROOT / "examples" / "purchase.json")
WORKSPACE = str(ROOT / "examples" / "workspaces" / "email_identity.yaml")

COMMANDS = [
    ("explanation", ["explain", PURCHASE, "--json"]),
    ("explanation", ["explain", PURCHASE, "--json", "--mask", "--output", "/actions/0/attributes/currency"]),
    ("explanation", ["explain", PURCHASE, "--json", "--why-not", "/attributes/Age"]),
    ("explanation", ["explain", PURCHASE, "--json", "--input", "/events/0/data/currency_code"]),
    ("comparison", ["diff", "--format", "json", "mparticle-moengage@1", WORKSPACE]),
    ("privacy", ["privacy", "--format", "json", "--set", "advertising_ids=true"]),
    ("comparison", ["diff", "--format", "json", "--corpus", PURCHASE, "mparticle-moengage@1", WORKSPACE]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), COMMANDS)
def test_what_commands_write(name: str, arguments: list[str]) -> None:
    document = json.loads(CliRunner().invoke(main, arguments).stdout)
    FAST[name].validate(document)
    assert document
    if isinstance(document, dict):
        assert not FAST[name].is_valid({**document, "more": 1})
        for key in document.keys() - {"corpus"}:
            assert not FAST[name].is_valid({other: document[other] for other in document if other != key})


MAPPING = """
language: 1
name: small
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs: {out: {schema: ./any.json, request: {path: /}}}
rules: [{rule: one, output: out, when: "batch.a == 'x'", fields: {a: {from: batch.a, default: b}}}]
"""
TESTS = """
tests:
  - {test: one, input: {a: x}, expect: {requests: [{output: out, method: POST, path: /, query: {}, body: {a: x}}]}}
"""


def test_coverage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"mapping.yaml": MAPPING, "any.json": "{}", "tests/one.yaml": f"mapping: ../mapping.yaml\n{TESTS}"}
    for name, text in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["test", "tests", "--coverage-output", "coverage.json"])
    assert done.exit_code == 0, done.output
    document: Any = json.loads(Path("coverage.json").read_bytes())
    VALIDATORS["coverage"].validate(document)
    assert 0 < document["taken"] < document["branches"]
    assert not VALIDATORS["coverage"].is_valid({**document, "more": 1})
    for (branches,) in [document["files"].values()]:
        branches[0]["more"] = 1
    assert not VALIDATORS["coverage"].is_valid(document)
