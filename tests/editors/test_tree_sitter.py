"""The queries for tree-sitter take expressions and templates of rule files and nothing else, as Neovim reads them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from moemap.engine.editing.state import EditingState
from moemap.engine.editing.tokens import tokens
from moemap.engine.language import kinds
from moemap.engine.language.keys import FORMS
from moemap.tests.editors.test_vscode import EXTENSION, FILES, HOMES, ROOT

QUERIES = ROOT / "editors" / "tree-sitter" / "queries" / "moemap"
GRAMMAR = EXTENSION / "node_modules" / "@tree-sitter-grammars" / "tree-sitter-yaml" / "src"


def keys_of(*wanted: object) -> set[str]:
    return {key.name for form in FORMS.values() for key in form.keys.values() if key.kind in wanted}


def test_the_query_knows_the_keys() -> None:
    text = (QUERIES / "injections.scm").read_text("utf-8")
    named = [set(re.findall(r'"(\w+)"', one)) for one in re.findall(r"#any-of\? @_key (.*)\)", text)]
    whole = keys_of(kinds.EXPRESSION, kinds.ALTERNATIVES, kinds.FIELD) - {"name"}  # which mappings have, too
    assert named == [*[whole] * 3, *[keys_of(kinds.FIELDS, kinds.LET, kinds.PARAMETERS)] * 2]
    assert re.findall(r'#eq\? @_key "(\w+)"', text) == [*keys_of(kinds.ALTERNATIVES)] * 3


@pytest.mark.slow
@pytest.mark.skipif(not GRAMMAR.exists(), reason="the packages of the extension are not installed: make test-editors")
@pytest.mark.skipif(not (shutil.which("nvim") and shutil.which("cc")), reason="there is no Neovim, or no C compiler")
def test_expressions_are_those_of_the_server(tmp_path: Path) -> None:
    parser, seen = tmp_path / "yaml.so", tmp_path / "seen.json"
    sources = (f"-I{GRAMMAR}", GRAMMAR / "parser.c", GRAMMAR / "scanner.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-w", *sources, "-o", parser], check=True)
    given = {
        "MOEMAP_PARSER": str(parser),
        "MOEMAP_QUERY": str(QUERIES / "injections.scm"),
        "MOEMAP_FILES": "\n".join(map(str, FILES)),
        "MOEMAP_SEEN": str(seen),
        **{f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "DATA", "STATE")},
    }
    script = Path(__file__).with_name("injections.lua")
    command = ["nvim", "--headless", "-n", "-u", "NONE", "-c", f"luafile {script}"]
    subprocess.run(command, env={**os.environ, **given}, stdin=subprocess.DEVNULL, timeout=120, check=True)
    answer = json.loads(seen.read_text("utf-8"))
    assert answer.get("error") is None
    state = EditingState([ROOT / home for home in HOMES])
    outside, empty, inside = [], [], 0
    for path, parts in zip(FILES, answer["found"], strict=True):
        lines = [line.encode() for line in path.read_text("utf-8").split("\n")]
        left = {
            (one.line - 1, len(lines[one.line - 1].decode()[: one.column - 1].encode())): one.type
            for one in tokens(state, path)
        }
        for first, start, last, end, language in parts:
            own = [place for place in left if (first, start) <= place < (last, end)]
            inside += len(own)
            text = b"\n".join(lines[first : last + 1])
            is_said = "tests" in path.parts and b"query: {" in text  # a golden test has constants there
            is_constant = re.fullmatch(rb".*[ {]?(true|false|null|[-\d.]+).*", text) or is_said
            if not own and language == "javascript" and not is_constant:
                empty.append(f"{path}:{first + 1}:{start + 1}: {text.decode()}")
            for place in own:
                del left[place]
        outside += [
            f"{path}:{line + 1}:{column + 1}: {left[line, column]}"
            for line, column in left
            if not re.match(rb" *(- )?(name: |[\w.]+$)", lines[line])  # the server alone knows what these are
        ]
    assert empty == []
    assert outside == []
    assert inside > 1000
