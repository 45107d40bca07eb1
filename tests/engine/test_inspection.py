"""The files that `moemap check` finds below its paths, their names, and the files that it skips."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

from moemap.cli import main
from moemap.engine.golden import files as goldenfile
from moemap.engine.inspection import Inspection, inspect_paths
from moemap.engine.source.paths import PathError

ROOT = Path(__file__).parents[2]
MAPPING = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs: {out: {schema: ./any.json, request: {path: /}}}
"""
PART = "rules: [{rule: one, output: out, fields: {a: batch.a}}]\n"
WRONG_PART = "rules: [{rule: one, output: out, fields: {a: bacth.a}}]\n"
WORKSPACE = "language: 1\nworkspace: w\nextends: ./base\n"
ACTION = """\
name: Set up
description: Sets up the tool
inputs: {version: {description: which one, default: latest}}
outputs: {path: {description: where it is, value: x}}
runs:
  using: composite
"""
TESTS = "tests: [{test: t, input: {}, expect: {}}]\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes files into a project, which is the current folder; a mapping needs its schema beside it."""
    monkeypatch.chdir(tmp_path)
    Path(".moemap").touch()

    def write_files(**files: str) -> None:
        for name, text in files.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            path.with_name("any.json").write_text("{}")

    return write_files


def said(inspection: Inspection) -> list[str]:
    return [f"{problem.place} {problem.code}" for problem in inspection.problems]


# What looks like a file of a mapping


def test_what_lies_in_the_tests_of_a_mapping_is_a_test_file(write: Callable[..., None]) -> None:
    write(**{"m/mapping.yaml": MAPPING, "m/tests/a.yaml": "tets: []\n", "m/tests/data/b.yaml": "x: 1\n"})
    assert said(inspect_paths(["m"])) == ["m/tests/a.yaml:1:1 M101", "m/tests/a.yaml:1:1 M103"]
    assert goldenfile.discover([Path("m")]) == [Path("m/tests/a.yaml")]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-be"])
def test_a_file_that_is_not_utf_8_is_looked_at(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "a.yaml").write_bytes(f"{mark}# caf\xe9\nworkspace: w\n".encode(encoding))
    (problem,) = inspect_paths([str(tmp_path)]).problems
    assert problem.code == "M002"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("shop.yaml", "language: 1\nworkspace: w\nextends: [./base\n", "M004"),
        ("shop.yaml", "language: 1\nworkspac: w\nextends: ./base\n", "M101"),
        ("shop.yml", "language: 1\nworkspace: w\nextends: ./base\nruels: []\n", "M101"),
        ("mapping.yml", "name: x\n", "M103"),
        ("base/tests/t.yml", "tests: [\n", "M004"),
    ],
)
def test_a_broken_file_in_a_folder_is_found(write: Callable[..., None], name: str, text: str, code: str) -> None:
    write(**{"base/mapping.yaml": MAPPING, name: text})
    done = CliRunner().invoke(main, ["check", "."])
    assert (done.exit_code, f"[{code}]" in done.stdout, f"--> {name}" in done.stdout) == (1, True, True)


# What is skipped


def test_what_is_skipped_is_counted_and_listed(write: Callable[..., None], tmp_path: Path) -> None:
    write(
        **{
            "m/mapping.yaml": MAPPING,
            "m/ci.yaml": "name: ci\non: push\n",
            "action.yml": ACTION,
            "m/node_modules/x/mapping.yaml": "[",
            "lib/site-packages/moemap/mapping.yaml": "[",
            "env/pyvenv.cfg": "",
            "env/mapping.yaml": "[",
            "semgrep.yaml": "rules: []\n",
            ".hidden/mapping.yaml": "[",
            "m/.hidden.yaml": "[",
        }
    )
    os.mkfifo("m/pipe.yaml")
    (tmp_path / "m" / "nowhere.yaml").symlink_to("nothing")
    (tmp_path / "m" / "out.yaml").symlink_to(tmp_path.parent / "outside.yaml")
    (tmp_path.parent / "outside.yaml").write_text("workspace: [secret\n")
    (tmp_path / "m" / "link").symlink_to(tmp_path)
    done = CliRunner().invoke(main, ["check", "--list-skipped", "."])
    assert done.stdout == "1 file checked, 10 skipped: no problems\n"
    assert done.stderr == (
        "skipped: action.yml does not look like a file of a mapping\n"
        "skipped: env is a folder of installed packages\n"
        "skipped: lib/site-packages is a folder of installed packages\n"
        "skipped: m/ci.yaml does not look like a file of a mapping\n"
        "skipped: m/link is a link to a folder\n"
        "skipped: m/node_modules is a folder of installed packages\n"
        "skipped: m/nowhere.yaml is not a file\n"
        "skipped: m/out.yaml is a link that is outside the project\n"
        "skipped: m/pipe.yaml is not a file\n"
        "skipped: semgrep.yaml looks like a part of a mapping, and no mapping is in a folder above\n"
    )
    assert CliRunner().invoke(main, ["check", "."]).output == done.stdout


