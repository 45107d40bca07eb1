"""Values of settings, checked against their declarations, whoever gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..diagnostics.problem import Place, Problem, Related
from ..diagnostics.suggestions import did_you_mean
from ..source.json_reader import read_value
from ..values.coercion import TYPES, CoercionError
from ..values.equality import equal
from ..values.kinds import shown
from ..values.payload import check_constant

if TYPE_CHECKING:
    from .rulebook import Setting

__all__ = ["Given", "GivenText", "values_of", "wanted_of"]


class GivenText(str):
    """The text of a setting from a command line, converted to the declared type."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Given:
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
        wanted = "a JSON value" if flaw is not None else wanted_of(setting, value)
        if wanted is None:
            values[name] = value
            continue
        found = shown(value) if flaw is None else f"this {type(value).__name__}"
        declared = [Related(setting.node.place, "declared here")] if one.place is not None else []
        data: dict[str, Any] = {"name": name, "wanted": wanted, "found": found}
        problems.append(Problem.of("M116", one.place, hint=flaw or hint, related=declared, **data))
    return values


def _typed(text: GivenText, setting: Setting) -> tuple[Any, str | None]:
    """The text itself if the setting is a string, else the value parsed as JSON.

    If it is not JSON, the text again, and why it is none if it begins as a list, an object or a string in JSON.
    """
    if TYPES[setting.type].classes == {str}:
        return str(text), None
    try:
        return read_value(text), None
    except ValueError as error:
        return str(text), f"it {error}" if text.lstrip().startswith(("[", "{", '"')) else None


def wanted_of(setting: Setting, value: Any) -> str | None:
    """What the value of a setting must be, in words, if it is invalid; None if it is valid."""
    if value is None and setting.default is None:
        return None
    if setting.enum is not None and not any(equal(value, one) for one in setting.enum):
        return "one of " + ", ".join(shown(one) for one in setting.enum)
    if not _fits(value, setting.type):
        is_wide = setting.type == "double" and type(value) is int
        return "exact as a double" if is_wide else "a list" if setting.type == "array" else f"of type {setting.type}"
    if setting.items is not None and not all(_fits(item, setting.items) for item in value):
        return f"a list with elements of type {setting.items}"
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
