"""Laws of every page, without a browser: its policy names what is in it, and its content is escaped."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from moemap.engine.html.page import render, spans

FOLDER = Path(__file__).parents[3] / "engine" / "html"
CONTENT = {
    "title": "<&\u202e",
    "inputs": [],
    "lead": "",
    "findings": [],
    "files": [],
    "outputs": [],
    "links": {"</script>": []},
    "skipped": ["\x1b"],
}


def page(**more: object) -> str:
    return render("explain", **CONTENT, problems=[], **more)


def test_the_policy_has_the_hashes_of_the_style_and_the_script() -> None:
    text = page()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    for kind in ("style", "script"):
        (inside,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        assert f"{kind}-src 'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")


def test_content_is_escaped_and_invisible_characters_are_shown() -> None:
    text = page()
    assert "<title>&lt;&amp;\\u202e</title>" in text
    assert "<li>\\u001b</li>" in text
    assert '{"\\u003c/script\\u003e": []}' in text


def test_content_that_a_page_needs_is_not_forgotten() -> None:
    with pytest.raises(UndefinedError, match="'problems' is undefined"):
        render("explain", **CONTENT)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.html")), ids=lambda path: path.stem)
def test_no_template_has_code_in_attributes_or_asks_for_anything(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\s(on[a-z]+|style)\s*=", text)
    assert "http:" not in text
    assert "https:" not in text


def test_code_in_texts_stands_between_backticks() -> None:
    assert spans("a `b` c`d`") == [("a ", False), ("b", True), (" c", False), ("d", True)]
    assert spans("one ` alone") == [("one ` alone", False)]
