"""The normal form of JSON Schemas, the same for all drafts, which every reader of schemas uses.

In a normal form all keywords are those of 2020-12, `format` stands only where it is a condition, alternatives that are
constants are an `enum`, and each reference is the URI of a document and the place in it. So no reader has to know of
drafts, identifiers and anchors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from ..patterns.parser import PatternError
from ..patterns.searching import prepared
from ..values.kinds import kind, shown, with_article
from ..values.pointers import index_of, join
from .complexity import refuse_too_many_ways
from .enumerations import join_constants
from .errors import SchemaError
from .formats import FORMATS_OF_TEXT
from .keywords import COUNTS, DIALECTS, FLAWS, LIST, NAMED, ONE, WORDS, is_annotation, is_known

__all__ = [
    "MAX_UNKNOWN",
    "Document",
    "Normal",
    "Section",
    "is_pathless",
    "normal",
    "quoted",
]

MAX_UNKNOWN = 1000
_SHOWN = 80
_NEWEST = 2020
_KEPT_BESIDE_REFERENCE = frozenset({"$ref", "definitions", "$defs", "$schema"})
_NOTES = ("format", "contentMediaType", "contentEncoding")
"""Keywords that are annotations, apart from the known formats of old drafts."""


@dataclass(frozen=True, eq=False, slots=True)
class Document:
    """A document as it is written: its URI, its content, and the file that it comes from."""

    uri: str
    content: dict[str, Any]
    path: Path
    is_first: bool = False
    """True for the document that was loaded by name, False for those that references lead to."""


class Section(NamedTuple):
    """A document, or the part of one at a pointer, with the draft in which it is written."""

    document: Document
    pointer: str
    dialect: int


class Unchecked(NamedTuple):
    """A keyword that is only an annotation, its value, and where it stands."""

    keyword: str
    value: str
    path: Path
    pointer: str


class Unknown(NamedTuple):
    """A word in the place of a keyword that its draft does not have, its value, and where it stands."""

    keyword: str
    value: Any
    dialect: int
    path: Path
    pointer: str


@dataclass(frozen=True, eq=False, slots=True)
class Normal:
    """The documents of one schema by URI, in normal form; the targets of references, by the text of `$ref`.

    `files` has the files in the order of the documents; `unchecked` each keyword that is only an annotation, with the
    first place of each value; `unknown` the first words that are no keywords of their draft. `sections` are the
    documents, and the parts of them that are written in another draft.
    """

    resources: Mapping[str, Any]
    definitions: Mapping[str, Any]
    files: tuple[Path, ...]
    patterns: frozenset[str]
    unchecked: tuple[Unchecked, ...]
    unknown: tuple[Unknown, ...]
    sections: tuple[Section, ...]


class _Reference(NamedTuple):
    node: dict[str, Any]
    """The object that contains it, in normal form."""
    keyword: str
    text: str
    where: _Where


class _Where(NamedTuple):
    """A place in a document: its base URI there, the pointer, and the draft."""

    document: Document
    base: str
    pointer: str
    dialect: int

    @property
    def section(self) -> Section:
        return Section(self.document, self.pointer, self.dialect)

    def below(self, *tokens: str | int) -> _Where:
        pointer = self.pointer
        for token in tokens:
            pointer = join(pointer, token)
        return self._replace(pointer=pointer)


def normal(document: Document, read: Callable[[str, str, Document], Document]) -> Normal:
    """The normal form of a schema. Raises SchemaError.

    `read(reference, base, document)` returns the document that a reference in another one names, unless it is known.
    """
    return _Forms(read).all_of(document)


@dataclass(slots=True)
class _Forms:
    read: Callable[[str, str, Document], Document]
    resources: dict[str, Any] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    known: dict[str, _Where] = field(default_factory=dict)
    """The place where the resource of a URI begins."""
    places: dict[tuple[str, str], Any] = field(default_factory=dict)
    """The normal form of each part, by document and place."""
    anchors: dict[tuple[str, str], _Where] = field(default_factory=dict)
    dynamic: dict[str, list[_Where]] = field(default_factory=dict)
    """The places of dynamic anchors by name; "" stands for `$recursiveAnchor`."""
    pending: list[_Reference] = field(default_factory=list)
    late: list[_Reference] = field(default_factory=list)
    """References that depend on all documents."""
    definitions: dict[str, Any] = field(default_factory=dict)
    patterns: set[str] = field(default_factory=set)
    unchecked: dict[tuple[str, str], Unchecked] = field(default_factory=dict)
    unknown: dict[tuple[str, int, type], Unknown] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)

    def all_of(self, document: Document) -> Normal:
        self.add(document, _NEWEST)
        while self.pending or self.late:
            if self.pending:
                self.follow(self.pending.pop())
            else:
                self.follow_dynamic(self.late.pop())
        for part in self.places.values():
            join_constants(part)
        refuse_too_many_ways(self.places.values(), self.definitions)
        notes = tuple(self.unchecked.values()), tuple(self.unknown.values())
        files, patterns, sections = tuple(self.files), frozenset(self.patterns), tuple(self.sections)
        return Normal(self.resources, self.definitions, files, patterns, *notes, sections)

    def add(self, document: Document, inherited: int) -> None:
        where = _Where(document, document.uri, "", inherited)
        where = where._replace(dialect=_dialect(document.content, where))
        self.files.append(document.path)
        self.sections.append(where.section)
        self.known[document.uri] = where
        self.resources[document.uri] = None  # the first one stays the first
        self.resources[document.uri] = self.part(document.content, where)

    # Parts

    def part(self, part: Any, where: _Where) -> Any:
        if isinstance(part, bool):
            made: Any = part
        elif isinstance(part, dict):
            made = {}
            self.node(part, where, made)
        else:
            raise _flaw(f"{with_article(kind(part))} is not a schema", where)
        self.places[where.document.uri, where.pointer] = made
        return made

    def node(self, part: Mapping[str, Any], where: _Where, made: dict[str, Any]) -> None:
        where = self.identified(part, where)
        is_old = where.dialect < 2019
        for keyword, value in part.items():
            if keyword not in WORDS or not is_known(keyword, where.dialect):
                self.unknown_word(keyword, value, where)
            if not is_known(keyword, where.dialect):
                continue
            if is_old and "$ref" in part and not (keyword in _KEPT_BESIDE_REFERENCE or is_annotation(keyword)):
                continue
            is_checked = keyword == "format" and (not isinstance(value, str) or (is_old and value in FORMATS_OF_TEXT))
            if keyword in _NOTES and not is_checked:
                one = Unchecked(keyword, str(value), where.document.path, f"{where.pointer}/{keyword}")
                self.unchecked.setdefault((keyword, str(value)), one)
                continue
            self.keyword(keyword, value, part, where, made)

    def unknown_word(self, word: str, value: Any, where: _Where) -> None:
        if len(self.unknown) < MAX_UNKNOWN and not is_annotation(word):
            one = Unknown(word, value, where.dialect, where.document.path, join(where.pointer, word))
            self.unknown.setdefault((word, where.dialect, type(value)), one)

    def identified(self, part: Mapping[str, Any], where: _Where) -> _Where:
        """Records the identifier and the anchors of a part; returns its place with the new base URI."""
        key = "id" if where.dialect == 4 else "$id"
        own = part.get(key)
        if isinstance(own, str) and not (where.dialect < 2019 and "$ref" in part):
            uri, fragment = urldefrag(_joined(where.base, own, where))
            if uri != where.base and where.pointer:
                outer = where.dialect
                where = where._replace(base=uri, dialect=_dialect(part, where))
                self.sections += [where.section] if where.dialect != outer else []
            if uri not in self.known:
                self.known[uri] = where
            if fragment:
                self.anchors[uri, fragment] = where
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = part.get(keyword)
            if isinstance(name, str) and is_known(keyword, where.dialect):
                self.anchors[where.base, name] = where
                if keyword == "$dynamicAnchor":
                    self.dynamic.setdefault(name, []).append(where)
        if part.get("$recursiveAnchor") is True and where.dialect == 2019:
            self.dynamic.setdefault("", []).append(where)
        return where

    def keyword(self, keyword: str, value: Any, part: Mapping[str, Any], where: _Where, made: dict[str, Any]) -> None:
        below = where.below(keyword)
        if where.dialect == 4 and keyword in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
            bound = "minimum" if keyword == "exclusiveMinimum" else "maximum"
            if value and bound in part:
                made.pop(bound, None)
                made[keyword] = part[bound]
            return
        if where.dialect == 4 and keyword in ("minimum", "maximum") and f"exclusive{keyword.title()}" in made:
            return
        flaw = FLAWS[keyword](value) if keyword in FLAWS and not _is_split(keyword, value) else None
        if flaw is not None:
            raise _flaw(flaw, below)
        match keyword:
            case "$ref" | "$dynamicRef" | "$recursiveRef":
                self.pending.append(_Reference(made, keyword, value, where))
            case "$id" | "id" | "$anchor" | "$dynamicAnchor" | "$recursiveAnchor" if where.pointer or keyword != "$id":
                pass
            case "items" if isinstance(value, list) and where.dialect < 2020:
                made["prefixItems"] = [self.part(one, below.below(number)) for number, one in enumerate(value)]
                if "additionalItems" in part:
                    made["items"] = self.part(part["additionalItems"], where.below("additionalItems"))
            case "additionalItems":
                pass
            case "dependencies":
                self.dependencies(value, below, made)
            case _ if keyword in ONE:
                made[keyword] = self.part(value, below)
            case _ if keyword in LIST:
                made[keyword] = [self.part(one, below.below(number)) for number, one in enumerate(value)]
            case _ if keyword in NAMED:
                if keyword == "$defs" and where.dialect < 2019:  # taken here, but no keyword of the draft
                    self.sections += [below.below(name).section for name in value]
                made[keyword] = {name: self.part(one, below.below(name)) for name, one in value.items()}
                for pattern in value if keyword == "patternProperties" else ():
                    self.pattern(pattern, below)
            case _ if keyword in FLAWS and _is_whole(value, keyword in COUNTS):
                made[keyword] = int(value)
            case _:
                made[keyword] = value
                if keyword == "pattern":
                    self.pattern(value, below)

    def dependencies(self, value: Any, where: _Where, made: dict[str, Any]) -> None:
        if not isinstance(value, dict):
            raise _flaw(f"{shown(value)} is not an object", where)
        for name, needed in value.items():
            if isinstance(needed, list):
                flaw = FLAWS["required"](needed)
                if flaw is not None:
                    raise _flaw(flaw, where.below(name))
                made.setdefault("dependentRequired", {})[name] = needed
            else:
                made.setdefault("dependentSchemas", {})[name] = self.part(needed, where.below(name))

    def pattern(self, pattern: str, where: _Where) -> None:
        try:
            prepared(pattern)
        except PatternError as error:
            reason = f"has the pattern {quoted(pattern)}, which cannot be used: {error}{_place(where)}"
            raise _error(reason, where) from None
        self.patterns.add(pattern)

    # References

    def follow(self, reference: _Reference) -> None:
        node, keyword, text, where = reference
        if keyword == "$recursiveRef" and text != "#":
            raise _flaw(f"{quoted(text)} is not '#'", where.below(keyword))
        if why := _unresolvable(text):
            raise _lost(reference, why)
        uri, fragment = urldefrag(_joined(where.base, text, where))
        if uri == where.base and "?" not in uri and is_pathless(text.partition("#")[0]):
            raise _lost(reference)
        if uri not in self.known:
            document = self.referred(reference)
            if document.uri in self.resources:  # another name of the same file
                self.known[uri] = self.known[document.uri]
            else:
                self.add(document, where.dialect)
                self.known[uri] = self.known[document.uri]
        target = self.target(uri, unquote(fragment), reference)
        if keyword != "$ref" and any(self.anchored(target, one) for one in self.dynamic_names(keyword, fragment)):
            self.late.append(reference)
            return
        self.refer(node, target)

    def referred(self, reference: _Reference) -> Document:
        """The document that a reference names."""
        try:
            return self.read(reference.text, reference.where.base, reference.where.document)
        except SchemaError as error:
            raise _error(error.reason, reference.where.below(reference.keyword), error.hint) from None

    def refer(self, node: dict[str, Any], target: _Where) -> None:
        name = f"{target.document.uri}#{target.pointer}" if target.pointer else target.document.uri
        part = self.places[target.document.uri, target.pointer]
        self.definitions[name] = part
        if "$ref" in node:  # by two keywords
            node["allOf"] = [*node.get("allOf", ()), {"$ref": name}]
        else:
            node["$ref"] = name

    def target(self, uri: str, fragment: str, reference: _Reference) -> _Where:
        start = self.known[uri]
        if not fragment:
            return start
        if not fragment.startswith("/"):
            found = self.anchors.get((uri, fragment)) or self.anchors.get((start.base, fragment))
            if found is None:
                raise _lost(reference)
            return found
        target = start._replace(pointer=start.pointer + fragment)
        if (target.document.uri, target.pointer) not in self.places:  # where no keyword leads to
            part: Any = target.document.content
            for token in target.pointer.split("/")[1:]:
                key = token.replace("~1", "/").replace("~0", "~")
                try:
                    part = part[cast("int", index_of(key))] if isinstance(part, list) else part[key]
                except (LookupError, TypeError):
                    raise _lost(reference) from None
            self.sections.append(target.section)
            self.part(part, target)
        return target

    def dynamic_names(self, keyword: str, fragment: str) -> list[str]:
        return [""] if keyword == "$recursiveRef" else [fragment] if fragment in self.dynamic else []

    def anchored(self, target: _Where, name: str) -> bool:
        """Returns whether the place has a dynamic anchor of this name."""
        return any(
            one.document is target.document and one.pointer == target.pointer for one in self.dynamic.get(name, ())
        )

    def follow_dynamic(self, reference: _Reference) -> None:
        """Resolves a dynamic reference to the outermost anchor of its name on the way to it.

        That is known if the first document has one, or if there is only one; else raises SchemaError.
        """
        node, keyword, text, where = reference
        name = "" if keyword == "$recursiveRef" else urldefrag(text)[1]
        there = self.dynamic[name]
        first = next(iter(self.resources))
        at_first = [one for one in there if one.document.uri == first and one.base == first]
        if not at_first and len(there) > 1:
            raise _flaw(f"{quoted(text)} leads to one of {len(there)} places, which depends on the way there", where)
        self.refer(node, (at_first or there)[0])


def _dialect(part: Mapping[str, Any], where: _Where) -> int:
    named = part.get("$schema")
    if named is None:
        return where.dialect
    for name, dialect in DIALECTS.items():
        if isinstance(named, str) and name in named:
            return dialect
    if named in ("http://json-schema.org/schema#", "http://json-schema.org/schema"):
        return _NEWEST
    known = ", ".join(name.removeprefix("draft/") for name in DIALECTS)
    raise _flaw(f"{shown(named)} is not a dialect that is known here ({known})", where.below("$schema"))


def _is_whole(value: Any, is_count: bool) -> bool:
    """Returns whether a double can be an integer; 1e23 cannot, whose digits are not those of its value in binary."""
    return isinstance(value, float) and value.is_integer() and (is_count or value == Decimal(repr(value)))


def _is_split(keyword: str, value: Any) -> bool:
    return keyword == "items" and isinstance(value, list)


def _joined(base: str, reference: str, where: _Where) -> str:
    if reference.startswith("#"):
        return base + reference
    try:
        return urljoin(base, reference)
    except ValueError as error:
        raise _flaw(f"{quoted(reference)} is not a URI ({error})", where) from None


def quoted(text: str) -> str:
    """A text between quotes, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")


