"""Project files: their places, their settings, and their problems."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.configuration import ChoiceError, choose, configuration_around
from moemap.engine.configuration.report import rows, text
from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.inspection import holds_rules, inspect_project
from moemap.engine.language.settings import GivenText
from moemap.tests.schemas.test_language_schemas import SCHEMAS, VALIDATORS

Files = Mapping[str, str]
Write = Callable[[Files], None]

SHOP = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
settings:
  currency: {enum: [EUR, USD], default: EUR}
outputs: {out: {schema: ./in.schema.json, request: {path: /out}}}
rules: [{rule: one, output: out, fields: {currency: settings.currency}}]
"""
WORKSPACE = "language: 1\nworkspace: live\nextends: ./../mappings/shop\nsettings: {currency: USD}\n"
FILES = {
    "mappings/shop/mapping.yaml": SHOP,
    "mappings/shop/in.schema.json": '{"type": "object"}',
    "mappings/other/v1/mapping.yaml": SHOP.replace("shop", "other").replace("currency", "money"),
    "mappings/other/v2/mapping.yaml": SHOP.replace("shop", "other").replace("1.0.0", "2.0.0"),
    **{f"mappings/other/v{major}/in.schema.json": "{}" for major in (1, 2)},
    "workspaces/live.yaml": WORKSPACE,
    "samples/a.json": "{}",
    "samples/b.json": "{}",
}
PROJECT = """\
mappings = ["mappings"]
workspaces = ["workspaces"]
default = "shop"
environment = "test"
fail_level = "warning"
strict = true

[samples]
all = ["samples/*.json"]
one = ["samples/a.json"]

[environments.test.settings]
currency = "EUR"

[environments.live]
settings = {currency = "USD"}
secrets = {api_key = "env:LIVE_API_KEY"}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files to a folder, and works there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()

    def write_files(files: Files) -> None:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")

    return write_files


def found(folder: str = "", **changes: Any) -> list[str]:
    """The rows of the effective settings in a folder, without those that nothing sets."""
    made = configuration_around(Path(folder))
    assert made.problems == ()
    return [" ".join(line.split()) for line in text(rows(made, choose(made, "bundled", **changes))).splitlines()]


@pytest.mark.parametrize(
    ("name", "shift"),
    [("moemap.toml", 0), ("pyproject.toml", 1)],
)
def test_what_counts_and_why(write: Write, name: str, shift: int) -> None:
    content = "[tool.moemap]\n" + PROJECT.replace("\n[", "\n[tool.moemap.") if shift else PROJECT
    write({**FILES, name: content})
    assert found() == [
        f"project file {name} found from this folder upwards",
        f"mappings mappings {name}:{1 + shift}:13",
        f"workspaces workspaces {name}:{2 + shift}:15",
        f"mapping mappings/shop/mapping.yaml {name}:{3 + shift}:11",
        f"environment test {name}:{4 + shift}:15",
        f"setting currency EUR {name}:{13 + shift}:12",
        f"samples all samples/*.json {name}:{9 + shift}:8",
        f"samples one samples/a.json {name}:{10 + shift}:8",
        f"fail_level warning {name}:{5 + shift}:14",
        f"strict true {name}:{6 + shift}:10",
    ]


def test_options_win(write: Write) -> None:
    write({**FILES, "moemap.toml": PROJECT})
    chosen = found(
        reference="live", option="--workspace", environment="live", settings={"currency": GivenText("EUR"), "more": 1}
    )
    assert chosen[3:8] == [
        "mapping workspaces/live.yaml --workspace",
        "environment live --env",
        "setting currency EUR --set",
        "setting more 1 --set",
        "secret api_key $LIVE_API_KEY moemap.toml:17:22",
    ]


def test_it_is_found_from_below(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({**FILES, "moemap.toml": PROJECT})
    monkeypatch.chdir(tmp_path / "mappings" / "shop")
    assert found()[:5] == [
        "project file ../../moemap.toml found from this folder upwards",
        "mappings ../../mappings ../../moemap.toml:1:13",
        "workspaces ../../workspaces ../../moemap.toml:2:15",
        "mapping ../../mappings/shop/mapping.yaml ../../moemap.toml:3:11",
        "environment test ../../moemap.toml:4:15",
    ]


def test_nothing_above_a_git_working_tree_counts(write: Write) -> None:
    write({"moemap.toml": "wrong", "inner/.git/config": "", "inner/mapping.yaml": SHOP})
    assert found("inner") == [
        "project file - there is none",
        "mapping inner/mapping.yaml the nearest one from this folder upwards",
        "fail_level error default",
        "strict false default",
    ]


@pytest.mark.parametrize("content", ["[project]\nname = 'tool.moemap'\n", "[tool.other]\n", "[tool\n"])
def test_a_pyproject_without_the_table_is_none(write: Write, content: str) -> None:
    write({"pyproject.toml": content, "more/batch.json": "{}"})
    assert found("more")[:2] == [
        "project file - there is none",
        "mapping bundled the bundled mapping, as there is no other",
    ]
    assert not holds_rules(Path("more"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[tool]\nmoemap = {strict = true}\n", None),
        ("tool.moemap.strict = true\n", None),
        ("[tool]\nmoemap.strict = true\n", None),
        ('["tool"."moemap"]\nstrict = true\n', None),
        ("[tool]\nmoemap = 5\n", "'tool.moemap' must be a table, not the number 5"),
        ("[[tool.moemap]]\n", "'tool.moemap' must be a table, not a list"),
        ("\ufeff[tool.moemap]\n", "the file is not TOML: invalid statement"),
    ],
)
def test_each_way_to_write_the_table(write: Write, text: str, expected: str | None) -> None:
    write({**FILES, "pyproject.toml": text})
    made = configuration_around(Path())
    assert [problem.message for problem in made.problems] == ([] if expected is None else [expected])
    assert made.source is not None
    if text.startswith("\ufeff"):
        assert made.problems[0].hint == "save the file without a byte order mark"


@pytest.mark.parametrize(
    ("before", "code"), [(b"", None), (b"# \xff\n", "M002"), (b"# " + b"x" * 1_000_000 + b"\n", "M003")]
)
def test_a_pyproject_that_cannot_be_read_is_no_other_one(write: Write, before: bytes, code: str | None) -> None:
    write(FILES)
    for table in ("[tool.moemap]\nstrict = true\n", "[tool.other]\n"):
        Path("pyproject.toml").write_bytes(before + table.encode())
        made = configuration_around(Path())
        is_ours = "moemap" in table
        assert [problem.code for problem in made.problems] == ([code] if code and is_ours else [])
        assert (made.source is not None) is is_ours


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_project_file_that_is_a_pipe_is_refused_and_not_waited_for(write: Write) -> None:
    write(FILES)
    os.mkfifo("moemap.toml")
    assert [problem.message for problem in configuration_around(Path()).problems] == [
        "the file cannot be read: it is not a file"
    ]


def test_the_folder_of_the_file_is_searched_without_folders(write: Write) -> None:
    write({"moemap.toml": "", "shop.yaml": SHOP, "in.schema.json": "{}"})
    made = configuration_around(Path())
    assert found()[1] == "mappings . default: the folder of the project file"
    assert (made.locate("shop"), list(made.names())) == (Path("shop.yaml"), ["shop"])
    assert inspect_project(made).files == ("shop.yaml", "moemap.toml")


def test_names_of_mappings(write: Write) -> None:
    write({**FILES, "moemap.toml": PROJECT})
    made = configuration_around(Path())
    assert list(made.names()) == ["other", "shop", "live"]
    others = {
        name: str(made.locate(name)) for name in ("other", "other@1", "other@3", "shop", "shop@1", "mapping", ".")
    }
    assert others == {
        "other": "mappings/other/v2/mapping.yaml",
        "other@1": "mappings/other/v1/mapping.yaml",
        "other@3": "None",
        "shop": "mappings/shop/mapping.yaml",
        "shop@1": "None",
        "mapping": "None",
        ".": "None",
    }


@pytest.mark.parametrize(
    "default", ["./mappings/shop", "mappings/shop/mapping.yaml", "other@1", "mparticle-moengage@1"]
)
def test_the_default_is_a_name_or_a_path(write: Write, default: str) -> None:
    write({**FILES, "moemap.toml": PROJECT.replace('"shop"', f'"{default}"')})
    assert configuration_around(Path()).problems == ()


def test_another_mapping_takes_the_settings_that_it_declares(write: Write) -> None:
    write({**FILES, "moemap.toml": PROJECT})
    made = configuration_around(Path())
    assert [given.optional for given in choose(made, "", reference="other@1").settings.values()] == [True]
    assert [given.optional for given in choose(made, "", reference="mappings/shop").settings.values()] == [False]


def test_without_a_default_the_only_mapping_is_taken(write: Write) -> None:
    write({"moemap.toml": "", "sub/shop/mapping.yaml": SHOP, "shop.yaml": SHOP, "in.schema.json": "{}"})
    assert choose(configuration_around(Path()), "bundled").why == "the only one of moemap.toml"
    write({"other.yaml": SHOP})
    with pytest.raises(ChoiceError, match=r"name a mapping, or a default in moemap.toml: there are other, shop"):
        choose(configuration_around(Path()), "bundled")
    assert choose(configuration_around(Path()), "bundled", reference="other").reference == "other.yaml"


def test_an_environment_that_is_not_defined(write: Write) -> None:
    write({**FILES, "moemap.toml": PROJECT})
    with pytest.raises(ChoiceError, match=r"no environment 'liev' is defined; did you mean 'live'\?"):
        choose(configuration_around(Path()), "", environment="liev")


def test_the_settings_of_environments_are_checked(write: Write) -> None:
    write({**FILES, "moemap.toml": PROJECT.replace('currency = "EUR"', 'curency = "EUR"').replace('"USD"', '"SEK"')})
    found = inspect_project(configuration_around(Path()))
    assert [f"{problem.place} {problem.message}; {problem.hint}" for problem in found.problems] == [
        "moemap.toml:13:1 no setting 'curency' is declared; did you mean 'currency'?",
        'moemap.toml:16:24 the setting \'currency\' must be one of "EUR", "USD", not "SEK"; None',
    ]
    assert found.files[-1] == "moemap.toml"


WRONG = [
    ("mapings = []", "1:1 M101 unknown key 'mapings' in a project file (did you mean 'mappings'?)"),
    ('mappings = "x"', "1:12 M102 'mappings' must be a list, not a string"),
    ("mappings = [1]", "1:13 M102 'mappings' must be a list of folders, not the number 1"),
    ('mappings = ["no"]', "1:13 M107 the folder 'no' does not exist"),
    ('mappings = ["samples/a.json"]', "1:13 M107 the folder 'samples/a.json' is not a folder"),
    ('mappings = ["../"]', "1:13 M107 the folder '../' is outside the project"),
    ('mappings = ["/etc"]', "1:13 M107 the folder '/etc' must be given relative to the project file"),
    ('mappings = [".git"]', "1:13 M107 the folder '.git' is hidden: a name in its path begins with a dot"),
    ('default = "shp"', "1:11 M109 no mapping 'shp' is known"),
    (
        'mappings = ["mappings"]\ndefault = "shp"',
        "2:11 M109 no mapping 'shp' is known (did you mean 'shop'?)",
    ),
    ('default = "./shp"', "1:11 M107 the mapping './shp' does not exist"),
    ('default = "samples/"', "1:11 M107 the mapping 'samples/' has neither mapping.yaml nor workspace.yaml"),
    ('default = "/etc/x.yaml"', "1:11 M107 the mapping '/etc/x.yaml' must be given relative to the project file"),
    ("default = ''", "1:11 M109 no mapping '' is known"),
    ('environment = "lvie"\n[environments.live]', "1:15 M112 no environment 'lvie' is defined (did you mean 'live'?)"),
    (
        'fail_level = "eror"',
        "1:14 M105 'fail_level' must be one of error, warning, not 'eror' (did you mean 'error'?)",
    ),
    ("strict = 1", "1:10 M102 'strict' must be true or false, not the number 1"),
    ('[samples]\na = ["samples/c.json"]', "2:6 M107 the sample 'samples/c.json' does not exist"),
    ('[samples]\na = ["samples/*/../../.."]', "2:6 M107 the sample 'samples/*/../../..' leads upwards"),
    ("[samples]\na = [2]", "2:6 M102 'a' must be a list of files and patterns, not the number 2"),
    (
        "[environments.Live]",
        "1:15 M114 the name of an environment 'Live' is not a name of lower-case letters, digits and hyphens",
    ),
    (
        "[environments.live.setting]",
        "1:20 M101 unknown key 'setting' in the environment 'live' (did you mean 'settings'?)",
    ),
    ("environments.live = 1", "1:21 M102 the environment 'live' must be a mapping, not the number 1"),
    ("strict = 2026-01-31", "1:10 M006 2026-01-31 is a date or a time, which JSON does not have"),
]


@pytest.mark.parametrize(("content", "expected"), WRONG)
def test_problems(write: Write, content: str, expected: str) -> None:
    write({**FILES, "moemap.toml": content})
    problem = configuration_around(Path()).problems[0]
    hint = f" ({problem.hint})" if problem.hint and problem.hint.startswith("did") else ""
    assert f"{problem.place} {problem.code} {problem.message}{hint}" == f"moemap.toml:{expected}"


def test_the_schema_knows_the_same_keys(write: Write) -> None:
    write({**FILES, "moemap.toml": PROJECT})
    assert not list(VALIDATORS["project"].iter_errors(tomllib.loads(PROJECT)))
    schema = SCHEMAS["project"]
    write({"moemap.toml": "x = 1\n[environments.live]\nx = 1"})
    hints = [problem.hint or "" for problem in configuration_around(Path()).problems if problem.code == "M101"]
    keys = [", ".join(part["properties"]) for part in (schema, schema["$defs"]["environment"])]
    assert hints == [f"known here: {listed}" for listed in keys]


@pytest.mark.parametrize(
    "content", [content for content, expected in WRONG if re.search(" M10[125] | M114 ", expected)]
)
def test_the_schema_refuses_what_has_a_wrong_form(content: str) -> None:
    assert not VALIDATORS["project"].is_valid(tomllib.loads(content))


def test_a_link_that_leads_out_is_refused(write: Write, tmp_path: Path) -> None:
    write({"moemap.toml": 'mappings = ["out"]'})
    (tmp_path / "out").symlink_to("/etc")
    (problem,) = configuration_around(Path()).problems
    assert problem.message == "the folder 'out' is outside the project"


@pytest.mark.parametrize("value", ['"s3cr3t"', '"env:"', '"env:a b"', "17", '["env:A"]', '"${KEY}"'])
def test_a_secret_is_never_shown(write: Write, value: str) -> None:
    write({"moemap.toml": f"[environments.live.secrets]\napi_key = {value}\n"})
    made = configuration_around(Path())
    shown = reporters.render("text", Report(made.problems, made.sources))
    assert shown.splitlines()[0] == (
        "error[M157]: the source of the secret 'api_key' must be a place that has it, written as env:NAME, file:PATH, "
        "keyring:SERVICE/USER, stdin, or basic: and two of them"
    )
    assert value.strip('"') not in shown.replace("env:NAME", "")


def test_the_example_of_the_docs(write: Write) -> None:
    page = (Path(__file__).parents[3] / "docs" / "project.md").read_text("utf-8")
    (example,) = re.findall(r"^```toml title=moemap.toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert list(VALIDATORS["project"].iter_errors(tomllib.loads(example))) == []
    assert set(tomllib.loads(example)) == set(SCHEMAS["project"]["properties"])
    write({**FILES, "moemap.toml": example, "mappings/orders/mapping.yaml": SHOP, "samples/orders/a.json": "{}"})
    assert configuration_around(Path()).problems == ()
