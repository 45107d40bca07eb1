"""Declarations of the keys of the rule language.

A key is declared once, where the Rulebook keeps its value: `when: Expr | None = key(kinds.EXPRESSION, "...")`. From its
declaration come how it is read and merged, the names in scope of its expressions, the schema for editors and the
reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from .kinds import Kind

__all__ = ["FORMS", "Form", "Key", "attributes_of", "form", "key", "keys_of", "several"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """The declaration of a key.

    `default` counts where the key is missing or unreadable; a form without a required key that has none is not made. Of
    the keys of the role "choice", exactly one is given; those of the role "detail" belong to it, and go with it where a
    change makes another choice. With `only_with`, the key is known only beside another one. Rules that extend a rule
    get its keys unless these are not `inherited`. A key with `is_note` is for people, and has no effect.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    default: Any = None
    examples: tuple[Any, ...] = ()
    role: Literal["", "choice", "detail"] = ""
    only_with: str = ""
    inherited: bool = True
    is_note: bool = False
    attribute: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A mapping of the rule language with its keys. `change` describes a change of an inherited one."""

    name: str
    description: str
    change: str
    keys: Mapping[str, Key]

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.keys.items() if one.role == "choice")

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.keys.items() if one.role)


FORMS: dict[str, Form] = {}
"""All forms that have a name, by the names that the schema gives them."""
_ATTRIBUTES: dict[type, tuple[tuple[str, Key | None], ...]] = {}


def key(kind: Kind, description: str, *, name: str = "", default: Any = MISSING, **more: Any) -> Any:
    """Declares a key, as a field of a dataclass; its name is that of the field unless another one is given."""
    declared = Key(name, kind, description, default=None if default is MISSING else default, **more)
    return field(default=default, metadata={"key": declared})


def several(*keys: Key) -> Any:
    """Declares keys that are read together into one field of a dataclass."""
    return field(metadata={"keys": keys})


def form(name: str = "", description: str = "", change: str = "") -> Callable[[_T], _T]:
    """Makes a dataclass the form of the keys that its fields declare."""

    def declare(made: Any) -> Any:
        _ATTRIBUTES[made] = tuple((one.name, _named(one)) for one in fields(made))
        if name:
            keys = [key for one in fields(made) for key in one.metadata.get("keys", (_named(one),)) if key is not None]
            FORMS[name] = Form(name, description, change, {key.name: key for key in keys})
        return made

    return declare


def _named(attribute: Field[Any]) -> Key | None:
    declared: Key | None = attribute.metadata.get("key")
    if declared is None:
        return None
    return replace(declared, name=declared.name or attribute.name.rstrip("_"), attribute=attribute.name)


def attributes_of(made: type) -> tuple[tuple[str, Key | None], ...]:
    """The attributes of a form, with the keys whose values they keep, in the order of evaluation.

    Expressions see the names that are given by keys before them. Empty for what is no form.
    """
    return _ATTRIBUTES.get(made, ())


def keys_of(made: type) -> tuple[Key, ...]:
    """The keys that a form keeps the values of."""
    return tuple(key for _, key in attributes_of(made) if key is not None)
