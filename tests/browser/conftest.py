"""The pages of the engine, and a browser to open them; without one, these tests are skipped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.documents.whole import as_html as documentation_page
from moemap.engine.documents.whole import documentation
from moemap.engine.insight.change_report import Comparison, render
from moemap.engine.insight.changes import changes_between
from moemap.engine.insight.corpus import Comparing, compare_over
from moemap.engine.insight.coverage import CountingInterpreter, coverage_of
from moemap.engine.insight.coverage_report import as_html as coverage_page
from moemap.engine.insight.explanation import as_html as explanation_page
from moemap.engine.insight.tracing import trace
from moemap.engine.jobs.transform import Recipe, Transform
from moemap.engine.studio.worker import Worker
from moemap.tests.browser.chromium import Page, found

EXAMPLES = Path(__file__).parents[2] / "examples"
MAPPING, WORKSPACE = "mparticle-moengage", EXAMPLES / "workspaces" / "email_identity.yaml"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="there is no Chromium")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if found() is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    opened = Page(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


def sample(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def explained() -> str:
    return explanation_page(trace(api.load("mparticle-moengage").rulebook, sample("purchase")), "purchase")


def covered() -> str:
    counting = CountingInterpreter(api.load("mparticle-moengage").rulebook)
    counting.run(sample("purchase"))
    return coverage_page(coverage_of([counting]))


def compared() -> str:
    old, new = api.load(MAPPING), api.load(WORKSPACE)
    changes = changes_between(old.rulebook, new.rulebook)
    versions = old.rulebook.version, new.rulebook.version
    comparison = Comparison("old", "new", *versions, changes, is_versioned=False)
    recipes = [Recipe(str(name), {}, "result", pretty=False) for name in (MAPPING, WORKSPACE)]
    comparing = Comparing(*(Transform(recipe, recipe.program()) for recipe in recipes))
    return render("html", comparison, compare_over(comparing, [str(EXAMPLES / "purchase.json")], lambda _text: None))


def documented() -> str:
    return documentation_page(documentation(api.load(EXAMPLES / "workspaces" / "email_identity.yaml").rulebook))


def exported() -> str:
    root = EXAMPLES.parent
    return Worker(root, root).exported(show_values=False)


PAGES: dict[str, Callable[[], str]] = {
    "explain": explained,
    "coverage": covered,
    "diff": compared,
    "docs": documented,
    "studio": exported,
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of one of the PAGES, which is made once."""
    folder = tmp_path_factory.mktemp("pages")

    def make(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_text(PAGES[name](), "utf-8")
        return path

    return make
