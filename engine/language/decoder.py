"""Reads the keys of YAML mappings, with the same checks, messages and hints for all of them.

Each key is read by name; keys that were neither declared nor read are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..diagnostics.problem import Place, Problem
from ..diagnostics.suggestions import did_you_mean
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from ..templates.names import TAKEN
from ..values.blanks import odd_blank_in
from ..values.kinds import with_article

if TYPE_CHECKING:
    from .rulebook import Expr, Text

__all__ = [
    "NAME",
    "ROOT",
    "Keys",
    "each_named",
    "entry_hint",
    "found",
    "good_name",
    "good_variable",
    "read_expression",
    "read_text",
]

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)
ROOT = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_ENTRY = re.compile(r"([\w$-]+):([^/].*)", re.DOTALL)
_COMMENT = re.compile(r"[ \t]+#")
_NAME_FORM = "a name of lower-case letters, digits and hyphens"
_ROOT_FORM = "a name of lower-case letters, digits and underscores"

_T = TypeVar("_T")


def found(node: Node) -> str:
    """The kind of a node in words: "a string", "a list", "null"."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    value = node.value if isinstance(node, ScalarNode) else None
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"the number {value}" if isinstance(value, int | float) else "a string"


def read_expression(node: ScalarNode, problems: list[Problem]) -> Expr | None:
    """Parses the expression in a scalar; None, with a Problem at its column in the scalar, if it is wrong."""
    # Imported late: project files have no expressions, and are read before a cached mapping runs.
    from ..expressions.parser import parse
    from ..expressions.syntax_errors import ExpressionError
    from .rulebook import Expr

    try:
        return Expr(parse(node.text), node)
    except ExpressionError as error:
        place = node.span(error.start, error.end)
        is_entry = error.start == node.text.find(":")
        hint = error.hint or _cut_off(node) or (entry_hint(node) if is_entry else None)
        problems.append(Problem.of(error.code, place, hint=hint, **error.data))
        return None


def entry_hint(node: Node) -> str | None:
    """Says why what was meant as the one entry of a mapping was read as a string, if it was."""
    if not isinstance(node, ScalarNode) or node.style != "" or (entry := _ENTRY.match(node.text)) is None:
        return None
    return odd_blank_in(entry[2]) or f"a space belongs after the colon: {entry[1]}: {entry[2]}"


def _cut_off(node: ScalarNode) -> str | None:
    """Says what split an expression without quotes in two, if something did: a comma between brackets, or a comment."""
    text, before, rest = node.text, node.source.text[: node.start].rstrip(" "), node.source.text[node.end :]
    is_whole = text.count("(") == text.count(")") and all(text.count(quote) % 2 == 0 for quote in "'\"`")
    if node.style != "" or is_whole:
        return None
    if rest.startswith(",") or (before.endswith(",") and text.endswith(")")):
        return "quote a string that contains ,"
    return 'quote a string that contains " #"' if _COMMENT.match(rest) else None


def read_text(node: ScalarNode, problems: list[Problem], guard: str | None = None) -> Text | None:
    """Compiles the template in a scalar; None, with a Problem at its column in the scalar, if it is wrong."""
    # Imported late, as for expressions.
    from ..templates.compiler import compile as compile_template
    from ..templates.template import TemplateError
    from .rulebook import Text

    try:
        return Text(compile_template(node.text, guard), node)
    except TemplateError as error:
        problems.append(Problem.of("M208", node.span(error.start, error.end), reason=error.reason))
        return None


def good_name(node: ScalarNode, what: str, problems: list[Problem], *, root: bool) -> bool:
    """Checks that a scalar is a name; with `root`, one that expressions can use."""
    if (ROOT if root else NAME).fullmatch(node.text):
        return True
    wanted = _ROOT_FORM if root else _NAME_FORM
    problems.append(Problem.of("M114", node.place, what=what, found=repr(node.text), wanted=wanted))
    return False


def good_variable(node: ScalarNode, what: str, problems: list[Problem]) -> bool:
    """Checks that a scalar is a name with which expressions and templates can begin."""
    if not good_name(node, what, problems, root=True):
        return False
    if node.text not in TAKEN:
        return True
    hint = f"in templates, {node.text} means something else; '{node.text}_value' would do"
    wanted = "a name that templates can read"
    problems.append(Problem.of("M114", node.place, hint=hint, what=what, found=repr(node.text), wanted=wanted))
    return False


