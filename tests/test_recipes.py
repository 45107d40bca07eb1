"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the repository: everything works there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # a copy of the repository, and processes in it

ROOT = Path(__file__).parents[1]
LEFT_OUT = ("*.egg-info", "__pycache__", ".*", "build", "dist", "spark", "benchmarks")
RECIPES = re.compile(r"^( *)(`{3,})(python|diff) title=(\S+)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)

MAPPING: dict[str, Any] = {
    "language": 1,
    "name": "shop",
    "version": "1.0.0",
    "input": {"as": "batch", "schema": "./any.schema.json"},
    "outputs": {"user": {"schema": "./user.schema.json", "request": {"path": "/v1/user"}}},
    "routes": {"users": {"each": "batch.users", "as": "user"}},
    "rules": [
        {
            "rule": "user",
            "route": "users",
            "output": "user",
            "fields": {
                "initials": "initials(user.name)",
                "letters": "length(initials(user.name) || '')",
                "names": {"from": "user.name", "as_list": True},
                "visit": {"from": "user.visit", "type": "duration"},
            },
        }
    ],
}
USER = {
    "properties": {
        "initials": {"type": "string"},
        "letters": {"type": "integer"},
        "names": {"type": "array", "minItems": 1, "maxItems": 1},
        "visit": {"type": "string", "pattern": "^PT[0-9]+[HMS]$"},
    },
    "additionalProperties": False,
}
BATCH = {"users": [{"name": "Ada Lovelace", "visit": "PT5M"}, {"visit": "5"}]}
BODIES = [{"initials": "AL", "letters": 2, "names": ["Ada Lovelace"], "visit": "PT5M"}, {"letters": 0}]


def recipes(kind: str) -> dict[str, str]:
    """The blocks of a kind in CONTRIBUTING.md by their paths: additions as `python`, changes as `diff`."""
    found = RECIPES.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    return {path: textwrap.dedent(text) for _, _, kind_, path, text in found if kind_ == kind}


def changed(text: str, change: str) -> str:
    """A text after a change, which shows the lines between which others are added."""
    lines = change.splitlines(keepends=True)
    before, after = "".join(line[1:] for line in lines if line[0] == " "), "".join(line[1:] for line in lines)
    assert text.count(before) == 1, change
    return text.replace(before, after)


class Copy:
    """A copy of the repository in which all recipes were followed, and a mapping beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "moemap"
        shutil.copytree(ROOT, self.root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for tests in self.root.glob("mappings/*/v1/tests"):  # of which pages of mappings are made
            shutil.rmtree(tests)
        for path, change in recipes("diff").items():
            (self.root / path).write_text(changed((self.root / path).read_text("utf-8"), change), "utf-8")
        for path, text in recipes("python").items():
            file = self.root / path
            before = f"{file.read_text('utf-8').rstrip()}\n\n\n" if file.is_file() else ""
            file.write_text(before + text, "utf-8")
        self.mapping = self.write({"mapping.yaml": MAPPING, "any.schema.json": {}, "user.schema.json": USER})
        self.batch = self.write({"batch.json": BATCH})
        self.pages = self.moemap("docs", "--reference", "docs").splitlines()

    def write(self, files: Mapping[str, Any]) -> str:
        for name, content in files.items():
            (self.folder / name).write_text(json.dumps(content), "utf-8")
        return str(self.folder / next(iter(files)))

    def run(self, *arguments: str, status: int = 0) -> str:
        """The output of Python, with the copy as the package `moemap`."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def moemap(self, *arguments: str, status: int = 0) -> str:
        return self.run("-m", "moemap.cli", *arguments, status=status)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    made = Copy(tmp_path_factory.mktemp("recipes"))
    yield made
    # Compiled modules of the copy lie beside those of what it imports, which need not be compiled again.
    shutil.rmtree(Path(os.environ["PYTHONPYCACHEPREFIX"], *made.folder.parts[1:]), ignore_errors=True)


def test_there_is_a_recipe_for_each_kind() -> None:
    assert [path.rpartition("/")[0] for path in recipes("python")] == [
        "engine/functions/library",
        "engine/values",
        "engine/checks",
        "commands",
        "engine/diagnostics/reporters",
        "engine/jobs",
    ]
    stages = ("language", "interpreter", "compiler", "inference")
    assert [path.split("/")[1] for path in recipes("diff") if path.startswith("engine/")] == [*stages]


def test_the_pages_are_written(copy: Copy) -> None:
    pages = ("functions", "problems/README", "problems/M390", "language/fields", "language/types", "commands")
    written = [page for page in copy.pages if not page.startswith("docs/mappings/")]
    assert written == [*(f"docs/{page}.md written" for page in pages), "moemap/rules.schema.json written"]
    assert copy.moemap("docs", "--check", "--reference", "docs") == ""


def test_the_function_is_known_everywhere(copy: Copy) -> None:
    assert "no problems" in copy.moemap("check", copy.mapping)
    arguments = ("--mapping", copy.mapping, copy.batch)
    documents = map(json.loads, copy.moemap("transform", "--format", "requests", "--compact", *arguments).splitlines())
    assert [document["body"] for document in documents] == BODIES
    assert copy.moemap("transform", "--format", "paths", *arguments) == "/v1/user\n/v1/user\n"
    alone = str(copy.folder / "alone.py")
    copy.moemap("compile", "--standalone", "--output", alone, copy.mapping)
    script = f"import runpy; print(runpy.run_path({alone!r})['transform']({BATCH!r}))"
    assert str(BODIES[0]) in copy.run("-I", "-c", script)


def test_the_key_is_known_everywhere(copy: Copy) -> None:
    assert "user  proven" in copy.moemap("check", "--prove", copy.mapping)
    page = (copy.root / "docs" / "language" / "fields.md").read_text("utf-8")
    assert "| `as_list` | boolean; by default `false` | The value becomes the element of a list. |" in page
    schema = json.loads((copy.root / "schemas" / "moemap" / "rules.schema.json").read_text("utf-8"))
    assert schema["$defs"]["fieldMapping"]["properties"]["as_list"]["type"] == "boolean"
    (rule,) = MAPPING["rules"]
    path = copy.write({"misspelt.yaml": {**MAPPING, "rules": [{**rule, "fields": {"names": {"as_lst": True}}}]}})
    assert "did you mean 'as_list'?" in copy.moemap("check", path, status=1)


def test_the_type_is_known_everywhere(copy: Copy) -> None:
    page = (copy.root / "docs" / "language" / "types.md").read_text("utf-8")
    assert "| `duration` | A string such as `PT5M`, in seconds, minutes or hours. |" in page
    schema = json.loads((copy.root / "schemas" / "moemap" / "rules.schema.json").read_text("utf-8"))
    assert "duration" in schema["$defs"]["type"]["enum"]
    wrong = {"pause": {"type": "duration", "default": "five minutes"}, "wait": {"type": "duration", "default": "PT5M"}}
    path = copy.write({"settings.yaml": {**MAPPING, "settings": wrong}})
    found = copy.moemap("check", path, status=1)
    assert "the setting 'pause' must be of type duration" in found
    assert "'wait'" not in found


def test_the_check_is_known_everywhere(copy: Copy) -> None:
    rules = {**MAPPING, "outputs": {"user": {**MAPPING["outputs"]["user"], "description": ""}}}
    path = copy.write({"empty.yaml": rules})
    found = copy.moemap("check", "--format", "markdown", path)
    assert found.startswith("- **M390** ")
    assert found.endswith(": the output 'user' has an empty description\n")
    log = json.loads(copy.moemap("check", "--format", "sarif", "--fail-level", "warning", path, status=1))
    (run,) = log["runs"]
    assert "M390" in [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert "empty description" in copy.moemap("explain-code", "M390")
    ignored = copy.write({"ignored.yaml": {**rules, "checks": {"M390": "ignore"}}})
    allowed = copy.folder / "allowed.yaml"
    allowed.write_text(f"{json.dumps(rules)} # moemap: allow M390 because its text comes next", "utf-8")
    assert copy.moemap("check", ignored, str(allowed)) == "2 files checked: no problems\n"


def test_the_command_is_there(copy: Copy) -> None:
    assert "Count the rules of a mapping." in copy.moemap("count-rules", "--help")
    assert copy.moemap("count-rules", copy.mapping) == "1\n"


def test_the_tests_pass(copy: Copy) -> None:
    tests = (
        *("engine/functions/test_functions.py", "engine/compiler/rules/test_rulebooks.py", "engine/test_layout.py"),
        *("docs/test_problem_pages.py", "docs/test_language.py", "schemas/test_language_schemas.py"),
    )
    chosen = "initials or M390 or declared or implemented or up_to_date or every or current or upwards and idle"
    chosen += " or random_mappings and not 00 or samples or same_keys"  # the first hundred of them
    paths = (f"tests/{name}" for name in tests)
    out = copy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", chosen, *paths)
    assert re.search(r"^\d+ passed", out, re.MULTILINE), out


def test_the_style_is_ours(copy: Copy) -> None:
    for arguments in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        copy.run("-m", "ruff", *arguments, *recipes("python"), *recipes("diff"))
