"""Rule files as large as they may be, and shaped so that loading or checking them would take minutes, or all memory,
where time grew faster than size."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.diagnostics import suggestions
from moemap.engine.diagnostics.suggestions import closest

pytestmark = pytest.mark.slow  # large files of rules are read in each

OUTPUT = "route: items, output: out, fields: {a: item.a}"
TYPED = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"]},
        }
    },
}


def rules(parts: Iterable[str]) -> str:
    return "rules:\n" + "".join(f"- {{{part}}}\n" for part in parts)


def fields(parts: Iterable[str]) -> str:
    return rules([f"rule: r, output: out, fields: {{{', '.join(parts)}}}"])


def lets(parts: Iterable[str], last: str) -> str:
    return "let:\n" + "".join(f"  {part}\n" for part in parts) + fields([f"a: {last}"])


# A rule file, and the number of findings of each code.
CASES: dict[str, tuple[str, dict[str, int]]] = {
    "names that are nearly those of rules": (
        rules(f"rule: name-of-rule-{n}, extends: nmae-of-rule-{n}" for n in range(5000)),
        {"M111": 1000, "M126": 1},
    ),
    "keys that are nearly known": (
        rules([f"rule: a, output: out, {', '.join(f'filds{n}: 1' for n in range(20_000))}"]),
        {"M101": 1000, "M126": 1},
    ),
    "aliases that are nearly anchors": (
        f"x: [{', '.join(f'&name{n} a, *nmae{n}' for n in range(20_000))}]",
        {"M004": 1000, "M126": 1},
    ),
    "roots that are nearly lets": (
        "let:\n"
        + "".join(f"  name_of_{n}: batch.a\n" for n in range(300))
        + fields(f"f{n}: nmae_of_{n}.a" for n in range(300)),
        {"M204": 300, "M206": 300},
    ),
    "roots that are like nothing": (
        fields(f"f{n}: quite_another_name_{n}" for n in range(3000)),
        {"M204": 1000, "M126": 1},
    ),
    "tags, and what is wrong with the values that they stand before": (
        fields(f"f{n}: !t [!t 1]" for n in range(14_000)),
        {"M006": 1000, "M126": 1},
    ),
    "long names for tags": (f"%TAG ! tag:{'x' * 400_000}\n---\nx:\n" + "- !a\n" * 90_000, {"M004": 1}),
    "many names for tags": ("".join(f"%TAG !{n}! x\n" for n in range(60_000)) + "---\n1", {"M004": 1}),
    "allowances above a line": (
        "# moemap: allow M206 because x\n" * 12_000 + fields(["a: batch.a"]),
        {"M213": 1000, "M126": 1},
    ),
    "wide rules that extend each other": (
        "rules:\n- {rule: r0, output: out, fields: {"
        + ", ".join(f"f{n}: batch.a" for n in range(1000))
        + "}}\n"
        + "".join(f"- {{rule: r{n}, extends: r0}}\n" for n in range(1, 2000)),
        {"M127": 1},
    ),
    "rules that extend a rule of few fields": (
        fields(f"f{n}: {{from: batch.f{n}, type: string, default: '{n}'}}" for n in range(50))
        + "".join(f"- {{rule: r{n}, extends: r}}\n" for n in range(180)),
        {"M127": 1},
    ),
    "a long policy in many spreads": (
        "policies:\n  p:\n"
        + "".join(f"  - {{when: name == 'n{n}'}}\n" for n in range(3000))
        + rules(
            [f"rule: a, output: out, spread: [{', '.join(f'{{from: batch.s{n}, entries: p}}' for n in range(300))}]"]
        ),
        {"M127": 1},
    ),
    "a constant that doubles": (fields(['a: "`{}`' + " | {x: @, y: @}" * 40 + '"']), {"M232": 1}),
    "a value that doubles": (fields(['a: "batch' + " | [@, @][]" * 26 + '"']), {"M232": 1}),
    **{
        f"lists that grow by each {made}": (fields([f"a: 'batch.list | {grown}'"]), {"M232": 1})
        for made, grown in {
            "constant": " | ".join(["map(&`[1,2,3,4,5,6,7,8,9]`, @)[]"] * 9),
            "list": " | ".join(["[].[`1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`][]"] * 10),
            "list of calls": " | ".join(["[].[type(@), type(@), type(@), type(@)][]"] * 10),
            "constant text": " | ".join(['map(&split(`"a,b,c,d,e,f,g"`, `","`), @)[]'] * 8),
            "constant object": " | ".join(['map(&keys(`{"a": 1, "b": 2, "c": 3}`), @)[]'] * 8),
        }.items()
    },
    "a value that doubles in a condition": (
        rules(['rule: r, when: "batch' + " | [@, @][]" * 26 + f'", {OUTPUT}']),
        {"M232": 1},
    ),
    "values that double with each let": (
        lets(["a0: batch", *(f"a{n}: '[a{n - 1}, a{n - 1}]'" for n in range(1, 60))], "a59"),
        {"M232": 1},
    ),
    "objects that double with each let": (
        lets(["a0: batch", *(f"a{n}: {{fields: {{x: a{n - 1}, y: a{n - 1}}}}}" for n in range(1, 60))], "a59"),
        {"M232": 1},
    ),
    "values that grow with every element, with each let": (
        lets(["a0: batch", *(f"a{n}: {{each: batch.list, as: e{n}, value: a{n - 1}}}" for n in range(1, 10))], "a9"),
        {"M232": 1},
    ),
    "a name that copies what a let copies": (
        rules(
            [
                f"rule: r, let: {{many: '[{', '.join(['batch'] * 60)}]'}}, output: out, spread: {{from: batch, "
                f"entries: [{{name: 'to_string([{', '.join(['many'] * 60)}])'}}]}}"
            ]
        ),
        {"M232": 1},
    ),
    "values that are nested by lets": (
        lets(["a0: batch.list", *(f"a{n}: '[a{n - 1}]'" for n in range(1, 100))], '"distinct(a99)"'),
        {"M232": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_time_grows_with_the_size_of_what_is_given(name: str, write: Callable[..., Path]) -> None:
    text, expected = CASES[name]
    assert Counter(problem.code for problem in api.inspect(write({"rules.yaml": text})).problems) == expected


@pytest.mark.parametrize(
    ("schema", "field", "code"),
    [("in", "f{n}: batch.nmae_of_{n}", "M203"), ("out", "nmae_of_{n}: batch.x{n}", "M401")],
)
def test_many_names_that_are_nearly_those_of_a_wide_schema(
    schema: str, field: str, code: str, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known names of a schema, and their places, are collected once for all problems."""
    members = {f"name_of_{n}": {"type": "string"} for n in range(10_000)}
    closed = {"type": "object", "properties": members, "additionalProperties": False}
    text = fields(field.format(n=n) for n in range(1_100))
    sizes: list[int] = []
    index = suggestions._index.__wrapped__

    def counted(known: tuple[str, ...]) -> Any:
        sizes.append(len(known))
        return index(known)

    monkeypatch.setattr(suggestions, "_index", lru_cache(maxsize=8)(counted))
    start = time.process_time()
    found = api.inspect(write({"rules.yaml": text, f"{schema}.schema.json": closed})).problems
    assert time.process_time() - start < 20
    assert sum(size for size in sizes if size > 1) < 5 * len(members)
    assert Counter(problem.code for problem in found) == {code: 1000, "M126": 1}
    assert "did you mean 'name_of_998'?" in [problem.hint for problem in found if problem.related]


