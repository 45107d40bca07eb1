"""The names in scope at a point of the rules, and the constants that problems at that point are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...diagnostics.problem import Place
from ...expressions.paths import inputs_read, path_of
from ...language.rulebook import Each, Expr, Field, From, Text
from ...language.traversal import can_reject_field
from ...values.pointers import join
from ..python.pool import Pool, place_code
from ..python.value import ANY, INTEGER, STRING, Value
from ..validation.contracts import Contract

__all__ = ["CodeScope"]

_MARK = "\0"


@dataclass(frozen=True, slots=True, eq=False)
class CodeScope:
    """The roots in scope, the current rule and element, and the place of the output (None in a let).

    `places` has the Root constant of each root that may be a place of the batch, `loop` the Loop constant of the
    innermost iteration. `pointers` has the pointers of roots that are known except for indexes and names, as f-strings;
    `pointer` is that of the innermost iteration. In a `quiet` scope, elements are not accounted for. `caller` is the
    variable with the Caller of the function, and `place` the code for the place of an element of its loop; `aliases`
    are the lets whose value is a part of the batch whenever it is a list or an object. `contract` validates the value
    at the place of the output, if that is validated in parts. `rejects` says that reading a let may reject.
    """

    pool: Pool
    values: Mapping[str, Value]
    places: Mapping[str, str]
    lets: frozenset[str]
    pointers: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    pointer: str | None = ""
    rule: str | None = None
    loop: str | None = None
    output: tuple[str, ...] | None = ("",)
    quiet: bool = False
    caller: str | None = None
    place: str | None = None
    contract: Contract | None = None
    rejects: bool = False

    # Inner scopes

    def under(self, name: str) -> CodeScope:
        contract = None if self.contract is None else self.contract.member(name)
        return self if self.output is None else self.at((*self.output, join("", name)), contract)

    def under_variable(self, mark: str, variable: str) -> CodeScope:
        """The scope below an index or a name: with `#` the index is the variable's length, with `$` it has the name."""
        contract = None if self.contract is None or mark == "$" else self.contract.element()
        return self if self.output is None else self.at((*self.output, f"{mark}{variable}"), contract)

    def at(self, output: tuple[str, ...] | None, contract: Contract | None = None) -> CodeScope:
        return replace(self, output=output, contract=contract)

    def of_rule(self, name: str) -> CodeScope:
        return replace(self, rule=name)

    def with_let(self, definition: Field, value: Value, variable: str) -> CodeScope:
        """The scope with a let, whose value is in a variable from when it is computed."""
        name = definition.name or ""
        aliases = {root: text for root, text in self.aliases.items() if root != name}
        alias = self._alias(definition)
        if alias is not None:
            aliases[name] = alias
        constant = self.pool.name("ROOT", f"Root({variable!r}, None, {self.reads_of_field(definition)})")
        return replace(
            self,
            values={**self.values, name: value},
            places={**self.places, name: constant},
            lets=self.lets | {name},
            pointers={root: text for root, text in self.pointers.items() if root != name},
            aliases=aliases,
            rejects=self.rejects or can_reject_field(definition),
        )

    def iterating(
        self,
        each: Expr,
        as_name: str,
        key_name: str | None,
        variables: tuple[str, str, str],
        value: Value,
        index_name: str | None = None,
    ) -> CodeScope:
        """The scope of the elements of a list, or of the entries of an object.

        The variables hold the value iterated over, the index or key, and the element.
        """
        items, key, element = variables
        path, pointer = "None", None
        place = path_of(each.expression.tree, self._marks())
        if place is not None:
            path = self._read(place)
            root, _, below = place.partition(_MARK)
            known = self.pointers.get(root, self.aliases.get(root))
            if known is not None:
                last = f"escape({key})" if key_name is not None else key
                pointer = f"{known}{_braced(below)}/{{{last}}}"
        constant = self.pool.name(
            "LOOP", f"Loop({items!r}, {key!r}, {element!r}, {path}, {self.reads(each)}, {self.loop})"
        )
        root = self.pool.name("ROOT", f"Root({element!r}, {constant})")
        shape = value.shape and value.shape.items
        kinds = value.items if key_name is None else ANY
        values = {**self.values, as_name: Value(element, kinds, stable=True, shape=shape, texts=value.texts)}
        places = {**self.places, as_name: root}
        own = (as_name, key_name, index_name)
        pointers = {name: text for name, text in self.pointers.items() if name not in own}
        if pointer is not None:
            pointers[as_name] = pointer
        if key_name is not None:
            values[key_name] = Value(key, STRING, stable=True, is_name=True)
            places.pop(key_name, None)
        if index_name is not None:
            values[index_name] = Value(key, INTEGER, stable=True)
            places.pop(index_name, None)
        return replace(
            self,
            values=values,
            places=places,
            lets=frozenset(name for name in self.lets if name not in own),
            pointers=pointers,
            aliases={name: text for name, text in self.aliases.items() if name not in own},
            pointer=pointer,
            loop=constant,
            place=None,
        )

    def where(self) -> str:
        """Code for the place of the element being mapped."""
        if self.pointer is None and self.place is not None:
            return self.place
        if self.pointer is None:
            return f"notes.where({self.loop})"
        return f"{'f' if '{' in self.pointer else ''}{self.pointer!r}"

    def _alias(self, definition: Field) -> str | None:
        """The pointer of a let whose value is a part of the batch, if it is a list or an object at all."""
        source = definition.source
        if not isinstance(source, From) or len(source.alternatives) > 1:
            return None
        (part,) = source.alternatives
        if isinstance(part, Field) or definition.applied - {"when", "type", "required", "on_problem"}:
            return None
        marked = path_of(part.expression.tree, self._marks())
        if marked is None or definition.type not in (None, "any", "object", "array"):
            return None
        root, _, below = marked.partition(_MARK)
        known = self.pointers.get(root, self.aliases.get(root))
        return None if known is None else known + _braced(below)

    @property
    def rule_code(self) -> str:
        """Code for the name of the rule."""
        return repr(self.rule) if self.caller is None else f"{self.caller}.rule"

    # Constants

    def site(self, code: str, place: Place, reads: str = "()", *, rejects: bool = False, **data: Any) -> str:
        """The name of the Site constant of a point where a problem can arise."""
        output = self.output_parts()
        where = place_code(place)
        rule = repr(self.rule) if self.caller is None else f"Here({self.caller!r})"
        constant = f"Site({code!r}, {where}, {rule}, {self.loop}, {reads}, {output!r}, {rejects}, {data!r})"
        return self.pool.name("SITE", constant)

    def source(self, place: Place, reads: str | None = None) -> str:
        """The name of the Source constant of the value at the current place of the output."""
        return self.pool.name("SOURCE", f"ValueSource({place_code(place)}, {reads}, {self.output_parts()!r})")

    def output_parts(self) -> tuple[str, ...] | None:
        """The place of the output, in as few parts as possible."""
        parts: list[str] = []
        for part in self.output or ():
            if parts and part.startswith("/") and parts[-1][:1] == "/":
                parts[-1] += part
            elif part:
                parts.append(part)
        return None if self.output is None else tuple(parts)

    def reads(self, expression: Expr) -> str:
        """The places that an expression reads, in order."""
        return _tuple(self._reads(expression))

    def reads_of_field(self, field: Field) -> str:
        return _tuple(self._reads_of_field(field))

    def _reads(self, expression: Expr) -> list[str]:
        reads = [self._read(place) for place in inputs_read(expression.expression.tree, self._marks())]
        for use in expression.expression.roots:
            if use.name in self.lets:
                reads.append(f"Read({self._place_of(use.name)}, None)")
        return list(dict.fromkeys(reads))

    def _reads_of_field(self, field: Field) -> list[str]:
        source = field.source
        reads: list[str] = []
        if isinstance(source, From):
            for part in source.alternatives:
                reads += self._reads(part) if isinstance(part, Expr) else self._reads_of_field(part)
        elif isinstance(source, Each):
            reads += self._reads(source.each)
        elif isinstance(source, Text):
            uses = source.template.roots
            reads += [f"Read({self._place_of(use.name)}, '')" for use in uses if use.name in self.places]
        return list(dict.fromkeys(reads))

    def _place_of(self, name: str) -> str:
        """The Root constant of a root."""
        lazy = self.values[name].lazy
        if lazy is not None:
            lazy.mention()
        return self.places[name]

    def _marks(self) -> dict[str, str | None]:
        return {name: f"{name}{_MARK}" for name in self.places}

    def _read(self, marked: str) -> str:
        name, _, path = marked.partition(_MARK)
        return f"Read({self._place_of(name)}, {path!r})"


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _tuple(codes: list[str]) -> str:
    return f"({', '.join(codes)}{',' if len(codes) == 1 else ''})"