def test_a_folder_with_nothing_to_check(write: Callable[..., None]) -> None:
    write(**{"a/x.yaml": "x: 1\n", "b/.moemap": ""})
    with pytest.raises(PathError, match=r"^b: no mapping, workspace or test file below it$"):
        inspect_paths(["b"])
    with pytest.raises(PathError, match=r"^a: no mapping, workspace or test file below it, only 1 other file$"):
        inspect_paths(["a"])


def test_a_file_that_may_not_be_read_is_one_problem(
    write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}nonsense: 1\n", "closed.yaml": WORKSPACE})
    opened = Path.open

    def refused(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "closed.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    assert said(inspect_paths(["."])) == ["closed.yaml:1:1 M001", "m/mapping.yaml:6:1 M101"]


HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_the_hooks_see_every_folder(write: Callable[..., None], hook: dict[str, Any]) -> None:
    assert all(re.search(hook["files"], name) for name in ("m.yaml", "shops/a/w.yml", "shops/a/any.json"))
    assert hook["pass_filenames"] is False
    _, *command = hook["entry"].split()
    failing_tests = TESTS.replace("expect: {}", "expect: {skipped: [{}]}")
    write(**{"shops/a/mapping.yaml": MAPPING, "shops/a/tests/t.yml": failing_tests})
    codes = [CliRunner().invoke(main, [*command, *hook["args"]]).exit_code]
    write(**{"elsewhere/w.yml": "language: 1\nworkspace: w\nextends: [\n", "shops/a/tests/t.yml": TESTS})
    codes.append(CliRunner().invoke(main, [*command, *hook["args"]]).exit_code)
    assert codes == {"moemap-check": [0, 1], "moemap-test": [1, 0]}[hook["id"]]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_may_not_be_read(write: Callable[..., None]) -> None:
    write(**{"m/mapping.yaml": MAPPING, "m/parts/a.yaml": PART})
    Path("m/parts").chmod(0)
    done = CliRunner().invoke(main, ["check", "m"])
    Path("m/parts").chmod(0o755)
    assert (done.exit_code, "m/parts" in done.stderr) == (2, True)


# Parts


@pytest.mark.parametrize(
    "paths",
    [
        ["m/parts/one.yaml"],
        ["m/parts"],
        ["m/parts/one.yaml", "m/mapping.yaml"],
        ["m/mapping.yaml", "m/parts/one.yaml"],
        ["m/parts/one.yaml", "m/parts/one.yaml", "m"],
        ["."],
        ["m/../m/parts/one.yaml", "./m"],
    ],
)
def test_a_part_is_checked_with_its_mapping_once(write: Callable[..., None], paths: list[str]) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}include: [parts/one.yaml]\n", "m/parts/one.yaml": WRONG_PART})
    inspection = inspect_paths(paths)
    assert inspection.files == ("m/mapping.yaml",)
    assert said(inspection) == ["m/parts/one.yaml:1:46 M204"]