USUAL = [
    "batch.list[].[type, name, `null`][]",
    "batch.list[?contains(`[1, 2, 3]`, kind)].{kind: kind, all: `[1, 2, 3]`}",
    "split(batch.text, 'a separator') | map(&split(@, ' and another one '), @)[]",
    f"`{list(range(200))}` | [0]",
    f"batch.list[].contains(`{list(range(200))}`, @)",
]


@pytest.mark.parametrize("expression", USUAL)
def test_usual_expressions_are_not_too_large(expression: str, write: Callable[..., Path]) -> None:
    text = fields([f"a: {json.dumps(expression)}"])
    assert api.inspect(write({"rules.yaml": text})).problems == ()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("item.kind == 't{n}'", {}),
        ("item.k{n} == 'x'", {}),
        ("item.kind == 't{seven}' && item.k{n} == 'x'", {}),
        ("item.kind != 't{n}'", {"M303": 598}),
    ],
)
def test_many_conditions_on_one_element(condition: str, expected: dict[str, int], write: Callable[..., Path]) -> None:
    conditions = (condition.format(n=n, seven=n % 7) for n in range(600))
    text = rules(f"rule: r{n}, when: {when}, {OUTPUT}" for n, when in enumerate(conditions))
    loaded = api.inspect(write({"rules.yaml": text, "in.schema.json": TYPED}))
    assert Counter(problem.code for problem in loaded.problems) == expected


