"""Contracts: conditions of the schemas of an output, checked on each value where it is made.

An object made member by member is valid if each member is, and if the conditions on the object as a whole hold at its
end. The same goes for a list made element by element. So no value is checked twice, facts known at compile time are not
checked at all, and only the outermost part of a body is left to check.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...values.once import cached_property
from ..python.value import BOOLEAN, FLOAT, INTEGER, KIND_BITS, NULL, STRING, Value
from .conditions import ALWAYS, CLASSES, NEVER, DoubtError, all_of, any_of, negated
from .subschemas import MEMBERS, Subschemas, flat, member_subschemas
from .validation import Validation

__all__ = ["Contract", "Terms"]

_SCALARS = BOOLEAN | INTEGER | FLOAT | STRING


@dataclass(eq=False, slots=True)
class Terms:
    """The state that all contracts of one output share. They are broken by a condition that cannot be checked part by
    part, or is not supported: then bodies are validated as a whole."""

    validation: Validation
    refused: bool = False

    @property
    def broken(self) -> bool:
        return self.refused or self.validation.doubts > 0

    def sound(self, code: str) -> str:
        """The condition, if it is satisfiable."""
        if code == NEVER:
            self.refused = True
        return code


@dataclass(frozen=True, eq=False)
class Contract:
    """The conditions on the values at one place of an output.

    A `joined` object is combined from several ones; the conditions on it as a whole are checked once it is combined.
    `combine` says how the members of a body are combined (`merge` or `append`).
    """

    terms: Terms
    parts: Subschemas
    joined: bool = False
    combine: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """A key that is equal for contracts with equal conditions."""
        return self.joined, *self.combine.items(), *(part.key for part in self.parts)

    # Whole values

    def validated(self, value: Value) -> Iterator[str]:
        """Lines that call `unusual` if a value, which is not null, is invalid. It has to be a name or constant."""
        codes = self._by_kind(value)
        plain = [kind for kind, code in codes.items() if code == ALWAYS]
        if len(plain) == len(codes):
            return
        validation = self.terms.validation
        if value.is_constant:
            fits = self.terms.sound(validation.function(self.parts))
            yield from _unless(validation.pool.name("FITS", f"{fits}({value.text})"))
            return
        if len(codes) == 1:
            yield from _unless(self.terms.sound(next(iter(codes.values()))))
            return
        word = "if"
        if codes.get("string", NEVER) not in (ALWAYS, NEVER):
            yield f"if type({value.text}) is str:"
            yield from (f"    {line}" for line in _unless(codes.pop("string")))
            word = "elif"
        if len(plain) == len(codes):
            return
        if set(codes) == {"array", "object"} and not plain and set(codes.values()) != {NEVER}:
            yield f"if type({value.text}) is list:"
            yield from (f"    {line}" for line in _unless(codes["array"]))
            yield from (f"elif {negated(codes['object'])}:", "    unusual()")
            return
        refused = [f"type({value.text}) not in {validation.classes(plain)}"] if plain else []
        function = validation.function(self.parts)
        if function == NEVER:
            self.terms.refused = True
        if not set(codes.values()) <= {ALWAYS, NEVER}:
            refused.append(f"not {function}({value.text})")
        yield from (f"{word} {' and '.join(refused) or 'True'}:", "    unusual()")

    def scalars(self, value: Value) -> Iterator[str]:
        """Lines that call `unusual` if a string, number or boolean is invalid, without conditions known to hold."""
        for kind, code in self._by_kind(replace(value, kinds=_SCALARS)).items():
            if code != ALWAYS:
                yield f"if type({value.text}) is {CLASSES[kind]} and {negated(code)}:"
                yield "    unusual()"

    def _by_kind(self, value: Value) -> dict[str, str]:
        validation = self.terms.validation
        kinds = [kind for kind, bit in KIND_BITS.items() if value.kinds & bit & ~NULL]
        codes = {kind: validation.kind(self.parts, kind, value.text) for kind in kinds if kind != "string"}
        if "string" in kinds:
            with validation.knowing(value):
                codes["string"] = validation.kind(self.parts, "string", value.text)
        return codes

    # Objects

    @cached_property
    def _object(self) -> Subschemas | None:
        """The subschemas that apply to members; None if they depend on the object."""
        try:
            parts, _ = self.terms.validation.own(self.parts, "object", "value")
        except DoubtError:
            self.terms.refused = self.terms.refused or self.joined
            return None
        if any(part.node is False for part in parts):  # there can be no object
            return None
        return tuple(part for part in parts if any(key in part.node for key in MEMBERS))

    def member(self, name: str | None) -> Contract | None:
        """The contract of a member, or of all unlisted members; None if they are checked later."""
        if self._object is None:
            return None
        below = member_subschemas(self._object, name)
        if below is None:
            self.terms.refused = True
            return None
        how = self.combine.get(name or "")
        return None if how == "append" else Contract(self.terms, flat(below), joined=how == "merge")

    @cached_property
    def listed(self) -> frozenset[str]:
        """The names of the members with conditions of their own."""
        return frozenset(name for part in self._object or () for name in part.node.get("properties", {}))

    def named(self, name: str) -> str:
        """Code for "a member of this name is allowed, and is not listed"."""
        unlisted = f"{name} not in {self.terms.validation.pool.texts(self.listed)}" if self.listed else ALWAYS
        allowed = self.terms.validation.names(self._object or (), name=name)
        return self.terms.sound(all_of([unlisted, allowed]))

    def allowed(self, names: Collection[str]) -> str:
        """Code for "members of these names are allowed", whatever they are."""
        validation = self.terms.validation
        code = validation.names(self._object or (), name="name") if names else ALWAYS
        if self.terms.sound(code) in (ALWAYS, NEVER):
            return code
        return validation.pool.name("FITS", f"all(map({validation.checked_name(code)}, {sorted(names)!r}))")

    def entry(self, name: str, value: str) -> str:
        """Code for "a member of this name and value is allowed"."""
        if self._object is None:
            return ALWAYS
        function = self.terms.sound(self.terms.validation.entry(self._object))
        return function if function in (ALWAYS, NEVER) else f"{function}({name}, {value})"

    def finished(self, value: str, names: Collection[str], sure: Collection[str], *, is_open: bool) -> str:
        """Code for "the conditions on the object as a whole hold", for an object that is not empty and whose members
        are valid.

        It has no members but those with these names, unless `is_open`; those in `sure` are always present.
        """
        validation = self.terms.validation
        if self.joined:
            return self.allowed(names)
        if self._object is None:
            return self.terms.sound(validation.kind(self.parts, "object", value))
        parts, codes = validation.own(self.parts, "object", value)
        most = [part.node["maxProperties"] for part in parts if "maxProperties" in part.node]
        implied = {f"len({value}) >= 1"}
        implied |= {f"len({value}) <= {int(size)}" for size in most if not is_open and len(names) <= size}
        required = dict.fromkeys(name for part in parts for name in part.node.get("required", ()) if name not in sure)
        codes = [code for code in codes if code not in implied]
        codes += [f"{name!r} in {value}" for name in required]
        return self.terms.sound(all_of([*codes, self.allowed(names)]))

    # Lists

    def of_list(self, element: str | None, value: Value) -> str:
        """The name of a function for the value, which is a list that has only elements of that kind, or None: any."""
        return self.terms.validation.list_function(self.parts, element, value.texts if element == "string" else ())

    @cached_property
    def _list(self) -> Subschemas | None:
        """The subschemas that apply to each element, if all are objects; None if there are other conditions."""
        try:
            parts, _ = self.terms.validation.own(self.parts, "array", "value", element="object")
        except DoubtError:
            return None
        more = ("contains", "prefixItems")
        is_more = any(part.node is False or any(key in part.node for key in more) for part in parts)
        return None if is_more else parts

    def element(self) -> Contract | None:
        """The contract of each element, if all are objects; None if the list is validated as a whole."""
        if self._list is None:
            return None
        items = [part.below(part.node["items"]) for part in self._list if "items" in part.node]
        return Contract(self.terms, flat(items))

    def collected(self, value: str) -> str:
        """Code for "the conditions on the list as a whole hold", for a list of valid objects."""
        if self._list is None:
            return self.terms.sound(self.terms.validation.kind(self.parts, "array", value))
        _, codes = self.terms.validation.own(self.parts, "array", value, element="object")
        code = self.terms.sound(all_of(codes))
        whole = self.terms.validation.kind(self.parts, "array", value)  # also where it is empty
        return any_of([value, whole]) if code == ALWAYS else f"({code} if {value} else {whole})"

    # Bodies

    def outermost(self, element_of: str | None) -> str:
        """The name of a function that validates a body whose members are valid; or ALWAYS."""
        validation = self.terms.validation
        body = Contract(self.terms, self.parts)
        own = () if element_of is None else (element_of,)
        lines = list(_refused(body.finished("body", own, own, is_open=True)))
        combined = {element_of: "", **self.combine} if element_of is not None else self.combine
        for name, how in combined.items():
            member = body.member(name)
            if member is None:
                continue
            if name == element_of:
                code = member.collected("member")
            elif how == "merge":
                code = any_of(["type(member) is not dict", member.finished("member", (), (), is_open=True)])
            else:
                code = self.terms.sound(validation.any(member.parts, "member"))
            if code != ALWAYS:
                lines += [f"member = body.get({name!r})", *_refused(any_of(["member is None", code]))]
        return validation.once(("outermost", self.key, element_of), "body", lambda _: [*lines, f"return {ALWAYS}"])


def _refused(code: str) -> Iterator[str]:
    if code != ALWAYS:
        yield from (f"if {negated(code)}:", "    return False")


def _unless(code: str) -> Iterator[str]:
    if code != ALWAYS:
        yield from (f"if {negated(code)}:", "    unusual()")
