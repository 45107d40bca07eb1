"""JMESPath with positions: an expression read once, checked, and ready to be searched.

The library keeps owning the grammar and the meaning; a small subclass of its parser only remembers where in the text
each part of the tree stands. What the library lets through but can only be a mistake is refused: a missing comma
between arguments, a literal that is not JSON, an `&` outside the arguments of a function.

Expressions are read against *named roots* (the names in the context given to `Expression.search`), so `@` and its kin
have nothing to stand for at the top.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar, TypeAlias

import jmespath.lexer
import jmespath.parser
from jmespath.exceptions import LexerError, ParseError
from jmespath.visitor import Options, TreeInterpreter, _Expression

from . import growth
from .equality import equal
from .functions import FUNCTIONS, call
from .problem import did_you_mean
from .roots import RootUse
from .values import check_constant, check_payload, received

__all__ = [
    "MAX_EXPRESSION_CHARS",
    "MAX_EXPRESSION_DEPTH",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Node",
    "RootUse",
    "children",
    "parse",
    "walk",
]

MAX_EXPRESSION_CHARS = 10_000
MAX_EXPRESSION_DEPTH = 50

# The published types of the library leave out what a subclass needs.
_LibraryExpression: Any = _Expression
_LibraryInterpreter: Any = TreeInterpreter

Node: TypeAlias = dict[str, Any]
Token: TypeAlias = dict[str, Any]

_WHITESPACE = " \t\n\r"
_CLOSING = {
    "lparen": ("rparen", ")"),
    "lbrace": ("rbrace", "}"),
    "lbracket": ("rbracket", "]"),
    "filter": ("rbracket", "]"),
}
# Tokens that can be the last one of an expression.
_LAST = {
    "unquoted_identifier",
    "quoted_identifier",
    "literal",
    "current",
    "star",
    "flatten",
    "rparen",
    "rbrace",
    "rbracket",
}
# The first child of these is evaluated where the node is, the others against what the first one gives.
_STEPS = {"subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection"}
_WORDS = {"and": "&&", "or": "||", "not": "!"}
_MAX_DIGITS = 20


class ExpressionError(ValueError):
    """The expression cannot be used.

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


class EvaluationError(ValueError):
    """The expression could not be evaluated for this data; `reason` says why, in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that has been read and checked.

    `tree` is the library's own tree of `{"type", "children", "value"}`, every node also with "start" and "end": offsets
    into `text`, the end exclusive. It is shared and must not be changed; neither must what `search` returns, which may
    be part of the data searched or of the tree.
    """

    text: str
    tree: Node = field(compare=False, repr=False)
    roots: tuple[RootUse, ...]

    def search(self, context: dict[str, Any]) -> Any:
        """The JSON value that the expression has for these roots. Raises EvaluationError, and nothing else."""
        try:
            return _INTERPRETER.visit(self.tree, context)
        except TypeError:
            raise EvaluationError("a string and a number cannot be ordered (<, <=, >, >=)") from None
        except RecursionError:
            raise EvaluationError("the data is nested too deeply") from None
        except (ValueError, OverflowError) as error:  # all errors of the library and of the functions are ValueErrors
            raise EvaluationError(str(error)) from None


class _Functions:
    """The functions of the language, as the library's interpreter calls them."""

    def call_function(self, name: str, arguments: list[Any]) -> Any:
        return call(name, *(_key(value) if isinstance(value, _LibraryExpression) else value for value in arguments))


def _key(expression: Any) -> Callable[[Any], Any]:
    return lambda element: expression.visit(expression.expression, element)


class _Interpreter(_LibraryInterpreter):  # type: ignore[misc]  # the library has no types for it
    """The library's interpreter, to which `[1]` is not `[true]`."""

    COMPARATOR_FUNC: ClassVar = {
        **_LibraryInterpreter.COMPARATOR_FUNC,
        "eq": equal,
        "ne": lambda one, other: not equal(one, other),
    }


_FUNCTIONS: Any = _Functions()
# Holds no state but a cache of its own methods, so one serves all threads.
_INTERPRETER: Any = _Interpreter(Options(custom_functions=_FUNCTIONS))


