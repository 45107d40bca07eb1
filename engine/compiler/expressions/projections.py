"""Compiles projections, filters and `&expressions` to helper functions.

They see only the element, so that the same function serves each identical use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...expressions.tree import TreeNode, free_variables
from ..python.function import PythonFunction
from ..python.value import ANY, DICT, LIST, NULL, STRING, Shape, Value, bare, structs_needed
from .visitor import Visitor

__all__ = ["BY_KEYS", "Small", "by_keys", "key", "mapping", "projection"]


@dataclass(frozen=True, slots=True)
class Small:
    """A helper function: its name, whether it can raise, and the facts known of its result (for each element)."""

    name: str
    raises: bool
    kinds: int
    shape: Shape | None = None
    function: str | None = None
    """The name of a function that sees the element alone, and does not count what it copies; None if there is none."""


def key(visitor: Visitor, expref: TreeNode, kinds: int = ANY) -> Small:
    """The function that computes an `&expression` for an element of these kinds."""
    helper = _Helper(visitor, "item", expref)
    writer = helper.writer
    value = helper.visitor.visit(expref["children"][0], writer.declare("item", kinds))
    writer.line(f"return {bare(value.code)}")
    name = helper.function("key", "\n".join(writer.root.render(1)), "an &expression")
    function = name if name.isidentifier() else None
    if free_variables(expref) and value.kinds & _COPIED:
        return Small(f"counting({name})", True, value.kinds, function=function)
    return Small(name, value.raises, value.kinds, function=function)


_COPIED = STRING | LIST | DICT
"""The kinds of values whose copies are counted."""


class _Helper:
    """A helper function of an element or a list, and of the variables in nodes that are evaluated in it."""

    def __init__(self, visitor: Visitor, parameter: str, *nodes: TreeNode) -> None:
        self.given: dict[str, str] = {}
        """The parameters for variables, each with code for its value. What may fail is computed where it is used."""
        inner: dict[str, Value] = {}
        names = free_variables(*nodes)
        self.parameters = (*(f"v_{name}" for name in names), parameter)
        self.writer = PythonFunction(visitor.writer.pool, self.parameters)
        for name in names:
            value = visitor.variable(name)
            if value.is_constant:
                inner[name] = value
            elif value.repeatable:
                self.given[f"v_{name}"] = value.text
                declared = self.writer.declare(f"v_{name}", value.kinds, value.items, value.shape)
                inner[name] = replace(declared, texts=value.texts)
            else:
                self.given[f"v_{name}"] = f"lambda: {value.code}"
                inner[name] = replace(value, text=f"v_{name}()", shape=None)
        self.visitor = visitor.inside(self.writer, inner)

    def function(self, prefix: str, body: str, note: str) -> str:
        """Code for the function, as one of the element or the list alone."""
        if needed := structs_needed(body):
            return f"unusual({min(needed)})"
        used = [name for name in self.parameters if name in self.given]
        name = self.writer.pool.function(prefix, ", ".join([*used, self.parameters[-1]]), body, note)
        return f"with_variables({', '.join([name, *(self.given[one] for one in used)])})" if used else name


def projection(visitor: Visitor, right: TreeNode, test: TreeNode | None, element: Value) -> Small:
    """The function that computes a projection of a list, whose elements have the facts of `element`.

    `test` is the condition of a filter, `right` the projected expression; nulls are left out.
    """
    if test is None and right["type"] == "identity":
        name = "without_nulls" if element.kinds & NULL else "list"
        return Small(name, False, element.kinds & ~NULL, element.shape)
    return _Projection(visitor, element, *([right] if test is None else [test, right])).made(right, test)


def mapping(visitor: Visitor, exprefs: Sequence[TreeNode], keys: Sequence[str], kinds: int) -> str:
    """The function that computes `to_object` with these `&expressions`, whose functions are `keys`."""
    writer, compiler = _listing(visitor, "to_object", keys)
    writer.line("found = {}")
    with writer.inside("for item in elements:", loops=True):
        item = writer.declare(writer.name("item"), kinds)
        name = writer.bound(compiler.visit(exprefs[0]["children"][0], item), "name")
        if name.is_constant or name.kinds != STRING:
            with writer.inside(f"if type({name.code}) is str:"):
                writer.line(f"found[{name.code}] = {bare(compiler.visit(exprefs[1]['children'][0], item).code)}")
        else:
            writer.line(f"found[{name.code}] = {bare(compiler.visit(exprefs[1]['children'][0], item).code)}")
    writer.line("return found")
    return visitor.writer.pool.function("object", "elements", "\n".join(writer.root.render(1)), "to_object")


BY_KEYS = {"last_by": "last_of_keys", "sort_by_number": "sorted_by_numbers"}
"""The operations that compute functions of a list and an `&expression`, given the list and the keys of its elements."""


def by_keys(visitor: Visitor, name: str, expref: TreeNode, key: str, kinds: int) -> str:
    """The function that computes one of `BY_KEYS` with this `&expression`, whose own function is `key`."""
    writer, compiler = _listing(visitor, name, (key,))
    writer.line("found = []")
    with writer.inside("for item in elements:", loops=True):
        item = writer.declare(writer.name("item"), kinds)
        writer.line(f"found.append({bare(compiler.visit(expref['children'][0], item).code)})")
    writer.line(f"return {BY_KEYS[name]}(elements, found)")
    return visitor.writer.pool.function("by_keys", "elements", "\n".join(writer.root.render(1)), name)


def _listing(visitor: Visitor, name: str, keys: Sequence[str]) -> tuple[PythonFunction, Visitor]:
    """Starts a function of a list, which calls the function of the language for any other argument."""
    writer = PythonFunction(visitor.writer.pool, ("elements",))
    with writer.inside("if elements is None:"):
        writer.line("return None")
    with writer.inside("if type(elements) is not list:"):
        writer.line(f"return call({name!r}, elements, {', '.join(keys)})")
    return writer, visitor.inside(writer)


class _Projection:
    def __init__(self, visitor: Visitor, element: Value, *nodes: TreeNode) -> None:
        self.element = element
        self.helper = _Helper(visitor, "items", *nodes)
        self.writer = self.helper.writer
        self.compiler = self.helper.visitor
        self.guards: list[str] = []
        self.raises = False

    def made(self, right: TreeNode, test: TreeNode | None) -> Small:
        writer = self.writer
        writer.line("found = []")
        copies = writer.name("copies") if free_variables(right) else ""
        if copies:
            writer.line(f"{copies} = Copies()")
        with writer.inside("for item in items:", loops=True) as loop:
            item = writer.declare(writer.name("item"), self.element.kinds, shape=self.element.shape)
            if test is not None:
                self._guard(test, item)
            value = writer.refined(self.compiler.visit(right, item))
            self.raises = self.raises or value.raises
            plain = value.is_constant or not value.kinds & NULL
            if not plain:
                value = writer.bound(value)
            if copies and value.kinds & _COPIED:
                self.raises = True
                value = value if value.is_constant else writer.bound(value)
                writer.line(f"{copies}.copy({value.code}, None)")
            kept = f"found.append({bare(value.text)})"
            if not plain:
                with writer.inside(f"if {value.text} is not None:"):
                    writer.line(kept)
            elif value.constant is not None:
                writer.line(kept)
        if len(loop.items) == len(self.guards) + 1 and value.stable and not value.is_constant:
            # With conditions only, a list comprehension does the same.
            tests = self.guards + ([] if plain else [f"{value.text} is not None"])
            test_code = f" if {' and '.join(tests)}" if tests else ""
            moved = [f"    {line}" for line in writer.root.items if isinstance(line, str) and line != "found = []"]
            body = "\n".join([*moved, f"    return [{value.text} for item in items{test_code}]"])
        else:
            writer.line("return found")
            body = "\n".join(writer.root.render(1))
        name = self.helper.function("project", body, "a projection")
        return Small(name, self.raises, value.kinds & ~NULL, value.shape)

    def _guard(self, test: TreeNode, item: Value) -> None:
        """Skips the elements for which the condition does not hold; its operands are read only when needed."""
        if test["type"] == "and_expression":
            for part in test["children"]:
                self._guard(part, item)
            return
        condition = self.compiler.condition(test, item)
        self.raises = self.raises or condition.raises
        if not condition.is_constant:
            self.guards.append(condition.code)
            with self.writer.inside(f"if not {condition.code}:"):
                self.writer.line("continue")
        elif not condition.constant:
            self.guards.append("False")
            with self.writer.inside("if True:"):
                self.writer.line("continue")
        self.writer.block.kinds.update(self.compiler.facts(test, item))
