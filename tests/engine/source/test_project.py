"""A rule file may read only its own folder and its project; the mapping it extends is looked up in fixed places."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from moemap.engine import api, golden
from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.golden import files as goldenfile
from moemap.engine.source.project import Project
from moemap.engine.source.text import Source

HEAD = "language: 1\nname: m\nversion: 1.0.0\n"
MAPPING = (
    HEAD + "input: {as: batch, schema: ./in.json}\noutputs: {out: {schema: ./in.json, request: {path: /}}}\n"
    "rules: [{rule: %s, output: out, fields: {a: batch.a}}]\n"
)
SECRET = "s3cr3t"


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def mapping(folder: Path, rule: str = "one") -> Path:
    write(folder / "in.json", "{}")
    return write(folder / "mapping.yaml", MAPPING % rule)


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder `own` with a mapping; beside it files that have nothing to do with it."""
    write(tmp_path / "secret.json", json.dumps({"type": SECRET, SECRET: [SECRET]}))
    write(tmp_path / "secret.yaml", f"{SECRET}: [{SECRET}\n")
    write(tmp_path / "base/v1/mapping.yaml", f"{SECRET}: {SECRET}\n")
    own = tmp_path / "own"
    mapping(own)
    for name in ("json", "yaml"):
        (own / f"link.{name}").symlink_to(f"../secret.{name}")
    (own / "up").symlink_to("..")
    write(own / ".git" / "config", f"{SECRET}: [{SECRET}\n")
    (own / ".git").rename(own / ".hidden")
    return own


def said(problems: Sequence[Problem], sources: Mapping[str, Source]) -> str:
    return reporters.render("text", Report(problems, sources))


OUTSIDE = "is outside the folder of the mapping"
HIDDEN = "is hidden: a name in its path begins with a dot"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("input: {as: batch, schema: ./../secret.json}", OUTSIDE),
        ("input: {as: batch, schema: ./link.json}", OUTSIDE),
        ("input: {as: batch, schema: ./up/secret.json}", OUTSIDE),
        ("input: {as: batch, schema: ./refers.json}", f"refers to '../secret.json', which {OUTSIDE}"),
        ("input: {as: batch, schema: ./refers_link.json}", f"refers to 'link.json', which {OUTSIDE}"),
        ("input: {as: batch, schema: ./.hidden/config}", HIDDEN),
        ("input: {as: batch, schema: ../../../../../../../../etc/passwd}", OUTSIDE),
        ("outputs: {out: {schema: ./in.json, limits: ./../secret.json, request: {path: /}}}", OUTSIDE),
        ("extends: ./../secret.yaml", OUTSIDE),
        ("extends: ./link.yaml", OUTSIDE),
        ("extends: ./up/base/v1", OUTSIDE),
        ("extends: ./up", OUTSIDE),
        ("extends: ./.hidden/config", HIDDEN),
        ("extends: base@1", OUTSIDE),
        ("include: [../secret.yaml]", OUTSIDE),
        ("include: [link.yaml]", OUTSIDE),
        ("include: [.hidden/config]", HIDDEN),
    ],
)
def test_a_mapping_reads_nothing_outside_its_folder(foreign: Path, text: str, reason: str) -> None:
    write(foreign / "refers.json", '{"$ref": "../secret.json"}')
    write(foreign / "refers_link.json", '{"$ref": "link.json#/type"}')
    loaded = api.inspect(write(foreign / "mapping.yaml", f"{HEAD}{text}\n"))
    shown = said(loaded.problems, loaded.sources)
    assert reason in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "text",
    [
        "input: {as: batch, schema: ./../%s.json}",
        "input: {as: batch, schema: ./refers.json}",
        "extends: ./../%s.json",
        "include: [../%s.json]",
    ],
)
def test_nobody_learns_which_files_exist_elsewhere(foreign: Path, text: str) -> None:
    messages = []
    for name in ("secret", "absent"):
        write(foreign / "refers.json", json.dumps({"$ref": f"../{name}.json"}))
        loaded = api.inspect(write(foreign / "mapping.yaml", HEAD + text.replace("%s", name) + "\n"))
        messages.append([problem.message.replace(name, "") for problem in loaded.problems])
    assert messages[0] == messages[1]
    assert any(OUTSIDE in message for message in messages[0])