@pytest.mark.parametrize(
    ("opening", "inner", "closing"),
    [
        ("(", "item.a", " && item.b) || item.c"),
        ("(", "item.a == 'x'", " || item.b == 'y') && item.c != 'z'"),
        ("(item.b == 'x' && (", "item.a", ") || item.c == 'y')"),
        ("item.b && (item.c || (", "item.a", "))"),
        ("to_array(", "item.a", " || item.b)"),
        ("not_null(", "item.a", " && item.b, item.c)"),
        ("!(", "item.a", " || item.b)"),
    ],
)
def test_conditions_as_deep_as_may_be(opening: str, inner: str, closing: str, write: Callable[..., Path]) -> None:
    """Each level is looked at for its own type and for what it tells of what follows; that must not double."""
    levels = 22 // opening.count("(")
    when = opening * levels + inner + closing * levels
    text = f'rules:\n- rule: r\n  when: "{when}"\n' + "".join(f"  {part}\n" for part in OUTPUT.split(", "))
    loaded = api.inspect(write({"rules.yaml": text}))
    assert not {problem.code for problem in loaded.problems} & {"M201", "M210"}
    if loaded.rulebook is not None:
        batch = {"items": [{"a": [{"b": 1}], "b": "y"}]}
        mapping = api.Mapping(loaded.rulebook)
        assert mapping.transform(batch) == mapping.explain(batch)[0]


def test_what_is_read_often_and_copied_seldom_is_no_problem(write: Callable[..., Path]) -> None:
    text = """\
let:
  all: {fields: {FIELDS}}
  sorted: sort_by(sort_by(sort_by(sort_by(sort_by(sort_by(sort_by(batch.items, &a), &a), &a), &a), &a), &a), &a)
rules:
- rule: r
  route: items
  output: out
  fields:
    all: all
    sorted: sorted
    pairs: {each: item.x, as: x, fields: {a: item.a, l: {each: x.y, as: y, fields: {a: item.a, x: x.a, y: y}}}}
"""
    text = text.replace("FIELDS", ", ".join(f"f{n}: batch.f{n}" for n in range(300)))
    assert api.inspect(write({"rules.yaml": text})).problems == ()


def test_where_values_come_from_is_found_through_long_chains_of_lets(mapping_of: Callable[..., api.Mapping]) -> None:
    """Each let is looked at once, though the lets build on each other in many ways and in long chains."""
    parts = ["a0: batch.a", *(f"a{n}: a{n - 1}" for n in range(1, 1000))]
    parts += ["b0: not_null(batch.b, batch.c)", *(f"b{n}: not_null(b{n - 1}, b{n - 1})" for n in range(1, 60))]
    text = "let:\n" + "".join(f"  {part}\n" for part in parts)
    mapping = mapping_of(text + fields(["a: {from: a999, type: integer}", "b: {from: b59, type: integer}"]))
    batch = {"a": "x", "c": "y"}
    result = mapping.transform(batch)
    assert [problem.input for problem in result.problems] == ["/a", "/c"]
    assert mapping.explain(batch)[0] == result


