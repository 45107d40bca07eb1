"""Every code has a page, and what the page shows is what happens."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from moemap.engine import api, checks, golden
from moemap.engine.checks.shared.registry import FACT_CHECKS, NAME_CHECKS, RULE_CHECKS, SIZE_CHECKS, TYPE_CHECKS
from moemap.engine.configuration import configuration_around
from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.catalogue import CATALOGUE, declare
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.editing.files import formatted_source
from moemap.engine.insight import tracing
from moemap.engine.insight.account import accounted
from moemap.engine.insight.coverage import CountingInterpreter, coverage_of
from moemap.engine.inspection import inspect_paths
from moemap.engine.jobs.input_check import input_problems
from moemap.engine.jobs.transform import Recipe, Transform
from moemap.engine.mutation.running import mutate
from moemap.engine.pages import problem_pages
from moemap.engine.runtime.batch import Record
from moemap.engine.runtime.result import Result
from moemap.engine.source.text import Source
from moemap.importers import import_rudderstack
from moemap.tests.docs.examples import DOCS, Block, blocks, completed, rendered, transformed, write

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((DOCS / "problems").glob("M*.md"))}
SECTIONS = ("How to fix", "Wrong", "Right")


def no_file(folder: Path) -> None:
    (folder / "mapping.yaml").unlink()


def latin_1(folder: Path) -> None:
    path = folder / "mapping.yaml"
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))


def megabyte(folder: Path) -> None:
    with (folder / "mapping.yaml").open("a") as file:
        file.write(f"# {'x' * 1_000_000}\n")


def many_rules(folder: Path) -> None:
    rules = (f"  - {{rule: rule-{n}, route: events, when: event.kind == '{n}', skip: old}}\n" for n in range(1, 10_002))
    (folder / "mapping.yaml").write_text(completed(f"rules:\n{''.join(rules)}"), encoding="utf-8")


def many_problems(folder: Path) -> None:
    more = "".join(f"      name-{n}: evnt.name\n" for n in range(2, 1002))
    head = "rules:\n  - rule: event\n    route: events\n    output: event\n    fields:\n      name-1: evnt.name\n"
    (folder / "mapping.yaml").write_text(completed(head + more), encoding="utf-8")


def wide_rules(folder: Path) -> None:
    fields = "".join(f"      name-{n}: event.name\n" for n in range(1, 1001))
    base = f"  - rule: base\n    abstract: true\n    route: events\n    output: event\n    fields:\n{fields}"
    rules = "".join(f"  - {{rule: rule-{n}, extends: base, when: event.kind == '{n}'}}\n" for n in range(1, 101))
    (folder / "mapping.yaml").write_text(completed(f"rules:\n{base}{rules}"), encoding="utf-8")


def long_pattern(folder: Path) -> None:
    path = folder / "mapping.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("*a?a*", f"*a?{'a' * 999}*"), encoding="utf-8")


# Changes to the folder of the wrong example that no block can show.
MADE: dict[str, Callable[[Path], None]] = {
    "M001": no_file,
    "M002": latin_1,
    "M003": megabyte,
    "M119": many_rules,
    "M126": many_problems,
    "M127": wide_rules,
    "M128": long_pattern,
}


# Problems between files: the whole folder is checked.
OF_FOLDERS = {"M133"}

# Problems of formatting a file.
OF_LAYOUT = {"M245"}

# Problems of importing the files of another tool.
OF_IMPORTS = {"M701", "M702", "M703"}

# Problems of an account of values; the page does not show a million decisions.
OF_ACCOUNTS = {"M527"}

# Problems of bounds that take long to reach.
OF_BOUNDS = {"M119", "M525", "M526"}

LAST_OF_MANY = {"M516", "M517"}
"""The codes that are only reported after twenty other problems, which their pages leave out."""


def sections(code: str) -> dict[str, str]:
    """The parts of a page by their heading."""
    head, *parts = re.split(r"^## (.+)\n", PAGES[code], flags=re.MULTILINE)
    return {"": head, **dict(zip(parts[::2], parts[1::2], strict=True))}


def examples(code: str) -> tuple[list[Block], list[Block]]:
    """The wrong and the right example. Files that the right one does not show are those of the wrong one."""
    parts = sections(code)
    wrong, right = list(blocks(parts["Wrong"])), list(blocks(parts["Right"]))
    own = {block.title for block in right}
    return wrong, [*(block for block in wrong if block.title not in {*own, "problem"}), *right]


def outcome(code: str, found: Sequence[Block], folder: Path, made: Callable[[Path], None] | None = None) -> str:
    """The problems of an example, as the command prints them."""
    files = [block for block in found if block.title not in {"input", "reject", "problem"}]
    if code in OF_IMPORTS:
        for block in files:
            Path(block.title).write_text(block.text, encoding="utf-8")
        imported = import_rudderstack("imported", [Path(block.title) for block in files])
        return reporters.render("text", Report(imported.problems, imported.sources))
    main = write(files, folder)
    if code in OF_LAYOUT:
        source = Source("mapping.yaml", main.read_text("utf-8"))
        return reporters.render("text", Report(formatted_source(source)[1], {source.name: source}))
    if made is not None:
        made(folder)
    if code in OF_FOLDERS:
        inspection = inspect_paths(["."])
        return reporters.render("text", Report(inspection.problems, inspection.sources))
    if any(block.title == "moemap.toml" for block in found):
        project = configuration_around(Path())
        return reporters.render("text", Report(project.problems, project.sources))
    if any(block.title == "explained.yaml" for block in found):
        return problems_of_explanations(Path("tests.yaml"))
    if any(block.title == "tests.yaml" for block in found):
        return problems_of_tests(Path("tests.yaml"))
    loaded = api.inspect(main)
    rejects = [block.text for block in found if block.title == "reject"]
    if rejects:
        return rendered(replayed(main, rejects[0]).problems, loaded)
    inputs = [block.text for block in found if block.title == "input"]
    if not inputs:
        # After a thousand others, which the page does not show.
        shown = [problem for problem in loaded.problems if code != "M126" or problem.code == code]
        return rendered(shown, loaded)
    assert loaded.problems == ()
    problems = transformed(loaded, inputs[0]).problems
    if code in OF_ACCOUNTS:
        assert loaded.rulebook is not None
        problems = accounted(loaded.rulebook, json.loads(inputs[0]), transformed(loaded, inputs[0])).problems
    if code == "M553":
        assert loaded.rulebook is not None
        problems = input_problems(loaded.rulebook, json.loads(inputs[0]))
    if code in LAST_OF_MANY:
        problems = tuple(problem for problem in problems if problem.code == code)
    return rendered(problems, loaded)


def replayed(main: Path, reject: str) -> Result:
    """The Result of a reject that is replayed."""
    recipe = Recipe(str(main), {}, "result", pretty=False, replays=True)
    (result,) = Transform(recipe, recipe.program()).results([Record("rejects.ndjson", 1, reject.strip().encode())])
    return result


def problems_of_tests(path: Path) -> str:
    """The problems with a test file, and with what its tests expect."""
    file, problems, sources = golden.load(path, path.name)
    if file is not None:
        runner = golden.GoldenRunner()
        problems = tuple(problem for test in file.tests for problem in golden.problems(runner.run(file, test)))
    return reporters.render("text", Report(problems, sources))


def problems_of_explanations(path: Path) -> str:
    """The problems with the explanations of branches and mutants."""
    runner = golden.GoldenRunner(interpreter=CountingInterpreter)
    file, _, _ = golden.load(path, path.name, runner.opening)
    assert file is not None
    assert all(runner.run(file, test).passed for test in file.tests)
    coverage = coverage_of(runner.interpreters)
    (mapping,) = mutate([(file, test) for test in file.tests]).mappings
    return reporters.render("text", Report((*coverage.problems, *mapping.problems), coverage.sources))


def test_every_code_has_a_page() -> None:
    assert set(PAGES) == set(CATALOGUE)


@pytest.mark.slow
def test_the_index_and_the_pages_of_checks_are_current() -> None:
    written = problem_pages()
    assert {name: (DOCS / name).read_text(encoding="utf-8") for name in written} == written
    assert {code for code, entry in CATALOGUE.items() if entry.page is not None} == {
        Path(name).stem for name in written if name != "problems/README.md"
    }


def test_a_code_is_declared_once() -> None:
    with pytest.raises(ValueError, match="M206 is declared twice"):
        declare("M206", "error", "", "")


def test_every_module_of_checks_has_one() -> None:
    registered = {run.__module__ for run in (*SIZE_CHECKS, *NAME_CHECKS, *RULE_CHECKS, *FACT_CHECKS, *TYPE_CHECKS)}
    modules = (path.stem for path in Path(checks.__path__[0]).glob("*.py") if path.stem != "__init__")
    assert registered == {f"{checks.__name__}.{name}" for name in modules}


@pytest.mark.parametrize("code", PAGES)
def test_form(code: str) -> None:
    parts = sections(code)
    assert tuple(parts) == ("", *SECTIONS)
    heading, *explanation = parts[""].splitlines()
    assert heading == f"# {code}: {CATALOGUE[code].title}"
    assert len(" ".join(explanation).split()) > 8
    assert parts["How to fix"].strip()
    wrong, _ = examples(code)
    assert [block.title == "problem" for block in wrong] == [False] * (len(wrong) - 1) + [True]


@pytest.mark.parametrize(
    "code", [pytest.param(code, marks=pytest.mark.slow if code in OF_BOUNDS else ()) for code in PAGES]
)
def test_wrong(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if code in OF_ACCOUNTS:
        monkeypatch.setattr(tracing, "MAX_DECISIONS", 3)
    wrong, _ = examples(code)
    shown = wrong[-1].text.removesuffix("\n")
    assert outcome(code, wrong[:-1], tmp_path, MADE.get(code)) == shown
    assert re.findall(r"^(?:error|warning)\[(\w+)\]", shown, re.MULTILINE) == [code]


@pytest.mark.parametrize("code", PAGES)
def test_the_right_example_has_no_problem(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, right = examples(code)
    assert outcome(code, right, tmp_path) == ""
