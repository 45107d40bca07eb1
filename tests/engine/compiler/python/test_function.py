"""Names in generated functions are new; thousands of similar ones cost a few tries each."""

from __future__ import annotations

import pytest

from moemap.engine.compiler.python.function import PythonFunction
from moemap.engine.compiler.python.pool import Pool


def test_many_names_alike_cost_few_tries_each(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, tries = Pool(frozenset()), 0
    is_free = pool.is_free

    def counted(name: str) -> bool:
        nonlocal tries
        tries += 1
        return is_free(name)

    monkeypatch.setattr(Pool, "is_free", lambda _, name: counted(name))
    writer = PythonFunction(pool, ())
    names = [writer.name("batch.a" * 50) for _ in range(3000)]
    assert len(set(names)) == 3000
    stem = ("batch_a" * 50)[:48]
    assert names[:3] == [stem, f"{stem}_2", f"{stem}_3"]
    assert tries < 3 * 3000


def test_a_name_of_another_block_is_used_again() -> None:
    writer = PythonFunction(Pool(frozenset()), ())
    found = []
    for _ in range(2):
        with writer.inside("if x:"):
            found.append([writer.name("value") for _ in range(3)])
    assert found == [["value", "value_2", "value_3"]] * 2