def test_a_schema_beside_the_mapping_is_suggested(tmp_path: Path) -> None:
    main = mapping(tmp_path)
    main.write_text(main.read_text().replace("./in.json", "in.json"))
    problem = api.inspect(main).problems[0]
    assert (problem.message, problem.hint) == ("the schema 'in.json' does not exist", "did you mean './in.json'?")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tests: [{test: t, input_file: ../../secret.json, expect: {}}]", OUTSIDE),
        ("tests: [{test: t, input_file: ../link.json, expect: {}}]", OUTSIDE),
        ("tests: [{test: t, input_file: ../up/secret.jsonn, expect: {}}]", OUTSIDE),
        ("tests: [{test: t, input_file: /etc/passwd, expect: {}}]", "must be given relative to the test file"),
        ("tests: [{test: t, input_file: ../.hidden/config, expect: {}}]", HIDDEN),
        ("mapping: ../../secret.yaml\ntests: [{test: t, input: {}, settings: {a: 1}, expect: {}}]", OUTSIDE),
        ("mapping: /etc/passwd\ntests: [{test: t, input: {}, settings: {a: 1}, expect: {}}]", OUTSIDE),
        ("workspace: ../link.yaml\ntests: [{test: t, input: {}, settings: {a: 1}, expect: {}}]", OUTSIDE),
        ("mapping: ../../base/v1\ntests: [{test: t, input: {}, settings: {a: 1}, expect: {}}]", OUTSIDE),
    ],
)
def test_a_test_file_reads_nothing_outside_the_folder_of_its_mapping(foreign: Path, text: str, reason: str) -> None:
    file, problems, sources = goldenfile.load(write(foreign / "tests" / "a.yaml", text), "a.yaml")
    shown = said(problems, sources)
    assert (file, reason in shown, SECRET in shown) == (None, True, False)


def test_a_link_is_no_mapping_above_a_test_file(foreign: Path) -> None:
    (foreign / "mapping.yaml").unlink()
    (foreign / "mapping.yaml").symlink_to("../secret.yaml")
    tests = write(foreign / "tests" / "a.yaml", "tests: [{test: t, input: {}, settings: {a: 1}, expect: {}}]")
    file, problems, sources = goldenfile.load(tests, "a.yaml")
    shown = said(problems, sources)
    assert (file, OUTSIDE in shown, SECRET in shown) == (None, True, False)


@pytest.mark.parametrize("marker", [".git", ".moemap"])
def test_the_files_of_a_project_name_each_other(tmp_path: Path, marker: str) -> None:
    write(tmp_path / marker)
    mapping(tmp_path / "mappings" / "base" / "v1")
    write(tmp_path / "shared" / "in.json", '{"$ref": "../more/types.json"}')
    write(tmp_path / "more" / "types.json", "{}")
    write(tmp_path / "samples" / "batch.json", "{}")
    workspace = write(
        tmp_path / "workspaces" / "w.yaml",
        "language: 1\nworkspace: w\nextends: ./../mappings/base/v1\n",
    )
    assert api.inspect(workspace).problems == ()
    text = MAPPING.replace("./in.json", "./../../../shared/in.json") % "one"
    assert api.inspect(write(tmp_path / "mappings" / "other" / "v1" / "mapping.yaml", text)).problems == ()
    tests = "mapping: ../../mappings/base/v1\ntests: [{test: t, input_file: ../../samples/batch.json, expect: {}}]"
    file, problems, _ = goldenfile.load(write(tmp_path / "workspaces" / "tests" / "a.yaml", tests), "a.yaml")
    assert problems == ()
    assert file is not None
    outcome = golden.GoldenRunner().run(file, file.tests[0])
    assert outcome.problems == ()


def test_a_project_does_not_open_its_hidden_files(tmp_path: Path) -> None:
    write(tmp_path / ".git" / "config", f"{SECRET}: [{SECRET}\n")
    mapping(tmp_path / "base")
    loaded = api.inspect(write(tmp_path / "w" / "w.yaml", "language: 1\nworkspace: w\nextends: ./../.git/config\n"))
    (problem,) = loaded.problems
    assert problem.message == f"the mapping './../.git/config' {HIDDEN}"


def test_what_lies_outside_a_project_is_said_to(tmp_path: Path) -> None:
    write(tmp_path / "project" / ".moemap")
    (problem,) = api.inspect(
        write(tmp_path / "project" / "w.yaml", "language: 1\nworkspace: w\nextends: ./../x\n")
    ).problems
    assert problem.message == "the mapping './../x' is outside the project"
    marker = "a file .moemap or moemap.toml in a folder above"
    assert problem.hint == f"{marker} makes it a project, whose files may name each other"


