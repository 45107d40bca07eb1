"""JSON Schemas: found by name, loaded with what they refer to, and asked for a verdict.

The verdict on every payload comes from jsonschema-rs, which is fast; the reasons for a "no" from jsonschema, which is
exact about them. Tests hold the verdicts of both equal. Nothing is ever fetched: references lead to files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

from .json_reader import read_value
from .once import cached_property
from .paths import is_file
from .pointers import pointer
from .problem import did_you_mean
from .project import Project
from .recursion import deeply
from .values import check_constant, kind, with_article
from .violations import Refusal, Violation, violation, violations_in_order

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["SCHEMAS", "Schema", "SchemaError", "Validator", "load"]

SCHEMAS = Path(__file__).parent.parent / "schemas"
"""The schemas that are installed with the package."""
_INSTALLED = Project(SCHEMAS.resolve(), None)
MAX_SCHEMA_BYTES = 5_000_000
_OLD = re.compile(r"draft-0[0-7]\b")


class SchemaError(ValueError):
    """A schema that cannot be used; `reason` says why."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, eq=False)
class Schema:
    """A schema document, its URI, and all documents that it refers to by URI (itself included), with their files and
    the digests of what was read from these."""

    name: str
    uri: str
    document: dict[str, Any]
    resources: Mapping[str, Any]
    path: Path
    paths: tuple[Path, ...]
    digests: tuple[str, ...] = ()

    @cached_property
    def is_old(self) -> bool:
        """Whether a document is of a draft before 2019-09: there `format` is a condition, and what is beside `$ref` is
        not."""
        return any(_OLD.search(str(document.get("$schema"))) for document in self.resources.values())

    @cached_property
    def validator(self) -> Validator:
        """What judges bodies by this schema; made once, as that takes some milliseconds."""
        return Validator(self)


def load(name: str, folder: Path) -> Schema:
    """The schema `name`: one of the installed schemas, or `./path` seen from `folder`. Raises SchemaError."""
    relative = name.startswith(".")
    path = (folder if relative else SCHEMAS) / name
    project = Project.around(folder) if relative else _INSTALLED
    if not relative and (name.startswith("/") or project.refusal(path)):
        raise SchemaError("lies outside the folder of the schemas")
    if refusal := project.refusal(path):
        raise SchemaError(*refusal)
    if not is_file(path):
        known = [] if relative else [entry.relative_to(SCHEMAS).as_posix() for entry in SCHEMAS.rglob("*.json")]
        raise SchemaError("does not exist", did_you_mean(name, known))
    document, digest = _read(path)
    uri = str(document.get("$id") or f"file:///{name.lstrip('./')}")
    resources: dict[str, Any] = {}
    others = list(_collect(uri, document, path, resources, project))
    paths, digests = (path, *(path for path, _ in others)), (digest, *(digest for _, digest in others))
    schema = Schema(name, uri, document, resources, path, paths, digests)
    _check(schema)
    return schema


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """The document in a file, and the digest of what the file holds."""
    if path.stat().st_size > MAX_SCHEMA_BYTES:
        raise SchemaError(f"has more than {MAX_SCHEMA_BYTES} bytes")
    try:
        raw = path.read_bytes()
        document = read_value(raw)
    except ValueError as error:
        raise SchemaError(str(error)) from None
    if not isinstance(document, dict):
        raise SchemaError(f"is {with_article(kind(document))}, not an object")
    if flaw := check_constant(document):
        raise SchemaError(f"cannot be used: {flaw}")
    return document, hashlib.sha256(raw).hexdigest()


def _collect(
    uri: str, document: dict[str, Any], path: Path, resources: dict[str, Any], project: Project
) -> Iterator[tuple[Path, str]]:
    """Adds the document and, from the files beside it, all that it refers to; gives the other files with digests."""
    resources[uri] = document
    for reference in set(_references(document)):
        target, _ = urldefrag(urljoin(uri, reference))
        if not target or target == uri or target in resources:
            continue
        relative, _ = urldefrag(reference)
        file = path.parent / relative
        if refusal := project.refusal(file):
            raise SchemaError(f"refers to {relative!r}, which {refusal[0]}", refusal[1])
        if ":" in relative or relative.startswith("/") or not is_file(file):
            raise SchemaError(f"refers to {relative!r}, which does not exist")
        other, digest = _read(file)
        yield file, digest
        yield from _collect(target, other, file, resources, project)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _check(schema: Schema) -> None:
    """Refuses what is no JSON Schema, and what one of the two libraries could not use. The fast library builds a
    validator of the metaschema in microseconds."""
    import jsonschema_rs

    for error in jsonschema_rs.Draft202012Validator(_METASCHEMA).iter_errors(schema.document):
        place = pointer(error.instance_path)
        raise SchemaError(f"is not a JSON Schema: {error.message} at {place or 'its top'}")
    try:
        _ = schema.validator
    except ValueError as error:  # a reference that leads nowhere
        raise SchemaError(f"cannot be used: {str(error).partition(chr(10))[0]}") from None
    for pattern in _patterns(list(schema.resources.values())):
        try:
            re.compile(pattern)
        except re.error as error:
            raise SchemaError(f"has the pattern {pattern!r}, which cannot be used: {error}") from None


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        pattern, by_name = node.get("pattern"), node.get("patternProperties")
        if isinstance(pattern, str):
            yield pattern
        if isinstance(by_name, dict):
            yield from by_name
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


_METASCHEMA = {"$ref": "https://json-schema.org/draft/2020-12/schema"}


class Validator:
    """Judges bodies by a schema. Safe to share between threads."""

    def __init__(self, schema: Schema) -> None:
        import jsonschema_rs

        self.schema = schema
        validator = jsonschema_rs.validator_for(
            schema.document, retriever=lambda uri: schema.resources[uri], base_uri=schema.uri
        )
        self.is_valid: Callable[[Any], bool] = validator.is_valid

    def violations(self, body: Any) -> tuple[Violation, ...]:
        """Why the body is refused, in order of place; at most 20. Empty for a valid body."""
        if self.is_valid(body):
            return ()
        try:
            return deeply(lambda: self._violations(body))
        except RecursionError:
            return (Violation("", "", "the schema refuses it, at a place that is nested too deeply to be found"),)

    def _violations(self, body: Any) -> tuple[Violation, ...]:
        return violations_in_order({violation(_refusal(error)) for error in _leaves(self._exact.iter_errors(body))})

    @cached_property
    def _exact(self) -> Any:
        from .exact import exact_validator

        return exact_validator(self.schema.uri, self.schema.resources)


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The errors that say something a reader can act on: into alternatives, the ones of the nearest alternative."""
    from jsonschema.exceptions import best_match

    for error in errors:
        if error.context:
            best = best_match([error])
            yield best if best is not None else error
        else:
            yield error


def _refusal(error: ValidationError) -> Refusal:
    keyword: Any = error.validator
    of_name = "propertyNames" in error.absolute_schema_path
    path: tuple[Any, ...] = tuple(error.absolute_path)
    return Refusal(path, keyword, error.validator_value, error.instance, error.schema, of_name)
