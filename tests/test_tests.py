"""The tests are laid out like the code, their modules are short, and random input has a share of the profile's
examples."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGINE, TESTS = ROOT / "engine", ROOT / "tests" / "engine"

HELD_ELSEWHERE: dict[str, tuple[str, str]] = {
    # Stages that are held as a whole: to another evaluator, or each part to the examples that are part of it.
    "checks/shared/*": ("engine/checks/test_mistakes.py", "findings that follow from others, or are allowed"),
    "checks/*": ("docs/test_problem_pages.py", "each page of a check has a wrong and a right example"),
    "compiler/standalone/*": ("engine/compiler/standalone/test_standalone.py", "modules give the same results"),
    "compiler/validation/*": ("engine/compiler/validation/test_validation.py", "the answers are those of validators"),
    "compiler/*": ("engine/compiler/rules/test_rulebooks.py", "compiled rulebooks give the interpreter's results"),
    "delivery/*": ("engine/delivery/test_outbox.py", "nothing twice, nothing lost, and what its parts are made of"),
    "diagnostics/*": ("engine/diagnostics/test_reports.py", "one report in every format, and all codes"),
    "functions/*": ("engine/functions/test_functions.py", "each function has examples"),
    "inference/*": ("engine/inference/test_rulebook.py", "what is inferred is what the interpreter gives"),
    "interpreter/*": ("engine/interpreter/test_interpreter.py", "what it does, step by step"),
    "patterns/*": ("engine/patterns/test_emptiness.py", "automata find what the validator finds"),
    "privacy/*": ("engine/privacy/test_flows.py", "no flow is missed"),
    "proof/*": ("engine/proof/test_prover.py", "what is proven is not refuted, what is refuted is shown"),
    "schemas/*": ("engine/schemas/test_any_schema.py", "any schema means what it means to the library"),
    "studio/*": ("engine/studio/test_studio.py", "what a page is answered and told, over real HTTP"),
    "templates/*": ("engine/templates/test_templates.py", "what is allowed, and what Jinja2 makes of it"),
    "types/*": ("engine/types/test_types.py", "laws of unions, narrowing and membership"),
    # Stages with modules for most parts: what is left is held with these.
    "authoring/*": ("engine/authoring", "what drafts and importers write"),
    "configuration/*": ("commands/test_project.py", "what counts, and why"),
    "editing/*": ("engine/editing", "what is told of texts and positions, broken or not, and the layout"),
    "documents/*": ("engine/documents/test_document.py", "what the documentation of a mapping says, and marks"),
    "expressions/*": ("engine/expressions/test_expressions.py", "the compliance cases, refusals and positions"),
    "golden/*": ("engine/golden/test_runner.py", "differences with the rules that caused them"),
    "insight/*": ("engine/insight", "reports in words, of what is held there"),
    "jobs/*": ("engine/jobs/test_transform.py", "whole runs"),
    "language_server/*": ("engine/language_server/test_server.py", "what an editor meets"),
    "language/*": ("engine/language/test_loader.py", "what is refused, at which place, in which words"),
    "mutation/*": ("engine/mutation/test_running.py", "reports, explanations and revisions, over whole runs"),
    "runtime/*": ("engine/runtime/test_doors.py", "every way into a mapping gives the same result"),
    "source/*": ("engine/source/test_source.py", "nodes, their places, and what is refused"),
    "values/*": ("engine/runtime/test_doors.py", "limits of payloads, whichever way they come"),
    # Modules beside the folders.
    "exports.py": ("engine/test_layout.py", "each folder gives its public names"),
    "own_schemas.py": ("schemas/test_language_schemas.py", "the schemas of the rule language"),
    "pages.py": ("commands/test_other_commands.py", "moemap docs writes the pages that are there"),
    "show.py": ("commands/test_other_commands.py", "moemap show"),
    "spark.py": ("spark/test_spark.py", "with the extra and Java"),
}
"""The tests that hold modules without a test module of their own, by pattern; the first one that fits."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def with_logic() -> Iterator[str]:
    """The modules of the engine that have a function."""
    for path in sorted(ENGINE.rglob("*.py")):
        tree = tree_of(path)
        if path.name != "__init__.py" and any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree)):
            yield path.relative_to(ENGINE).as_posix()


def own_test(module: str) -> Path:
    path = TESTS / module
    return path.with_name(f"test_{path.name}")


def test_what_holds_other_modules_exists() -> None:
    assert [test for test, _ in HELD_ELSEWHERE.values() if not (ROOT / "tests" / test).exists()] == []
    homeless = [module for module in with_logic() if not own_test(module).exists()]
    unused = set(HELD_ELSEWHERE)
    for module in homeless:
        unused -= {next((pattern for pattern in HELD_ELSEWHERE if fnmatch(module, pattern)), "")}
    assert unused == set()


def test_every_module_has_its_tests() -> None:
    """Write one, or say in HELD_ELSEWHERE what holds the module."""
    homeless = [module for module in with_logic() if not own_test(module).exists()]
    assert [one for one in homeless if not any(fnmatch(one, pattern) for pattern in HELD_ELSEWHERE)] == []


def test_modules_of_tests_are_short() -> None:
    lines = {
        path.relative_to(ROOT / "tests").as_posix(): len(path.read_text("utf-8").splitlines())
        for path in (ROOT / "tests").rglob("test_*.py")
    }
    assert {name: count for name, count in lines.items() if count > 500} == {}


def test_random_input_has_a_share_of_the_examples() -> None:
    wrong = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree, name = tree_of(path), path.relative_to(ROOT).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "max_examples" and isinstance(node.value, ast.Constant):
                wrong.append(f"{name}:{node.value.lineno}: the number of examples is fixed")
        for node in tree.body:
            decorators = [ast.unparse(one) for one in node.decorator_list] if isinstance(node, ast.FunctionDef) else []
            if any(one.startswith("given(") for one in decorators) and "pytest.mark.fuzz" not in decorators:
                wrong.append(f"{name}:{node.lineno}: it needs the mark fuzz")
    assert wrong == []


def test_every_file_of_cases_is_run() -> None:
    cases = {path.name for path in (TESTS / "cases").glob("*.yaml")}
    assert cases == {path.name for path in (TESTS / "cases").iterdir()}
    run = set[str]()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.cases":
                run |= {f"{ast.literal_eval(name)}.yaml" for name in node.args}
            elif isinstance(node, ast.Constant) and node.value in cases:
                run.add(str(node.value))
    assert cases - run == set()
