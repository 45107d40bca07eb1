"""The expressions of `-k`."""

from __future__ import annotations

import pytest

from moemap.engine.golden.selection import SelectionError, selection

TEXTS = ["purchase maps Currency", "commerce.yaml", "product.name"]


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("purchase", True),
        ("PURCH", True),
        ("refund", False),
        ("currency and name", True),
        ("currency and refund", False),
        ("refund or commerce.yaml", True),
        ("not refund", True),
        ("not purchase", False),
        ("not not purchase", True),
        ("refund and x or purchase", True),
        ("purchase or refund and x", True),
        ("(purchase or refund) and x", False),
        ("not (refund or x)", True),
        ('"maps currency"', True),
        ("'currency maps'", False),
        ("'and'", False),
        ("android", False),
    ],
)
def test_selection(expression: str, holds: bool) -> None:
    assert selection(expression)(TEXTS) is holds


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "a word is missing at the end"),
        ("  ", "a word is missing at the end"),
        ("a and", "a word is missing at the end"),
        ("and a", "a word is missing before 'and'"),
        ("a or or b", "a word is missing before 'or'"),
        ("a b", "'and' or 'or' is missing before 'b'"),
        ("a (b)", "'and' or 'or' is missing before '('"),
        ("a not b", "'and' or 'or' is missing before 'not'"),
        ("(a", "a ) is missing at the end"),
        ("(a b)", "a ) is missing before 'b'"),
        ("a)", "a ( is missing before ')'"),
        ("()", "a word is missing before ')'"),
        ("'a", "the quote ' is not closed"),
        ("not " * 60 + "a", "it is nested more than 50 levels deep"),
        ("a" * 1001, "it has more than 1000 characters"),
    ],
)
def test_what_cannot_be_read(expression: str, reason: str) -> None:
    with pytest.raises(SelectionError) as error:
        selection(expression)
    assert str(error.value) == reason
