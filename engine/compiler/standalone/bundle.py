"""Bundles modules of the engine into one text with the definitions that are needed, each as written.

All stand in one namespace, so the definitions of all modules must have different names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pkgutil import iter_modules
from symtable import symtable

from ...runtime import assembly, embedded, traces
from ...runtime import memo as learned
from ...runtime import operations as support
from ...schemas import formats as schema_formats
from ...source.homes import ENGINE
from ...values.once import cached_property

__all__ = ["BundleError", "bundled", "names_in", "names_of_all"]

_PACKAGE = "moemap.engine."
_ROOTS = tuple(module.__name__ for module in (assembly, embedded, learned, schema_formats, support, traces))
"""The modules that generated code refers to. Whatever they import from the engine may become part of a bundle."""
_INSTEAD = {"values.json_size": "values.json_size_plain"}
"""Modules that need a library, each with the module of the same names that does not."""


_SIGNATURE = re.compile(r"'(\w+)\(.*\) -> ")
"""The declaration of a function of the language."""


class BundleError(Exception):
    """The modules cannot be bundled."""


@dataclass(slots=True)
class _Definition:
    """A statement of a module: the names that it binds, its text, and the names in it."""

    names: tuple[str, ...]
    text: str
    uses: frozenset[str]
    assigns: bool
    registers: bool
    reaches_out: bool
    texts: frozenset[str]
    """The string literals in it, among which can be names of functions of the language."""
    function: str | None
    """The name of the function of the language that it implements, if any."""


@dataclass
class _Module:
    title: str
    definitions: list[_Definition] = field(default_factory=list)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The module of the standard library, or none, that each name is imported from, and its spelling there."""
    homes: dict[str, str] = field(default_factory=dict)
    """The module of each name that is imported from the engine."""
    effects: list[str] = field(default_factory=list)
    """Modules that are imported for what they register."""

    @cached_property
    def numbers(self) -> dict[str, list[int]]:
        """The numbers of the definitions of each name."""
        found: dict[str, list[int]] = {}
        for number, definition in enumerate(self.definitions):
            for name in definition.names:
                found.setdefault(name, []).append(number)
        return found


def bundled(wanted: Iterable[str], functions: Iterable[str] = ()) -> tuple[list[str], str]:
    """The lines of the imports, and the text of all that the wanted names and functions of the language need."""
    modules = _modules()
    bundle = _Bundle(modules, {*functions})
    homes = {name: home for home, module in modules.items() for one in module.definitions for name in one.names}
    bundle.fill([(homes[name], name) for name in wanted if name in homes])
    texts = []
    for home, module in modules.items():
        own = [definition for number, definition in enumerate(module.definitions) if (home, number) in bundle.taken]
        if own:
            texts.append(f"# --- {module.title}\n\n{_spaced(own)}")
    return _imports(bundle.imports), "\n\n\n".join(texts)


class _Bundle:
    """Collects definitions and all that they need."""

    def __init__(self, modules: Mapping[str, _Module], called: set[str]) -> None:
        self.modules = modules
        self.called = called
        self.taken: set[tuple[str, int]] = set()
        self.imports: set[tuple[str, str]] = set()
        self.bound: dict[str, str | tuple[str, str]] = {}
        self.reached: set[str] = set()
        self.waiting: dict[str, tuple[str, int]] = {}
        """Functions of the language that nothing calls so far."""
        self.pending: list[tuple[str, str]] = []

    def fill(self, wanted: list[tuple[str, str]]) -> None:
        """Takes names, each with its module."""
        self.pending += wanted
        while self.pending:
            self.name(*self.pending.pop())
            if not self.pending:
                for name in self.called & self.waiting.keys():
                    self.take(*self.waiting.pop(name))

    def name(self, home: str, name: str) -> None:
        module = self.modules[home]
        if home not in self.reached:
            self.reached.add(home)
            for number, definition in enumerate(module.definitions):
                if definition.function is not None:
                    self.waiting[definition.function] = home, number
                elif definition.registers:
                    self.take(home, number)
            self.pending.extend((effect, "") for effect in module.effects)
        if name in module.imports:
            library = module.imports[name][0] or module.imports[name][1]
            if library.partition(".")[0] not in sys.stdlib_module_names:
                raise BundleError(f"{home} needs {name!r} of {library}, which is not in the standard library")
            self.bind(name, module.imports[name])
            self.imports.add(module.imports[name])
        elif name in module.homes:
            self.pending.append((module.homes[name], name))
        else:
            for number in module.numbers.get(name, ()):
                self.take(home, number)

    def take(self, home: str, number: int) -> None:
        if (home, number) in self.taken:
            return
        self.taken.add((home, number))
        definition = self.modules[home].definitions[number]
        if definition.reaches_out:
            raise BundleError(f"{definition.names[0]!r} of {home} imports from the engine when it runs")
        for name in definition.names:
            self.bind(name, home)
        self.pending.extend((home, name) for name in definition.uses)
        self.called |= definition.texts

    def bind(self, name: str, home: str | tuple[str, str]) -> None:
        if self.bound.setdefault(name, home) != home:
            raise BundleError(f"{name!r} is defined in {self.bound[name]} and in {home}")


