"""`moemap privacy`: the effect of settings, schemas without marks, and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main

WORKSPACE = str(Path(__file__).parents[2] / "examples" / "workspaces" / "portfolio.yaml")
MAPPING = """
language: 1
name: small
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs: {out: {schema: ./any.json, request: {path: /}}}
rules: [{rule: one, output: out, fields: {a: batch.a}}]
"""


def privacy(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["privacy", *arguments])


@pytest.mark.slow
def test_settings() -> None:
    line = "  -> customer /attributes/moe_gaid  (rule user"
    assert f"{line}; not with these settings)\n" in privacy(WORKSPACE).stdout
    assert f"{line})\n" in privacy(WORKSPACE, "--set", "advertising_ids=true").stdout


def test_a_schema_without_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mapping.yaml").write_text(MAPPING, "utf-8")
    Path("any.json").write_text("{}", "utf-8")
    result = privacy("mapping.yaml")
    assert (result.exit_code, result.stdout.strip()) == (0, "")
    assert result.stderr == "the schema './any.json' marks no member as personal\n"


def test_an_unknown_mapping() -> None:
    assert privacy("nothing@1").exit_code == 2
