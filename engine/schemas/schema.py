"""JSON Schemas: found by name, loaded with everything they refer to, with a validator for each.

Every reader of a schema uses its normal form (`normal_form`); validity and reasons come from `validation`. Nothing is
ever fetched: references lead to files.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from ..diagnostics.suggestions import did_you_mean
from ..patterns.searching import prepared
from ..source import contents
from ..source.homes import SCHEMAS
from ..source.json_reader import read_value
from ..source.paths import absence, is_file
from ..source.project import Project
from ..values.kinds import kind, shown, with_article
from ..values.numbers import is_wide
from ..values.once import cached_property
from ..values.payload import check_constant
from ..values.pointers import join
from .definitions import Definitions
from .errors import SchemaError
from .normal_form import Document, Normal, Section, Unchecked, Unknown, is_pathless, normal, quoted

__all__ = ["SCHEMAS", "Schema", "SchemaError", "Validator", "definitions_of", "load", "most_items", "schema_of"]

MAX_SCHEMA_BYTES = 5_000_000
MAX_SCHEMA_FILES = 500
MAX_KNOWN = 32
_INSTALLED = Project(SCHEMAS.resolve(), None)


@dataclass(frozen=True, eq=False)
class Schema:
    """A schema document, its URI, and all documents that it refers to by URI (itself included), in normal form, with
    their files and the digests of their content.

    `definitions` has the targets of references, by the text of `$ref`, and `patterns` all patterns. `unchecked` has the
    keywords that are annotations here although some drafts and libraries validate them, each with its value and its
    place; `unknown` the words that are no keywords; `sections` the documents, and the parts of them that are written in
    another draft.
    """

    name: str
    uri: str
    document: dict[str, Any]
    resources: Mapping[str, Any]
    definitions: Mapping[str, Any]
    path: Path
    paths: tuple[Path, ...]
    patterns: frozenset[str] = frozenset()
    unchecked: tuple[Unchecked, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    sections: tuple[Section, ...] = ()
    digests: tuple[str, ...] = ()

    @cached_property
    def validator(self) -> Validator:
        """The validator of this schema; made once."""
        return Validator(self)


def load(name: str, folder: Path) -> Schema:
    """The schema `name`: one of the installed schemas, or `./path` seen from `folder`. Raises SchemaError."""
    relative = name.startswith(".")
    path = (folder if relative else SCHEMAS) / name
    project = Project.around(folder) if relative else _INSTALLED
    if not relative and (name.startswith("/") or project.refusal(path)):
        raise SchemaError("is outside the folder of the schemas")
    if refusal := project.refusal(path):  # first, so that nobody learns which files exist elsewhere
        raise SchemaError(*refusal)
    if not is_file(path):
        if relative:
            raise SchemaError(absence(path))
        names = [entry.relative_to(SCHEMAS).as_posix() for entry in SCHEMAS.rglob("*.json")]
        is_beside = is_file(folder / name) and not Project.around(folder).refusal(folder / name)
        raise SchemaError(absence(path), f"did you mean './{name}'?" if is_beside else did_you_mean(name, names))
    key = name, path, project
    last = _KNOWN.get(key)
    if last is not None and _is_current(last):
        return last
    schema = _KNOWN[key] = _read(name, path, project)
    for oldest in list(_KNOWN)[:-MAX_KNOWN]:
        _KNOWN.pop(oldest, None)
    return schema


_KNOWN: dict[tuple[str, Path, Project], Schema] = {}
"""A cache of schemas: one is used again as long as all of its files have the same content."""


def _is_current(schema: Schema) -> bool:
    """Returns whether the files of a schema still have the content that it was read from."""
    try:
        now = [hashlib.sha256(contents.content(path)).hexdigest() for path in schema.paths]
    except OSError:
        return False
    return now == list(schema.digests)


def _read(name: str, path: Path, project: Project) -> Schema:
    files = _Files(project)
    content = files.read(path)
    document = Document(_uri_of(content) or f"file:///{name.lstrip('./')}", content, path, is_first=True)
    files.known[path.resolve()] = document
    schema = _schema(name, document, normal(document, files.referred))
    return replace(schema, digests=tuple(files.digests[path] for path in schema.paths))


def schema_of(content: dict[str, Any], name: str = "schema") -> Schema:
    """The schema of a document that refers to no other one. Raises SchemaError."""

    def nothing(reference: str, _base: str, _document: Document) -> NoReturn:
        raise SchemaError(f"refers to {quoted(reference)}, which {_absence(reference)}")

    document = Document(_uri_of(content) or f"file:///{name}", content, Path(name), is_first=True)
    return _schema(name, document, normal(document, nothing))


def _schema(name: str, document: Document, form: Normal) -> Schema:
    whole = form.resources[document.uri]
    lists = form.files, form.patterns, form.unchecked, form.unknown, form.sections
    return Schema(name, document.uri, whole, form.resources, form.definitions, document.path, *lists)


def _uri_of(content: Mapping[str, Any]) -> str | None:
    uri = content.get("$id") or content.get("id")
    if not isinstance(uri, str) or ("$ref" in content and "$id" not in content):
        return None
    try:
        return urldefrag(uri)[0] or None
    except ValueError:  # it is no URI, which is said where it is read as one
        return uri


def _own_uri(document: Document) -> str:
    """The URI that a document gives itself, or else the one that it was found by."""
    return urljoin(document.uri, _uri_of(document.content) or "")


def _beside(uri: str, document: Document) -> list[Path]:
    """The files at the place that a URI has relative to the URI of a document, seen from the file of the document."""
    own, wanted = urlsplit(_own_uri(document)), urlsplit(uri)
    if (own.scheme, own.netloc) != (wanted.scheme, wanted.netloc) or not wanted.path or wanted.scheme == "urn":
        return []
    relative = posixpath.relpath(f"/{unquote(wanted.path)}", posixpath.dirname(f"/{unquote(own.path)}"))
    return [document.path.parent / f"{relative}{ending}" for ending in ("", ".json", ".schema.json")]


def _absence(reference: str) -> str:
    """The words for a reference that leads to no file; what it names may well exist elsewhere."""
    parts = urlsplit(reference)
    is_elsewhere = parts.scheme not in ("", "file") or parts.netloc != ""
    return "is not fetched; no schema in its folder has this '$id'" if is_elsewhere else "does not exist"


def _identifier(path: Path) -> str | None:
    """The `$id` of the schema in a file; None if it has none, it is no URI, or the file cannot be read."""
    try:
        content = read_value(contents.content(path))
        uri = _uri_of(content) if isinstance(content, dict) else None
        urlsplit(uri or "")
    except (OSError, ValueError):
        return None
    return uri


class _Files:
    """Reads the files of one schema, each once; their number is limited."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.bytes = 0
        self.digests: dict[Path, str] = {}
        self.known: dict[Path, Document] = {}
        self.folders: dict[Path, dict[str | None, Path]] = {}
        """The files of folders in which identifiers were searched, by their `$id`."""

    def referred(self, reference: str, base: str, document: Document) -> Document:
        """The document that a reference names, which stands in `document` at a place with this base URI.

        It is the file that the reference leads to from the file of the document, or from its URI (see `_beside`), or
        else a file in the same folder whose `$id` is the URI of the reference.
        """
        relative, _ = urldefrag(reference)
        uri, _ = urldefrag(urljoin(base, relative))
        near = [] if ":" in relative or relative.startswith("/") else [document.path.parent / unquote(relative)]
        by_uri = [] if is_pathless(relative) else _beside(uri, document)
        places = [*near, *by_uri] if base == document.uri else [*by_uri, *near]
        path = next((path for path in places if not self.project.refusal(path) and is_file(path)), None)
        path = path or self.identified(uri, document)
        if path is None:
            refusal = self.project.refusal(near[0]) if near else None
            reason, hint = refusal or (_absence(relative), None)
            raise SchemaError(f"refers to {quoted(relative)}, which {reason}", hint)
        file = path.resolve()
        if file not in self.known:
            if len(self.known) >= MAX_SCHEMA_FILES:
                raise SchemaError(f"refers to more than {MAX_SCHEMA_FILES} files")
            self.known[file] = Document(uri, self.read(path), path)
        return self.known[file]

    def identified(self, uri: str, document: Document) -> Path | None:
        """The file in the folder of a document that has a URI as its `$id`, as seen from that document."""
        folder = document.path.parent
        if folder not in self.folders:
            found = self.folders[folder] = {}
            left = MAX_SCHEMA_BYTES
            for path in sorted(folder.glob("*.json"))[:MAX_SCHEMA_FILES]:
                if not self.project.refusal(path) and is_file(path) and (left := left - contents.size(path)) >= 0:
                    found.setdefault(_identifier(path), path)
        own = _own_uri(document)
        return next(
            (path for known, path in self.folders[folder].items() if known and urljoin(own, known) == uri), None
        )

    def read(self, path: Path) -> dict[str, Any]:
        """The JSON object in a file."""
        self.bytes += contents.size(path)
        if self.bytes > MAX_SCHEMA_BYTES:
            raise SchemaError(f"has more than {MAX_SCHEMA_BYTES} bytes")
        text = contents.content(path)
        self.digests[path] = hashlib.sha256(text).hexdigest()
        try:
            document = read_value(text)
        except ValueError as error:
            raise SchemaError(str(error)) from None
        if not isinstance(document, dict):
            raise SchemaError(f"is {with_article(kind(document))}, not an object")
        if flaw := check_constant(document):
            wide = next((place for place, value in _values_in(document) if type(value) is int and is_wide(value)), "")
            raise SchemaError(f"cannot be used: {flaw}{_at(wide)}", path=path, pointer=wide)
        if self.project is not _INSTALLED and (repeated := _repeated(text)) is not None:
            place, name = repeated
            raise SchemaError(
                f"has the key {shown(name)} twice in one object{_at(place)}", None, path, join(place, name)
            )
        return document


