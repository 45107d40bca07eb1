"""Takes an operation from an OpenAPI document: the JSON Schema of its body, and the other parts of its requests.

The schemas of OpenAPI 3.1 and later are of draft 2020-12; those of 3.0 and Swagger 2.0, a dialect of their own, are
converted to draft 07. The result is self-contained: the target of a `$ref` replaces it, or becomes a definition if used
more than once. Whatever has no counterpart, or cannot concern a request, is left out and listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..diagnostics.suggestions import did_you_mean
from ..schemas.formats import FORMATS_OF_TEXT
from ..schemas.keywords import LIST, NAMED, ONE
from ..values.kinds import shown
from ..values.pointers import index_of, pointer
from .servers import ServerUrl, secrets_of, servers_of

__all__ = ["ApiParameter", "OpenApiError", "Operation", "operation_of"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OLD_DIALECT = "http://json-schema.org/draft-07/schema#"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_ONLY_OPENAPI = ("discriminator", "xml", "externalDocs")
_MAX_DEPTH = 100


class OpenApiError(ValueError):
    """An OpenAPI document, or the operation named in it, cannot be used; the message says why. `hint` may help."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ApiParameter(NamedTuple):
    """A parameter of an operation. `schema` is self-contained; a list is joined by `separator`; without, repeated."""

    where: Literal["path", "query", "header"]
    name: str
    is_required: bool
    schema: dict[str, Any]
    separator: str | None = None


@dataclass(frozen=True)
class Operation:
    """An operation of an API: its method and path, the schema of its body, and what was left out of that schema.

    `schema` is None if the operation has no body. `form` is the convention for lists if the body is a form. `secrets`
    are the headers and query parameters that hold secrets, as ("header", name, value with placeholders). `dropped` has
    pointers into the schema with the keywords that were left out there.
    """

    name: str
    method: str
    path: str
    media_type: str | None
    schema: dict[str, Any] | None
    parameters: tuple[ApiParameter, ...]
    dropped: tuple[tuple[str, str], ...]
    form: Literal["indices", "repeat"] | None = None
    servers: tuple[ServerUrl, ...] = ()
    secrets: tuple[tuple[str, str, str], ...] = ()


def operation_of(document: Any, name: str) -> Operation:
    """The operation of an OpenAPI document with the `operationId` `name`, which may also be `POST /path`.

    `document` is a JSON value. Raises OpenApiError.
    """
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise OpenApiError("is no OpenAPI document: it has no `paths`")
    version = str(document.get("openapi", document.get("swagger", "")))
    if not version.startswith(("2.", "3.")):
        raise OpenApiError("is no OpenAPI document of version 2 or 3: it has neither `openapi` nor `swagger`")
    method, path, item, found = _find(document, name)
    is_old = version.startswith(("2.", "3.0"))
    parameters = [
        _resolved(document, one) for one in [*_objects(item.get("parameters")), *_objects(found.get("parameters"))]
    ]
    media_type, content, form = _body(document, found, parameters)
    body = _SchemaOf(document, is_old=is_old)
    own = {(str(one.get("in")), str(one.get("name"))): one for one in parameters}  # the operation's replace others
    return Operation(
        str(found.get("operationId", f"{method} {path}")),
        method,
        path,
        media_type,
        None if media_type is None else body.whole(content),
        tuple(made for one in own.values() for made in _parameters(document, one, is_old=is_old)),
        tuple(body.dropped),
        form,
        servers_of(document, item, found),
        secrets_of(document, found),
    )


def _parameters(document: Mapping[str, Any], one: Mapping[str, Any], *, is_old: bool) -> Iterator[ApiParameter]:
    """A parameter; one for each member of an object that is written as `name[member]`."""
    where = one.get("in")
    if where not in ("path", "query", "header"):
        return
    content = one.get("content")
    inner = next(iter(_objects([*content.values()])), {}) if isinstance(content, dict) else one
    given = inner.get("schema", {}) if "schema" in inner or "type" not in one else _without_names(one)  # Swagger 2.0
    schema = _SchemaOf(document, is_old=is_old).whole(given)
    name, is_required = str(one.get("name", "")), bool(one.get("required")) or where == "path"
    properties = schema.get("properties")
    if one.get("style") == "deepObject" and isinstance(properties, dict):
        required = schema.get("required", ()) if is_required else ()
        rest: dict[str, Any] = {key: schema[key] for key in ("$schema", "$defs", "definitions") if key in schema}
        for member, part in properties.items():
            whole = {**rest, **part} if isinstance(part, dict) else rest
            yield ApiParameter(where, f"{name}[{member}]", member in required, whole)
        return
    separators = {"csv": ",", "ssv": " ", "pipes": "|", "spaceDelimited": " ", "pipeDelimited": "|"}
    is_swagger = "type" in one
    style = one.get("collectionFormat", "csv") if is_swagger else one.get("style", "form")
    separator = separators.get(str(style), "," if style != "multi" and one.get("explode") is False else None)
    yield ApiParameter(where, name, is_required, schema, "," if where == "header" else separator)


