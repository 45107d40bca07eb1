"""Templates rendered without Jinja2, against Jinja2."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import templates
from moemap.engine.templates.filters import FILTERS
from moemap.engine.templates.parser import parts_of
from moemap.engine.templates.rendering import rendered
from moemap.engine.templates.template import TemplateFailure

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([1.5, 1e16, -0.0, 1e-7, 2**63])
    | st.sampled_from(["", "a", "b", " Big <title-case", "1.50", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
ROOTS = st.fixed_dictionaries({"a": JSON, "b": JSON, "c": JSON})

OPERANDS = st.sampled_from(
    ["a", "b", "c", "a.a", "b['a']", "c[0]", "a.b[1]", "1", "2.5", "'a'", "''", "true", "none", "[a, 'b']", "c[true]"]
)


def _filtered(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def with_arguments(name: str, inner: st.SearchStrategy[str] = inner) -> st.SearchStrategy[str]:
        _, least, most = FILTERS[name]
        if name == "round":  # of constants, it takes only numbers of digits
            inner = st.sampled_from(["2", "a", "b.a"])
        arguments = st.lists(inner, min_size=least, max_size=most).map(lambda given: f"({', '.join(given)})")
        return st.tuples(inner, arguments).map(lambda pair: f"({pair[0]})|{name}{pair[1]}")

    return st.sampled_from(sorted(FILTERS)).flatmap(with_arguments)


def _compounds(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "~"])
    return (
        st.tuples(inner, operator, inner).map(lambda parts: f"({' '.join(parts)})")
        | st.tuples(inner, operator, inner, operator, inner).map(lambda parts: f"({' '.join(parts)})")
        | inner.map(lambda one: f"(not {one})")
        | st.tuples(inner, st.sampled_from(["defined", "none", "not none", "not defined"])).map(
            lambda parts: f"({' is '.join(parts)})"
        )
        | _filtered(inner)
    )


EXPRESSIONS = st.recursive(OPERANDS, _compounds, max_leaves=6)
PIECES = st.recursive(
    st.sampled_from(["text ", "{{ '{{' }}", "%}"]) | EXPRESSIONS.map(lambda one: f"{{{{ {one} }}}}"),
    lambda inner: (
        st.tuples(EXPRESSIONS, inner, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% else %}}{p[2]}{{% endif %}}")
        | st.tuples(EXPRESSIONS, inner, EXPRESSIONS, inner).map(
            lambda p: f"{{% if {p[0]} %}}{p[1]}{{% elif {p[2]} %}}{p[3]}{{% endif %}}"
        )
        | st.lists(inner, max_size=3).map("".join)
    ),
    max_leaves=5,
)


def _outcome(render: Any) -> tuple[str, Any]:
    try:
        return "text", render()
    except TemplateFailure as failure:
        return "failure", failure.reason


@pytest.mark.slow
@pytest.mark.fuzz
@given(PIECES, ROOTS)
def test_the_text_is_that_of_jinja(text: str, roots: dict[str, Any]) -> None:
    template = templates.compile(text)
    parts = parts_of(text)
    assert _outcome(lambda: rendered(parts, roots, False)) == _outcome(lambda: template.render(roots))
    assert _outcome(lambda: rendered(parts, roots, True)) == _outcome(lambda: template.render_text(roots))


def test_long_texts_fail_alike() -> None:
    for text in ("{{ a }}{{ a }}", "{{ a ~ a }}", "{{ a|replace('x', 'yy') }}", "{{ [a, a]|join }}", "{{ b }}"):
        roots = {"a": "x" * 60_000, "b": ["x" * 60_000] * 2}
        outcome = _outcome(lambda: rendered(parts_of(text), roots, False))  # noqa: B023  called at once
        assert outcome == _outcome(lambda: templates.compile(text).render(roots))  # noqa: B023  called at once
        assert outcome[0] == "failure"