def test_paths_appear_as_they_are_given(write: Callable[..., None], tmp_path: Path) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}include: [parts/one.yaml]\n", "m/parts/one.yaml": WRONG_PART})
    absolute = tmp_path / "m" / "parts" / "one.yaml"
    assert said(inspect_paths([str(absolute)])) == [f"{absolute}:1:46 M204"]
    # If a file has two names, the first one counts.
    assert said(inspect_paths([str(absolute), "m"])) == [f"{absolute}:1:46 M204"]
    assert said(inspect_paths(["m", str(absolute)])) == ["m/parts/one.yaml:1:46 M204"]
    os.chdir("m/parts")
    assert said(inspect_paths(["one.yaml"])) == ["one.yaml:1:46 M204"]
    assert inspect_paths(["one.yaml"]).files == ("../mapping.yaml",)


@pytest.mark.slow
def test_files_of_installed_mappings_are_called_as_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    from moemap.engine.source.homes import MAPPINGS

    path = MAPPINGS / "mparticle-moengage" / "v1"
    assert inspect_paths(["mparticle-moengage"]).files == ("mparticle-moengage/v1/mapping.yaml",)
    assert inspect_paths([str(path / "mapping.yaml")]).files == (f"{path.as_posix()}/mapping.yaml",)
    monkeypatch.chdir(path)
    assert inspect_paths(["user.yaml"]).files == ("mapping.yaml",)


def test_a_workspace_includes_parts_too(write: Callable[..., None]) -> None:
    write(
        **{
            "base/mapping.yaml": MAPPING,
            "shop.yaml": f"{WORKSPACE}include: [shop/one.yaml]\n",
            "shop/one.yaml": WRONG_PART,
            "base.yaml": WORKSPACE,
        }
    )
    assert said(inspect_paths(["shop/one.yaml"])) == ["shop/one.yaml:1:46 M204"]
    assert inspect_paths(["shop/one.yaml"]).files == ("shop.yaml",)


@pytest.mark.parametrize("paths", [["m/lost.yaml"], ["m"], ["."]])
def test_a_part_that_nothing_includes(write: Callable[..., None], paths: list[str]) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}include: [one.yaml]\n", "m/one.yaml": PART, "m/lost.yaml": WRONG_PART})
    (problem,) = inspect_paths(paths).problems
    assert (problem.code, str(problem.place), problem.severity) == ("M133", "m/lost.yaml:1:1", "error")
    assert problem.hint == "name it under 'include' in m/mapping.yaml, or remove it"


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        (PART.replace("rules", "ruels"), "ruels", "did you mean 'rules'?"),
        ("tabels: {t: {entries: {a: b}}}\n", "tabels", "did you mean 'tables'?"),
    ],
)
def test_a_part_with_a_misspelt_key_that_nothing_includes(
    write: Callable[..., None], text: str, key: str, hint: str
) -> None:
    write(**{"m/mapping.yaml": MAPPING, "m/lost.yaml": text})
    inspection = inspect_paths(["m"])
    assert said(inspection) == ["m/lost.yaml:1:1 M133", "m/lost.yaml:1:1 M101"]
    assert (inspection.problems[1].data["key"], inspection.problems[1].hint) == (key, hint)
    write(**{"m/mapping.yaml": f"{MAPPING}include: [lost.yaml]\n"})
    assert said(inspect_paths(["m"])) == ["m/lost.yaml:1:1 M101"]


@pytest.mark.parametrize("paths", [["m/one.yaml"], ["m/one.yaml", "m/mapping.yaml"], ["m", "m/one.yaml"]])
@pytest.mark.parametrize(("name", "real"), [("one.yaml", "../outside.yaml"), (".one/one.yaml", "m/.one/one.yaml")])
def test_a_part_that_may_not_be_read_is_one_problem(
    write: Callable[..., None], name: str, real: str, paths: list[str]
) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}include: [{name}]\n", real: PART})
    if not (part := Path("m", name)).exists():
        part.symlink_to(Path(real).absolute())
    paths = [path.replace("m/one.yaml", part.as_posix()) for path in paths]
    assert said(inspect_paths(paths)) == ["m/mapping.yaml:6:11 M107"]


