"""The extension for VS Code: its manifest is true of the server, its grammars colour expressions and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest
from lsprotocol import types

from moemap.cli import main
from moemap.engine.editing.data import Token, TokenType
from moemap.engine.editing.state import EditingState
from moemap.engine.editing.tokens import tokens
from moemap.engine.language import kinds
from moemap.engine.language.keys import FORMS
from moemap.engine.language_server.server import RuleServer
from moemap.engine.language_server.wording import LEGEND
from moemap.tests.engine.editing.conftest import FILES as FILES_OF_SHOP
from moemap.tests.engine.editing.conftest import written

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text("utf-8"))
BUILT = EXTENSION / "dist" / "moemap.vsix"
HOMES = ("mappings", "examples/mappings", "examples/workspaces")
FILES = sorted(path for home in HOMES for path in (ROOT / home).rglob("*.yaml"))
CATEGORIES: dict[TokenType, tuple[str, ...]] = {
    "root": ("variable",),
    "member": ("variable",),
    "variable": ("variable",),
    "function": ("entity.name.function",),
    "operator": ("keyword.operator",),
    "string": ("string", "constant.language"),  # a literal such as `null` is one for the server
    "number": ("constant.numeric",),
    "keyword": ("keyword.control",),
}
"""The prefixes of the scopes of an expression, by the type of the token."""
WITH_KEY = re.compile(r".*\b(from|each|when|without): +[^\s{][^,]*$|.*\{\{[^}]*$")
"""The start of a line up to a token of an expression with such a key, or of a template."""


def test_the_extension_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (MANIFEST["version"], MANIFEST["license"]) == (project["version"], project["license"])


def test_the_command_is_that_of_the_server() -> None:
    program, *arguments = MANIFEST["contributes"]["configuration"]["properties"]["moemap.command"]["default"]
    assert program == "moemap"
    assert main.get_command(click.Context(main), arguments[0]) is not None
    assert arguments[1:] == []


def test_a_folder_that_is_not_trusted_names_no_command() -> None:
    limits = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert (limits["supported"], limits["restrictedConfigurations"]) == ("limited", ["moemap.command"])


def test_commands_of_the_extension_are_none_of_the_server() -> None:
    """VS Code refuses a command that is registered twice."""
    own = {one["command"] for one in MANIFEST["contributes"]["commands"]}
    assert own.isdisjoint(RuleServer().protocol.fm.commands)
    assert all(f'"{name}"' in (EXTENSION / "src" / "extension.js").read_text("utf-8") for name in own)


def test_settings_are_used() -> None:
    """vscode-languageclient reads the setting of the trace below the name of the client."""
    settings = set(MANIFEST["contributes"]["configuration"]["properties"])
    assert settings == {"moemap.command", "moemap.trace.server"}


def test_every_editor_has_colours_for_the_tokens() -> None:
    assert set(LEGEND.token_types) <= {one.value for one in types.SemanticTokenTypes}


def test_the_grammar_knows_the_keys_of_expressions() -> None:
    wanted = {
        key.name
        for form in FORMS.values()
        for key in form.keys.values()
        if key.kind in (kinds.EXPRESSION, kinds.ALTERNATIVES)
    }
    text = (EXTENSION / "syntaxes" / "expressions.tmLanguage.json").read_text("utf-8")
    assert set(re.findall(r"\|- (\w+):", text)) == wanted


# Needs the packages of the extension and Node.js: make test-editors


needs_build = pytest.mark.skipif(not BUILT.exists(), reason="the extension is not built: make vscode")
needs_packages = pytest.mark.skipif(
    not (EXTENSION / "node_modules").is_dir(), reason="the packages of the extension are not installed"
)


def scopes(files: list[Path]) -> list[list[list[tuple[int, int, list[str]]]]]:
    script = Path(__file__).with_name("scopes.mjs")
    done = subprocess.run(["node", script, EXTENSION, *files], capture_output=True, text=True, check=True)
    found: list[list[list[tuple[int, int, list[str]]]]] = json.loads(done.stdout)
    return found


def in_units(text: str, column: int) -> int:
    """A column in units of UTF-16, as JavaScript counts them."""
    return len(text[:column].encode("utf-16-le")) // 2


@needs_packages
def test_scopes_agree_with_the_tokens_of_the_server() -> None:
    state = EditingState([ROOT / home for home in HOMES])
    missing, wrong, coloured = [], [], 0
    for path, lines in zip(FILES, scopes(FILES), strict=True):
        texts = path.read_text("utf-8").split("\n")
        left: dict[tuple[int, int], Token] = {}
        for one in tokens(state, path):
            left[one.line, in_units(texts[one.line - 1], one.column - 1)] = one
        for number, line in enumerate(lines, start=1):
            for start, _end, names in line:
                own = [name for name in names if name.endswith(".moemap")][-1:]
                if not own or own[0].startswith(("meta.", "punctuation.")):
                    continue
                coloured += 1
                token = left.pop((number, start), None)
                if token is None or not own[0].startswith(CATEGORIES[token.type]):
                    wrong.append(f"{path}:{number}:{start + 1}: {own[0]}, not {token}")
        # Only the server knows the expressions under any other key.
        missing += [
            f"{path}:{one.line}:{one.column}: {one.type}"
            for one in left.values()
            if one.type != "operator" and WITH_KEY.match(texts[one.line - 1][: one.column - 1])
        ]
    assert wrong == []
    assert missing == []
    assert coloured > 1000


@needs_packages
def test_other_files_are_not_coloured(tmp_path: Path) -> None:
    """Keys in other YAML files may have the same names."""
    path = tmp_path / "pipeline.yaml"
    path.write_text("job:\n  when: manual\n  from: a.b\n  script: '{{ x }}'\n", "utf-8")
    assert not [name for line in scopes([path])[0] for *_, names in line for name in names if "moemap" in name]


@needs_build
def test_a_session(tmp_path: Path) -> None:
    """A session with a stand-in for VS Code, which cannot run here."""
    project = written(tmp_path / "project", FILES_OF_SHOP)
    path = project / "parts" / "orders.yaml"
    path.write_text(path.read_text("utf-8").replace("settings.currency", "setings.currency"), "utf-8")
    script, bundle = Path(__file__).with_name("session.cjs"), EXTENSION / MANIFEST["main"]
    server = [sys.executable, "-m", "moemap", "lsp"]
    ran = subprocess.run(["node", script, bundle, path, "none", *server], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(ran.stdout)
    done = [entry for entry in found["done"] if entry[0] != "problems"]
    problems = {Path(one[1]).name: one[2] for one in found["done"] if one[0] == "problems"}
    assert problems["orders.yaml"] == [["M204", "moemap", "unknown name 'setings'\nhelp: did you mean 'settings'?"]]
    assert {"registerCompletionItemProvider", "registerHoverProvider", "registerRenameProvider"} <= {
        one[0] for one in done
    }
    assert set(found["commands"]) == {*RuleServer().commands.by_name(), "moemap.restart"}
    (choices,) = [entry[1] for entry in done if entry[0] == "pick"]
    assert "none" in choices
    assert [entry for entry in done if entry[0] == "error"] == []
    assert [entry[1] for entry in done if entry[0] == "message"] == ["2 of 2 tests failed."]


@needs_build
def test_what_is_packaged() -> None:
    with zipfile.ZipFile(BUILT) as package:
        inside = {name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/")}
        assert json.loads(package.read("extension/package.json"))["version"] == MANIFEST["version"]
    grammars = {one["path"].removeprefix("./") for one in MANIFEST["contributes"]["grammars"]}
    assert inside == {"package.json", "readme.md", MANIFEST["main"].removeprefix("./"), *grammars}
