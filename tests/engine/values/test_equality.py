"""Equality of JSON values."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import templates
from moemap.engine.expressions.parser import parse
from moemap.engine.language.rulebook import Setting
from moemap.engine.language.settings import wanted_of
from moemap.engine.templates.parser import parts_of
from moemap.engine.templates.rendering import rendered
from moemap.engine.values import equality
from moemap.engine.values.equality import ValueSet, equal, included

JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 0.0, 1.0, -0.0, 2, 2**64, 1e300, "", "a", "1", "true"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("ab"), below, max_size=2),
    max_leaves=6,
)


def spelled(value: Any) -> str:
    """JSON text that is the same for equal values only."""
    match value:
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return f"[{','.join(map(spelled, value))}]"
        case dict():
            return f"{{{','.join(f'{name}:{spelled(value[name])}' for name in sorted(value))}}}"
    return json.dumps(value)


@pytest.mark.slow
@pytest.mark.fuzz
@given(JSON, JSON)
def test_one_equality_for_everything(one: Any, other: Any) -> None:
    same = spelled(one) == spelled(other)
    roots = {"one": one, "other": other}
    assert equal(one, other) is equal(other, one) is same
    assert included([None, one], other) is (same or other is None)
    assert (other in ValueSet([None, one])) is (same or other is None)
    assert parse("one == other").search(roots) is same
    assert parse("one != other").search(roots) is not same
    assert parse("[one] == [other]").search(roots) is same
    assert parse("contains([one], other)").search(roots) is same
    assert parse("length([one][?@ == $x])".replace("$x", "`1`")).search(roots) == (spelled(one) == "1")
    assert (len(parse("distinct([one, other])").search(roots)) == 1) is same
    assert (len(parse("last_by([one, other], &@)").search(roots)) == 1) is same
    for operator, holds in (("==", same), ("!=", not same), ("in", same), ("not in", not same)):
        wanted = "[other]" if "in" in operator else "other"
        text = f"{{% if one {operator} {wanted} %}}yes{{% else %}}no{{% endif %}}"
        assert (
            templates.compile(text).render(roots)
            == rendered(parts_of(text), roots, False)
            == ("yes" if holds else "no")
        )


@pytest.mark.fuzz
@given(JSON)
def test_copies_are_equal(value: Any) -> None:
    assert equal(value, copy.deepcopy(value))


def test_parts_that_come_again_are_compared_once() -> None:
    one: Any = [1]
    other: Any = [1]
    for _ in range(200):
        one, other = [one, one], [other, other]
    assert equal(one, other)
    assert not equal(one, [other, 1])
    assert other in ValueSet([one])
    assert [other, 1] not in ValueSet([one])


def test_a_set_without_values_looks_at_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body may be looked up at each of its levels, as for an `anyOf` in which no alternative is a constant."""
    monkeypatch.delattr(equality, "_fingerprint")
    assert [1] not in ValueSet([])
    assert ValueSet([]).count([1]) == 0


@pytest.mark.slow
def test_depth_is_no_matter() -> None:
    one: Any = True
    other: Any = 1
    for _ in range(100_000):
        one, other = [one], [other]
    assert not equal(one, other)
    assert other not in ValueSet([one])


@pytest.mark.parametrize("condition", ["flag < 2", "2 >= flag", "list < list", "flag in 5", "2 in 'a2'"])
def test_booleans_and_lists_have_no_order_in_templates(condition: str) -> None:
    text, roots = f"{{% if {condition} %}}x{{% endif %}}", {"flag": True, "list": [1]}
    with pytest.raises(templates.TemplateFailure, match="kinds that cannot be compared"):
        templates.compile(text).render(roots)
    with pytest.raises(templates.TemplateFailure, match="kinds that cannot be compared"):
        rendered(parts_of(text), roots, False)


def test_the_values_of_settings() -> None:
    setting = Setting(name="s", type="any", enum=([1], {"a": True}), default=None, node=None)  # type: ignore[arg-type]
    assert wanted_of(setting, [1]) is None
    assert wanted_of(setting, [1.0]) is None
    assert wanted_of(setting, [True]) == 'one of [1], {"a": true}'
    assert wanted_of(setting, {"a": 1}) == 'one of [1], {"a": true}'
