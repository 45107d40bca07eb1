"""Syntax errors of expressions in words: place, cause, suggestion."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..diagnostics.suggestions import Suggestion
from ..values.blanks import odd_blank_in
from .tree import Token, TreeNode

__all__ = [
    "CLOSING",
    "LAST",
    "MAX_EXPRESSION_DEPTH",
    "TOP_HINT",
    "WHITESPACE",
    "ExpressionError",
    "shortened",
    "stray_expref",
    "syntax_error",
    "too_deep",
    "unexpected",
    "unreadable",
]


MAX_EXPRESSION_DEPTH = 50


WHITESPACE = " \t\n\r"


CLOSING = {
    "lparen": ("rparen", ")"),
    "lbrace": ("rbrace", "}"),
    "lbracket": ("rbracket", "]"),
    "filter": ("rbracket", "]"),
}


# Tokens that can end an expression.
LAST = {
    "unquoted_identifier",
    "quoted_identifier",
    "literal",
    "variable",
    "current",
    "star",
    "flatten",
    "rparen",
    "rbrace",
    "rbracket",
}


_WORDS = {"and": "&&", "or": "||", "not": "!"}
_CALLS = {
    "in": "contains(list, value)",
    "contains": "contains(list, value)",
    "like": "like(value, pattern)",
    "matches": "matches(value, pattern)",
}
_OTHER_WORDS = {
    "if": "use if() to choose",
    "then": "use if() to choose",
    "else": "use if() to choose",
    "is": "compare with ==, and with null as in a == `null`",
    **{word: f"use {call}" for word, call in _CALLS.items()},
}
"""Remedies for the words that other languages have for operators."""


class ExpressionError(ValueError):
    """An expression that cannot be used.

    `start` and `end` are offsets into its text; `data` has the details for the message of `code`.
    """

    def __init__(
        self, code: str, start: int, end: int, hint: str | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code, data)
        self.code = code
        self.start = start
        self.end = end
        self.hint = hint
        self.data: Mapping[str, Any] = data or {}


def syntax_error(reason: str, start: int, end: int, hint: str | None = None) -> ExpressionError:
    """Creates a syntax error at these offsets."""
    return ExpressionError("M201", start, end, hint, {"reason": reason})


TOP_HINT = "start with a name"


def stray_expref(node: TreeNode) -> ExpressionError:
    """The error of an `&expression` that is not the argument of a function."""
    hint = "'&' stands before an argument of a function, as in sort_by(list, &name)"
    return syntax_error("unexpected '&'", node["start"], node["start"] + 1, hint)


def too_deep(start: int, end: int) -> ExpressionError:
    """The error of an expression that is nested too deeply."""
    reason = f"is nested more than {MAX_EXPRESSION_DEPTH} levels deep"
    return ExpressionError("M210", start, end, "name parts of it with `let`", {"reason": reason})


def unreadable(at: int, text: str) -> ExpressionError:
    """The error of a text that cannot be split into tokens from `at` on."""
    character = text[at]
    hint = None
    match character:
        case "'" | '"' | "`":
            what = {"'": "string literal", '"': "quoted name", "`": "JSON literal"}[character]
            closing = re.compile(rf"{character}(?:[^{character}\\]|\\.)*{character}", re.DOTALL).match(text, at)
            if closing is None:
                return syntax_error(f"the {what} is not closed", at, len(text))
            return syntax_error(f"the {what} is not valid", at, closing.end())
        case "=" if text[max(at - 2, 0) : at] in {"==", "!="}:
            return _other_sign(text[at - 2 : at + 1], text[at - 2 : at], at - 2)
        case "=" if text.startswith("=<", at):
            return _other_sign("=<", "<=", at)
        case "~" if text[:at].endswith("="):
            return syntax_error("unexpected '=~'", at - 1, at + 1, _OTHER_WORDS["matches"])
        case "=" if not text.startswith("=>", at):
            hint = Suggestion.of("did you mean '=='?", "=", "==")
        case "?" if text.startswith("?.", at):
            return _other_sign("?.", ".", at)
        case "?" if text.startswith("??", at):
            return syntax_error("unexpected '??'", at, at + 2, "use not_null() for the first that is not null")
        case "?":
            hint = "use if() to choose"
        case "$" if text.startswith(("$.", "$["), at) and not text[:at].rstrip(WHITESPACE).endswith("."):
            hint = "a path starts with a name: that of the input is under `input: {as: ...}`"
        case "+" if re.search(r"'\s*$", text[:at]) or re.match(r"\+\s*'", text[at:]):
            hint = "use join() to put strings together, or a template"
        case "-" | "$" | "#" | "/" if re.match(r"[\w$]", text[at + 1 : at + 2] or " "):
            hint = 'a name with such characters is written in double quotes: "first-name"'
        case "\u2018" | "\u2019" | "\u201c" | "\u201d" | "\u201e" | "\u00ab" | "\u00bb":
            hint = "write straight quotes: ' or \""
        case "\u2260" | "\u2264" | "\u2265":
            sign = {"\u2260": "!=", "\u2264": "<=", "\u2265": ">="}[character]
            hint = Suggestion.of(f"did you mean {sign!r}?", character, sign)
        case "\u2013" | "\u2014" | "\u2212":
            hint = "use subtract() to calculate"
        case "+" | "-" | "/" | "%":
            function = {"+": "add", "-": "subtract", "/": "divide", "%": "modulo"}[character]
            hint = f"use {function}() to calculate"
    return syntax_error(f"unexpected {_quoted(character)}", at, at + 1, hint or odd_blank_in(character))


def _other_sign(sign: str, meant: str, at: int) -> ExpressionError:
    """The error of a sign that is written otherwise in other languages."""
    hint = Suggestion.of(f"did you mean {meant!r}?", sign, meant)
    return syntax_error(f"unexpected {_quoted(sign)}", at, at + len(sign), hint)


def unexpected(at: int, text: str, tokens: list[Token]) -> ExpressionError:
    """The error of a token that the grammar does not allow at `at`."""
    index = next(index for index, token in enumerate(tokens) if token["start"] == at)
    token, before = tokens[index], [token["type"] for token in tokens[:index]]
    start, end = token["start"], token["end"]
    if token["type"] == "eof":
        still_open = _still_open(before)
        missing = still_open is not None and before[-1] in LAST | {"number"}
        end = len(text.rstrip(WHITESPACE))
        return syntax_error(f"{_quoted(str(still_open))} is missing" if missing else "it ends too early", end, end)
    word = text[start:end]
    hint = None
    lower = word.lower()
    if lower == "not" and (after := str(tokens[index + 1]["value"]).lower()) in _CALLS:
        hint = f"use !{_CALLS[after]}"
    elif lower in _WORDS:
        hint = Suggestion.of(f"did you mean {_WORDS[lower]!r}?", word, _WORDS[lower])
    elif word == ">" and text.startswith("<>", start - 1) and before[-1:] == ["lt"]:
        return _other_sign("<>", "!=", start - 1)
    elif token["type"] == "expref" and before[-1:] and before[-1] in LAST:
        hint = Suggestion.of("did you mean '&&'?", "&", "&&")
    elif token["type"] == "star" and before[-1:] and before[-1] in LAST:
        hint = "use multiply() to calculate"
    elif token["type"] == "lbrace" and before[-1:] == ["lbrace"]:
        hint = "{{ }} is for templates; an expression stands alone"
    elif index and str(tokens[index - 1]["value"]).lower() == "not":
        hint = "did you mean '!'?"
    elif lower in _OTHER_WORDS and before[-1:] and before[-1] in LAST:
        hint = _OTHER_WORDS[lower]
    elif index == 1 and tokens[0]["value"] == "if":
        hint = _OTHER_WORDS["if"]
    elif before[-1:] == ["dot"] and token["type"] in {"filter", "flatten"}:
        hint = f"write {word} without the dot"
    elif token["type"] == "number":
        after_dot = before[-1:] == ["dot"]
        hint = f"an element is read with [{word}]" if after_dot else f"a number is written `{word}`, in backticks"
    elif token["type"] in {"literal", "unquoted_identifier", "quoted_identifier"} and isinstance(token["value"], str):
        name = token["value"] if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", token["value"]) else json.dumps(token["value"])
        if before[-2:-1] and before[-2] in LAST and before[-1] == "lbracket":
            is_computed = tokens[index + 1]["type"] != "rbracket"
            hint = (
                "use get(object, key) for a computed key" if is_computed else f"a key is written after a dot: .{name}"
            )
        elif before and before[-1] == "dot":
            hint = f"a key is written without such quotes: .{name}"
    return syntax_error(f"unexpected {_quoted(word)}", start, end, hint)


def _still_open(types: list[str]) -> str | None:
    """The bracket that would close the innermost open one."""
    open_brackets: list[str] = []
    for type_ in types:
        if type_ in CLOSING:
            open_brackets.append(type_)
        elif open_brackets and type_ == CLOSING[open_brackets[-1]][0]:
            open_brackets.pop()
    return CLOSING[open_brackets[-1]][1] if open_brackets else None


def _quoted(text: str) -> str:
    return shortened(text) if text.startswith("'") else f"'{shortened(text)}'"


def shortened(text: str) -> str:
    """A text shortened for a message."""
    return text if len(text) <= 40 else f"{text[:37]}..."
