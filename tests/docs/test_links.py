"""Every relative link of the documentation leads to a file, and to an existing heading if it names one."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "schemas").rglob("*.md"))]


def prose(text: str) -> str:
    """A page without its fenced blocks and code spans."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The names that the headings of a page have as targets of links, as GitHub forms them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    seen: Counter[str] = Counter()
    names = []
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-")
        names.append(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return frozenset(names)


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """The relative links of a page: as they are written, the file they lead to, and the heading there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
        path, _, anchor = target.partition("#")
        if not re.match(r"https?://|mailto:", path):
            yield target, (page.parent / path).resolve() if path else page, anchor


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for target, led, anchor in links(page):
        if not led.exists() or (anchor and anchor not in anchors(led)):
            yield target


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_links(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A *good* page!\n\n## Again\n\n## Again\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n[a](other.md#a-good-page) [b](other.md#again-1) [c](#here) [d](https://example.com)\n"
        "[e](none.md) [f](other.md#again-2) [g](#there) `[h](none.md)`\n```text\n# No heading\n[i](none.md)\n```\n"
        "[j](#no-heading)\n"
    )
    assert list(broken(page)) == ["none.md", "other.md#again-2", "#there", "#no-heading"]


def test_what_the_installed_pages_link_to_is_installed() -> None:
    """`moemap explain-code` prints the pages of problems from the installation."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["moemap"]
    installed = {path.resolve() for pattern in patterns for path in ROOT.glob(pattern)}
    problems = set((ROOT / "docs" / "problems").glob("*.md"))
    assert problems <= installed
    pages = problems | set((ROOT / "docs" / "language").glob("*.md"))
    assert [
        (page.name, target) for page in sorted(pages) for target, led, _ in links(page) if led not in installed
    ] == []
