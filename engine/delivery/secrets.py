"""Values of {placeholders}, read from the sources in a project file, kept in memory and never shown."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..values.placeholders import PLACEHOLDER

__all__ = ["SecretError", "Secrets"]

_LEAST_REDACTED = 4
"""The minimum length of values that are redacted: shorter ones are in too many texts by chance."""
_MOST_BYTES = 65_536


class SecretError(RuntimeError):
    """A value is not available; the text says which, and never contains it."""


class Secrets:
    """The values of placeholders, each read from its source when it is first needed; never part of the `repr`.

    `sources` are the places of values by placeholder; the default is the environment variable of the same name.
    """

    def __init__(self, sources: Mapping[str, str], values: Mapping[str, str] | None = None) -> None:
        self._sources = dict(sources)
        self._values = dict(values or {})

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._values))})"

    def __reduce__(self) -> Any:
        raise TypeError("secrets are not written")

    def fill(self, text: str) -> str:
        """The text with its {placeholders} filled in. Raises SecretError for one that has no value."""
        return PLACEHOLDER.sub(lambda found: self._value(found[1]), text)

    def _value(self, name: str) -> str:
        if name not in self._values:
            value = _read(name, self._sources.get(name, f"env:{name.upper()}"))
            if not value.isprintable() or not value.isascii():
                raise SecretError(f"the value of {{{name}}} has characters that no header can have")
            self._values[name] = value
        return self._values[name]

    def fill_all(self, value: Any) -> Any:
        """A JSON value, in whose strings the {placeholders} are filled in."""
        match value:
            case dict():
                return {name: self.fill_all(member) for name, member in value.items()}
            case list():
                return [self.fill_all(element) for element in value]
            case str():
                return self.fill(value)
        return value

    def redact(self, text: str) -> str:
        """The text with a placeholder instead of each value."""
        for name, value in sorted(self._values.items(), key=lambda pair: -len(pair[1])):
            if len(value) >= _LEAST_REDACTED:
                text = text.replace(value, f"{{{name}}}")
        return text


def _read(name: str, source: str) -> str:
    kind, _, where = source.partition(":")
    value = _SOURCES[kind](name, where)
    if not value:
        raise SecretError(f"the value of {{{name}}} is empty: {source}")
    return value


def _variable(name: str, variable: str) -> str:
    value = os.environ.get(variable)
    if value is None:
        raise SecretError(f"the placeholder {{{name}}} has no value: the variable {variable} is not set")
    return value.strip()


def _file(name: str, path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.readline(_MOST_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SecretError(f"the value of {{{name}}} cannot be read from {path}: {reason}") from None


def _keyring(name: str, where: str) -> str:
    try:
        import keyring
    except ImportError:
        raise SecretError(f"{{{name}}} is in a keyring, and the package keyring is not installed") from None
    service, _, user = where.partition("/")
    try:
        value = keyring.get_password(service, user)
    except Exception as error:
        raise SecretError(f"the keyring cannot be read for {{{name}}}: {type(error).__name__}") from None
    if value is None:
        raise SecretError(f"the keyring has no value for {{{name}}}: {service}, user {user}")
    return str(value)


def _stdin(_name: str, _where: str) -> str:
    return sys.stdin.buffer.readline(_MOST_BYTES).decode("utf-8", "replace").strip()


def _basic(name: str, where: str) -> str:
    """The credentials of HTTP Basic: user and password, each from a source of its own."""
    return base64.b64encode(":".join(_read(name, source) for source in where.split(",")).encode()).decode()


_SOURCES: dict[str, Callable[[str, str], str]] = {
    "env": _variable,
    "file": _file,
    "keyring": _keyring,
    "stdin": _stdin,
    "basic": _basic,
}
