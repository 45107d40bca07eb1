"""The changelog has the form that it names: each kind of change once in a version, in order, and no change twice."""

import re
from pathlib import Path

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_each_kind_of_change_has_one_heading_in_a_version() -> None:
    for version in CHANGELOG.split("\n## ")[1:]:
        found = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert found == [kind for kind in KINDS if kind in found]


def test_no_change_is_listed_twice() -> None:
    beginnings = re.findall(r"^- (.{40})", CHANGELOG, re.MULTILINE)
    assert len(beginnings) > 50
    assert sorted(beginnings) == sorted(set(beginnings))
