"""Code that computes a value stands below the condition below which alone the value is used."""

from __future__ import annotations

import pytest

from moemap.engine.compiler.python.function import Block
from moemap.engine.compiler.python.placement import move_below_conditions

_Nested = list["str | tuple[str, _Nested]"]


def _block(parent: Block | None, items: _Nested, header: str = "") -> Block:
    block = Block(parent, header, loops=header.startswith("for "))
    block.items = [item if isinstance(item, str) else _block(block, item[1], item[0]) for item in items]
    return block


@pytest.mark.parametrize(
    ("computed", "after", "expected"),
    [
        pytest.param(
            ["x = None", ("if a:", ["y = a.b", "x = y"])],
            [("if c:", ["use(x)"]), "more(c)"],
            [("if c:", ["x = None", ("if a:", ["y = a.b", "x = y"]), "use(x)"]), "more(c)"],
            id="one condition",
        ),
        pytest.param(
            ["x = a"],
            [("if c:", [("if d:", ["use(x)"]), ("else:", ["other()"])])],
            [("if c:", [("if d:", ["x = a", "use(x)"]), ("else:", ["other()"])])],
            id="a condition in a condition",
        ),
        pytest.param(
            ["b = a.b", "x = b.x"],
            [("if c:", ["use(x)"]), "use(b)"],
            ["b = a.b", ("if c:", ["x = b.x", "use(x)"]), "use(b)"],
            id="a part that others use stays",
        ),
        pytest.param(
            ["x = a"], [("if c:", ["use(x)"]), "use(x)"], ["x = a", ("if c:", ["use(x)"]), "use(x)"], id="two"
        ),
        pytest.param(["x = a"], [("if x:", ["use(x)"])], ["x = a", ("if x:", ["use(x)"])], id="the condition itself"),
        pytest.param(["x = a"], [("if c:", ["f()"]), ("elif d:", ["use(x)"])], None, id="elif"),
        pytest.param(["x = a"], [("for b in c:", ["use(x)"])], None, id="a loop"),
        pytest.param(["x = f(y := a)"], [("if c:", ["use(x)"]), "use(y)"], None, id="a name assigned on the way"),
        pytest.param(["x = a", "z = x.z"], [("if c:", ["use(x)"]), "use(z)"], None, id="what the rest is made of"),
    ],
)
def test_placement(computed: _Nested, after: _Nested, expected: _Nested | None) -> None:
    home = _block(None, after)
    body = _block(home, computed)
    home.items.insert(0, body)
    move_below_conditions([("x", body)])
    wanted = [*computed, *after] if expected is None else expected
    assert list(home.render(0)) == list(_block(None, wanted).render(0))


def test_what_depends_on_what_moves_together() -> None:
    home = _block(None, [("if c:", ["use(y)"])])
    first, second = _block(home, ["x = a"]), _block(home, ["y = x.b"])
    home.items[:0] = [first, second]
    move_below_conditions([("x", first), ("y", second)])
    assert list(home.render(0)) == ["if c:", "    x = a", "    y = x.b", "    use(y)"]
