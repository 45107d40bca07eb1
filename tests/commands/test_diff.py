"""`moemap diff` on the shipped mapping, on workspaces, and against a revision."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from moemap.cli import main
from moemap.engine.insight.ignoring import IgnoreError, read_ignores

ROOT = Path(__file__).parents[2]


def diff(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


@pytest.fixture(scope="module")
def workspace() -> str:
    return str(ROOT / "examples" / "workspaces" / "email_identity.yaml")


@pytest.mark.slow
def test_a_workspace_and_its_mapping(workspace: str) -> None:
    result = diff("mparticle-moengage@1", workspace)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "breaking: rule user, attributes, Postcode was called Zip"
    assert lines[1].endswith("mparticle-moengage/v1/user.yaml:61  [rules/user/fields/attributes/fields/Postcode]")
    (setting,) = [line for line in lines if line.endswith("[settings/identity/value]")]
    assert "was" not in setting  # one name of the file, by which of both it was found
    assert result.stderr == "2 breaking, 2 behaviour\n"


@pytest.mark.slow
def test_json_and_corpus_without_values(workspace: str) -> None:
    result = diff(
        "--format", "json", "--corpus", str(ROOT / "examples" / "purchase.json"), "mparticle-moengage@1", workspace
    )
    found: dict[str, Any] = json.loads(result.stdout)
    assert [change["effect"] for change in found["changes"]] == ["breaking", "breaking", "behaviour", "behaviour"]
    assert found["corpus"]["batches"] == found["corpus"]["differing"] == 1
    examples = [example for group in found["corpus"]["groups"] for example in group["examples"]]
    assert {example["new"] for example in examples} <= {"a string", "an object", None}


@pytest.mark.slow
def test_a_corpus_on_standard_input(workspace: str) -> None:
    text = (ROOT / "examples" / "purchase.json").read_bytes()
    result = CliRunner().invoke(main, ["diff", "--corpus", "-", "mparticle-moengage@1", workspace], input=text)
    assert "1 of 1 batches differ" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["text", "markdown", "html", "json"])
def test_records_of_a_corpus_that_cannot_be_read_are_named_and_fail(
    workspace: str, format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("some.ndjson").write_text('{"mpid": "7", "events": []}\n{oops\n5\n', "utf-8")
    result = diff("--format", format_, "--corpus", "some.ndjson", "mparticle-moengage@1", workspace)
    assert result.exit_code == 1
    if format_ == "json":
        counts = json.loads(result.stdout)["corpus"]
        assert (counts["batches"], counts["unreadable"]) == (1, 2)
    else:
        assert "of 1 batches differ" in result.stdout
        first = "some.ndjson:2: the record is not JSON: unexpected character, expected a string key (character 2)"
        assert f"2 records cannot be read; first in {first}" in result.stdout.replace("\\", "")


def test_values_of_a_corpus_on_demand(workspace: str) -> None:
    sample = str(ROOT / "examples" / "purchase.json")
    result = diff("--show-values", "--corpus", sample, "mparticle-moengage@1", workspace)
    assert "1 of 1 batches differ" in result.stdout
    assert "@example.com" in result.stdout


@pytest.mark.slow
def test_two_names_of_one_mapping_differ_in_nothing() -> None:
    result = diff("--check", "mparticle-moengage@1", "mparticle-moengage")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("no change in meaning; version ")


MAPPING = """\
language: 1
name: shop
version: {version}
input: {{as: batch, schema: ./any.schema.json}}
outputs: {{event: {{schema: ./any.schema.json, request: {{path: /v1}}}}}}
rules:
  - {{rule: all, output: event, fields: {{{field}: batch.name}}}}
