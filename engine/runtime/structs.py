"""Maps the texts of batches that msgspec can read as structs, by code generated for structs.

Only a batch whose members are all declared, or occurred in batches before, is read; any other is left to the JSON
reader, so that both always agree: numbers keep their kind, integers have 64 bits, no member is ignored. See
`compiler.python.struct_layouts` for which objects become structs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial, reduce
from operator import attrgetter, or_
from types import CodeType
from typing import Annotated, Any, NoReturn

import msgspec
from orjson import dumps, loads

from ..diagnostics.problem import Problem
from ..values.budget import Budget, TooMuchCopied, scanning
from ..values.coercion import coerce
from ..values.once import Lock, Once
from ..values.payload import MAX_INPUT_NODES
from ..values.pointers import escape
from .assembly import NotOne, OutputSpec, Target, Unusual, combined, has_too_many, is_valid, quickly
from .notes import Caller, Site
from .operations import FAILURES
from .requests import is_larger, is_too_much
from .result import Request, Result

__all__ = ["StructMapper"]

_new = tuple.__new__  # faster than calling the class of a named tuple
_NO_ANSWER = (Unusual, NotOne, TooMuchCopied, msgspec.DecodeError, *FAILURES)
_LONGEST_PAUSE = 1000
_MOST_TIMES = 20
_MOST_NAMES = 500
_LONGEST_NAME = 200
_MOST_LEVELS = 4
_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: tuple[Any, ...] = (None, bool, _INTEGER, float, str)


def _scalar(bit: int, longest: int | None) -> Any:
    type_ = _SCALARS[bit]
    is_bounded = type_ is str and longest is not None and longest < MAX_INPUT_NODES  # no string read here is longer
    return Annotated[str, msgspec.Meta(max_length=longest)] if is_bounded else type_


def _value(levels: int, longest: int | None) -> Any:
    """The type of any JSON value with this number of levels, with strings of at most `longest` characters."""
    scalars = reduce(or_, (_scalar(bit, longest) for bit in range(len(_SCALARS))))
    if levels == 0:
        return scalars
    inner = _value(levels - 1, longest)
    return scalars | list.__class_getitem__(inner) | dict.__class_getitem__((str, inner))


ANY = _value(_MOST_LEVELS, None)


def _declared(kinds: int, inside: Any, longest: int | None) -> Any:
    """The type for a set of kinds (one bit each, as in `_SCALARS`, then lists and objects) and for their contents."""
    options = [_scalar(bit, longest) for bit in range(len(_SCALARS)) if kinds >> bit & 1]
    anything = _value(_MOST_LEVELS, longest)
    if kinds >> 5 & 1:
        options.append(list.__class_getitem__(_declared(inside[0], inside[1], longest) if inside else anything))
    if kinds >> 6 & 1:
        options.append(inside if isinstance(inside, type) else dict.__class_getitem__((str, anything)))
    return reduce(or_, options)


def struct(
    name: str, members: Sequence[tuple[str, str, Any]], undeclared: Collection[str] = ()
) -> type[msgspec.Struct]:
    """Creates a struct class; each of `members` has its name, that of its attribute, and its declaration.

    Members that the schema does not declare can be anything, since no rule reads them.
    """
    members = [*members, *((member, f"_more{number}", ANY) for number, member in enumerate(undeclared))]
    fields = [(attribute, ANY if what is ANY else _declared(*what), None) for _, attribute, what in members]
    names = {attribute: member for member, attribute, _ in members}
    return msgspec.defstruct(name or "batch", fields, rename=names, forbid_unknown_fields=True, gc=False)


def is_filled(value: msgspec.Struct, empty: msgspec.Struct) -> bool:
    """Returns True for a struct with a value. Raises Unusual for one that may stand for `{}` or for nulls alone."""
    if value == empty:
        raise Unusual
    return True


def unusual(_struct: type[msgspec.Struct] | None = None) -> Any:
    """Raises Unusual, for what structs (or this one) cannot express: the batch is mapped as an object."""
    raise Unusual


def reported(site: Site, place: str, rule: str | None, reason: str) -> Problem:
    """Returns the problem that a rule reports for the element at this place."""
    return Problem.of(site.code, site.place, rule=rule, input=place, reason=reason, **site.data)


def assemble(
    output: OutputSpec,
    envelope: dict[str, Any],
    target: Target | None,
    pieces: list[Any],
    notes: Silent,
    requests: list[Request],
) -> None:
    """Adds the requests that parts make. Raises Unusual or NotOne unless that is the usual case."""
    requests += quickly(output, envelope, target, pieces, notes.validators)


def joined(output: OutputSpec, envelope: dict[str, Any], parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The body combined from several parts, as `combined` makes it, of objects that nothing else refers to."""
    if len(parts) == 2 and len(parts[1]) == 1:  # the usual case: what one part has more is disjoint
        one, other = parts
        ((name, value),) = other.items()
        before: Any = one.get(name)
        is_merge = type(before) is dict and type(value) is dict and output.combine[name] == "merge"
        if is_merge and before.keys().isdisjoint(value):
            before.update(value)
            envelope.update(one)
            return envelope
    return combined(output, envelope, parts)


