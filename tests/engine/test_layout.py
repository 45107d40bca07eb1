"""The folders of the engine are stages: nothing imports upwards or in a circle, and no function hides an import."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
ORDER = [
    *("values", "diagnostics", "patterns", "functions", "source", "expressions", "templates"),
    *("schemas", "language", "configuration", "types", "runtime", "interpreter", "inference"),
    *("proof", "privacy", "compiler", "checks", "jobs", "delivery", "golden", "authoring", "html", "insight"),
    *("mutation", "documents", "editing", "language_server", "studio"),
]
"""The folders of the engine; each imports only itself and those before it."""
FREE = {"exports"}
"""Modules beside the folders that belong to none, and import nothing of the engine."""
DOORS = {"api", "fixing", "inspection", "own_schemas", "pages", "show", "spark"}
"""Modules beside the folders that may import all of them."""
ABOVE = {"editing", "language_server", "studio"}
"""Folders that may import the doors, which know nothing of them."""


class Import(NamedTuple):
    module: str
    line: int
    is_inner: bool
    has_reason: bool


def modules() -> dict[str, Path]:
    """The modules of the engine by their dotted name, without that of the engine."""
    found = {}
    for path in sorted((ROOT / "engine").rglob("*.py")):
        parts = path.relative_to(ROOT / "engine").with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(name: str) -> tuple[Import, ...]:
    """All imports of a module from the engine, those for type checkers included."""
    path = MODULES[name]
    text = path.read_text("utf-8")
    lines = text.splitlines()
    parts = [] if not name else name.split(".")
    package = parts if path.name == "__init__.py" else parts[:-1]
    found = []
    for node, is_inner in _statements(ast.parse(text).body, False):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else ())]
        above = node.lineno - 1
        while lines[above - 1].lstrip().startswith("from "):  # a reason holds for all imports below it
            above -= 1
        reason = "#" in lines[node.lineno - 1] or lines[above - 1].lstrip().startswith("#")
        for alias in node.names:
            whole = ".".join([*base, alias.name])
            target = whole if whole in MODULES else ".".join(base)
            found.append(Import(target, node.lineno, is_inner, reason))
    return tuple(found)


def _statements(body: list[ast.stmt], is_inner: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """All statements, and whether each is inside of a function; no other part of a tree has an import."""
    for node in body:
        yield node, is_inner
        inside = is_inner or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, block, []), inside)
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _statements(part.body, inside)


MODULES = modules()


def stage_of(module: str) -> str:
    return module.partition(".")[0]


def test_every_folder_has_its_place() -> None:
    folders = {stage_of(name) for name, path in MODULES.items() if path.parent != ROOT / "engine"}
    assert folders == set(ORDER)
    assert {name for name, path in MODULES.items() if path.parent == ROOT / "engine" and name} == DOORS | FREE


@pytest.mark.parametrize("name", sorted(MODULES))
def test_nothing_imports_upwards(name: str) -> None:
    stage = stage_of(name)
    if stage in DOORS or not stage:
        assert not ABOVE & {stage_of(one.module) for one in imports(name)}
        return
    allowed = {*FREE, *(ORDER[: ORDER.index(stage) + 1] if stage in ORDER else ()), *(DOORS if stage in ABOVE else ())}
    assert [one for one in imports(name) if stage_of(one.module) not in allowed] == []


def test_nothing_imports_in_a_circle() -> None:
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for one in imports(name) if name in MODULES else ():
                visit(one.module, (*above, name))
            done.add(name)

    for name in MODULES:
        # A package imports its names from its modules only when they are used.
        if MODULES[name].name != "__init__.py":
            visit(name, ())


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_inside_of_functions_have_a_reason(name: str) -> None:
    assert [one for one in imports(name) if one.is_inner and not one.has_reason] == []


@pytest.mark.parametrize("name", ORDER)
def test_every_folder_introduces_itself(name: str) -> None:
    text = (ROOT / "engine" / name / "__init__.py").read_text("utf-8")
    introduction = ast.get_docstring(ast.parse(text)) or ""
    assert "Comes in: " in introduction
    assert "Goes out: " in introduction
    assert re.search(r"^__all__(: list\[str\])? = \[", text, re.MULTILINE)


def test_the_page_of_the_architecture_has_the_folders_in_order() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.partition("## The folders")[2].partition("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == ORDER


@pytest.mark.slow
def test_no_two_classes_have_the_same_name() -> None:
    """Tests, and private classes (those with an underscore), do not count."""
    folders = ("engine", "commands", "importers")
    homes = defaultdict(list)
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["engine", "commands", "importers"])
def test_docstrings_begin_with_what_a_thing_is_or_does(folder: str) -> None:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            first = (ast.get_docstring(node) or "").partition(" ")[0] if isinstance(node, kinds) else ""
            assert first not in ("What", "Whether"), path
