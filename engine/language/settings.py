"""Values of settings, checked against their declarations, whoever gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..diagnostics.problem import Place, Problem, Related
from ..diagnostics.suggestions import did_you_mean
from ..patterns.parser import PatternError
from ..patterns.searching import found_in
from ..source.json_reader import read_value
from ..values.coercion import TYPES, CoercionError
from ..values.equality import equal
from ..values.kinds import KINDS, shown
from ..values.payload import check_constant

if TYPE_CHECKING:
    from .rulebook import Setting

__all__ = ["BOUNDS", "Bound", "Given", "GivenText", "pattern_flaw", "values_of", "wanted_of"]


class GivenText(str):
    """The text of a setting from a command line, converted to the declared type."""

    __slots__ = ()


class Given(NamedTuple):
    """A value for a setting, and the places of its name and of itself if it is written in a file.

    An `optional` one is ignored where no such setting is declared.
    """

    name: str
    value: Any
    name_place: Place | None = None
    place: Place | None = None
    optional: bool = False


def values_of(settings: Mapping[str, Setting], given: Iterable[Given], problems: list[Problem]) -> dict[str, Any]:
    """The valid values by name; a Problem for each of the others."""
    values = {}
    for one in given:
        name, value, setting = one.name, one.value, settings.get(one.name)
        if setting is None and one.optional:
            continue
        if setting is None:
            problems.append(Problem.of("M115", one.name_place, hint=did_you_mean(name, settings), name=name))
            continue
        hint = None
        if isinstance(value, GivenText):
            value, hint = _typed(value, setting)
        flaw = check_constant(value)
        is_broken = hint is not None and setting.type == "any"
        wanted = "a JSON value" if flaw is not None or is_broken else wanted_of(setting, value)
        if wanted is None:
            values[name] = value
            continue
        found = (
            shown(value)
            if flaw is None and not setting.secret
            else f"this {KINDS.get(type(value), type(value).__name__)}"
        )
        declared = [Related(setting.node.place, "declared here")] if one.place is not None else []
        data: dict[str, Any] = {"name": name, "wanted": wanted, "found": found}
        problems.append(Problem.of("M116", one.place, hint=flaw or hint, related=declared, **data))
    return values


def _typed(text: GivenText, setting: Setting) -> tuple[Any, str | None]:
    """The text itself if the setting is a string, else the value parsed as JSON.

    If it is not JSON that can be used, the text itself, with the reason if it was meant as JSON: it is a number beyond
    all doubles, or begins like a list, an object or a string.
    """
    if TYPES[setting.type].classes == {str}:
        return str(text), None
    try:
        return read_value(text), None
    except ValueError as error:
        is_meant = text.lstrip().startswith(("[", "{", '"')) or str(error).startswith("cannot be used")
        return str(text), f"it {error}" if is_meant else None


def wanted_of(setting: Setting, value: Any) -> str | None:
    """The values that a setting may have, in words, if `value` is invalid; None if it is valid."""
    if value is None and setting.default is None:
        return None
    if setting.enum is not None and not any(equal(value, one) for one in setting.enum):
        return "one of " + ", ".join(shown(one) for one in setting.enum)
    if not _fits(value, setting.type):
        is_wide = setting.type == "double" and type(value) is int
        return "exact as a double" if is_wide else "a list" if setting.type == "array" else f"of type {setting.type}"
    if setting.type != "array":
        return _bound_broken(setting, value)
    if setting.items is not None and not all(_fits(item, setting.items) for item in value):
        return f"a list with elements of type {setting.items}"
    broken = next(filter(None, (_bound_broken(setting, item) for item in value)), None)
    return broken and f"a list in which each element is {broken}"


class Bound(NamedTuple):
    """A condition on the values of a setting: its types and the reason for that, a test, and words for valid values."""

    types: tuple[str, ...]
    reason: str
    holds: Callable[[Any, Any], bool]
    wanted: Callable[[Any], str]


_STRINGS = ("string",), "it is a condition on strings"
_NUMBERS = tuple(name for name, type_ in TYPES.items() if type_.classes <= {int, float}), "it is a condition on numbers"
BOUNDS: Mapping[str, Bound] = {
    "pattern": Bound(*_STRINGS, lambda value, of: found_in(of)(value), lambda of: f"a string that matches {of!r}"),
    "min_length": Bound(
        *_STRINGS, lambda value, of: len(value) >= of, lambda of: f"a string of at least {of} characters"
    ),
    "max_length": Bound(
        *_STRINGS, lambda value, of: len(value) <= of, lambda of: f"a string of at most {of} characters"
    ),
    "minimum": Bound(*_NUMBERS, lambda value, of: bool(value >= of), lambda of: f"at least {of}"),
    "maximum": Bound(*_NUMBERS, lambda value, of: bool(value <= of), lambda of: f"at most {of}"),
}


def _bound_broken(setting: Setting, value: Any) -> str | None:
    for key, bound in BOUNDS.items():
        of = getattr(setting, key)
        if of is not None and not bound.holds(value, of):
            return bound.wanted(of)
    return None


def pattern_flaw(pattern: str) -> str | None:
    """Returns why a pattern cannot be searched for, in words; None if it can."""
    try:
        found_in(pattern)
    except PatternError as error:
        return str(error)
    return None


def _fits(value: Any, type_: str) -> bool:
    """Returns whether a value is of a type, where an integer counts as a double."""
    declared = TYPES[type_]
    class_ = float if type(value) is int and int not in declared.classes else type(value)
    if value is None or class_ not in declared.classes:
        return False
    if declared.pattern is not None or type_ == "double":
        try:
            declared.convert(value)
        except CoercionError:
            return False
    return True