def _without_names(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in a parameter of Swagger 2.0."""
    no_schema = ("in", "name", "required", "collectionFormat", "allowEmptyValue")
    return {key: value for key, value in parameter.items() if key not in no_schema}


def _find(document: Mapping[str, Any], name: str) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    known: list[str] = []
    for path, given in document["paths"].items():
        item = _resolved(document, given) if isinstance(given, dict) else {}
        for method in _METHODS:
            found = item.get(method)
            if not isinstance(found, dict):
                continue
            names = (found.get("operationId"), f"{method.upper()} {path}")
            if name in names and method in ("options", "head", "trace"):
                raise OpenApiError(f"has {name!r}, which is a {method.upper()} request; mappings make none")
            if name in names:
                return method.upper(), path, item, found
            known += [one for one in names if isinstance(one, str)]
    raise OpenApiError(f"has no operation {name!r}", did_you_mean(name, known))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _body(
    document: Mapping[str, Any], operation: Mapping[str, Any], parameters: list[dict[str, Any]]
) -> tuple[str | None, Any, Literal["indices", "repeat"] | None]:
    """The media type and schema of a body, and the convention for lists in a form; None if there is no body."""
    for parameter in parameters:  # Swagger 2.0
        if parameter.get("in") == "body":
            return JSON, parameter.get("schema", {}), None
    if forms := [one for one in parameters if one.get("in") == "formData"]:
        required = [str(one.get("name")) for one in forms if one.get("required")]
        properties = {str(one.get("name")): _without_names(one) for one in forms}
        if any(one.get("type") == "file" for one in forms):
            raise OpenApiError("has an operation that takes a file, which requests of mappings do not carry")
        schema = {"type": "object", "properties": properties, "required": required}
        return FORM, schema, "repeat"
    body = operation.get("requestBody")
    content = _resolved(document, body).get("content") if isinstance(body, dict) else None
    if not isinstance(content, dict) or not content:
        return None, None, None
    kinds = {str(media_type).partition(";")[0].strip().lower(): media_type for media_type in content}
    for wanted in (JSON, FORM, *(one for one in kinds if "json" in one), "*/*"):
        if wanted in kinds:
            media = content[kinds[wanted]]
            media = media if isinstance(media, dict) else {}
            styles = [one.get("style") for one in _objects([*_members(media.get("encoding")).values()])]
            form: Literal["indices", "repeat"] = "indices" if "deepObject" in styles else "repeat"
            return JSON if wanted == "*/*" else wanted, media.get("schema", {}), form if wanted == FORM else None
    raise OpenApiError(f"has an operation whose body is neither JSON nor a form, but {', '.join(kinds)}")


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _resolved(document: Mapping[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """An object of the document, or the one that its `$ref` leads to."""
    seen = set()
    while isinstance(reference := value.get("$ref"), str):
        if reference in seen:
            raise OpenApiError(f"has a reference that leads back to itself: {reference}")
        seen.add(reference)
        value = _target(document, reference)
    return value


def _target(document: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The object that a reference leads to."""
    if not reference.startswith("#"):
        raise OpenApiError(
            f"refers to another document: {reference}", "join the documents into one first, with a bundler"
        )
    found: Any = document
    for escaped in reference[1:].split("/")[1:]:
        token = escaped.replace("%7B", "{").replace("%7D", "}").replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and token in found:
            found = found[token]
        elif isinstance(found, list) and (index := index_of(token)) is not None and index < len(found):
            found = found[index]
        else:
            raise OpenApiError(f"has a reference that leads nowhere: {reference}")
    if not isinstance(found, dict):
        raise OpenApiError(f"has a reference that leads to no object: {reference}")
    return found


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The schemas directly in a schema, each with its path from there."""
    for keyword, value in schema.items():
        if keyword in NAMED and isinstance(value, dict):
            yield from (((keyword, name), part) for name, part in value.items())
        elif isinstance(value, list) and (keyword in LIST or keyword == "items"):
            yield from (((keyword, index), part) for index, part in enumerate(value))
        elif keyword in ONE:
            yield (keyword,), value


class _SchemaOf:
    """Turns schemas of one document into JSON Schema."""

    def __init__(self, document: Mapping[str, Any], *, is_old: bool) -> None:
        self.document = document
        self.is_old = is_old
        self.folder = "definitions" if is_old else "$defs"
        self.dropped: list[tuple[str, str]] = []
        self.uses: Counter[str] = Counter()
        self.names: dict[str, str] = {}
        self.definitions: dict[str, Any] = {}

    def whole(self, schema: Any) -> dict[str, Any]:
        """A self-contained schema."""
        self._count(schema, 0)
        body = self._schema(schema, ())
        if not isinstance(body, dict):
            body = {} if body else {"not": {}}
        if self.is_old and "$ref" in body:  # where it hides everything beside it
            body = {"allOf": [body]}
        definitions = {self.folder: self.definitions} if self.definitions else {}
        return {"$schema": _OLD_DIALECT if self.is_old else _DIALECT, **body, **definitions}

    def _count(self, schema: Any, depth: int) -> None:
        if not isinstance(schema, dict):
            return
        if depth > _MAX_DEPTH:
            raise OpenApiError(f"has schemas that are nested more than {_MAX_DEPTH} levels deep")
        if isinstance(reference := schema.get("$ref"), str):
            self.uses[reference] += 1
            if self.uses[reference] == 1:
                self._count(_target(self.document, reference), depth + 1)
        for _, part in _parts(schema):
            self._count(part, depth + 1)

    def _schema(self, schema: Any, path: tuple[str | int, ...]) -> Any:
        if not isinstance(schema, dict):
            return schema
        reference = schema.get("$ref")
        if isinstance(reference, str):
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            if self.uses[reference] == 1 and not beside:
                return self._schema(_target(self.document, reference), path)
            referring = {"$ref": f"#/{self.folder}/{self._definition(reference)}"}
            if self.is_old or not beside:  # the older versions pay no attention to what stands beside
                return referring
            return {**referring, **self._plain(beside, path)}
        return self._plain(schema, path)

    def _definition(self, reference: str) -> str:
        """The name of the definition that a reference leads to; it is made on first use."""
        if reference not in self.names:
            base = reference.rpartition("/")[2].replace("~1", "_").replace("~0", "_").replace("%", "_") or "root"
            name = base
            while name in self.definitions:
                name += "_"
            self.names[reference] = name
            self.definitions[name] = {}
            target = _target(self.document, reference)
            self.definitions[name] = self._schema(target, (self.folder, name))
        return self.names[reference]

    def _plain(self, schema: Mapping[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
        """A schema without a reference."""
        result: dict[str, Any] = {}
        for key, value in schema.items():
            here = (*path, key)
            if key in NAMED and isinstance(value, dict):
                result[key] = {
                    name: self._schema(part, (*here, name))
                    for name, part in value.items()
                    if not (key == "properties" and self._is_response_only(part, (*here, name)))
                }
            elif isinstance(value, list) and (key in LIST or key == "items"):
                result[key] = [self._schema(part, (*here, index)) for index, part in enumerate(value)]
            elif key in ONE:
                result[key] = self._schema(value, here)
            elif key in _ONLY_OPENAPI or key.startswith("x-"):
                self._drop(path, key)
            elif key == "example":
                result["examples"] = [value]
            elif key == "format" and not (isinstance(value, str) and value in FORMATS_OF_TEXT):
                if not self._set_bounds(schema, result):
                    self._drop(path, f"format: {value if isinstance(value, str) else shown(value)}")
            elif key not in ("nullable", "readOnly", "$schema"):
                result[key] = value
        properties = schema.get("properties")
        if isinstance(properties, dict) and isinstance(required := schema.get("required"), list):
            gone = properties.keys() - result["properties"].keys()
            result["required"] = [name for name in required if not (isinstance(name, str) and name in gone)]
        if self.is_old:
            self._replace_old_keywords(schema, result, path)
        return {key: value for key, value in result.items() if (key, value) != ("required", [])}

    def _is_response_only(self, schema: Any, path: tuple[str | int, ...]) -> bool:
        """Returns whether a member is in responses only, and lists it as dropped if so."""
        if not isinstance(schema, dict) or _resolved(self.document, schema).get("readOnly") is not True:
            return False
        self._drop(path, "readOnly: only answers have it")
        return True

    def _set_bounds(self, schema: Mapping[str, Any], result: dict[str, Any]) -> bool:
        """Converts a format of integers to bounds; returns whether it was one."""
        bounds = _BOUNDS.get(str(schema["format"]))
        if bounds is None or "number" in str(schema.get("type")):
            return False
        if "minimum" not in schema and "exclusiveMinimum" not in schema:
            result["minimum"] = bounds[0]
        if "maximum" not in schema and "exclusiveMaximum" not in schema:
            result["maximum"] = bounds[1]
        return True

    def _replace_old_keywords(
        self, schema: Mapping[str, Any], result: dict[str, Any], path: tuple[str | int, ...]
    ) -> None:
        """Replaces keywords that drafts since 06 write differently: `nullable`, and exclusive bounds."""
        for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(is_exclusive := result.get(exclusive), bool):
                del result[exclusive]
                if is_exclusive and bound in result:
                    result[exclusive] = result.pop(bound)
        if schema.get("nullable") is True or schema.get("x-nullable") is True:
            if isinstance(result.get("type"), str):
                result["type"] = [result["type"], "null"]
                if isinstance(values := result.get("enum"), list) and None not in values:
                    result["enum"] = [*values, None]
            else:
                self._drop(path, "nullable: it has no effect without a type")

    def _drop(self, path: tuple[str | int, ...], what: str) -> None:
        self.dropped.append((pointer(path), what))
