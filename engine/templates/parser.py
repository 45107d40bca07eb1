"""The subset of Jinja2 that templates may use.

Jinja2 parses the template. Then each node of its tree is checked against the allowed syntax, and member access and
operators are replaced: they work on keys of objects and elements of lists, never on attributes of Python objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from ..diagnostics.suggestions import did_you_mean
from ..expressions.roots import RootUse
from ..values.numbers import parse_number
from ..values.payload import check_constant, check_payload
from .filters import FILTERS, GUARDS, TOO_MANY_DIGITS, is_digits
from .jinja import COMPARE, CONCAT, TESTS, jinja_environment
from .names import TAKEN
from .rendering import Parts
from .syntax_errors import TemplateToken, parsed_tokens, syntax_error, tokens_in
from .template import TemplateError

__all__ = ["parts_of", "read", "tokens_of"]

MAX_DEPTH = 50

_OPENING = ("(", "[", "{")
_CLOSING = (")", "]", "}")
_UNCLOSED = {"comment_begin": "comment tag", "raw_begin": "raw directive"}
"""The names of Jinja2 for comments and raw text that are not closed, by the token that begins them."""

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
)
# The names of other nodes in messages, and the tokens that they are located by.
_REFUSED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.For: ("a loop", "for"),
    nodes.Macro: ("a macro", "macro"),
    nodes.CallBlock: ("a call block", "call"),
    nodes.FilterBlock: ("a filter block", "filter"),
    nodes.With: ("a with block", "with"),
    nodes.Block: ("a block", "block"),
    nodes.Extends: ("extending", "extends"),
    nodes.Include: ("including", "include"),
    nodes.Import: ("importing", "import"),
    nodes.FromImport: ("importing", "from"),
    nodes.Assign: ("setting a name", "set"),
    nodes.AssignBlock: ("setting a name", "set"),
    nodes.Scope: ("autoescape", "autoescape"),
    nodes.CondExpr: ("an if inside of {{ }}", "if"),
    nodes.Call: ("a call", "("),
    nodes.Slice: ("a slice", ":"),
    nodes.Dict: ("an object", "{"),
    nodes.Tuple: ("a tuple", ","),
    nodes.Add: ("arithmetic", "+"),
    nodes.Sub: ("arithmetic", "-"),
    nodes.Mul: ("arithmetic", "*"),
    nodes.Div: ("arithmetic", "/"),
    nodes.FloorDiv: ("arithmetic", "//"),
    nodes.Mod: ("arithmetic", "%"),
    nodes.Pow: ("arithmetic", "**"),
    nodes.Neg: ("arithmetic", "-"),
    nodes.Pos: ("arithmetic", "+"),
}


# --- reading and checking


def read(text: str, guard: str | None = None) -> tuple[nodes.Template, tuple[RootUse, ...]]:
    """Parses and checks a template; returns its syntax tree and its uses of roots. Raises TemplateError."""
    if check_payload(text):
        raise TemplateError("it has half of a surrogate pair", 0, len(text))
    environment = jinja_environment()
    parser = None
    try:
        tokens = tokens_of(text)
        _check_ends(text)
        _check_numbers(tokens)
        parser = Parser(environment, text)
        parser.stream = _numbered(parser.stream)
        tree = parser.parse()
    except jinja2.TemplateSyntaxError as error:
        raise syntax_error(error, text, parser) from None
    except RecursionError:
        raise _too_deep(text) from None
    names = _check(text, tree)
    return _Operators(guard).visit(tree).set_environment(environment), _roots(names, tokens)


def tokens_of(text: str) -> list[TemplateToken]:
    """Names, operators and other tokens, with their offsets."""
    return [token for token in tokens_in(text) if token.value and token.type not in {"whitespace", "data"}]


def _check_ends(text: str) -> None:
    """Raises TemplateError for a comment or raw text that begins at the end of the template, which Jinja2 allows."""
    last = next(reversed(list(tokens_in(text))), None)
    if last is not None and last.type in _UNCLOSED:
        raise TemplateError(f"missing end of {_UNCLOSED[last.type]}", last.start, len(text.rstrip()))


def _numbered(stream: TokenStream) -> TokenStream:
    """The tokens for the parser with their numbers in the place of their lines, which become those of nodes."""
    return TokenStream((token._replace(lineno=number) for number, token in enumerate(stream)), None, None)


def _check_numbers(tokens: list[TemplateToken]) -> None:
    """Raises TemplateError for numbers such as `1_000` and `0x1F`, and for those that JSON does not have."""
    for token in tokens:
        if token.type in {"integer", "float"} and parse_number(token.value) is None:
            raise TemplateError("JSON has no such number", *token.span)


def _too_deep(text: str) -> TemplateError:
    return TemplateError(f"it is nested more than {MAX_DEPTH} levels deep", 0, len(text))


def _check(text: str, tree: nodes.Template) -> list[str]:
    """Checks the syntax tree; returns the names of its roots in the order of their use. Raises TemplateError."""
    tokens = parsed_tokens(text)

    def refused(reason: str, node: nodes.Node, spelling: str = "") -> TemplateError:
        """The error of a node, at its first token of this spelling outside of further brackets, or where it begins."""
        first, depth = node.lineno or 0, 0
        if isinstance(node, nodes.Tuple) and tokens[first].value == "[":  # several indexes between brackets
            first += 1
        for token in tokens[first:]:
            if token.value == spelling and depth == 0:
                return TemplateError(reason, *token.span)
            depth += (token.value in _OPENING) - (token.value in _CLOSING)
        return TemplateError(reason, *tokens[first].span)

    names = []
    pending: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(text)
        if not isinstance(node, _ALLOWED):
            what, spelling = _REFUSED.get(type(node), (f"the Jinja construct {type(node).__name__}", ""))
            raise refused(f"{what} cannot be used in a template", node, spelling)
        match node:
            case nodes.Name(name=name):
                if name in TAKEN:
                    raise refused(f"the name {name!r} is reserved by Jinja", node, name)
                names.append(name)
            case nodes.Const(value=value):
                if flaw := check_constant(value):
                    raise refused(f"the constant cannot be used: {flaw}", node)
            case nodes.Getitem(arg=nodes.Tuple(items=[])):
                raise refused("an index or the name of a member belongs between [ and ]", node, "[")
            case nodes.Filter(name=name):
                if name not in FILTERS:
                    hint = did_you_mean(name, FILTERS)
                    raise refused(f"there is no filter {name!r}{f'; {hint}' if hint else ''}", node, name)
                _, least, most = FILTERS[name]
                if node.kwargs or node.dyn_args or node.dyn_kwargs or not least <= len(node.args) <= most:
                    raise refused(f"the filter {name!r} takes {_counted(least, most)}", node, name)
                if name == "round" and (digits := _constant_in(node.args)) is not None and not is_digits(digits):
                    raise refused(TOO_MANY_DIGITS, node, name)
            case nodes.Test(name=name):
                if name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                    raise refused(f"there is no test {name!r}; there are: is defined, is none", node, name)
        pending.extend((child, depth + 1) for child in reversed(list(node.iter_child_nodes())))
    return names


def _constant_in(arguments: Sequence[nodes.Expr]) -> Any:
    """The value of a filter's first argument, if it is a constant or a negated one; else None."""
    match arguments:
        case [nodes.Const(value=value)]:
            return value
        case [nodes.Neg(node=nodes.Const(value=int() | float() as value))]:
            return -value
    return None


