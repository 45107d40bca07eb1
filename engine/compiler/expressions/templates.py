"""Compiles templates: those of plain values to inline code, others to calls of `templates.rendering`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...runtime.operations import filled
from ...templates.filters import PARAMETER_GUARD, SEGMENT_GUARD
from ...templates.rendering import Parts
from ...templates.template import Template, TemplateFailure
from ...values.kinds import MAX_SAID, in_part
from ...values.pointers import escape
from ..python.function import PythonFunction
from ..python.value import NULL, STRING, Value, bare
from .compiler import ExpressionCompiler

__all__ = ["message", "template"]

_GUARDS = {SEGMENT_GUARD: "segment", PARAMETER_GUARD: "without_placeholders"}
_SHORT = 1000
_FEW = 10


def template(writer: PythonFunction, source: Template, values: Mapping[str, Value], *, text: bool) -> Value:
    """The output of a template; with `text` null is written as "null", else it makes the whole output null."""
    values = {**values, **{use.name: values[use.name].forced() for use in source.roots if use.name in values}}
    parts = _parts(writer, source, values)
    if parts is None:
        found = {use.name: values[use.name] for use in source.roots if use.name in values}
        tree = _tree(source)
        if any(value.shape is not None for value in found.values()):
            tree = _lifted(tree, found, ExpressionCompiler(writer, values))
        context = ", ".join(f"{name!r}: {found[name].code}" for name in sorted(found) if _mentions(tree, name))
        constant = writer.pool.name("TEMPLATE", repr(tree))
        return Value(f"rendered({constant}, {{{context}}}, {text})", STRING | (0 if text else NULL), raises=True)
    if all(part.is_constant for part in parts):
        try:
            return writer.pool.constant(filled(text, *(part.constant for part in parts)))
        except TemplateFailure:
            pass
    codes = ", ".join(bare(part.code) for part in parts)
    code = f"filled({text}, {codes})"
    if not text:
        quick = _quick(parts, _SHORT)
        return Value(code if quick is None else f"({quick} else {code})", STRING | NULL, raises=True)
    return Value(code, STRING, raises=True)


def message(writer: PythonFunction, source: Template, values: Mapping[str, Value]) -> str:
    """Code for the output of a template as a message, which is cut if it is long."""
    value = template(writer, source, values, text=True)
    if isinstance(value.constant, str):
        return repr(in_part(value.constant))
    parts = _parts(writer, source, values) if value.code.startswith("filled") else None
    variables = [] if parts is None else [part for part in parts if not part.is_constant]
    if parts is None or not variables:
        return f"in_part({bare(value.code)})"
    given = sum(len(str(part.constant)) for part in parts if part.is_constant)
    quick = _quick(parts, (MAX_SAID - given) // len(variables))
    return f"in_part({value.code})" if quick is None else f"{quick} else in_part({value.code})"


def _quick(parts: list[Value], most: int) -> str | None:
    """The first branch, up to `else`, of code for the text of a few strings with less than `most` characters each."""
    variables = [part for part in parts if not part.is_constant]
    if not all(part.stable for part in variables) or len(parts) >= _FEW:
        return None
    if not all(isinstance(part.constant, str) for part in parts if part.is_constant):
        return None
    tests = [f"len({part.code}) < {most}" for part in dict.fromkeys(variables)]
    tests = [f"type({part.code}) is str" for part in variables if part.kinds != STRING] + tests
    plain = "".join(_braced(part.constant) if part.is_constant else f"{{{part.code}}}" for part in parts)
    return f"f{plain!r} if {' and '.join(tests)}"


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _parts(writer: PythonFunction, source: Template, values: Mapping[str, Value]) -> list[Value] | None:
    """The literal texts and the values of a template of plain values; None for any other template."""
    from jinja2 import nodes

    # Imported late: Jinja2 is slow to import, and many mappings have no template.
    from ...templates.parser import read

    compiler = ExpressionCompiler(writer, values)

    def path(node: nodes.Node | None) -> Value | None:
        match node:
            case nodes.Filter(name=name) if name in _GUARDS:
                value = path(node.node)
                return None if value is None else Value(f"{_GUARDS[name]}({value.code})", STRING | NULL, raises=True)
            case nodes.Name(name=name):
                return values.get(name, writer.pool.constant(None))
            case nodes.Getattr(node=base, attr=name):
                value = path(base)
                return None if value is None else compiler.member(value, name)
        return None

    tree: Any = read(source.text, source.guard)[0]
    if not all(isinstance(item, nodes.Output) for item in tree.body):
        return None
    parts = []
    for node in (node for item in tree.body for node in item.nodes):
        value = writer.pool.constant(node.data) if isinstance(node, nodes.TemplateData) else path(node)
        if value is None:
            return None
        parts.append(value)
    return parts


def _lifted(tree: Any, roots: dict[str, Value], compiler: ExpressionCompiler) -> Any:
    """The tree with members of structs replaced by new roots, which are added: null and absent are the same here."""
    if not isinstance(tree, tuple | list):
        return tree
    if tree[:1] == ("member",):
        target, (kind, name) = _lifted(tree[1], roots, compiler), tree[2][:2]
        base = roots.get(target[1]) if target[0] == "name" else None
        if base is not None and base.shape is not None and kind == "const" and isinstance(name, str):
            path = f"{target[1]}/{escape(name)}"  # escaped, so that a dot inside a name is no separator
            roots[path] = compiler.member(base, name)
            return "name", path
    return tuple(_lifted(part, roots, compiler) for part in tree)


def _mentions(tree: Any, name: str) -> bool:
    """Returns whether a tree refers to the root."""
    return tree == ("name", name) or (isinstance(tree, tuple | list) and any(_mentions(part, name) for part in tree))


def _tree(source: Template) -> Parts:
    """The parts of a template, as `templates.rendering` takes them."""
    # Imported late for the same reason.
    from ...templates.parser import parts_of

    return parts_of(source.text, source.guard)
