"""Fixtures for all tests: a small mapping to load and run in its own folder, and test cases read from YAML."""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies

from moemap.engine import api
from moemap.engine.checks import roots, unused
from moemap.engine.checks.shared.opening import Opening
from moemap.engine.checks.shared.running import check
from moemap.engine.diagnostics.problem import Problem, in_order
from moemap.engine.language.loader import Joined, Loaded, join, load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.pages import pages
from moemap.engine.source.contents import _UNSAVED
from moemap.engine.source.homes import PACKAGE
from moemap.engine.values.recall import Recall
from moemap.tests import forking

MAIN = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
outputs:
  out: {schema: ./out.schema.json, request: {path: /out}}
  list: {schema: ./out.schema.json, request: {path: /list}, element_of: list, combine: {list: append}}
routes:
  items: {each: batch.items, as: item}
include: [rules.yaml]
checks: {M237: ignore, M238: ignore}
"""
"""The mapping that the rules of a test are part of, which need not use all of it; in most they are in `rules.yaml`."""

SCHEMAS = {"in.schema.json": "{}", "out.schema.json": '{"properties": {"bad": false}}'}
"""The output takes everything but a member `bad`."""

Files = Mapping[str, Any]
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# No deadlines: machines differ, and are shared. `make fuzz` chooses the second profile.
settings.register_profile("moemap", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("moemap"), max_examples=5000, print_blob=True)
settings.load_profile("moemap")


# Nearly all garbage of the tests is in no circle. To look for what is takes a tenth of the time at a rate that suits
# small heaps. What collecting the tests has made stays until the end.
gc.set_threshold(1_000_000, 10, 10)


@settings(derandomize=True, database=None)
@given(strategies.none())
def _first_property(nothing: None) -> None:
    """Does nothing, but has Hypothesis make its random numbers, which it takes for garbage if they are frozen."""


def pytest_collection_finish() -> None:
    _first_property()
    gc.collect()
    gc.freeze()
    gc.callbacks.append(_keep_out)


def _keep_out(phase: str, about: dict[str, int]) -> None:
    """Freezes the objects that are alive after a full collection, so that the next ones do not go through them."""
    if phase == "stop" and about["generation"] == 2:
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def caches_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Gives the run caches of its own, which all its workers share, instead of those of the user."""
    run = tmp_path_factory.getbasetemp()
    folder = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        if "PYTHONPYCACHEPREFIX" not in os.environ:  # as it is for `make test`
            patch.setenv("PYTHONPYCACHEPREFIX", str(folder / "bytecode"))
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def commands_are_imported_once(caches_of_their_own: None) -> Iterator[None]:
    """Calls of the command are processes of their own, but each does not import it anew."""
    with forking.forked():
        yield


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Lets child processes die of Ctrl-C, even if these tests run in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def imported_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has each call of the command import what it needs, where that is what is tested."""
    monkeypatch.setattr(forking, "is_on", False)


@pytest.fixture(scope="session")
def unchanged() -> list[Path]:
    """Folders whose files no test changes. What tests make of their own is added."""
    return [PACKAGE]


@pytest.fixture(scope="session", autouse=True)
def unchanged_mappings_are_checked_once(unchanged: list[Path]) -> Iterator[None]:
    """A mapping of the repository is read and checked once in each process, however often it is opened."""
    joined: dict[tuple[str, str], Joined] = {}
    findings: dict[int, tuple[Problem, ...]] = {}

    def join_once(path: Path, recall: Recall | None = None) -> Joined:
        if _UNSAVED.get() or recall is not None or not any(map(path.absolute().is_relative_to, unchanged)):
            return join(path, recall)
        key = str(path), "" if path.is_absolute() else os.getcwd()
        if key not in joined:
            joined[key] = join(path)
        return joined[key]

    def opened(path: Path, recall: Recall | None = None) -> Opening:
        return Opening(path, None if any(map(path.absolute().is_relative_to, unchanged)) else recall)

    def check_once(rulebook: Rulebook, recall: Recall | None = None) -> tuple[Problem, ...]:
        if recall is not None or not any(rulebook is one.draft for one in joined.values()):
            return check(rulebook, recall)
        if id(rulebook) not in findings:
            findings[id(rulebook)] = check(rulebook)
        return findings[id(rulebook)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moemap.engine.checks.shared.opening.join", join_once)
        patch.setattr("moemap.engine.checks.shared.opening.check", check_once)
        patch.setattr("moemap.engine.inspection.Opening", opened)
        yield


@pytest.fixture(scope="session", autouse=True)
def generated_pages_are_made_once() -> Iterator[None]:
    """The pages below `docs/` are made once in each process: they depend on the engine alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moemap.engine.pages.pages", cache(pages))
        yield


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fuzz: looks for the unexpected in random input; `make fuzz` gives it more")
    config.addinivalue_line("markers", "slow: takes seconds; `make fast` leaves it out, `make test` does not")
    config.addinivalue_line("markers", "browser: opens pages in Chromium, and is skipped where there is none")
    config.addinivalue_line("markers", "cases(*names): run once for each `case` of these files in tests/engine/cases")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for marker in metafunc.definition.iter_markers("cases"):
        folder = Path(__file__).parent / "engine" / "cases"
        metafunc.parametrize(
            "case",
            [
                pytest.param(case, id=f"{name}: {case['case']}")
                for name in marker.args
                for case in yaml.load((folder / f"{name}.yaml").read_text("utf-8"), Loader=_YAML)
            ],
        )