class Keys:
    """Reads the keys of `node`, which messages call `where` ("a rule", "the output 'event'").

    `known` are keys that are known there, even if they are not read.
    """

    def __init__(self, node: Node, where: str, problems: list[Problem], known: Iterable[str] = ()) -> None:
        self.where = where
        self.problems = problems
        self.node = node
        self._known = [*known]
        self.mapping: MappingNode | None = None
        if isinstance(node, MappingNode):
            self.mapping = node
        else:
            self.report("M102", node.place, entry_hint(node), what=where, wanted="a mapping", found=found(node))

    def __contains__(self, key: str) -> bool:
        return self.mapping is not None and self.mapping.get(key) is not None

    def report(self, code: str, place: Place | None, hint: str | None = None, **data: Any) -> None:
        self.problems.append(Problem.of(code, place, hint=hint, **data))

    def take(self, key: str, *, required: bool = False, hint: str | None = None) -> Node | None:
        """The node under a key, or None; `hint` says what can stand under a required one."""
        self._known.append(key)
        if self.mapping is None:
            return None
        node = self.mapping.get(key)
        if node is None and required:
            first = self.mapping.entries[0][0].place if self.mapping.entries else self.mapping.place
            self.report("M103", first, hint, where=self.where, key=key)
        return node

    def finish(self) -> None:
        """Reports the keys that were not read."""
        if self.mapping is None:
            return
        for key, _ in self.mapping.entries:
            if key.text not in self._known:
                hint = odd_blank_in(key.text) or _cut_off(key) or self._lacks_space(key.text)
                hint = hint or did_you_mean(key.text, self._known)
                if hint is None:
                    hint = f"known here: {', '.join(dict.fromkeys(self._known))}"
                self.report("M101", key.place, hint, key=key.text, where=self.where)

    def _lacks_space(self, text: str) -> str | None:
        """Says that a key and its value were read as one key, if they were."""
        key, colon, value = text.partition(":")
        return f"a space belongs after the colon: {key}: {value}" if colon and value and key in self._known else None

    def wrong(self, key: str, node: Node, wanted: str, hint: str | None = None) -> None:
        self.report("M102", node.place, hint, what=repr(key), wanted=wanted, found=found(node))

    def empty(self, key: str, node: SequenceNode) -> None:
        """Reports the empty list under a key."""
        self.report("M102", node.place, what=repr(key), wanted="a list that is not empty", found="an empty list")

    def scalar(self, key: str, *, required: bool = False) -> ScalarNode | None:
        """The scalar under a key, which must be a string."""
        node = self.take(key, required=required)
        if node is None:
            return None
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node
        self.wrong(key, node, "a string")
        return None

    def text(self, key: str, *, required: bool = False) -> str | None:
        node = self.scalar(key, required=required)
        return None if node is None else node.text

    def name(self, key: str, *, required: bool = False) -> str | None:
        """The name under a key, such as that of an output."""
        node = self.scalar(key, required=required)
        return node.text if node is not None and good_name(node, repr(key), self.problems, root=False) else None

    def variable(self, key: str, *, required: bool = False) -> str | None:
        """The name under a key with which expressions and templates can begin."""
        node = self.scalar(key, required=required)
        return node.text if node is not None and good_variable(node, repr(key), self.problems) else None

    def choice(self, key: str, allowed: Sequence[str], default: _T, otherwise: str | None = None) -> str | _T:
        """The word under a key; `otherwise` is the hint at a value that is not similar to one of the words."""
        node = self.take(key)
        if node is None:
            return default
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.text in allowed:
            return node.text
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            hint = did_you_mean(node.text, allowed) or otherwise
            self.report("M105", node.place, hint, what=repr(key), allowed=", ".join(allowed), found=repr(node.text))
        else:
            self.wrong(key, node, f"one of {', '.join(allowed)}", otherwise)
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        node = self.take(key)
        if node is None:
            return default
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        self.wrong(key, node, "true or false")
        return default

    def nodes(self, *keys: str) -> list[ScalarNode]:
        """The string, or the list of strings, under each of these keys."""
        found = []
        for key in keys:
            node = self.take(key)
            if node is None:
                continue
            for item in node.items if isinstance(node, SequenceNode) and node.items else (node,):
                if isinstance(item, ScalarNode) and isinstance(item.value, str):
                    found.append(item)
                else:
                    self.wrong(key, item, "a string or a list of strings")
        return found

    def whole(self, key: str, *, required: bool = False, least: int = 1, most: int) -> int | None:
        """The integer from `least` to `most` under a key."""
        node = self.take(key, required=required)
        if node is None:
            return None
        if isinstance(node, ScalarNode) and type(node.value) is int and least <= node.value <= most:
            return node.value
        self.wrong(key, node, f"an integer from {least} to {most}")
        return None

    def number(self, key: str) -> int | float | None:
        """The number under a key."""
        node = self.take(key)
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if node is not None:
            self.wrong(key, node, "a number")
        return None

    def expression(self, key: str, *, required: bool = False) -> Expr | None:
        node = self.scalar(key, required=required)
        return None if node is None else read_expression(node, self.problems)

    def template(self, key: str, *, required: bool = False) -> Text | None:
        node = self.scalar(key, required=required)
        return None if node is None else read_text(node, self.problems)

    def items(self, key: str, *, single: bool = False) -> tuple[Node, ...]:
        """The items of the list under a key; with `single`, a mapping counts as a list of one item."""
        node = self.take(key)
        if node is None:
            return ()
        if isinstance(node, SequenceNode):
            return node.items
        if single and isinstance(node, MappingNode):
            return (node,)
        self.wrong(key, node, "a list")
        return ()

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of strings under a key."""
        result = []
        for item in self.items(key):
            if isinstance(item, ScalarNode) and isinstance(item.value, str):
                result.append(item.text)
            else:
                self.wrong(key, item, "a list of strings")
        return tuple(result)

    def entries(self, key: str, *, required: bool = False) -> tuple[tuple[ScalarNode, Node], ...]:
        """The entries of the mapping under a key."""
        node = self.take(key, required=required)
        if node is None:
            return ()
        if isinstance(node, MappingNode):
            return node.entries
        self.wrong(key, node, "a mapping", entry_hint(node))
        return ()

    def named_texts(self, key: str, what: str) -> dict[str, str]:
        """The mapping of names to strings under a key, which messages call `what` ("strings")."""
        result = {}
        for name, node in self.entries(key):
            if isinstance(node, ScalarNode) and isinstance(node.value, str):
                result[name.text] = node.text
            else:
                self.wrong(key, node, f"a mapping of names to {what}")
        return result

    def value(self, key: str, default: Any) -> Any:
        """The JSON value under a key, which may be null, or `default` without the key."""
        self._known.append(key)
        node = None if self.mapping is None else self.mapping.get(key)
        return default if node is None else plain(node)

    def exactly_one(self, keys: Sequence[str], *, at_most: bool = False) -> str | None:
        """The one of these keys that is given; a Problem if there are none or several."""
        if self.mapping is None:
            return None
        given = [key for key in keys if self.mapping.get(key) is not None]
        if len(given) == 1 or (at_most and not given):
            return given[0] if given else None
        words = ", ".join(keys[:-1]) + " and " + keys[-1]
        if given:
            second = self.mapping.key(given[1])
            place = second.place if second else self.mapping.place
            self.report("M104", place, where=self.where, keys=words, found=f"{' and '.join(given)} are given")
            return given[0]
        first = self.mapping.entries[0][0].place if self.mapping.entries else self.mapping.place
        self.report("M104", first, where=self.where, keys=words, found="none is given")
        return None


def each_named(
    keys: Keys, key: str, read: Callable[[ScalarNode, Node], Any], *, root: bool = False, what: str
) -> dict[str, Any]:
    """Reads a mapping of names to definitions; those with a Problem are left out."""
    result: dict[str, Any] = {}
    for name, node in keys.entries(key):
        if good_name(name, f"the name of {with_article(what)}", keys.problems, root=root):
            value = read(name, node)
            if value is not None:
                result[name.text] = value
    return result