def _flaw(words: str, where: _Where) -> SchemaError:
    return _error(f"is not a JSON Schema: {words}{_place(where)}", where)


def _unresolvable(reference: str) -> str | None:
    """The reason why a reference can lead nowhere; libraries would drop what is wrong in it."""
    if any(character < " " or character == "\x7f" for character in reference):
        return "which has a control character"
    if reference.startswith(" "):
        return "which begins with a space"
    try:
        unquote(reference, errors="strict")
    except UnicodeDecodeError:
        return "whose percent-encoding is not UTF-8"
    return None


def is_pathless(reference: str) -> bool:
    """Returns whether a reference, without its fragment, is not empty and yet names no file, such as a query alone."""
    parts = urlsplit(reference)
    return reference != "" and not parts.path and not parts.netloc


def _lost(reference: _Reference, why: str = "which does not exist") -> SchemaError:
    reason = f"refers to {quoted(reference.text)}, {why}{_place(reference.where)}"
    return _error(reason, reference.where.below(reference.keyword))


def _error(reason: str, where: _Where, hint: str | None = None) -> SchemaError:
    return SchemaError(reason, hint, where.document.path, where.pointer)


def _place(where: _Where) -> str:
    """The place in words; empty for the top of the first document."""
    file = "" if where.document.is_first else f"{where.document.path.name}"
    words = [f"at {where.pointer}"] if where.pointer else []
    words += [f"{'of' if words else 'in'} {file}"] if file else []
    return f" ({' '.join(words)})" if words else ""