def _counted(least: int, most: int) -> str:
    if most == 0:
        return "no argument"
    count = str(most) if least == most else f"{least} or {most}"
    return f"{count} argument{'' if most == 1 else 's'}"


def _roots(names: list[str], tokens: list[TemplateToken]) -> tuple[RootUse, ...]:
    """Locates the uses of roots: name tokens that are not members, filters or tests."""
    candidates = [
        token
        for index, token in enumerate(tokens)
        if token.type == "name"
        and tokens[index - 1].value not in {".", "|", "is"}
        and (tokens[index - 2].value, tokens[index - 1].value) != ("is", "not")
    ]
    roots = []
    following = iter(candidates)
    for name in names:  # both are in the order of the text; keywords may stand between the candidates
        token = next(token for token in following if token.value == name)
        roots.append(RootUse(name, *token.span))
    return tuple(roots)


class _Operators(NodeTransformer):
    """Replaces `a ~ b` and comparisons by filters, and passes the values that are put out to the guard.

    Jinja would write null, booleans and numbers as Python does, and take true for 1 in comparisons.
    """

    def __init__(self, guard: str | None) -> None:
        self.guard = guard

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802 - the name is Jinja's
        self.generic_visit(node)
        if self.guard is not None:
            node.nodes = [
                part
                if isinstance(part, nodes.TemplateData)
                else nodes.Filter(part, self.guard, [], [], None, None, lineno=part.lineno)
                for part in node.nodes
            ]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - the name is Jinja's
        self.generic_visit(node)
        operands = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(operands, CONCAT, [], [], None, None, lineno=node.lineno)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Filter:  # noqa: N802 - the name is Jinja's
        self.generic_visit(node)
        operands = nodes.List([node.expr, *(operand.expr for operand in node.ops)], lineno=node.lineno)
        operators = nodes.Const(tuple(operand.op for operand in node.ops), lineno=node.lineno)
        return nodes.Filter(operands, COMPARE, [operators], [], None, None, lineno=node.lineno)


# --- templates for rendering without Jinja2


def parts_of(text: str, guard: str | None = None) -> Parts:
    """Parses a template and converts it to the form that `templates.rendering` takes."""
    return _parts(read(text, guard)[0].body)


def _parts(body: list[nodes.Node]) -> Parts:
    parts: list[Any] = []
    for node in body:
        if isinstance(node, nodes.If):
            branches = [(_expression(branch.test), _parts(branch.body)) for branch in (node, *node.elif_)]
            parts.append(("if", tuple(branches), _parts(node.else_)))
        else:
            inner = node.iter_child_nodes()
            parts += [
                part.data if isinstance(part, nodes.TemplateData) else ("put", _expression(part)) for part in inner
            ]
    return tuple(parts)


def _expression(node: nodes.Node) -> Parts:
    inner = [_expression(child) for child in node.iter_child_nodes()]
    match node:
        case nodes.Name(name=name):
            return "name", name
        case nodes.Const(value=value):
            return "const", value
        case nodes.List():
            return "list", tuple(inner)
        case nodes.Getattr(attr=name):
            return "member", inner[0], ("const", name)
        case nodes.Getitem():
            return "member", *inner
        case nodes.Filter(name=name) if name == CONCAT:
            return "concat", inner[0][1]
        case nodes.Filter(name=name) if name == COMPARE:
            return "compare", inner[1][1], inner[0][1]
        case nodes.Filter(name=name) if name in GUARDS:
            return "guard", name, inner[0]
        case nodes.Filter(name=name):
            return "filter", name, tuple(inner)
        case nodes.Test(name=name):
            return ("is null", inner[0]) if name == "none" else ("not", ("is null", inner[0]))
        case nodes.And():
            return "and", *inner
        case nodes.Or():
            return "or", *inner
    return "not", inner[0]


# --- running
