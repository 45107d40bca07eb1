"""Compiles JMESPath to Python: each construct to an expression with exactly the meaning of jmespath.

Reads of members become statements, so that they are shared; everything that may fail or costs more stays inside the
expression, and is evaluated only when jmespath would. Projections become helper functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

from ...expressions.tree import EvaluationError, Expression, TreeNode, free_variables
from ...language.scanning import Cost
from ..python.function import PythonFunction
from ..python.kind_tests import FALSE, NOTHING, TRUE, TYPE_KINDS, first_of, is_kind, kinds_equal_to, truth
from ..python.pool import place_code
from ..python.string_sources import common
from ..python.struct_layouts import StructShape, listed
from ..python.value import ANY, BOOLEAN, DICT, LIST, NULL, NUMBER, STRING, VARIABLE, Value, bare, kinds_of
from .calls import call
from .comparisons import ORDER, comparison, negated
from .projections import projection
from .visitor import Visitor

__all__ = ["ExpressionCompiler"]

MAX_REPEATED = 1_000
"""The maximum number of characters of code that is repeated at each use of a value: a chain multiplies it."""


class ExpressionCompiler(Visitor):
    """Compiles expressions into one function.

    `roots` are the values of the names in scope, `variables` those of the variables that `let ... in` binds.
    """

    def __init__(
        self,
        writer: PythonFunction,
        roots: Mapping[str, Value],
        variables: Mapping[str, Value] = MappingProxyType({}),
    ) -> None:
        self.writer = writer
        self.roots = roots
        self.variables = variables

    def inside(
        self, writer: PythonFunction, variables: Mapping[str, Value] = MappingProxyType({})
    ) -> ExpressionCompiler:
        return ExpressionCompiler(writer, {}, variables)

    def variable(self, name: str) -> Value:
        """The value of a variable, or of the root of this name if nothing binds it."""
        value = self.variables.get(name)
        return self._root(name, is_passed=True) if value is None else self.writer.refined(value)

    def _root(self, name: str, *, is_passed: bool = False) -> Value:
        value = self.roots.get(name, NOTHING)
        return self.writer.refined(value if value.lazy is None else value.lazy.read(self.writer, is_passed=is_passed))

    # Values and conditions

    def value(self, expression: Expression) -> Value:
        value, name = self.visit(expression.tree, None), self._changed_name(expression.tree)
        if name is None or value.kinds != STRING:
            return value
        changed = self.writer.pool.name("CHANGED", f"Changed(lambda {name.code}: {bare(value.code)})")
        return replace(value, text=f"{changed}[{name.code}]")

    def _changed_name(self, node: TreeNode) -> Value | None:
        """The name of an entry, if the node is nested calls with otherwise constant arguments; else None."""
        calls = 0
        while node["type"] == "function_expression":
            changing = [child for child in node["children"] if not self._is_constant(child)]
            if len(changing) != 1:
                return None
            (node,) = changing
            calls += 1
        value = self.roots.get(node["value"], NOTHING) if calls > 1 and node["type"] == "field" else NOTHING
        return value if value.is_name else None

    def _is_constant(self, node: TreeNode) -> bool:
        if node["type"] == "field":
            return self.roots.get(node["value"], NOTHING).is_constant
        return bool(node["type"] == "literal")

    def condition(self, node: TreeNode, current: Value | None = None) -> Value:
        """A value used as a condition only: its code is true in Python if JMESPath considers the value true."""
        kind, below = node["type"], node["children"]
        if kind in ("and_expression", "or_expression"):
            return self._junction(node, current, kind == "and_expression")
        if kind == "not_expression":
            return negated(self.condition(below[0], current))
        value = self.visit(node, current)
        code = truth(self.writer, value)
        if code in ("True", "False") and not value.raises:
            return TRUE if code == "True" else FALSE
        return Value(code, BOOLEAN, value.stable, value.named, value.raises)

    def _junction(self, node: TreeNode, current: Value | None, conjunction: bool) -> Value:
        left = self.condition(node["children"][0], current)
        if left.is_constant:
            return self.condition(node["children"][1], current) if left.constant is conjunction else left
        with self.writer.assuming(self.facts(node["children"][0], current) if conjunction else {}):
            right = self.condition(node["children"][1], current)
        if right.is_constant and right.constant is conjunction:
            return left
        if right.is_constant and not left.raises:
            return right
        word = "and" if conjunction else "or"
        return Value(f"({left.code} {word} {right.code})", BOOLEAN, raises=left.raises or right.raises)

    def facts(self, node: TreeNode, current: Value | None) -> dict[str, int]:
        """The kinds that stable values must have if a condition holds, by their code."""
        kind, below = node["type"], node["children"]
        if kind == "and_expression":
            facts = self.facts(below[0], current)
            for code, kinds in self.facts(below[1], current).items():
                facts[code] = facts.get(code, ANY) & kinds
            return facts
        if kind == "or_expression":
            left, right = self.facts(below[0], current), self.facts(below[1], current)
            return {code: left[code] | right[code] for code in left.keys() & right.keys()}
        if kind == "comparator" and node["value"] == "eq":
            for one, other in (below, below[::-1]):
                if other["type"] != "literal":
                    continue
                if one["type"] == "function_expression" and one["value"] == "type":
                    value = self.stable_path(one["children"][0], current)
                    wanted = TYPE_KINDS.get(other["value"], 0) if isinstance(other["value"], str) else 0
                    return {} if value is None else {value.text: wanted}
                value = self.stable_path(one, current)
                return {} if value is None else {value.text: kinds_of(other["value"]) | kinds_equal_to(other["value"])}
            return {}
        if kind == "comparator" and node["value"] in ORDER:
            for one, other in (below, below[::-1]):
                if other["type"] == "literal" and kinds_of(other["value"]) & NUMBER:
                    value = self.stable_number(one, current)
                    return {} if value is None else {value.text: NUMBER}
            return {}
        value = self.stable_path(node, current)
        return {} if value is None else {value.text: ANY & ~NULL}

    def stable_number(self, node: TreeNode, current: Value | None) -> Value | None:
        """The stable value of a plain path, or of `to_number` of one; None for any other expression."""
        if node["type"] == "function_expression" and node["value"] == "to_number":
            path = self.stable_path(node["children"][0], current)
            return None if path is None else self.visit(node, current)
        return self.stable_path(node, current)

    def stable_path(self, node: TreeNode, current: Value | None) -> Value | None:
        """The stable value of a plain path; None for any other expression."""
        plain = {"field", "variable_ref", "subexpression", "current", "identity"}
        pending = [node]
        while pending:
            part = pending.pop()
            if part["type"] not in plain:
                return None
            pending += part["children"]
        value = self.visit(node, current)
        return value if value.stable and not value.is_constant else None

    def visit(self, node: TreeNode, current: Value | None) -> Value:
        """The value of a node for the current value; without `current`, at the top, names are roots."""
        visitor: Any = getattr(self, f"_visit_{node['type']}")
        value: Value = visitor(node, current)
        return value

    def _visit_literal(self, node: TreeNode, _current: Value | None) -> Value:
        return self.writer.pool.constant(node["value"])

    def _visit_current(self, _node: TreeNode, current: Value | None) -> Value:
        assert current is not None  # noqa: S101 - the reader of expressions refuses `@` at the top
        return current

    _visit_identity = _visit_current

    def _visit_field(self, node: TreeNode, current: Value | None) -> Value:
        return self._root(node["value"]) if current is None else self.member(current, node["value"])

    def _visit_looked_through(self, node: TreeNode, current: Value | None) -> Value:
        base, (place, *parts) = self.visit(node["children"][0], current), node["value"]
        cost = Cost(*parts)
        if not base.kinds & (LIST | DICT | STRING) or (base.is_constant and cost.is_none_of(base.constant)):
            return base
        if isinstance(base.shape, StructShape):
            return Value("unusual()", base.kinds, raises=True)
        given = bare(base.code if cost.whole else base.text)
        rest = ", ".join(map(repr, cost))
        code = f"looked_through({given}, {self.writer.pool.name('PLACE', place_code(place))}, {rest})"
        if base.stable and base.kinds & NUMBER:  # numbers cost nothing
            code = f"({given} if type({given}) in NUMBERS else {code})"
        return Value(code, base.kinds, raises=True, items=base.items, shape=None if cost.whole else base.shape)

    def _visit_variable_ref(self, node: TreeNode, _current: Value | None) -> Value:
        return self.variable(node["value"])

    def _visit_let_expression(self, node: TreeNode, current: Value | None) -> Value:
        *bindings, body = node["children"]
        first, found = [], {}
        for binding in bindings:
            value = self.visit(binding["children"][0], current)
            code, found[binding["value"]] = self.writer.once_shaped(value)
            if not value.repeatable:
                first.append(code)
        outer, self.variables = self.variables, {**self.variables, **found}
        value = self.visit(body, current)
        self.variables = outer
        if not first:
            return value
        made = replace(value, text=f"({', '.join(first)}, {bare(value.text)})[-1]", stable=False, constant=VARIABLE)
        return replace(made, raises=True)

    def member(self, base: Value, name: str) -> Value:
        """The member of an object; null for any other value."""
        if base.is_constant:
            found = base.constant.get(name) if isinstance(base.constant, dict) else None
            return self.writer.pool.constant(found)
        if isinstance(base.shape, StructShape):
            return self._read(base, base.shape, name)
        if not base.kinds & DICT:
            return NOTHING if base.stable else Value(f"({base.code}, None)[1]", NULL, raises=base.raises)
        if not base.stable:
            first, again = self.writer.once(base)
            code = f"({again.code}.get({name!r}) if {is_kind(first_of(first, base), again, DICT)} else None)"
            return Value(code, ANY, raises=base.raises, texts=base.texts)
        fields = self.object_of(base)
        code, found = f"{fields.code}.get({name!r})", Value("", texts=base.texts)
        return self.writer.shared(base, f".{name}", f"{base.code}_{name}", lambda: (code, ANY), found)

    def _read(self, base: Value, shape: StructShape, name: str) -> Value:
        """The member of a struct."""
        member = shape.member(name)
        if member is None:
            return Value(shape.whole)
        found = Value("", member.kinds | NULL, items=member.items, shape=member.shape, texts=member.texts)
        if not base.stable:
            first, again = self.writer.once_shaped(base)
            test = is_kind(replace(base, text=first), again, DICT)
            read = f"{again.text}.{member.attribute}"
            code = read if test == "True" else f"({read} if {test} else None)"
            return replace(found, text=code, raises=base.raises)
        fields = self.object_of(base)
        code = f"{fields.text}.{member.attribute}"
        return self.writer.shared(base, f".{name}", f"{base.text}_{name}", lambda: (code, found.kinds), found)

    def object_of(self, base: Value) -> Value:
        """A stable value if it is an object, else an empty object, so that its members are read without a test."""
        base = self.writer.unrefined(base)
        if base.kinds == DICT:
            return base
        if isinstance(base.shape, StructShape):
            code = f"{base.text} if {base.text} is not None else {base.shape.empty}"
            return self.writer.shared(base, "{}", f"{base.text}_object", lambda: (code, DICT), base)
        code = f"{base.code} if {is_kind(base, base, DICT)} else EMPTY"
        return self.writer.shared(base, "{}", f"{base.code}_object", lambda: (code, DICT), base)

    def _visit_index(self, node: TreeNode, current: Value | None) -> Value:
        base, index = _given(current), node["value"]
        if base.is_constant:
            items = base.constant if isinstance(base.constant, list) else []
            return self.writer.pool.constant(items[index] if -len(items) <= index < len(items) else None)
        if not base.kinds & LIST and not base.raises:
            return NOTHING
        base = self.writer.unrefined(base)
        first, again = self.writer.once_shaped(base)
        enough = f"len({again.text}) > {index}" if index >= 0 else f"len({again.text}) >= {-index}"
        test = is_kind(first_of(first, base), again, LIST)
        code = f"({again.text}[{index}] if {test} and {enough} else None)"
        found = Value(code, base.items | NULL, raises=base.raises, shape=base.shape and base.shape.items)
        if base.stable:
            return self.writer.shared(base, f"[{index}]", f"{base.text}_{index}", lambda: (code, found.kinds), found)
        return found

    def _visit_slice(self, node: TreeNode, current: Value | None) -> Value:
        base = _given(current)
        if base.is_constant:
            items = base.constant
            return self.writer.pool.constant(items[slice(*node["children"])] if isinstance(items, list) else None)
        cut = ":".join("" if part is None else str(part) for part in node["children"])
        first, again = self.writer.once_shaped(base)
        code = f"({again.text}[{cut}] if {is_kind(first_of(first, base), again, LIST)} else None)"
        return Value(code, base.kinds & LIST | NULL, raises=base.raises, items=base.items, shape=base.shape)

    def _chain(self, node: TreeNode, current: Value | None) -> Value:
        value = current
        for child in node["children"]:
            if value is not None and not value.repeatable and len(value.text) > MAX_REPEATED:
                first, again = self.writer.once_shaped(value)
                found = self.visit(child, again)
                text, raises = f"({first}, {bare(found.text)})[1]", value.raises or found.raises
                value = Value(text, found.kinds, raises=raises, items=found.items, shape=found.shape)
                continue
            if value is not None and value.raises and free_variables(child):  # computing a variable can fail, too
                first, again = self.writer.once(value)
                value = self.visit(child, again)
                value = Value(f"({first}, {bare(value.code)})[1]", value.kinds, raises=True)
                continue
            before, value = value, self.visit(child, value)
            if before is not None and before.raises and bare(before.code) not in value.code:  # it may have to fail
                value = Value(f"({before.code}, {value.code})[1]", value.kinds, raises=True)
        return _given(value)

    _visit_subexpression = _visit_index_expression = _visit_pipe = _chain

    def _visit_comparator(self, node: TreeNode, current: Value | None) -> Value:
        return comparison(self, node, current)

    def _visit_and_expression(self, node: TreeNode, current: Value | None) -> Value:
        return self._either(node, current, conjunction=True)

    def _visit_or_expression(self, node: TreeNode, current: Value | None) -> Value:
        return self._either(node, current, conjunction=False)

    def _either(self, node: TreeNode, current: Value | None, *, conjunction: bool) -> Value:
        """Compiles `&&` and `||`, which return one of their operands."""
        left = self.visit(node["children"][0], current)
        test = truth(self.writer, left)
        if left.is_constant:
            return self.visit(node["children"][1], current) if (test == "True") is conjunction else left
        with self.writer.assuming(self.facts(node["children"][0], current) if conjunction else {}):
            right = self.visit(node["children"][1], current)
        found = Value("", raises=left.raises or right.raises, texts=common((left, right)))
        if not left.kinds & NUMBER:
            word = "and" if conjunction else "or"
            kept = left.kinds if conjunction else left.kinds & ~NULL
            return replace(found, text=f"({left.code} {word} {right.code})", kinds=kept | right.kinds)
        first, again = self.writer.once(left)
        test = f"{first} or {is_kind(again, again, NUMBER)}"
        if not left.kinds & ~(NUMBER | NULL):
            test = f"{first} is not None"
        if conjunction:
            code = f"({right.code} if {test} else {again.code})"
            return replace(found, text=code, kinds=left.kinds | right.kinds)
        code = f"({again.code} if {test} else {right.code})"
        return replace(found, text=code, kinds=left.kinds & ~NULL | right.kinds)

    def _visit_not_expression(self, node: TreeNode, current: Value | None) -> Value:
        return negated(self.condition(node["children"][0], current))

    def _visit_multi_select_list(self, node: TreeNode, current: Value | None) -> Value:
        return self._select(node["children"], current, "[{}]", lambda _child, code: code, LIST)

    def _visit_multi_select_dict(self, node: TreeNode, current: Value | None) -> Value:
        return self._select(
            node["children"], current, "{{{}}}", lambda child, code: f"{child['value']!r}: {code}", DICT
        )

    def _visit_key_val_pair(self, node: TreeNode, current: Value | None) -> Value:
        return self.visit(node["children"][0], current)

    def _select(self, below: list[TreeNode], current: Value | None, form: str, part: Any, kind: int) -> Value:
        if current is not None and current.kinds == NULL and not current.raises:
            return NOTHING
        first, again = ("", None) if current is None else self.writer.once_shaped(current)
        if again is not None and not again.is_constant:
            again = replace(again, kinds=again.kinds & ~NULL)
        values = [self.visit(child, again) for child in below]
        code = form.format(", ".join(part(child, bare(value.code)) for child, value in zip(below, values, strict=True)))
        raises = any(value.raises for value in values)
        if current is None or (current.stable and not current.kinds & NULL):
            if all(value.is_constant for value in values):
                constant = [value.constant for value in values]
                if kind == LIST:
                    return self.writer.pool.constant(constant)
                return self.writer.pool.constant(dict(zip((child["value"] for child in below), constant, strict=True)))
            items, inner = (
                _union(part.kinds for part in values),
                _union(part.items for part in values if part.kinds & LIST),
            )
            return Value(f"({code})" if kind == DICT else code, kind, raises=raises, items=items, inner=inner)
        return Value(f"(None if {first} is None else {code})", kind | NULL, raises=raises or current.raises)

    # Projections

    def _visit_projection(self, node: TreeNode, current: Value | None) -> Value:
        return self._projected(node, current, LIST, None)

    def _visit_filter_projection(self, node: TreeNode, current: Value | None) -> Value:
        return self._projected(node, current, LIST, node["children"][2])

    def _visit_value_projection(self, node: TreeNode, current: Value | None) -> Value:
        return self._projected(node, current, DICT, None)

    def _projected(self, node: TreeNode, current: Value | None, kind: int, test: TreeNode | None) -> Value:
        base = self.visit(node["children"][0], current)
        if base.is_constant and (folded := self.folded(node, base)) is not None:
            return folded
        if not base.kinds & kind and not base.raises:
            return NOTHING
        if kind == DICT:
            base = base.unshaped
        element = Value("", base.items if kind == LIST else ANY, shape=base.shape and base.shape.items)
        made = projection(self, node["children"][1], test, element)
        found = Value("", LIST, raises=made.raises or base.raises, items=made.kinds, shape=listed(made.shape))
        if base.kinds == kind:
            items = bare(base.text) if kind == LIST else f"{base.text}.values()"
            return replace(found, text=f"{made.name}({items})")
        first, again = self.writer.once_shaped(base)
        items = again.text if kind == LIST else f"{again.text}.values()"
        code = f"({made.name}({items}) if {is_kind(first_of(first, base), again, kind)} else None)"
        return replace(found, text=code, kinds=LIST | NULL)

    def _visit_flatten(self, node: TreeNode, current: Value | None) -> Value:
        base = self.visit(node["children"][0], current)
        if base.is_constant and (folded := self.folded(node, base)) is not None:
            return folded
        if not base.kinds & LIST and not base.raises:
            return NOTHING
        kinds = LIST | (NULL if base.kinds != LIST else 0)
        if base.shape is not None and base.shape.items is not None:
            elements = base.shape.items.items or base.shape.items
            return Value(
                f"flattened({bare(base.text)})", kinds, raises=base.raises, items=DICT | NULL, shape=listed(elements)
            )
        return Value(
            f"flattened({bare(base.code)})",
            kinds,
            raises=base.raises,
            items=base.items & ~LIST | (base.inner if base.items & LIST else 0),
        )

    # Functions

    def _visit_function_expression(self, node: TreeNode, current: Value | None) -> Value:
        return call(self, node, current)

    def folded(self, node: TreeNode, *constants: Value) -> Value | None:
        """Evaluates a node at compile time, with constants as its first children; None if it fails."""
        children = [{"type": "literal", "value": value.constant, "children": []} for value in constants]
        tree = {**node, "children": children + node["children"][len(children) :]}
        if free_variables(tree):
            return None
        try:
            return self.writer.pool.constant(Expression("", tree, (), has_variables=True).search({}))
        except EvaluationError:
            return None


def _union(kinds: Iterable[int]) -> int:
    return reduce(or_, kinds, 0)


def _given(value: Value | None) -> Value:
    assert value is not None  # noqa: S101 - the reader of expressions refuses such parts at the top
    return value
