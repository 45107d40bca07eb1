"""The requirements of the reader on keys, names and settings; problems of whole files are in cases/structure.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.diagnostics.problem import Problem
from moemap.engine.language.decoder import NAME, ROOT, Keys, found
from moemap.engine.language.loaded import Loaded
from moemap.engine.language.reader import RuleReader
from moemap.engine.language.rulebook import Setting
from moemap.engine.language.settings import wanted_of
from moemap.engine.source.nodes import Node, ScalarNode
from moemap.engine.source.parser import parse
from moemap.engine.source.text import Source
from moemap.tests.conftest import MAIN


def node(text: str) -> Node:
    parsed, problems = parse(Source("file.yaml", text))
    assert parsed is not None, problems
    return parsed


@pytest.mark.parametrize(
    ("name", "is_name", "is_root"),
    [
        ("a", True, True),
        ("a1", True, True),
        ("a-b", True, False),
        ("a_b", True, True),
        ("a_", False, True),
        ("a__b", False, True),
        ("a-", False, False),
        ("-a", False, False),
        ("1a", False, False),
        ("_a", False, False),
        ("A", False, False),
        ("é", False, False),
        ("a\n", False, False),
        ("a b", False, False),
        ("", False, False),
    ],
)
def test_names(name: str, is_name: bool, is_root: bool) -> None:
    assert (bool(NAME.fullmatch(name)), bool(ROOT.fullmatch(name))) == (is_name, is_root)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "a mapping"),
        ("[]", "a list"),
        ("null", "null"),
        ("true", "true"),
        ("false", "false"),
        ("1.50", "the number 1.5"),
        ("''", "a string"),
    ],
)
def test_a_node_in_words(text: str, words: str) -> None:
    assert found(node(text)) == words


def test_keys_that_nobody_asked_for() -> None:
    problems: list[Problem] = []
    keys = Keys(node("{one: 1, twoo: 2, zzz: 3}"), "a thing", problems)
    assert (keys.whole("one", most=1), keys.text("two")) == (1, None)
    assert ("one" in keys, "two" in keys) == (True, False)
    keys.finish()
    assert [(problem.message, problem.hint) for problem in problems] == [
        ("unknown key 'twoo' in a thing", "did you mean 'two'?"),
        ("unknown key 'zzz' in a thing", "known here: one, two"),
    ]


def test_keys_of_what_is_no_mapping() -> None:
    problems: list[Problem] = []
    keys = Keys(node("[1]"), "a thing", problems)
    assert keys.text("one", required=True) is None
    assert keys.value("two", 5) == 5
    assert keys.exactly_one(("one", "two")) is None
    assert (keys.items("three"), keys.entries("four"), keys.texts("five")) == ((), (), ())
    keys.finish()
    assert [problem.message for problem in problems] == ["a thing must be a mapping, not a list"]


ANYTHING = node("x")


EACH = "a list in which each element is"


def setting(type_: str, items: str | None = None, **more: Any) -> Setting:
    return Setting(name="s", type=type_, items=items, node=ANYTHING, **more)


@pytest.mark.parametrize(
    ("of", "value", "wanted"),
    [
        (setting("string"), "x", None),
        (setting("string"), "", None),
        (setting("string"), None, "of type string"),
        (setting("string", default=None), None, None),
        (setting("integer"), 1, None),
        (setting("integer"), True, "of type integer"),
        (setting("integer"), 1.0, "of type integer"),
        (setting("integer"), "1", "of type integer"),
        (setting("double"), 1, None),
        (setting("double"), 1.5, None),
        (setting("double"), False, "of type double"),
        (setting("boolean"), False, None),
        (setting("boolean"), 0, "of type boolean"),
        (setting("date"), "2026-01-31", None),
        (setting("date"), "2026-02-30", "of type date"),
        (setting("datetime"), "2026-01-31T00:00:00Z", None),
        (setting("datetime"), "2026-01-31", "of type datetime"),
        (setting("array"), [], None),
        (setting("array"), {}, "a list"),
        (setting("array", "integer"), [1, 2], None),
        (setting("array", "integer"), [1, "2"], "a list with elements of type integer"),
        (setting("array", "integer"), [None], "a list with elements of type integer"),
        (setting("object"), {}, None),
        (setting("object"), [], "of type object"),
        (setting("any"), [None], None),
        (setting("any"), None, "of type any"),
        (setting("string", pattern="b+", min_length=2, max_length=3), "abb", None),
        (setting("string", pattern="b+", min_length=2, max_length=3), "aa", "a string that matches 'b+'"),
        (setting("string", pattern="b+", min_length=2, max_length=3), "b", "a string of at least 2 characters"),
        (setting("string", pattern="b+", min_length=2, max_length=3), "abba", "a string of at most 3 characters"),
        (setting("string", max_length=1), "\U0001f600", None),
        (setting("string", default=None, min_length=1), None, None),
        (setting("integer", minimum=0, maximum=2.5), 2, None),
        (setting("integer", minimum=0, maximum=2.5), 3, "at most 2.5"),
        (setting("double", minimum=0, maximum=2.5), -0.1, "at least 0"),
        (setting("array", "string", max_length=1), ["a", "b"], None),
        (setting("array", "string", max_length=1), ["a", "bc"], f"{EACH} a string of at most 1 characters"),
        (setting("array", "integer", minimum=1), [0], f"{EACH} at least 1"),
        (setting("any", enum=(True, "true", 1)), True, None),
        (setting("any", enum=(True, "true", 1)), 1, None),
        (setting("any", enum=(True, "true")), 1, 'one of true, "true"'),
        (setting("any", enum=(1,)), True, "one of 1"),
        (setting("any", enum=(1,)), 1.0, None),
        (setting("string", enum=("a",), default=None), None, None),
    ],
)
def test_settings(of: Setting, value: Any, wanted: str | None) -> None:
    assert wanted_of(of, value) == wanted


KEYS = st.one_of(
    st.sampled_from(
        ["rule", "output", "skip", "reject", "when", "let", "fields", "spread", "warn", "extends", "route"]
    ),
    st.sampled_from(["from", "const", "template", "each", "as", "key", "value", "type", "items", "table", "default"]),
    st.sampled_from(
        ["entries", "unlisted", "ignore_case", "except", "rename", "name", "names", "message", "a", "enum"]
    ),
    st.sampled_from(["request", "path", "query", "method", "combine", "max_bytes", "elements", "limits", "schema"]),
    st.sampled_from(["on_problem", "reference", "element_of", "required"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 5) | st.text("ab.{}[]&@|", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@pytest.mark.fuzz
@given(JSON)
def test_whatever_the_file_holds_there_are_problems_or_a_part_of_the_language(value: Any) -> None:
    problems: list[Problem] = []
    reader = RuleReader(problems)
    read = node(json.dumps({"x": value}))
    keys = Keys(read, "a test", problems)
    part = keys.take("x")
    name = node("name")
    assert part is not None
    assert isinstance(name, ScalarNode)
    for result in (
        reader.field("x", part),
        reader.rule(part),
        reader.table(None, part),
        reader.spread(part),
        reader.entry_rule(part),
        reader.setting(name, part),
        reader.output(name, part),
        reader.route(name, part),
        reader.bulk(part),
        reader.input(part),
    ):
        assert result is not None or problems
    assert all(problem.message and problem.place is not None for problem in problems)


@pytest.mark.parametrize(
    ("text", "is_version"),
    [
        ("1.0.0", True),
        ("0.10.999999999", True),
        ("1.0", False),
        ("1.0.0.0", False),
        ("01.0.0", False),
        ("1.0.0\n", False),
        ("1.0.0-rc1", False),
        ("\u0661.0.0", False),
        ("1000000000.0.0", False),
        (f"{'9' * 5000}.0.0", False),
    ],
)
def test_versions(text: str, is_version: bool, inspect_files: Callable[..., Loaded]) -> None:
    problems = inspect_files({"mapping.yaml": MAIN.replace("1.0.0", json.dumps(text))}).problems
    assert [problem.code for problem in problems] == ([] if is_version else ["M114"])
