"""Parses JMESPath expressions with positions, and checks them.

The grammar and its meaning remain the library's; a small subclass of its parser only records where each node stands in
the text. Some expressions that the library accepts can only be mistakes, and are refused: a missing comma between
arguments, a literal that is not JSON, an `&` outside the arguments of a function.

The grammar has lexical scopes too (JEP 18 of JMESPath), which the library does not read: `let $name = expression in
expression` binds names, and `$name` is the value of such a name, or of a root, wherever it stands.

Expressions are evaluated on *named roots* (the names in the context given to `Expression.search`), so `@`, `[0]` and
`*` have no meaning at the top of an expression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any, ClassVar

import jmespath.lexer
import jmespath.parser
from jmespath.exceptions import LexerError, ParseError

from ..diagnostics.suggestions import Suggestion
from ..functions.constants import flaw_of_constant
from ..functions.registry import Function
from ..functions.table import FUNCTIONS, function_meant
from ..values.payload import TOO_DEEP, check_constant, check_payload, received
from . import growth
from .methods import Method, methods_in
from .roots import RootUse
from .syntax_errors import (
    CLOSING,
    LAST,
    MAX_EXPRESSION_DEPTH,
    TOP_HINT,
    WHITESPACE,
    ExpressionError,
    shortened,
    stray_expref,
    syntax_error,
    too_deep,
    unexpected,
    unreadable,
)
from .tree import Expression, Token, TreeNode, children, walk

__all__ = ["MAX_EXPRESSION_CHARS", "RootUse", "parse", "tokens_of", "tree_of"]

MAX_EXPRESSION_CHARS = 10_000


# The first child of these is evaluated on the value of the node, the others on the result of the first.
_STEPS = {"subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection"}
_MAX_DIGITS = 20
_MAX_KEPT_CHARS = 500
_MAX_UNFINISHED = 200


def parse(text: str) -> Expression:
    """Parses an expression. Raises ExpressionError with the code M201, M202, M205, M209, M210, M211, M232 or M271.

    Results for short texts are cached: rules repeat expressions, and a mapping is loaded often while it is written.
    """
    return _kept(text) if len(text) <= _MAX_KEPT_CHARS else _parse(text)


def tree_of(text: str) -> TreeNode | None:
    """The tree of an expression that is still being written, without most checks of `parse`; None if it has none.

    The size of its value is bounded as in `parse`, or where calls lack arguments, its number of nodes.
    """
    if len(text) > MAX_EXPRESSION_CHARS or not text.strip(WHITESPACE):
        return None
    try:
        tree: TreeNode = _Parser().tree(tokens_of(text))
    except (ParseError, ExpressionError):
        return None
    try:
        growth.of_expression(tree, {})
    except (growth.TooLarge, RecursionError):
        return None
    except (LookupError, TypeError, ValueError):
        return tree if sum(1 for _ in islice(walk(tree), _MAX_UNFINISHED + 1)) <= _MAX_UNFINISHED else None
    return tree


@lru_cache(maxsize=2048)
def _kept(text: str) -> Expression:
    return _parse(text)


def _parse(text: str) -> Expression:
    if len(text) > MAX_EXPRESSION_CHARS:
        reason = f"has {len(text)} characters; at most {MAX_EXPRESSION_CHARS} are allowed"
        raise ExpressionError("M210", 0, len(text), data={"reason": reason})
    if not text.strip(WHITESPACE):
        raise syntax_error("it is empty", 0, len(text))
    tokens = tokens_of(text)
    try:
        tree: TreeNode = _Parser().tree(tokens)
    except ParseError as error:
        raise unexpected(error.lex_position, text, tokens) from None
    expression = Expression(
        text, tree, _roots(text, tokens, tree), any(token["type"] == "variable" for token in tokens)
    )
    try:
        growth.of_expression(tree, {})
    except growth.TooLarge as error:
        start, end = error.node["start"], error.node["end"]
        data = {"what": repr(shortened(text[start:end])), "reason": error.flaw}
        raise ExpressionError("M232", start, end, data=data) from None
    return expression


# --- text to tokens

_LibraryLexer: Any = jmespath.lexer.Lexer
_LibraryParser: Any = jmespath.parser.Parser


class _Lexer(_LibraryLexer):  # type: ignore[misc]  # the library has no types for it
    """The library's lexer with literals restricted to JSON and bounded numbers.

    The library also accepts NaN, and reads a literal that is not JSON as a string.
    """

    SIMPLE_TOKENS: ClassVar = {**_LibraryLexer.SIMPLE_TOKENS, "$": "dollar", "=": "assign"}

    def _consume_number(self) -> str:
        start = self._position
        digits: str = super()._consume_number()
        if len(digits) > _MAX_DIGITS:
            raise syntax_error("the number is too long", start, start + len(digits))
        return digits

    def _consume_literal(self) -> Token:
        start = self._position
        body = self._consume_until("`")
        end = start + len(body) + 2
        try:
            value = json.loads(body.replace("\\`", "`"))
        except RecursionError:
            raise syntax_error(f"{shortened(f'`{body}`')} is not a JSON literal: {TOO_DEEP}", start, end) from None
        except ValueError:
            bare = body.strip()
            is_bare = re.fullmatch(r"[\w $-]+", bare)
            hint = Suggestion.of(f"did you mean the string '{bare}'?", f"`{body}`", f"'{bare}'") if is_bare else None
            raise syntax_error(f"{shortened(f'`{body}`')} is not a JSON literal", start, end, hint) from None
        value, _ = received(value)
        if flaw := check_constant(value):
            raise syntax_error(f"{shortened(f'`{body}`')} is not a JSON literal: {flaw}", start, end)
        return {"type": "literal", "value": value, "start": start, "end": end}


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, the last one of type "eof", each with "start" and "end". Raises ExpressionError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise syntax_error("it has half of a surrogate pair", error.start, error.end) from None
    try:
        tokens = list(_joined(_Lexer().tokenize(text), text))
    except LexerError as error:
        raise unreadable(error.lexer_position, text) from None
    for token, following in pairwise(tokens):
        # The library's own end offsets are lengths, or off by one, for some kinds of tokens.
        token["end"] = len(text[: following["start"]].rstrip(WHITESPACE))
        if token["type"] == "quoted_identifier":
            if flaw := check_payload(token["value"]):
                raise syntax_error(f"the quoted name cannot be used: {flaw}", token["start"], token["end"])
            if following["type"] == "lparen":
                raise syntax_error("the name of a function is not quoted", token["start"], token["end"])
        elif following["type"] == "lparen" and token["type"] in LAST and token["type"] != "unquoted_identifier":
            raise syntax_error("unexpected '('", following["start"], following["start"] + 1)
    return tokens


def _joined(tokens: Iterable[Token], text: str) -> Iterator[Token]:
    """The tokens, in which `$name` and `==` are one token each. Raises ExpressionError for a stray `$` or `=`."""
    before = {"dollar": "unquoted_identifier", "assign": "assign"}
    last, start = "", None
    for token in tokens:
        if start is not None:
            if start["type"] == "assign" and token["type"] != "assign" and last == "variable":
                yield start
                last = "assign"
            elif token["type"] != before[start["type"]] or token["start"] != start["start"] + 1 or last == "dot":
                raise unreadable(start["start"], text)
            else:
                type_, value = ("variable", token["value"]) if start["type"] == "dollar" else ("eq", "==")
                yield {"type": type_, "value": value, "start": start["start"], "end": token["end"]}
                last, start = type_, None
                continue
            start = None
        if token["type"] in before:
            start = token
            continue
        yield token
        last = token["type"]


# --- tokens to the tree


class _Parser(_LibraryParser):  # type: ignore[misc]  # the same
    """The library's parser, which records "start" and "end" in each node and refuses deep nesting.

    `parse` is not used, since it caches trees without positions.
    """

    BINDING_POWER: ClassVar = {**_LibraryParser.BINDING_POWER, "variable": 0, "assign": 0}

    def tree(self, tokens: list[Token]) -> TreeNode:
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        tree = self._expression()
        if self._current_token() != "eof":
            self._error_led_token(self._lookahead_token(0))
        return tree

    def _expression(self, binding_power: int = 0) -> TreeNode:
        # The loop of the library, with positions recorded: `first` is the first token of the expression.
        first = self._lookahead_token(0)
        self._depth += 1
        if self._depth > MAX_EXPRESSION_DEPTH:
            raise too_deep(first["start"], first["end"])
        self._advance()
        nud: Any = getattr(self, f"_token_nud_{first['type']}", self._error_nud_token)
        left: TreeNode = nud(first)
        if "start" not in left:  # an expression in parentheses keeps its own, narrower span
            self._place(left, first, first)
        while binding_power < self.BINDING_POWER[self._current_token()]:
            operator = self._lookahead_token(0)
            self._advance()
            led: Any = getattr(self, f"_token_led_{operator['type']}", None)
            if led is None:
                self._error_led_token(operator)
            left = led(left)
            self._place(left, first, operator)
        self._depth -= 1
        return left

    def _token_nud_variable(self, token: Token) -> TreeNode:
        return {"type": "variable_ref", "value": token["value"], "children": []}

    def _token_nud_unquoted_identifier(self, token: Token) -> TreeNode:
        if token["value"] == "let" and self._current_token() == "variable":
            return self._let()
        node: TreeNode = super()._token_nud_unquoted_identifier(token)
        return node

    def _let(self) -> TreeNode:
        """Parses the rest of a `let` expression: names with their values, `in`, and an expression."""
        bindings: list[TreeNode] = []
        while not bindings or self._current_token() == "comma":
            if bindings:
                self._advance()
            name = self._lookahead_token(0)
            self._match("variable")
            self._match("assign")
            value = self._expression()
            span = {"start": name["start"], "end": self._lookahead_token(-1)["end"]}
            bindings.append({"type": "binding", "value": name["value"], "children": [value], **span})
        word = self._lookahead_token(0)
        if word["type"] != "unquoted_identifier" or word["value"] != "in":
            self._error_led_token(word)
        self._advance()
        return {"type": "let_expression", "children": [*bindings, self._expression()]}

    def _place(self, node: TreeNode, first: Token, operator: Token) -> None:
        """Records the span of a node just completed, and of the helper nodes that the library put below it."""
        start, end = first["start"], self._lookahead_token(-1)["end"]
        node["start"], node["end"] = start, end
        for number, child in enumerate(node["children"]):
            if "start" in child:
                continue
            if child["type"] == "identity":  # has no text of its own: it stands for the missing operand
                at = start if number == 0 else end
                child["start"], child["end"] = at, at
                continue
            inner = child["children"]  # a flatten, or an index expression with a slice
            child["start"] = start
            child["end"] = operator["end"] if child["type"] == "flatten" else inner[-1]["end"]
            inner[0].setdefault("start", start)
            inner[0].setdefault("end", start)

    def _bracketed(self, node: TreeNode, start: int) -> TreeNode:
        node["start"], node["end"] = start, self._lookahead_token(-1)["end"]
        return node

    def _parse_index_expression(self) -> TreeNode:
        start = self._lookahead_token(-1)["start"]
        return self._bracketed(super()._parse_index_expression(), start)

    def _parse_multi_select_list(self) -> TreeNode:
        start = self._lookahead_token(-1)["start"]
        return self._bracketed(super()._parse_multi_select_list(), start)

    def _parse_multi_select_hash(self) -> TreeNode:
        opening = self._index - 1
        node = self._bracketed(super()._parse_multi_select_hash(), self._tokens[opening]["start"])
        names = [
            index
            for index in range(opening, self._index)
            if self._tokens[index]["type"].endswith("_identifier") and self._tokens[index + 1]["type"] == "colon"
        ]
        # The name of a pair is the last one before its value: names inside the value come later.
        values = [pair["children"][0]["start"] for pair in node["children"]]
        first = [max(index for index in names if self._tokens[index]["start"] < value) for value in values]
        last = [*(index - 2 for index in first[1:]), self._index - 2]
        for pair, start, end in zip(node["children"], first, last, strict=True):
            pair["start"], pair["end"] = self._tokens[start]["start"], self._tokens[end]["end"]
        return node


# --- checks on the tree


def _roots(text: str, tokens: list[Token], tree: TreeNode) -> tuple[RootUse, ...]:
    """All uses of roots, after checks that the grammar does not make. Raises ExpressionError."""
    roots: list[RootUse] = []
    pending: list[tuple[TreeNode, bool, int, frozenset[str]]] = [(tree, True, 1, frozenset())]
    if tree["type"] == "expref":
        raise stray_expref(tree)
    while pending:
        node, top, depth, bound = pending.pop()
        if depth > MAX_EXPRESSION_DEPTH:
            raise too_deep(node["start"], node["end"])
        below = children(node)
        for method in methods_in(text, node):
            _check_method(text, method)
        match node["type"]:
            case "field" if top:
                roots.append(RootUse(node["value"], node["start"], node["end"]))
            case "variable_ref" if node["value"] not in bound:
                roots.append(RootUse(node["value"], node["start"], node["end"]))
            case "current" | "identity" if top:
                start, end = _construct(tokens, node["start"])
                raise ExpressionError("M209", start, end, TOP_HINT, {"text": shortened(text[start:end])})
            case "slice" if node["children"][2] == 0:
                raise syntax_error("the step of a slice cannot be 0", node["start"], node["end"])
            case "function_expression":
                _check_call(text, node)
            case "multi_select_dict":
                _check_commas(text, below)
        if node["type"] != "function_expression":
            for child in below:
                if child["type"] == "expref":
                    raise stray_expref(child)
        if node["type"] in _STEPS:
            inherited = [top] + [False] * (len(below) - 1)
        else:
            inherited = [top and node["type"] != "expref"] * len(below)
        inner = [bound] * len(below)
        if node["type"] == "let_expression":
            inner[-1] = bound.union(child["value"] for child in below[:-1])
        pending.extend(
            (child, at_top, depth + 1, names)
            for child, at_top, names in reversed(list(zip(below, inherited, inner, strict=True)))
        )
    return tuple(roots)


def _construct(tokens: list[Token], start: int) -> tuple[int, int]:
    """The span of the `@`, `*` or brackets that start at an offset."""
    at = next(index for index, token in enumerate(tokens) if token["start"] == start)
    open_brackets = 0
    for token in tokens[at:]:
        open_brackets += (token["type"] in CLOSING) - (token["type"] in {"rparen", "rbrace", "rbracket"})
        if open_brackets == 0:
            break
    return start, token["end"]


def _check_method(text: str, method: Method) -> None:
    """Raises ExpressionError for a call that lacks the value before the dot, which other languages would give it."""
    name, found = method.call["value"], len(method.call["children"])
    function = FUNCTIONS.get(name)
    if function is not None and found >= len(function.parameters):
        return
    if (meant := method.right_form(text)) is None:
        return
    start, end = method.start, method.call["end"]
    hint = Suggestion.of(f"did you mean {meant}?", text[start:end], meant)
    if function is None:
        raise ExpressionError("M202", start, end, hint, {"name": name})
    raise ExpressionError("M205", start, end, hint, {"name": name, "wanted": _wanted(function), "found": found})


def _check_call(text: str, node: TreeNode) -> None:
    name, start = node["value"], node["start"]
    name_end = start + len(name)
    arguments = children(node)
    function = FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError("M202", start, name_end, function_meant(name), {"name": name})
    _check_commas(text, arguments)
    if arguments and "," in text[arguments[-1]["end"] : node["end"]]:
        at = text.index(",", arguments[-1]["end"])
        raise syntax_error("unexpected ','", at, at + 1)
    least = len(function.parameters)
    if len(arguments) < least or (len(arguments) > least and not function.variadic):
        data = {"name": name, "wanted": _wanted(function), "found": len(arguments)}
        raise ExpressionError("M205", start, name_end, data=data)
    for index, argument in enumerate(arguments):
        parameter = function.parameters[min(index, least - 1)]
        if (argument["type"] == "expref") != ("expref" in parameter.types):
            found = "an expression (&)" if argument["type"] == "expref" else "a value"
            hint = (
                f"put & before it: &{shortened(text[argument['start'] : argument['end']])}"
                if found == "a value"
                else None
            )
            data = {"number": index + 1, "name": name, "wanted": parameter.wanted, "found": found}
            raise ExpressionError("M211", argument["start"], argument["end"], hint, data)
        if argument["type"] == "literal" and isinstance(argument["value"], str):
            reason = flaw_of_constant(name, parameter.name, argument["value"])
            if reason is not None:
                data = {"what": parameter.name, "name": name, "reason": reason}
                raise ExpressionError("M271", argument["start"], argument["end"], data=data)


def _wanted(function: Function) -> str:
    count = len(function.parameters)
    return f"{'at least ' if function.variadic else ''}{count} argument{'' if count == 1 else 's'}"


def _check_commas(text: str, siblings: tuple[TreeNode, ...]) -> None:
    # Only blanks, parentheses and the comma stand between two siblings.
    for before, after in pairwise(siblings):
        if "," not in text[before["end"] : after["start"]]:
            raise syntax_error("',' is missing", after["start"], after["end"])


# --- syntax errors in plain words
