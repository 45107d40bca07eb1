"""The explanations beside a mapping, as `moemap check` reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from moemap.engine.inspection import inspect_paths
from moemap.tests.engine.test_inspection import MAPPING, said, write

__all__ = ["write"]

EXPLANATIONS = """\
mutants: [{mutant: a, change: b, reason: c}]
branches: [{branch: a, reason: b}]
"""


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (EXPLANATIONS, []),
        ("mutants: [{mutant: a, change: b}]\n", [":1:12 M103"]),
        ("mutant: []\n", [":1:1 M101"]),
        ("branches: {a: b}\n", [":1:11 M102"]),
        ("mutants: [\n", [":2:1 M004"]),
        ("{}\n", []),
    ],
)
@pytest.mark.parametrize("main", ["m/mapping.yaml", "m/shop.yaml"])
def test_explanations_beside_a_mapping_are_checked(
    write: Callable[..., None], main: str, text: str, wrong: list[str]
) -> None:
    write(**{main: MAPPING, "m/explained.yaml": text})
    for paths in (["m"], ["."], ["m", "m/explained.yaml"], ["m/explained.yaml", main]):
        inspection = inspect_paths(paths)
        assert sorted(inspection.files) == sorted(["m/explained.yaml", main])
        assert said(inspection) == [f"m/explained.yaml{one}" for one in wrong]
    assert said(inspect_paths(["m/explained.yaml"])) == [f"m/explained.yaml{one}" for one in wrong]


def test_explanations_of_others_are_skipped(write: Callable[..., None]) -> None:
    write(**{"m/mapping.yaml": MAPPING, "n/explained.yaml": "mutants: 1\n"})
    inspection = inspect_paths(["."])
    assert (inspection.files, said(inspection)) == (("m/mapping.yaml",), [])
    assert [one.path.as_posix() for one in inspection.skipped] == ["n/explained.yaml"]