def test_a_part_is_checked_with_the_mapping_that_may_read_it(write: Callable[..., None], tmp_path: Path) -> None:
    """Two mappings name the same part: one has the file, the other a link out of its folder, which it may not read."""
    including = f"{MAPPING}include: [one.yaml]\n"
    write(**{"m/mapping.yaml": including, "m/one.yaml": WRONG_PART, "n/mapping.yaml": including})
    (tmp_path / "n" / "one.yaml").symlink_to(tmp_path / "m" / "one.yaml")
    (tmp_path / "link.yaml").symlink_to("m/one.yaml")
    assert said(inspect_paths(["link.yaml"])) == ["link.yaml:1:46 M204"]
    assert said(inspect_paths(["m/one.yaml", "n"])) == ["m/one.yaml:1:46 M204", "n/mapping.yaml:6:11 M107"]
    assert said(inspect_paths(["n", "m/one.yaml"])) == ["n/mapping.yaml:6:11 M107", "n/one.yaml:1:46 M204"]


def test_a_link_to_a_mapping_from_another_folder_is_another_mapping(write: Callable[..., None]) -> None:
    """Names in a mapping are relative to the folder of the link: what is missing beside one may be beside the other."""
    write(**{"m/mapping.yaml": f"{MAPPING}include: [one.yaml]\n", "m/one.yaml": WRONG_PART, "n/one.yaml": PART})
    Path("n/link.yaml").symlink_to("../m/mapping.yaml")
    Path("m/same.yaml").symlink_to("mapping.yaml")
    for paths in (["n/link.yaml", "m"], ["m", "n"], ["m/same.yaml", "n", "m"], ["."]):
        inspection = inspect_paths(paths)
        assert len(inspection.files) == 2, paths
        assert said(inspection) == ["m/one.yaml:1:46 M204"], paths
    assert inspect_paths(["m/one.yaml"]).files == ("m/mapping.yaml",)
    Path("n/one.yaml").write_text(WRONG_PART)
    assert said(inspect_paths(["n/link.yaml", "m"])) == ["m/one.yaml:1:46 M204", "n/one.yaml:1:46 M204"]
    Path("m/mapping.yaml").write_text(MAPPING.replace("batch,", "batch, what: 1,"))
    assert said(inspect_paths(["n/link.yaml", "m/mapping.yaml"])) == [
        "m/mapping.yaml:4:20 M101",
        "n/link.yaml:4:20 M101",
    ]


@pytest.mark.parametrize("via", ["m/inner.yaml", "o/back.yaml"])
def test_a_chain_of_links_in_a_folder_that_ends_elsewhere_is_one_mapping(write: Callable[..., None], via: str) -> None:
    wrong = MAPPING.replace("batch,", "batch, what: 1,")
    write(**{"o/mapping.yaml": wrong, "m/.keep": "", "o/any.json": "{}", "m/any.json": "{}"})
    Path("m/last.yaml").symlink_to("../o/mapping.yaml")
    Path(via).symlink_to("../m/last.yaml")
    Path("m/first.yaml").symlink_to(f"../{via}")
    inspection = inspect_paths(["m"])
    assert (inspection.files, said(inspection)) == (("m/first.yaml",), ["m/first.yaml:4:20 M101"])


def test_links_that_go_in_circles_are_no_files(write: Callable[..., None]) -> None:
    write(**{"m/mapping.yaml": MAPPING})
    Path("m/a.yaml").symlink_to("b.yaml")
    Path("m/b.yaml").symlink_to("a.yaml")
    inspection = inspect_paths(["m"])
    assert (inspection.files, [one.reason for one in inspection.skipped]) == (
        ("m/mapping.yaml",),
        ["is not a file"] * 2,
    )


def test_a_part_that_only_includes_others_is_checked_with_its_mapping(write: Callable[..., None]) -> None:
    parts = {"m/one.yaml": "include: [two.yaml]\n", "m/two.yaml": WRONG_PART}
    write(**{"m/mapping.yaml": f"{MAPPING}include: [one.yaml]\n", **parts})
    assert said(inspect_paths(["m/one.yaml"])) == ["m/two.yaml:1:46 M204"]
    assert inspect_paths(["m/one.yaml"]).files == ("m/mapping.yaml",)