def _repeated(text: bytes) -> tuple[str, str] | None:
    """The pointer of an object in a JSON text that has a key twice, and that key; None if there is none."""
    found: dict[int, str] = {}
    kept: list[dict[str, Any]] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, value in pairs:
            if name in members and id(members) not in found:
                found[id(members)] = name
                kept.append(members)  # so that no other object gets its identity
            members[name] = value
        return members

    document = json.loads(text.removeprefix(codecs.BOM_UTF8), object_pairs_hook=made)
    if not found:
        return None
    return next(((place, found[id(value)]) for place, value in _values_in(document) if id(value) in found), None)


def _values_in(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All values in a document, each with its pointer, in order."""
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        place, value = pending.pop()
        yield place, value
        if isinstance(value, dict | list):
            entries = value.items() if isinstance(value, dict) else enumerate(value)
            pending += [(join(place, key), inner) for key, inner in entries][::-1]


def _at(pointer: str) -> str:
    return f" (at {pointer})" if pointer else ""


def most_items(schema: Schema, name: str | None) -> int | None:
    """The least `maxItems` of a member of valid values, or with None of the values themselves; None without one."""
    parts = {**schema.definitions, schema.uri: schema.document}
    found: list[int] = []
    pending, seen = [(schema.document, name)], set[tuple[int, str | None]]()
    while pending:
        part, member = pending.pop()
        if not isinstance(part, Mapping) or (id(part), member) in seen:
            continue
        seen.add((id(part), member))
        pending += [(one, member) for one in (parts.get(part.get("$ref", "")), *part.get("allOf", ()))]
        if member is None and "maxItems" in part:
            found.append(int(part["maxItems"]))
        elif member is not None:
            pending.append((part.get("properties", {}).get(member), None))
    return min(found, default=None)


# --- validation


def definitions_of(schema: Schema) -> Definitions:
    """The definitions of a schema."""
    parts = {**schema.definitions, schema.uri: schema.document}
    patterns = {pattern: prepared(pattern) for pattern in sorted(schema.patterns)}
    return Definitions(schema.uri, parts, patterns)


class Validator:
    """Validates bodies by a schema. Safe to share between threads."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        evaluator = definitions_of(schema).evaluator()
        self.is_valid = evaluator.is_valid
        self.violations = evaluator.violations