def parse(text: str) -> Expression:
    """Read an expression. Raises ExpressionError with the code M201, M202, M205, M209, M210, M211 or M232."""
    if len(text) > MAX_EXPRESSION_CHARS:
        reason = f"has {len(text)} characters; at most {MAX_EXPRESSION_CHARS} are allowed"
        raise ExpressionError("M210", 0, len(text), data={"reason": reason})
    if not text.strip(_WHITESPACE):
        raise _syntax("it is empty", 0, len(text))
    tokens = _tokens(text)
    try:
        tree: Node = _Parser().tree(tokens)
    except ParseError as error:
        raise _unexpected(error.lex_position, text, tokens) from None
    expression = Expression(text, tree, _roots(text, tokens, tree))
    try:
        growth.of_expression(tree, {})
    except growth.TooLarge as error:
        start, end = error.node["start"], error.node["end"]
        data = {"what": repr(_shortened(text[start:end])), "reason": error.flaw}
        raise ExpressionError("M232", start, end, data=data) from None
    return expression


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    return tuple([child for child in node["children"] if isinstance(child, dict)])


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, each before its children."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def _syntax(reason: str, start: int, end: int, hint: str | None = None) -> ExpressionError:
    return ExpressionError("M201", start, end, hint, {"reason": reason})


# --- text to tokens

_LibraryLexer: Any = jmespath.lexer.Lexer
_LibraryParser: Any = jmespath.parser.Parser


class _Lexer(_LibraryLexer):  # type: ignore[misc]  # the library has no types for it
    """The library's lexer, but literals are JSON (it also takes NaN, and what is no JSON as text), numbers bounded."""

    def _consume_number(self) -> str:
        start = self._position
        digits: str = super()._consume_number()
        if len(digits) > _MAX_DIGITS:
            raise _syntax("the number is too long", start, start + len(digits))
        return digits

    def _consume_literal(self) -> Token:
        start = self._position
        body = self._consume_until("`")
        end = start + len(body) + 2
        try:
            value = json.loads(body.replace("\\`", "`"))
        except RecursionError:
            raise ExpressionError(
                "M210", start, end, data={"reason": "has a literal that is nested too deeply"}
            ) from None
        except ValueError:
            bare = body.strip()
            hint = f"did you mean the text '{bare}'?" if re.fullmatch(r"[\w $-]+", bare) else None
            raise _syntax(f"{_shortened(f'`{body}`')} is not a JSON literal", start, end, hint) from None
        value, _ = received(value)
        if flaw := check_constant(value):
            raise _syntax(f"{_shortened(f'`{body}`')} is not a JSON literal: {flaw}", start, end)
        return {"type": "literal", "value": value, "start": start, "end": end}


