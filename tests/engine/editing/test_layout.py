"""The layout of rule files: the shipped ones have it, and it never changes meaning, whatever it is given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.editing.comments import comments_of, composed
from moemap.engine.editing.layout import LayoutError, formatted
from moemap.engine.source.nodes import plain
from moemap.engine.source.parser import parse
from moemap.engine.source.text import Source
from moemap.tests.engine.grammar import Dice, rules

ROOT = Path(__file__).parents[3]
SHIPPED = sorted(path for folder in ("mappings", "examples") for path in (ROOT / folder).rglob("*.yaml"))


def value(text: str) -> str:
    """The value of a text, as JSON: so 1, 1.0 and true are three things."""
    node, problems = parse(Source("", text), wide=True)
    assert node is not None
    assert problems == ()
    return json.dumps(plain(node))


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shipped_files_have_the_layout(path: Path) -> None:
    text = path.read_bytes().decode()
    assert formatted(text) == text


CASES = {
    "blanks and indentation": (
        "a:   1  \nb:\n    - x\n    -   y:  2\n        z: 3\n\n\n\nc: {p: [ 1,2 ],q: }\n\n",
        "a: 1\nb:\n  - x\n  - y: 2\n    z: 3\n\nc: {p: [1, 2], q: null}\n",
    ),
    "lists below their key": ("a:\n- x\n- - y\n  - z\n", "a:\n  - x\n  - - y\n    - z\n"),
    "no blank line at the start of a block": ("\n\na:\n\n  b: 1\n", "a:\n  b: 1\n"),
    "quotes": (
        "a: 'x'\nb: 'say \"x\"'\nc: 'it''s'\nd: \"it's\"\ne: 'a\\d'\n",
        'a: "x"\nb: \'say "x"\'\nc: "it\'s"\nd: "it\'s"\ne: \'a\\d\'\n',
    ),
    "aligned values of adjacent lines": (
        "a:    1\nlong: 2\nbb: 3\n\nc: 4\nddd: 5\nsingle:   6\n\ne:   7\n",
        "a:    1\nlong: 2\nbb:   3\n\nc:      4\nddd:    5\nsingle: 6\n\ne: 7\n",
    ),
    "comments of all kinds": (
        "# top\n\na:   # of a\n    # of b\n    b: 1 # behind\n    # at the end of a\n# of c\nc:\n  - # of the first\n"
        "    x\n  # of the second\n  - y: 1\n# at the end\n",
        "# top\n\na:  # of a\n  # of b\n  b: 1  # behind\n  # at the end of a\n# of c\nc:\n  -  # of the first\n    x\n"
        "  # of the second\n  - y: 1\n# at the end\n",
    ),
    "comments in flow style make a block": (
        "a: [x, # first\n  y]\nb: {p: 1,\n  # of q\n  q: 2}\n",
        "a:\n  - x  # first\n  - y\nb:\n  p: 1\n  # of q\n  q: 2\n",
    ),
    "short flow style on one line": ("a: {x: 1,\n  y: 2}\nb: [\n  1,\n  2\n]\n", "a: {x: 1, y: 2}\nb: [1, 2]\n"),
    "anchors": (
        "a: &one   {x: 1}\nb:   *one\nc:\n  - &two\n      y: 2\n  - *two\n  - &three z\n",
        "a: &one {x: 1}\nb: *one\nc:\n  - &two\n    y: 2\n  - *two\n  - &three z\n",
    ),
    "block scalars": (
        "a: >-   # why\n      x\n        y\n\n      z\n\nb:\n - |2\n      x\n   y\n - |+\n   z\n\n\nc: |\n  t\n",
        "a: >-  # why\n  x\n    y\n\n  z\n\nb:\n  - |2\n       x\n    y\n  - |+\n    z\n\n\nc: |\n  t\n",
    ),
    "scalars on several lines": (
        'a: one\n      two\nb: "one\n\n    two"\nc:\n    "x"\n',
        'a: one two\nb: "one\n\n  two"\nc: "x"\n',
    ),
    "the start of a document": ("# x\n--- # y\na: 1\n...\n", "# x\n---  # y\na: 1\n"),
    "explicit keys": ("? a\n: 1\n? |\n  b\n: 2\n", 'a: 1\n"b\\n": 2\n'),
    "line ends of Windows": ("a:  1\r\nb: |\r\n    x\r\n", "a: 1\r\nb: |\r\n  x\r\n"),
    "empty values": ("a:\nb:   \nc:\n  -\n  - d:\n", "a:\nb:\nc:\n  -\n  - d:\n"),
    "a byte order mark": ("\ufeffa: 1\n", "a: 1\n"),
    "a scalar alone": ("  x  # y\n", "x  # y\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_layout(name: str) -> None:
    given_, wanted = CASES[name]
    assert formatted(given_) == wanted
    assert formatted(wanted) == wanted


def test_long_lists_and_objects_fill_their_lines() -> None:
    words = [f"word-{number}" for number in range(30)]
    text = formatted(
        f"list: [{', '.join(words)}]\nrequest: {{a: {{{', '.join(f'{word}: 1' for word in words[:14])}}}}}\n"
    )
    lines = text.splitlines()
    assert [len(line) for line in lines] == [113, 114, 51, 112, 73]
    assert [line[: len(line) - len(line.lstrip())] for line in lines[1:3]] == [" " * 7] * 2
    assert formatted(text) == text


REFUSED = {
    "a: 'x\u2028y'\n": "it has the line break U+2028, which not all readers take for one",
    'a: "x\\  \n  y"\n': "its comments or quotes stand where no other layout has a place for them",
    "%YAML 1.2 # x\n---\na: 1\n": "its comments or quotes stand where no other layout has a place for them",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_other_layout_is_refused(text: str) -> None:
    with pytest.raises(LayoutError, match=f"^{re.escape(REFUSED[text])}$"):
        formatted(text)


# Laws


def check_law(text: str) -> None:
    """The layout of a text has its value and its comments, and is the layout of itself."""
    new = formatted(text)
    assert value(new) == value(text)
    assert formatted(new) == new
    assert comment_texts(new) == comment_texts(text)


def comment_texts(text: str) -> list[str]:
    return [comment.text for comment in comments_of(text, composed(text)[0])]


def written(dice: Random, value: Any, indent: int, *, flow: bool = False) -> str:
    """YAML of a value, in any layout: what follows a colon or a dash at this indentation."""

    def blank(least: int = 0) -> str:
        return " " * dice.choice((least, least, 1, 1, 3))

    def comment() -> str:
        return dice.choice(("", "", "", f"  # c{dice.randrange(99)}", f" #c {dice.randrange(99)}: -x"))

    def above(indent: int) -> str:
        lines = [""] * dice.choice((0, 0, 0, 1, 3))
        if dice.random() < 0.15:
            lines.append(" " * dice.choice((0, indent, indent + 1)) + f"# own {dice.randrange(99)}")
        return "".join(f"{line}\n" for line in lines)

    if isinstance(value, dict | list) and value and not flow and dice.random() < 0.6:
        inner = indent + dice.choice((1, 2, 4)) if isinstance(value, dict) or dice.random() < 0.7 else max(indent, 0)
        lines = []
        for item in value.items() if isinstance(value, dict) else value:
            lead = f"{key(dice, item[0])}{blank()}:" if isinstance(value, dict) else "-"
            member = item[1] if isinstance(value, dict) else item
            lines.append(f"{above(inner)}{' ' * inner}{lead}{written(dice, member, inner)}")
        return f"{comment()}\n" + "\n".join(lines)
    if isinstance(value, dict | list):
        flow = True
        joint = f"{blank()},{dice.choice((' ', '', f'{comment()}' + chr(10) + ' ' * (indent + 2)))}"
        parts = (
            [f"{key(dice, name)}: {written(dice, one, indent, flow=True).strip()}" for name, one in value.items()]
            if isinstance(value, dict)
            else [written(dice, one, indent, flow=True).strip() for one in value]
        )
        open_, close = "{}" if isinstance(value, dict) else "[]"
        return f"{blank(1)}{open_}{blank()}{joint.join(parts)}{blank()}{close}"
    if isinstance(value, str):
        words = value.split(" ")
        if not flow and len(words) > 1 and all(words) and "\n" not in value and dice.random() < 0.5:
            margin = "\n" + " " * (indent + dice.choice((1, 2, 5)))
            return f" >-{comment()}{margin}{margin.join(words)}" if value.isprintable() else f" {json.dumps(value)}"
        return f"{blank(1)}{key(dice, value)}"
    return f"{blank(1)}{json.dumps(value)}"


def key(dice: Random, text: str) -> str:
    quoted = f"""'{text.replace("'", "''")}'"""
    return dice.choice((json.dumps(text), quoted if text.isprintable() else json.dumps(text)))


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2 // 5)
@given(st.integers(0, 2**32))
def test_any_text_of_random_rules_keeps_its_meaning(seed: int) -> None:
    dice = Random(seed)
    document = rules(Dice(seed))
    text = written(dice, document, -1).removeprefix(" ") + "\n"
    if not parse(Source("", text), wide=True)[1]:
        check_law(text)


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples // 5)
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32))
def test_shipped_files_keep_their_meaning_with_comments_anywhere(path: Path, seed: int) -> None:
    dice = Random(seed)
    lines = []
    for line in path.read_text("utf-8").splitlines():
        if dice.random() < 0.1:
            lines.append(dice.choice(("", "   ", f"{' ' * dice.randrange(14)}# - own: {dice.randrange(99)}")))
        # Behind a backslash, a blank is one of the text.
        lines.append(line + ("" if line.endswith("\\") else dice.choice(("", "", "", "", "", "  ", " # behind: it"))))
    text = "\n".join(lines)
    if not parse(Source("", text), wide=True)[1]:
        check_law(text)