def test_a_home_folder_under_git_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / ".git" / "config")
    folder = tmp_path / "downloads" / "mapping"
    folder.mkdir(parents=True)
    assert Project.around(folder).root is None
    write(tmp_path / "downloads" / ".git")
    assert Project.around(folder).root == tmp_path / "downloads"


def test_a_whole_disk_under_git_is_no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.lexists", lambda path: str(path) == "/.git")
    assert Project.around(Path("/srv/mapping")).root is None


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    for name in ("", "inner/"):
        write(tmp_path / f"{name}.moemap")
    assert Project.around(tmp_path / "inner" / "deep" / "er").root == tmp_path / "inner"
    assert Project.around(tmp_path / "other").root == tmp_path
    # A repository inside a project is a part of it.
    write(tmp_path / "other" / ".git")
    assert Project.around(tmp_path / "other").root == tmp_path


def test_installed_mappings_are_a_project_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even without git: their tests name the examples that are installed with them."""
    monkeypatch.setattr("moemap.engine.source.project.PACKAGE", tmp_path)
    folder = tmp_path / "mappings" / "x" / "v1"
    assert Project.around(folder).refusal(tmp_path / "examples" / "a.json") is None


# The places where a mapping is looked up by its name


@pytest.mark.parametrize(
    ("workspace", "found"),
    [
        # beside the file that names it
        ("w.yaml", "base/v1"),
        ("workspaces/w.yaml", "workspaces/base/v1"),
        ("workspace.yaml", "base/v1"),
        # beside its folder, where it is the main file of that
        ("shop/workspace.yaml", "base/v1"),
        ("shop/mapping.yaml", "base/v1"),
        # beside the folder of all versions
        ("mappings/shop/v2/mapping.yaml", "mappings/base/v1"),
        ("mappings/shop/v2/workspace.yaml", "mappings/base/v1"),
    ],
)
def test_where_a_mapping_is_looked_for(tmp_path: Path, workspace: str, found: str) -> None:
    write(tmp_path / ".moemap")
    mapping(tmp_path / found, "found")
    head = "language: 1\nworkspace: w\n" if "workspace" in Path(workspace).name or "w.yaml" in workspace else HEAD
    loaded = api.inspect(write(tmp_path / workspace, f"{head}extends: base@1\n"))
    assert [problem.message for problem in loaded.problems] == []
    assert loaded.rulebook is not None
    assert [rule.name for rule in loaded.rulebook.rules] == ["found"]


def test_the_nearest_mapping_of_a_name_counts(tmp_path: Path) -> None:
    write(tmp_path / ".moemap")
    main = write(tmp_path / "shop" / "workspace.yaml", "language: 1\nworkspace: w\nextends: base@1\n")
    mapping(tmp_path / "base" / "v1", "beside-the-folder")
    rulebook = api.inspect(main).rulebook
    assert rulebook is not None
    assert [rule.name for rule in rulebook.rules] == ["beside-the-folder"]
    mapping(tmp_path / "shop" / "base" / "v1", "beside-the-file")
    rulebook = api.inspect(main).rulebook
    assert rulebook is not None
    assert [rule.name for rule in rulebook.rules] == ["beside-the-file"]


@pytest.mark.parametrize("place", ["base/v1", "mappings/base/v1", "../base/v1", "other/base/v1"])
def test_elsewhere_no_mapping_is_found_by_its_name(tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No mapping is found by name in the current folder, or two folders above a workspace."""
    project = tmp_path / "project"
    write(tmp_path / ".moemap")
    mapping(project / place)
    monkeypatch.chdir(project)
    loaded = api.inspect(write(project / "workspaces" / "w.yaml", "language: 1\nworkspace: w\nextends: base@1\n"))
    (problem,) = loaded.problems
    assert (problem.code, problem.message) == ("M109", "no mapping 'base@1' is known")
    assert problem.hint == "it is looked up as base/v1 in the folder of this file, then among the installed mappings"


def test_a_mapping_beside_comes_before_the_installed_one(tmp_path: Path) -> None:
    mapping(tmp_path / "mparticle-moengage" / "v1", "own")
    text = "language: 1\nworkspace: w\nextends: mparticle-moengage@1\n"
    rulebook = api.inspect(write(tmp_path / "w.yaml", text)).rulebook
    assert rulebook is not None
    assert [rule.name for rule in rulebook.rules] == ["own"]