"""


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_hidden_values_of_one_kind_became_others(format_: str, tmp_path: Path) -> None:
    for field in ("name", "other"):
        (tmp_path / field).mkdir()
        (tmp_path / field / "any.schema.json").write_text("{}")
        (tmp_path / field / "mapping.yaml").write_text(
            MAPPING.format(version="1.0.0", field="n").replace("batch.name", f"batch.{field}")
        )
    corpus = tmp_path / "batch.json"
    corpus.write_text('{"name": true, "other": false}')
    result = diff("--format", format_, "--corpus", str(corpus), str(tmp_path / "name"), str(tmp_path / "other"))
    assert "a boolean became another one" in result.stdout.replace("\\", "")


@pytest.fixture(params=[("repository", b"")])
def repository(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a mapping that was changed since it was committed, in a repository of this name, beside a link."""
    name, link = request.param
    tmp_path = tmp_path / name
    folder = tmp_path / "mappings" / "shop"
    folder.mkdir(parents=True)
    (folder / "any.schema.json").write_text('{"type": "object"}', "utf-8")
    (folder / "mapping.yaml").write_text(MAPPING.format(version="1.0.0", field="name"), "utf-8")
    if link:
        os.symlink(link, os.fsencode(tmp_path / "link"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    (folder / "mapping.yaml").write_text(MAPPING.format(version="1.1.0", field="title"), "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def test_against_a_revision(repository: Path) -> None:
    result = diff("--against", "HEAD", "--check", "--format", "github", "mappings/shop")
    assert result.exit_code == 1
    assert result.stdout == (
        "::error file=mappings/shop/mapping.yaml,line=7,title=breaking::rule all, title was called name\n"
    )
    assert result.stderr == "1 breaking; version 1.1.0 is not enough after 1.0.0: at least 2.0.0\n"


@pytest.mark.parametrize(
    "repository",
    [("absolute link", b"/etc/hostname"), ("link outside", b"../../nowhere"), (os.fsdecode(b"not UTF-8 \xff"), b"")],
    indirect=True,
    ids=["absolute link", "link outside", "not UTF-8"],
)
def test_a_repository_may_have_any_name_and_links_to_anywhere(repository: Path) -> None:
    assert diff("--against", "HEAD", "mappings/shop").stderr.startswith("1 breaking; ")


@pytest.mark.parametrize("inner", [".", "mappings/shop"])
def test_in_a_hook_where_git_names_its_repository(
    repository: Path, inner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository.parents[1] / ".git"))
    monkeypatch.setenv("GIT_PREFIX", "mappings/")
    monkeypatch.chdir(inner)
    assert diff("--against", "HEAD", str(repository)).stderr.startswith("1 breaking; ")


def test_places_of_a_revision_are_named_by_it(repository: Path) -> None:
    assert diff("--against", "HEAD", "mappings/shop").stdout.splitlines()[1].split("  [")[0] == (
        "  mappings/shop/mapping.yaml:7, was HEAD:mappings/shop/mapping.yaml:7"
    )
    (change,) = json.loads(diff("--against", "HEAD", "--format", "json", "mappings/shop").stdout)["changes"]
    assert change["old"]["file"] == "HEAD:mappings/shop/mapping.yaml"


def test_markdown_for_a_pull_request(repository: Path) -> None:
    result = diff("--against", "HEAD", "--format", "markdown", "mappings/shop")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:6] == [
        "### mappings/shop in HEAD 1.0.0 to mappings/shop 1.1.0",
        "",
        "1 breaking; version 1.1.0 is not enough after 1.0.0: at least 2.0.0",
        "",
        "**Breaking**",
        "",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "none", "mappings/shop"], "--against none: Needed a single revision"),
        (["--against", "--all", "mappings/shop"], "--against --all: '--all' is no revision"),
        (["mappings/shop"], "name OLD and NEW, or give --against with NEW alone"),
        (["a", "b", "c"], "too many names: with --against, one; otherwise OLD and NEW"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, repository: Path) -> None:
    result = diff(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "any.schema.json").write_text('{"type": "object"}', "utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING.format(version="1.0.0", field="name"), "utf-8")
    result = diff("--against", "HEAD", "mapping.yaml")
    assert result.exit_code == 2
    assert "--against HEAD: not a git repository" in result.stderr


@pytest.mark.slow
def test_html(workspace: str) -> None:
    page = diff("--format", "html", "mparticle-moengage@1", workspace).stdout
    assert page.startswith("<!doctype html>")
    assert "rule user, attributes, Postcode was called Zip" in page
    assert '<h2 class="bad">Breaking <span class="quiet">2</span></h2>' in page
    assert (
        "The two versions mean the same."
        in diff("--format", "html", "mparticle-moengage@1", "mparticle-moengage").stdout
    )


@pytest.mark.slow
def test_ignored_changes_do_not_count(workspace: str, tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.txt"
    accepted.write_text(
        "# agreed\n\nrules/user/fields/attributes/fields/Postcode # the receiver knows both\nnever/was # gone\n",
        "utf-8",
    )
    result = diff("--ignore", str(accepted), "mparticle-moengage@1", workspace)
    assert result.exit_code == 0
    assert "ignored: rule user, attributes, Postcode was called Zip (the receiver knows both)\n" in result.stdout
    assert result.stderr == (
        f"1 breaking, 2 behaviour, 1 ignored\n{accepted}:4: no change has the id never/was: remove the line\n"
    )
    assert diff("--check", "--ignore", str(accepted), "mparticle-moengage@1", workspace).exit_code == 1
    found = json.loads(diff("--format", "json", "--ignore", str(accepted), "mparticle-moengage@1", workspace).stdout)
    assert [(one["change"]["id"], one["reason"]) for one in found["ignored"]] == [
        ("rules/user/fields/attributes/fields/Postcode", "the receiver knows both")
    ]
    assert found["stale"] == ["never/was"]
    Draft202012Validator(json.loads((ROOT / "schemas/moemap/comparison.schema.json").read_text("utf-8"))).validate(
        found
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rules/a", "line 1 gives no reason: write rules/a # REASON"),
        ("rules/a # ", "line 1 gives no reason: write rules/a # REASON"),
        ("rules/a # b\nrules/a # c", "line 2 has the id of line 1"),
    ],
)
def test_lines_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(IgnoreError, match=f"^{re.escape(reason)}$"):
        read_ignores(text)


@pytest.mark.slow
def test_a_corpus_in_several_processes(workspace: str, tmp_path: Path) -> None:
    sample = json.dumps(json.loads((ROOT / "examples" / "purchase.json").read_text("utf-8")))
    (tmp_path / "many.ndjson").write_text(f"{sample}\n" * 400 + "no JSON\n", "utf-8")
    options = ["--format", "json", "--corpus", str(tmp_path / "many.ndjson"), "mparticle-moengage@1", workspace]
    found = [json.loads(diff("--jobs", jobs, *options).stdout)["corpus"] for jobs in ("1", "2")]
    assert found[0] == found[1]
    assert (found[0]["batches"], found[0]["unreadable"], found[0]["differing"]) == (400, 1, 400)