class Silent:
    """Replaces Notes for structs: raises Unusual for a problem whose place can be computed only from the batch."""

    __slots__ = ("budget", "validators")

    def __init__(self, validators: Mapping[str, Callable[[Any], bool]]) -> None:
        self.validators = validators
        self.budget = Budget()

    def of_batch(self) -> Silent:
        """A Silent for one batch, with a Budget of its own."""
        return Silent(self.validators)

    def converted(self, value: Any, type_: str, _site: Site | None) -> Any:
        """See `Notes.converted`."""
        return coerce(value, type_)

    def reason(self, _site: Site, _written: str, fill: Callable[..., str], *arguments: Any) -> str:
        """See `Notes.reason`."""
        return fill(*arguments)

    def entry(self, at: Caller, numbers: tuple[Any, ...], name: str) -> str:
        """See `Notes.entry`."""
        if at.pointer is None:
            raise Unusual
        pointer = at.pointer.format(*numbers) if numbers or "{" in at.pointer else at.pointer
        return f"{pointer}/{name if name.isidentifier() else escape(name)}"

    def _unusual(self, *_: Any) -> NoReturn:
        raise Unusual

    failed = unconverted = unfilled = missing = unlisted = not_iterable = not_a_source = _unusual
    unnamed = where = elements = _unusual


_NAMES = {
    "ANY": ANY,
    "Request": Request,
    "assemble": assemble,
    "attrgetter": attrgetter,
    "combined": combined,
    "dumps": dumps,
    "has_too_many": has_too_many,
    "is_filled": is_filled,
    "is_larger": is_larger,
    "is_too_much": is_too_much,
    "is_valid": is_valid,
    "joined": joined,
    "new": _new,
    "reported": reported,
    "unusual": unusual,
}