def test_what_takes_all_is_named_however_many_rules_come_before(write: Callable[..., Path], lines: Any) -> None:
    parts = [f"rule: r{n}, when: item.kind == 't{n}', {OUTPUT}" for n in range(60)]
    parts += [f"rule: all, {OUTPUT}", f"rule: never, when: item.kind == 'x', {OUTPUT}"]
    assert lines(api.inspect(write({"rules.yaml": rules(parts)}))) == [
        "rules.yaml:63:10 M303 the rule 'never' is never reached: "
        "the rule 'all' on line 62 takes all that it could take"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "let:\n" + "".join(f"  x{n}: batch.a\n" for n in range(5_000)) + fields(["a: x1"]),
        "let:\n" + "".join(f"  x{n}: batch.a\n" for n in range(1_500))
        + rules([f"rule: r{n}, let: {{y: x1, z: x2}}, {OUTPUT}" for n in range(1_000)]),
    ],
    ids=["in one block", "in many rules"],
)  # fmt: skip
def test_lets_that_can_read_too_many_names(text: str, write: Callable[..., Path], lines: Any) -> None:
    """Checks keep the names that each let reads: without a bound, they would take gigabytes."""
    loaded = api.inspect(write({"rules.yaml": text}))
    (line,) = lines(loaded)
    assert " M127 lets with all that each can read expand to more than 3000000 names" in line


def asserted(rules_: int, conditions: int) -> str:
    parts = [f"rule: r{n}, when: item.k{n}, {OUTPUT}" for n in range(rules_)]
    return (
        rules(parts)
        + "assert:\n"
        + "".join(f"  a{n}: {{no_output: [out], without: batch.c{n}}}\n" for n in range(conditions))
    )


def test_assertions_of_many_conditions(write: Callable[..., Path], lines: Any) -> None:
    """Each condition is proven with all rules, and not with the other conditions."""
    began = time.process_time()
    found = lines(api.inspect(write({"rules.yaml": asserted(2, 900)})))
    assert Counter(line.split()[1] for line in found) == {"M554": 900}
    assert time.process_time() - began < 30
    (line,) = lines(api.inspect(write({"rules.yaml": asserted(100, 101)})))
    what = "the rules, once for each condition of an assertion, expand to more than 10000 rules"
    assert line == f"rules.yaml:203:3 M127 {what}"


def test_too_many_warnings_are_a_warning(write: Callable[..., Path], lines: Any) -> None:
    text = "let:\n" + "".join(f"  x{n}: batch.a\n" for n in range(1001)) + fields(["a: batch.a"])
    loaded = api.inspect(write({"rules.yaml": text}))
    assert loaded.rulebook is not None
    assert lines(loaded)[-1] == (
        "rules.yaml:1002:3 M126 warning there are more than 1000 problems; the rest was not checked"
    )


def test_suggestions_are_those_of_people() -> None:
    assert closest("purchse", ["purchase", "refund"]) == "purchase"
    assert closest("EVENT", ["event", "events"]) == "event"
    assert closest("ids", ["id", "name"]) == "id"
    assert closest("hi", ["low", "high"]) == "high"
    assert [closest("O", [known]) for known in ("NO", "On", "purchase", "or")] == [None] * 4
    assert closest("o", ["O"]) == "O"
    assert closest("as", ["is", "ass"]) == "ass"
    assert [closest(code, ["M204", "M304"]) for code in ("M2O4", "m204", "M3o4", "M205", "M20")] == [
        "M204",
        "M204",
        "M304",
        None,
        None,
    ]
    assert closest("x" * 65, ["x" * 65]) is None
    many = [f"name-of-{number:04}" for number in range(5000)]
    assert closest("nmae-of-1234", many) == "name-of-1234"