def test_parts_beyond_the_number_of_files_are_not_called_lost(
    write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moemap.engine.language.loader.MAX_FILES", 2)
    write(**{"m/mapping.yaml": f"{MAPPING}include: [a.yaml, b.yaml]\n", "m/a.yaml": PART, "m/b.yaml": "tables: {}\n"})
    assert said(inspect_paths(["m"])) == ["m/mapping.yaml:6:19 M119"]
    Path("m/mapping.yaml").write_text(f"{MAPPING}include: [a.yaml]\n")
    Path("m/a.yaml").write_text(f"include: [b.yaml]\n{PART}")
    Path("m/b.yaml").write_text("include: [c.yaml]\n")
    Path("m/c.yaml").write_text("tables: {}\n")
    assert said(inspect_paths(["m"])) == ["m/a.yaml:1:11 M119"]


def test_a_part_that_nothing_includes_is_read(write: Callable[..., None]) -> None:
    write(**{"lost.yaml": "rules: [\n"})
    problems = inspect_paths(["lost.yaml"]).problems
    assert [(problem.code, problem.hint is None) for problem in problems] == [("M133", True), ("M004", False)]


def test_parts_of_a_mapping_that_cannot_be_read_are_not_called_lost(write: Callable[..., None]) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}include: [one.yaml\n", "m/one.yaml": PART, "m/two.yaml": "rules: {\n"})
    assert said(inspect_paths(["m"])) == ["m/mapping.yaml:6:10 M004", "m/two.yaml:2:1 M004"]


# Findings once


def test_what_is_wrong_with_a_mapping_is_said_once(write: Callable[..., None], tmp_path: Path) -> None:
    """The findings of a mapping are reported once, whichever workspaces are checked and however they name it."""
    write(
        **{
            "base/mapping.yaml": f"{MAPPING}include: [one.yaml]\n",
            "base/one.yaml": WRONG_PART,
            "a.yaml": WORKSPACE,
            "shops/b.yaml": WORKSPACE.replace("./base", "./../base/../base"),
        }
    )
    (tmp_path / "linked").symlink_to("base")
    for paths in (["."], ["a.yaml", "shops"], [str(tmp_path / "shops"), "base"], ["linked", "shops", "base"]):
        found = said(inspect_paths(paths))
        assert len(found) == 1, paths
        name = "linked" if paths[0] == "linked" else "base"
        assert found == [f"{name}/one.yaml:1:46 M204"] or paths[0] == str(tmp_path / "shops")


@pytest.mark.parametrize(
    ("here", "path", "name"), [(".", ".", "s.json"), ("m/v1", ".", "../../s.json"), (".", "{}/m", "{}/s.json")]
)
def test_schemas_are_called_without_detours(write: Callable[..., None], here: str, path: str, name: str) -> None:
    mapping = MAPPING.replace("./any.json", "./../../s.json")
    write(**{"m/v1/mapping.yaml": mapping + PART, "s.json": '{"additionalProperties": false}'})
    project = os.getcwd()
    os.chdir(here)
    problem, *_ = inspect_paths([path.format(project)]).problems
    assert [related.place.file for related in problem.related] == [name.format(project)]


@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif", "junit"])
def test_every_format_names_files_as_given_and_findings_once(write: Callable[..., None], format_: str) -> None:
    write(**{"m/mapping.yaml": f"{MAPPING}include: [one.yaml]\n", "m/one.yaml": WRONG_PART})
    done = CliRunner().invoke(main, ["check", "--format", format_, "m/one.yaml", "m/mapping.yaml", "m"])
    assert (done.exit_code, os.getcwd() in done.stdout) == (1, False)
    match format_:
        case "text":
            files = [line.split()[1] for line in done.stdout.splitlines() if "-->" in line]
        case "json":
            files = [f"{one['file']}:{one['line']}:{one['column']}" for one in json.loads(done.stdout)["problems"]]
        case "github":
            files = [line.split("file=")[1].split(",")[0] + ":1:46" for line in done.stdout.splitlines()]
        case "sarif":
            (run,) = json.loads(done.stdout)["runs"]
            places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
            files = [f"{place['artifactLocation']['uri']}:1:{place['region']['startColumn']}" for place in places]
        case _:
            cases = ET.fromstring(done.stdout).findall(".//testcase")
            files = [f"{case.get('name')}:1:46" for case in cases if case.find("failure") is not None]
    assert files == ["m/one.yaml:1:46"]
