"""The check of growth goes through all of a Rulebook; what it finds is in language/test_large_rules.py."""

from __future__ import annotations

import pytest

from moemap.engine.checks import growth
from moemap.engine.expressions.growth import Growth
from moemap.engine.language.loader import load
from moemap.engine.language.names import Use, definitions_and_uses
from moemap.engine.language.rulebook import Expr
from moemap.engine.source.homes import MAPPINGS
from moemap.engine.values.recall import Recall


def test_every_expression_over_a_batch_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    rulebook = load(MAPPINGS / "mparticle-moengage" / "v1" / "mapping.yaml").rulebook
    assert rulebook is not None
    followed: list[Expr] = []
    follow = growth._Walk.expression

    def expression(self: growth._Walk, expr: Expr, roots: growth.Growths) -> Growth:
        followed.append(expr)
        return follow(self, expr, roots)

    monkeypatch.setattr(growth._Walk, "expression", expression)
    assert list(growth.check(rulebook, Recall())) == []
    uses = [item for item in definitions_and_uses(rulebook) if isinstance(item, Use)]
    as_name = rulebook.input.as_name
    expressions = {one.text for one in uses if isinstance(one.text, Expr) and as_name in one.roots}
    assert [str(one.place) for one in expressions - {*followed}] == []
    assert len(expressions) > 300