def _spaced(definitions: list[_Definition]) -> str:
    """The texts of the definitions; what is assigned stands together."""
    text = ""
    for before, definition in zip([None, *definitions], definitions, strict=False):
        together = before is not None and before.assigns and definition.assigns
        text += ("\n" if together else "\n\n\n" if before else "") + definition.text
    return text


def _imports(wanted: Iterable[tuple[str, str]]) -> list[str]:
    """The lines of the imports, in order."""
    by_home: dict[str, list[str]] = {}
    for home, name in sorted({*wanted, ("", "sys"), ("typing", "Any")}):
        by_home.setdefault(home, []).append(name)
    modules = [f"import {name}" for name in by_home.pop("")]
    return modules + [f"from {home} import {', '.join(names)}" for home, names in by_home.items()]


def names_of_all() -> frozenset[str]:
    """All names that a bundle can have."""
    modules = _modules().values()
    own = {name for module in modules for definition in module.definitions for name in definition.names}
    return frozenset(own.union(*(module.imports for module in modules)))


def names_in(source: str) -> frozenset[str]:
    """The names that a source reads."""
    found: set[str] = set()
    pending = [symtable(source, "<names>", "exec")]
    while pending:
        table = pending.pop()
        found.update(symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced())
        pending += table.get_children()
    return frozenset(found)


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))


@lru_cache(maxsize=1)
def _modules() -> Mapping[str, _Module]:
    """The modules by name, each after those that it imports."""
    modules: dict[str, _Module] = {}

    def add(name: str) -> None:
        if name not in modules:
            module = _read(name)
            for imported in (*module.homes.values(), *module.effects):
                add(imported)
            modules[name] = module

    for root in _ROOTS:
        add(root.removeprefix(_PACKAGE))
    return modules


def _read(name: str) -> _Module:
    path = ENGINE.joinpath(*name.split("."))
    if path.is_dir():  # a package whose modules are found there
        return _Module("", effects=[f"{name}.{module.name}" for module in iter_modules([str(path)])])
    source = path.with_suffix(".py").read_text("utf-8")
    lines, tree = source.splitlines(), ast.parse(source)
    module = _Module((ast.get_docstring(tree) or "").partition("\n")[0])
    for node in tree.body[1:]:
        match node:
            case ast.ImportFrom(module="__future__") | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.Import(names=aliases):
                for alias in aliases:
                    module.imports[alias.asname or alias.name] = "", _spelled(alias)
            case ast.ImportFrom(level=0, module=home, names=aliases):
                for alias in aliases:
                    module.imports[alias.asname or alias.name] = home or "", _spelled(alias)
            case ast.ImportFrom(level=level, module=home, names=aliases):
                folder = name.split(".")[:-level]
                if home is None:
                    module.effects += [".".join((*folder, alias.name)) for alias in aliases]
                else:
                    full = ".".join((*folder, home))
                    module.homes.update((alias.name, _INSTEAD.get(full, full)) for alias in aliases)
            case ast.Expr(value=ast.Constant()):  # the docstring of the name above it
                module.definitions[-1].text += "\n" + "\n".join(lines[node.lineno - 1 : node.end_lineno])
            case _:
                names = tuple(_bound(node))
                if names != ("__all__",):
                    module.definitions.append(_definition(names, node, lines))
    return module


def _definition(names: tuple[str, ...], node: ast.stmt, lines: list[str]) -> _Definition:
    assigns = isinstance(node, ast.Assign | ast.AnnAssign)
    inside = [part for part in ast.walk(node) if isinstance(part, ast.ImportFrom) and part.level]
    texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    registered = _registered(node)
    signature = next((_SIGNATURE.match(text) for text in registered), None)
    function = signature and signature[1]
    return _Definition(
        names,
        _text(node, lines),
        _names(node),
        assigns,
        bool(registered),
        bool(inside),
        frozenset(texts),
        function,
    )


def _spelled(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            raise BundleError(f"line {node.lineno} defines nothing")


def _registered(node: ast.stmt) -> list[str]:
    """The first arguments of the decorators that register a function, for which it is kept."""
    return [
        ast.unparse(decorator.args[0]) if decorator.args else ""
        for decorator in (node.decorator_list if isinstance(node, ast.FunctionDef) else ())
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id != "lru_cache"
    ]


def _text(node: ast.stmt, lines: list[str]) -> str:
    """The statement as it is written, with the comments right above it."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while first > 0 and lines[first - 1].startswith("# ") and not lines[first - 1].startswith("# ---"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])