def _tokens(text: str) -> list[Token]:
    """The tokens of the text, the last one of type "eof", each with "start" and "end"."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _syntax("it has half of a surrogate pair", error.start, error.end) from None
    try:
        tokens: list[Token] = list(_Lexer().tokenize(text))
    except LexerError as error:
        raise _unreadable(error.lexer_position, text) from None
    for token, following in pairwise(tokens):
        # The library's own ends are lengths or off by one for some kinds of token.
        token["end"] = len(text[: following["start"]].rstrip(_WHITESPACE))
        if token["type"] == "quoted_identifier":
            if flaw := check_payload(token["value"]):
                raise _syntax(f"the quoted name cannot be used: {flaw}", token["start"], token["end"])
            if following["type"] == "lparen":
                raise _syntax("the name of a function is not quoted", token["start"], token["end"])
        elif following["type"] == "lparen" and token["type"] in _LAST and token["type"] != "unquoted_identifier":
            raise _syntax("unexpected '('", following["start"], following["start"] + 1)
    return tokens


# --- tokens to the tree


class _Parser(_LibraryParser):  # type: ignore[misc]  # the same
    """The library's parser, which writes "start" and "end" on every node and refuses to go deep.

    `parse`, with its cache of trees without positions, is not used.
    """

    def tree(self, tokens: list[Token]) -> Node:
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        tree = self._expression()
        if self._current_token() != "eof":
            self._error_led_token(self._lookahead_token(0))
        return tree

    def _expression(self, binding_power: int = 0) -> Node:
        # The library's loop, with the places noted: `first` is where the expression starts.
        first = self._lookahead_token(0)
        self._depth += 1
        if self._depth > MAX_EXPRESSION_DEPTH:
            raise _too_deep(first["start"], first["end"])
        self._advance()
        nud: Any = getattr(self, f"_token_nud_{first['type']}", self._error_nud_token)
        left: Node = nud(first)
        if "start" not in left:  # what stands in parentheses keeps its own, tighter place
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

    def _place(self, node: Node, first: Token, operator: Token) -> None:
        """Note the place of a node that has just been completed, and of the helper nodes the library put below it."""
        start, end = first["start"], self._lookahead_token(-1)["end"]
        node["start"], node["end"] = start, end
        for number, child in enumerate(node["children"]):
            if "start" in child:
                continue
            if child["type"] == "identity":  # no text of its own: where the missing operand would stand
                at = start if number == 0 else end
                child["start"], child["end"] = at, at
                continue
            inner = child["children"]  # a flatten, or an index expression with a slice
            child["start"] = start
            child["end"] = operator["end"] if child["type"] == "flatten" else inner[-1]["end"]
            inner[0].setdefault("start", start)
            inner[0].setdefault("end", start)

    def _bracketed(self, node: Node, start: int) -> Node:
        node["start"], node["end"] = start, self._lookahead_token(-1)["end"]
        return node

    def _parse_index_expression(self) -> Node:
        start = self._lookahead_token(-1)["start"]
        return self._bracketed(super()._parse_index_expression(), start)

    def _parse_multi_select_list(self) -> Node:
        start = self._lookahead_token(-1)["start"]
        return self._bracketed(super()._parse_multi_select_list(), start)

    def _parse_multi_select_hash(self) -> Node:
        opening = self._index - 1
        node = self._bracketed(super()._parse_multi_select_hash(), self._tokens[opening]["start"])
        names = [
            index
            for index in range(opening, self._index)
            if self._tokens[index]["type"].endswith("_identifier") and self._tokens[index + 1]["type"] == "colon"
        ]
        # The name of a pair is the last one before its value: those of objects in the value come later.
        values = [pair["children"][0]["start"] for pair in node["children"]]
        first = [max(index for index in names if self._tokens[index]["start"] < value) for value in values]
        last = [*(index - 2 for index in first[1:]), self._index - 2]
        for pair, start, end in zip(node["children"], first, last, strict=True):
            pair["start"], pair["end"] = self._tokens[start]["start"], self._tokens[end]["end"]
        return node


# --- checks on the tree


def _roots(text: str, tokens: list[Token], tree: Node) -> tuple[RootUse, ...]:
    """Every use of a root, after checking what the grammar leaves open."""
    roots: list[RootUse] = []
    pending: list[tuple[Node, bool, int]] = [(tree, True, 1)]
    if tree["type"] == "expref":
        raise _stray_expref(tree)
    while pending:
        node, top, depth = pending.pop()
        if depth > MAX_EXPRESSION_DEPTH:
            raise _too_deep(node["start"], node["end"])
        below = children(node)
        match node["type"]:
            case "field" if top:
                roots.append(RootUse(node["value"], node["start"], node["end"]))
            case "current" | "identity" if top:
                start, end = _construct(tokens, node["start"])
                raise ExpressionError("M209", start, end, _TOP_HINT, {"text": _shortened(text[start:end])})
            case "slice" if node["children"][2] == 0:
                raise _syntax("the step of a slice cannot be 0", node["start"], node["end"])
            case "function_expression":
                _check_call(text, node)
            case "multi_select_dict":
                _check_commas(text, below)
        if node["type"] != "function_expression":
            for child in below:
                if child["type"] == "expref":
                    raise _stray_expref(child)
        if node["type"] in _STEPS:
            inherited = [top] + [False] * (len(below) - 1)
        else:
            inherited = [top and node["type"] != "expref"] * len(below)
        pending.extend(
            (child, at_top, depth + 1) for child, at_top in reversed(list(zip(below, inherited, strict=True)))
        )
    return tuple(roots)


_TOP_HINT = "start with a name"


def _construct(tokens: list[Token], start: int) -> tuple[int, int]:
    """The span of the `@`, `*` or brackets that start at an offset."""
    at = next(index for index, token in enumerate(tokens) if token["start"] == start)
    open_brackets = 0
    for token in tokens[at:]:
        open_brackets += (token["type"] in _CLOSING) - (token["type"] in {"rparen", "rbrace", "rbracket"})
        if open_brackets == 0:
            break
    return start, token["end"]


def _check_call(text: str, node: Node) -> None:
    name, start = node["value"], node["start"]
    name_end = start + len(name)
    arguments = children(node)
    function = FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError("M202", start, name_end, did_you_mean(name, FUNCTIONS), {"name": name})
    _check_commas(text, arguments)
    if arguments and "," in text[arguments[-1]["end"] : node["end"]]:
        at = text.index(",", arguments[-1]["end"])
        raise _syntax("unexpected ','", at, at + 1)
    least = len(function.parameters)
    if len(arguments) < least or (len(arguments) > least and not function.variadic):
        wanted = f"{'at least ' if function.variadic else ''}{least} argument{'' if least == 1 else 's'}"
        raise ExpressionError("M205", start, name_end, data={"name": name, "wanted": wanted, "found": len(arguments)})
    for index, argument in enumerate(arguments):
        parameter = function.parameters[min(index, least - 1)]
        if (argument["type"] == "expref") != ("expref" in parameter.types):
            found = "an expression (&)" if argument["type"] == "expref" else "a value"
            hint = (
                f"put & before it: &{_shortened(text[argument['start'] : argument['end']])}"
                if found == "a value"
                else None
            )
            data = {"number": index + 1, "name": name, "wanted": parameter.wanted, "found": found}
            raise ExpressionError("M211", argument["start"], argument["end"], hint, data)


def _check_commas(text: str, siblings: tuple[Node, ...]) -> None:
    # Between two siblings there is nothing but blanks, parentheses and the comma.
    for before, after in pairwise(siblings):
        if "," not in text[before["end"] : after["start"]]:
            raise _syntax("',' is missing", after["start"], after["end"])


def _stray_expref(node: Node) -> ExpressionError:
    hint = "'&' stands before an argument of a function, as in sort_by(list, &name)"
    return _syntax("unexpected '&'", node["start"], node["start"] + 1, hint)


def _too_deep(start: int, end: int) -> ExpressionError:
    reason = f"is nested more than {MAX_EXPRESSION_DEPTH} levels deep"
    return ExpressionError("M210", start, end, "name parts of it with `let`", {"reason": reason})


# --- syntax errors in plain words


def _unreadable(at: int, text: str) -> ExpressionError:
    """The error for a text that has no tokens from `at` on."""
    character = text[at]
    hint = None
    match character:
        case "'" | '"' | "`":
            what = {"'": "text literal", '"': "quoted name", "`": "JSON literal"}[character]
            closing = re.compile(rf"{character}(?:[^{character}\\]|\\.)*{character}", re.DOTALL).match(text, at)
            if closing is None:
                return _syntax(f"the {what} is not closed", at, len(text))
            return _syntax(f"the {what} is not valid", at, closing.end())
        case "=":
            hint = "did you mean '=='?"
        case "-" | "$" | "#" | "/" if re.match(r"[\w$]", text[at + 1 : at + 2] or " "):
            hint = 'a name with such characters is written in double quotes: "first-name"'
        case "+" | "-":
            hint = f"use {'add' if character == '+' else 'subtract'}() to calculate"
    return _syntax(f"unexpected {_quoted(character)}", at, at + 1, hint)


def _unexpected(at: int, text: str, tokens: list[Token]) -> ExpressionError:
    """The error for the token that starts at `at`, where the grammar does not allow it."""
    index = next(index for index, token in enumerate(tokens) if token["start"] == at)
    token, before = tokens[index], [token["type"] for token in tokens[:index]]
    start, end = token["start"], token["end"]
    if token["type"] == "eof":
        still_open = _still_open(before)
        missing = still_open is not None and before[-1] in _LAST | {"number"}
        end = len(text.rstrip(_WHITESPACE))
        return _syntax(f"{_quoted(str(still_open))} is missing" if missing else "it ends too early", end, end)
    word = text[start:end]
    hint = None
    if word in _WORDS:
        hint = f"did you mean {_WORDS[word]!r}?"
    elif index and tokens[index - 1]["value"] == "not":
        hint = "did you mean '!'?"
    elif token["type"] == "number":
        after_dot = before[-1:] == ["dot"]
        hint = f"an element is read with [{word}]" if after_dot else f"a number is written `{word}`, in backticks"
    elif token["type"] in {"literal", "unquoted_identifier"} and isinstance(token["value"], str):
        name = token["value"] if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", token["value"]) else json.dumps(token["value"])
        if before[-2:-1] and before[-2] in _LAST and before[-1] == "lbracket":
            hint = f"a key is written after a dot: .{name}"
        elif before and before[-1] == "dot":
            hint = f"a key is written without such quotes: .{name}"
    return _syntax(f"unexpected {_quoted(word)}", start, end, hint)


def _still_open(types: list[str]) -> str | None:
    """What would close the innermost bracket that is still open."""
    open_brackets: list[str] = []
    for type_ in types:
        if type_ in _CLOSING:
            open_brackets.append(type_)
        elif open_brackets and type_ == _CLOSING[open_brackets[-1]][0]:
            open_brackets.pop()
    return _CLOSING[open_brackets[-1]][1] if open_brackets else None


def _quoted(text: str) -> str:
    return _shortened(text) if text.startswith("'") else f"'{_shortened(text)}'"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