class StructMapper:
    """Maps texts of batches as structs by the code of one mapping. Safe to share between threads.

    There is no result for a batch that does not fit the structs, or with problems other than those that rules report
    themselves. While these are frequent, most texts are not tried. The names of members that the schema does not
    declare, and the order of all members, are learnt from the first batches that have them.
    """

    def __init__(
        self, code: CodeType, names: Mapping[str, Any], validators: Mapping[str, Callable[[Any], bool]]
    ) -> None:
        self._code = code
        self._names = {"__name__": code.co_filename, **names, **_NAMES}
        self._notes = Silent(validators)
        self._pause = self._left_out = 0
        self._members = _Members()
        self._lock = Lock()
        function, self._read = self._made()
        self._way: tuple[Callable[[Any, Any], Any], Callable[[bytes], Any]] = (function, self._first)

    def _made(self) -> tuple[Callable[[Any, Any], Any], Callable[[bytes], Any]]:
        """The function that maps structs, and the one that reads them."""
        namespace: dict[str, Any] = {**self._names, "struct": self._members.struct}
        exec(self._code, namespace)  # noqa: S102 - the source has nothing of the rules in it but literals
        return namespace["transform"], msgspec.json.Decoder(namespace["STRUCT_1"]).decode

    def _first(self, text: bytes) -> Any:
        """Reads the first batch, and has its members tell in which order to expect those of others."""
        self._way = self._way[0], self._read
        Once(partial(self._arrange, text)).begin()
        return self._read(text)

    def _arrange(self, text: bytes) -> None:
        if self._members.arrange(text):
            self._renew()

    def _renew(self) -> None:
        with self._lock:  # so that the last one has all that was learnt
            self._way = self._made()

    def transform(self, text: bytes) -> Result | None:
        """The Result of a batch; None if the batch must be mapped as an object."""
        if self._left_out > 0:
            self._left_out -= 1
            return None
        if len(text) > MAX_INPUT_NODES:  # each value takes a character, and the declarations limit the levels
            return None
        function, read = self._way
        scanning()
        try:
            requests, skipped, problems = function(read(text), self._notes)
            self._pause = 0
            return _new(Result, (tuple(requests), tuple(skipped), tuple(problems), None))
        except _NO_ANSWER as error:
            if isinstance(error, msgspec.ValidationError) and self._members.learn(text):
                self._renew()
                return None
            self._left_out = self._pause
            self._pause = min(2 * self._pause + 1, _LONGEST_PAUSE)
            return None


class _Members:
    """The members of structs: those that the schema declares, and those that batches have beside them, by their place.

    Members in the order of those of the batches are found without a search.
    """

    def __init__(self) -> None:
        self._declared: dict[str, frozenset[str]] = {}
        self._found: dict[str, dict[str, None]] = {}
        self._order: dict[str, list[str]] = {}
        self._times = 0
        self._lock = Lock()

    def struct(self, place: str, members: Sequence[tuple[str, str, Any]]) -> type[msgspec.Struct]:
        """Creates a struct class that has the members found so far, too."""
        self._declared[place] = frozenset(name for name, _, _ in members)
        first = self._order.get(place, [])
        ordered = sorted(members, key=lambda member: first.index(member[0]) if member[0] in first else len(first))
        return struct(place, ordered, tuple(self._found.get(place, ())))

    def arrange(self, text: bytes) -> bool:
        """Puts the members that a batch has first, in its order; returns whether it is one."""
        try:
            for place, value in self._objects(text):
                order = self._order.setdefault(place, [])
                order += [name for name in value if name in self._declared[place] and name not in order]
        except ValueError:
            return False
        return True

    def learn(self, text: bytes) -> bool:
        """Adds the new names of a batch, up to a limit; returns whether there are any."""
        with self._lock:
            if self._times >= _MOST_TIMES:
                return False
            before = sum(map(len, self._found.values()))
            try:
                for place, value in self._objects(text):
                    names = [name for name in value if name not in self._declared[place] and len(name) <= _LONGEST_NAME]
                    self._found.setdefault(place, {}).update(dict.fromkeys(names))
            except ValueError:
                return False
            found = sum(map(len, self._found.values()))
            self._times = _MOST_TIMES if found > _MOST_NAMES else self._times + 1
            return before < found <= _MOST_NAMES

    def _objects(self, text: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
        """The objects of a batch for which there are structs, each with its place. Raises ValueError."""
        pending: list[tuple[str, Any]] = [("", loads(text))]
        while pending:
            place, value = pending.pop()
            if type(value) is list:
                pending += [(_below(place, "[]"), element) for element in value]
            elif type(value) is dict and place in self._declared:
                pending += [(_below(place, name), member) for name, member in value.items()]
                yield place, value


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
