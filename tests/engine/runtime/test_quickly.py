"""The fast assembly of requests gives the results of the complete one, or leaves the work to that."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.diagnostics.problem import Place
from moemap.engine.runtime.assembly import NotOne, Unusual, quickly
from moemap.engine.runtime.outputs import OutputSpec, Target
from moemap.engine.runtime.requests import Assembler, Emission, Envelope
from moemap.engine.schemas.violations import Violation, Violations
from moemap.engine.values.forms import FORM_LISTS

PLACE = Place("mapping.yaml", 1, 1, 1, 1)
TEXTS = st.sampled_from(["", "x", "\u00e9 &=", "y" * 30, "bad", "2"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.sampled_from([0, 1.0, 2**63, 2**64]), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=2)),
    max_leaves=4,
)
TARGETS = st.builds(
    Target,
    st.sampled_from(["/a", "/b"]),
    st.dictionaries(st.just("q"), st.sampled_from([1, True, "1", ["x"]]), max_size=1),
    st.dictionaries(st.just("X-H"), st.sampled_from(["a", "b"]), max_size=1),
)
MEMBERS = st.fixed_dictionaries(
    {}, optional={"list": st.one_of(st.lists(TEXTS, max_size=3), TEXTS), "map": VALUES, "other": TEXTS}
)


class Validator:
    """Refuses what contains the string "bad", or more than three equal elements of a list."""

    def is_valid(self, body: Any) -> bool:
        text = json.dumps(body)
        return '"bad"' not in text and max(Counter(text).get(sign, 0) for sign in "z2") < 4

    def violations(self, body: Any) -> Violations:
        return Violations() if self.is_valid(body) else Violations((Violation("", "", "it is bad"),))


@st.composite
def assemblies(draw: st.DrawFn) -> tuple[OutputSpec, dict[str, Any], Target, list[Any]]:
    kinds: list[Literal["object", "list", "value", "none"]] = ["object", "object", "object", "list", "value", "none"]
    body = draw(st.sampled_from(kinds))
    element_of = draw(st.sampled_from([None, "list"])) if body == "object" else None
    combine: dict[Any, str] = {None: "append"} if body == "list" else {}
    simple = body == "list"
    if body == "object":
        combine = {"list": "append"} if element_of else draw(st.sampled_from([{}, {"list": "append", "map": "merge"}]))
    envelope = draw(st.dictionaries(st.sampled_from(["id", "type"]), TEXTS, max_size=2)) if body == "object" else {}
    aimed = draw(st.booleans())
    fields: st.SearchStrategy[Any] = VALUES.filter(lambda value: value is not None)
    if body == "object" and element_of is None:
        fields = MEMBERS.filter(bool)
        simple = bool(combine) and draw(st.booleans())
        if simple:
            fields = fields.map(lambda one: {name: one[name] for name in one if name != "other"}).filter(bool)
    simple = simple or element_of is not None
    pieces: list[Any] = draw(st.lists(st.tuples(TARGETS, fields) if aimed else fields, min_size=1, max_size=20))
    most = draw(st.sampled_from([None, 1, 2, 3]))
    spec = OutputSpec(
        "out",
        "POST",
        body,
        None if body == "none" else "schema",
        draw(st.sampled_from([None, "schema"])) if body != "none" else None,
        element_of,
        combine,
        draw(st.sampled_from([None, 40, 80, 200])),
        most if combine else None,
        {name: most for name, how in combine.items() if how == "append"} if most else {},
        draw(st.sampled_from([None, *FORM_LISTS])) if body == "object" else None,
        draw(st.sampled_from([None, "https://example.com"])),
        draw(st.sampled_from([{}, {"Accept": "*/*"}])),
        aimed,
        simple,
    )
    return spec, envelope, draw(TARGETS), pieces


@pytest.mark.slow
@pytest.mark.fuzz
def test_as_the_whole_assembly() -> None:
    answered = Counter[bool]()

    @settings(max_examples=settings().max_examples * 2)
    @given(assembly=assemblies())
    def hold(assembly: tuple[OutputSpec, dict[str, Any], Target, list[Any]]) -> None:
        spec, envelope, target, pieces = assembly
        validator = Validator()
        emissions = [
            Emission(spec, "rule", PLACE, f"/{number}", fields, aim, {})
            for number, piece in enumerate(pieces)
            for aim, fields in [piece if spec.aimed else (None, piece)]
        ]
        envelopes = {"out": Envelope(envelope, None if spec.aimed else target, {})}
        whole = Assembler([spec], {"schema": validator}).assemble(emissions, envelopes, lambda _, element: element)
        try:
            quick = quickly(spec, envelope, None if spec.aimed else target, pieces, {"schema": validator.is_valid})
        except (NotOne, Unusual):
            answered[False] += 1
            return
        answered[True] += 1
        assert repr(tuple(quick)) == repr(whole.requests)
        assert not whole.problems
        assert not whole.rejected

    hold()
    assert answered[True] > answered.total() / 10
