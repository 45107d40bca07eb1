"""`moemap fmt`: changes, diffs, refusals and exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main

OLD = "language:   1\nname:   'x'   # why\nrules:\n- {rule: a,\n   skip: b}\n"
NEW = 'language: 1\nname:     "x"  # why\nrules:\n  - {rule: a, skip: b}\n'


def fmt(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["fmt", *arguments], input=text)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mapping.yaml").write_text(OLD, "utf-8")
    Path("other.yaml").write_text("key:   value\n", "utf-8")


def test_files_of_a_folder_are_formatted_once() -> None:
    result = fmt()
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "changed: mapping.yaml\n",
        "1 file: 1 changed\n",
    )
    assert Path("mapping.yaml").read_text("utf-8") == NEW
    assert Path("other.yaml").read_text("utf-8") == "key:   value\n"
    again = fmt(".", "mapping.yaml", "other.yaml")
    assert (again.stdout, again.stderr) == ("changed: other.yaml\n", "2 files: 1 changed\n")


def test_check_and_diff_change_nothing() -> None:
    result = fmt("--check")
    assert (result.exit_code, result.stdout) == (1, "would change: mapping.yaml\n")
    result = fmt("--diff", "mapping.yaml")
    assert result.exit_code == 1
    assert result.stdout.startswith("--- mapping.yaml\n+++ mapping.yaml (formatted)\n@@ -1,5 +1,4 @@\n-language:   1\n")
    assert Path("mapping.yaml").read_text("utf-8") == OLD
    Path("mapping.yaml").write_text(NEW, "utf-8")
    assert fmt("--check", "--diff").exit_code == 0


def test_standard_input_goes_to_standard_output() -> None:
    result = fmt("-", text=OLD)
    assert (result.exit_code, result.stdout, result.stderr) == (0, NEW, "")
    assert fmt("--check", "-", text=OLD).exit_code == 1
    assert fmt("--check", "-", text=NEW).exit_code == 0
    assert fmt("-", ".").exit_code == 2


def test_files_that_are_no_yaml_stay() -> None:
    Path("a.schema.json").write_text('{"a":   1}\n', "utf-8")
    result = fmt("a.schema.json", "mapping.yaml")
    assert result.exit_code == 2
    assert "a.schema.json: not a rule file: its name ends neither in .yaml nor in .yml" in result.stderr
    assert Path("a.schema.json").read_text("utf-8") == '{"a":   1}\n'
    assert Path("mapping.yaml").read_text("utf-8") == OLD


def test_line_ends_and_links_stay() -> None:
    Path("mapping.yaml").write_bytes(OLD.replace("\n", "\r\n").encode())
    os.symlink("mapping.yaml", "workspace.yaml")
    assert fmt("workspace.yaml").exit_code == 0
    assert Path("mapping.yaml").read_bytes() == NEW.replace("\n", "\r\n").encode()
    assert Path("workspace.yaml").is_symlink()


@pytest.mark.parametrize(
    ("content", "code"), [("a: [", "M004"), ("a: 1\na: 2\n", "M005"), ("%YAML 1.2 # x\n---\na: 1\n", "M245")]
)
def test_files_with_errors_stay_as_they_are(content: str, code: str) -> None:
    Path("mapping.yaml").write_text(content, "utf-8")
    result = fmt("mapping.yaml", "other.yaml")
    assert result.exit_code == 1
    assert f"error[{code}]" in result.stderr
    assert result.stdout == "changed: other.yaml\n"
    assert Path("mapping.yaml").read_text("utf-8") == content


def test_paths_without_rule_files_are_wrong_use() -> None:
    Path("empty").mkdir()
    assert "Error: none: no such file or folder\n" in fmt("none").stderr
    result = fmt("empty")
    assert result.exit_code == 2
    assert "Error: empty: no mapping, workspace or test file below it\n" in result.stderr
