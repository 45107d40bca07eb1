"""The parts of expressions and templates lie in them, do not overlap, and are those that the parsers read."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from moemap.engine.editing.roles import ROOTS, parts_of
from moemap.engine.editing.state import EditingState
from moemap.engine.editing.tokens import lexed, tokens
from moemap.engine.source.nodes import ScalarNode

from .conftest import FILES
from .test_state import SHIPPED

CASES = [
    ("batch.user.id", "root batch, member user, member id"),
    ("sum(order.lines[].price)", "function sum, root order, member lines, operator [], member price"),
    ("a[?b == 'x' && c > `5`]",
     "root a, member b, operator ==, string 'x', operator &&, member c, operator >, number `5`"),
    ('let $x = a."b c" in $x[0]',
     'keyword let, variable $x, operator =, root a, member "b c", keyword in, variable $x, number 0'),
    ("sort_by(a, &b.c)", "function sort_by, root a, operator &, member b, member c"),
    ("{a: b, c: d.e}", "member a, root b, member c, root d, member e"),
    ("batch.us.", "root batch, member us"),
    ("batch.user == 'a", "root batch, member user, operator ==, string 'a"),
    ("f(a, ", "function f, root a"),
    ("😀", ""),
]  # fmt: skip
TEMPLATES = [
    ("a {{ b.c['d'] | upper }} e", "root b, member c, string 'd', operator |, function upper"),
    ("{% if x is defined and not y %}1{% else %}{{ x ~ 5 }}{% endif %}",
     "keyword if, root x, keyword is, function defined, keyword and, keyword not, root y, keyword else, root x, "
     "operator ~, number 5, keyword endif"),
    ("a {{ b.c | def", "root b, member c, operator |, function def"),
    ("no code: 'x' | y", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_expressions(text: str, wanted: str) -> None:
    assert ", ".join(f"{one.type} {text[one.start : one.end]}" for one in lexed(text, "expression")) == wanted


@pytest.mark.parametrize(("text", "wanted"), TEMPLATES)
def test_templates(text: str, wanted: str) -> None:
    assert ", ".join(f"{one.type} {text[one.start : one.end]}" for one in lexed(text, "template")) == wanted


@pytest.mark.slow
def test_tokens_lie_in_their_scalars(project: Path) -> None:
    state = EditingState([project, SHIPPED])
    count = 0
    for path in state.files():
        kind, tree, source = state.kind(path), state.tree(path), state.source(path)
        if kind is None or tree is None or source is None:
            continue
        found = tokens(state, path)
        for one, other in pairwise(found):
            assert (one.line, one.column + one.length) <= (other.line, other.column)
        lines = dict(enumerate((text for _, text in source.lines()), 1))
        at = {(one.line, one.column): lines[one.line][one.column - 1 : one.column - 1 + one.length] for one in found}
        for part in parts_of(tree, ROOTS[kind]):
            node = part.node
            if part.is_key or part.role.scalar == "value" or not isinstance(node, ScalarNode):
                continue
            if isinstance(node.value, str) and node.style == "":
                for lexeme in lexed(node.text, part.role.scalar):
                    place = node.span(lexeme.start, lexeme.end)
                    if place.line == place.end_line:
                        assert at[place.line, place.column] == node.text[lexeme.start : lexeme.end]
                        count += 1
    assert count > 1000


def test_a_broken_text_keeps_what_did_not_change(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    before = tokens(state, path)
    text = FILES["parts/orders.yaml"].replace("extends: base\n  when: order.kind", "extends: [\n\n  when: order.kind")
    state.open(path, text)
    assert state.present(path) is None
    after = tokens(state, path)
    lines = text.split("\n")
    words = [lines[one.line - 1][one.column - 1 : one.column - 1 + one.length] for one in after]
    assert [one for one in before if one.line < 11] == [one for one in after if one.line < 11]
    assert words[-1] == "kind"
    assert len(before) - len(after) < 3


def test_folded_and_quoted_scalars(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    lines = FILES["parts/orders.yaml"].split("\n")
    number = lines.index("    && order.id != 'x'") + 1
    words = [lines[number - 1][one.column - 1 :][: one.length] for one in tokens(state, path) if one.line == number]
    assert words == ["&&", "order", "id", "!=", "'x'"]
    text = "rules:\n- {rule: a, when: \"a.b == '\\u00e9'\", reject: 'it''s {{ c.d }}'}\n"
    state.open(path, text)
    line = text.split("\n")[1]
    words = [line[one.column - 1 :][: one.length] for one in tokens(state, path)]
    assert words == ["a", "b", "==", "'\\u00e9'", "c", "d"]
