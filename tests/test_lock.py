"""The packages for work on moemap are locked, and the lock is that of pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DEPENDENCIES = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "build": PROJECT["build-system"]["requires"],
    "run": DEPENDENCIES,
    "dev": [*DEPENDENCIES, *EXTRAS["delivery"], *EXTRAS["test"], *EXTRAS["dev"]],
    "spark": [*DEPENDENCIES, *EXTRAS["test"], *EXTRAS["spark"]],
    "interface": [*DEPENDENCIES, *EXTRAS["interface"]],
    "editors": [*DEPENDENCIES, *EXTRAS["lsp"], *EXTRAS["editors"]],
}


def lines(name: str) -> list[str]:
    """The logical lines of a lock file, without comments."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_locked_by_version_and_hash(name: str) -> None:
    for line in lines(name):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+!]*( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line)


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_fits_the_project(name: str) -> None:
    """If this fails, pyproject.toml has changed: make lock."""
    locked: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([a-z0-9-]+)==(\S+)", "\n".join(lines(name)), re.M):
        locked.setdefault(package, []).append(version)
    for wanted in map(Requirement, LOCKS[name]):
        if wanted.name != "moemap":
            assert all(version in wanted.specifier for version in locked[wanted.name.lower()]), wanted


def test_one_package_has_one_version_in_every_lock() -> None:
    found = {
        (package, version)
        for name in LOCKS
        for line in lines(name)
        for package, version in [line.split()[0].split("==")]
    }
    twice = {package for package, _ in found if len([1 for name, _ in found if name == package]) > 1}
    # The newest NumPy leaves the oldest Python out; schemathesis wants another jsonschema-rs than the newest.
    assert twice <= {"numpy", "jsonschema-rs"}


def test_the_wheel_keeps_lower_bounds_open() -> None:
    """Only major versions are excluded, where the next one is known to break."""
    bounds = {str(part) for wanted in map(Requirement, DEPENDENCIES) for part in wanted.specifier}
    assert {bound for bound in bounds if not bound.startswith(">=")} == {"<2"}


def test_ci_runs_on_every_python_that_is_supported() -> None:
    classifiers = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert workflow["jobs"]["tests"]["strategy"]["matrix"]["python"] == classifiers