Shipped = Callable[..., api.Mapping]


@pytest.fixture(scope="session")
def shipped_mapping() -> Shipped:
    """The shipped mapping, with these settings by name. It is loaded and compiled once for all tests."""
    loaded: dict[str, api.Mapping] = {}

    def shipped(**values: Any) -> api.Mapping:
        key = json.dumps(values, sort_keys=True)
        if key not in loaded:
            loaded[key] = api.load("mparticle-moengage", values)
        return loaded[key]

    return shipped


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Files], Path]:
    """Writes files (a value that is no text as JSON, which YAML is) beside the small mapping; gives the mapping's."""

    def write_files(files: Files) -> Path:
        for name, content in {"mapping.yaml": MAIN, "rules.yaml": "rules: []\n", **SCHEMAS, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8", newline="")
        return tmp_path / "mapping.yaml"

    return write_files


@pytest.fixture
def inspect_files(write: Callable[[Files], Path], tmp_path: Path) -> Callable[..., Loaded]:
    """Loads the mapping that the files describe and checks its names, not its types; `main` is the file to load."""

    def inspect(files: Files, settings: Mapping[str, Any] | None = None, main: str = "mapping.yaml") -> Loaded:
        write(files)
        loaded = load(tmp_path / main, settings)
        if loaded.rulebook is None:
            return loaded
        checks = (*roots.check(loaded.rulebook), *unused.check(loaded.rulebook))
        return replace(loaded, problems=in_order((*loaded.problems, *checks)))

    return inspect


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[Loaded], list[str]]:
    """The problems, each on one line as the cases give it: place, code, message and, in parentheses, the hint."""

    def lines_of(loaded: Loaded) -> list[str]:
        result = []
        for problem in loaded.problems:
            warning = "warning " if problem.severity == "warning" else ""
            hint = f" ({problem.hint})" if problem.hint else ""
            text = f"{problem.place or '-'} {problem.code} {warning}{problem.message}{hint}"
            result.append(text.replace(f"{tmp_path.as_posix()}/", ""))
        return result

    return lines_of


@pytest.fixture
def mapping_of(inspect_files: Callable[..., Loaded]) -> Callable[..., api.Mapping]:
    """The mapping with these files, or with this text as its `rules.yaml`; there must be nothing wrong with it."""

    def mapping(files: Files | str, settings: Mapping[str, Any] | None = None) -> api.Mapping:
        loaded = inspect_files({"rules.yaml": files} if isinstance(files, str) else files, settings)
        assert loaded.ok, [f"{p.place} {p.code} {p.message}" for p in loaded.problems]
        assert loaded.rulebook is not None
        return api.Mapping(loaded.rulebook, loaded.problems)

    return mapping
