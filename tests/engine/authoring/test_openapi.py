"""Operations of OpenAPI documents: their schemas stand alone, and what is left out is listed."""

from __future__ import annotations

from typing import Any

import pytest

from moemap.engine.authoring import OpenApiError, operation_of
from moemap.engine.authoring.servers import secrets_of, servers_of
from moemap.engine.schemas.schema import schema_of


def document(schema: Any, version: str = "3.0.3", **components: Any) -> dict[str, Any]:
    body = {"content": {"application/json; charset=utf-8": {"schema": schema}}}
    return {
        "openapi": version,
        "paths": {"/users/{id}/events": {"post": {"operationId": "track", "requestBody": body}}},
        "components": {"schemas": components},
    }


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


USER = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}

SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "a reference used once is put in place": (document(ref("User"), User=USER), USER, []),
    "a reference used twice is a definition": (
        document({"properties": {"a": ref("User"), "b": ref("User")}}, User=USER),
        {
            "properties": {"a": {"$ref": "#/definitions/User"}, "b": {"$ref": "#/definitions/User"}},
            "definitions": {"User": USER},
        },
        [],
    ),
    "a schema that refers to itself": (
        document(ref("Tree"), Tree={"properties": {"children": {"type": "array", "items": ref("Tree")}}}),
        {
            "allOf": [{"$ref": "#/definitions/Tree"}],
            "definitions": {
                "Tree": {"properties": {"children": {"type": "array", "items": {"$ref": "#/definitions/Tree"}}}}
            },
        },
        [],
    ),
    "nullable": (
        document({"type": "string", "nullable": True, "enum": ["a"]}),
        {"type": ["string", "null"], "enum": ["a", None]},
        [],
    ),
    "nullable without a type": (
        document({"allOf": [{"type": "string"}], "nullable": True}),
        {"allOf": [{"type": "string"}]},
        [("", "nullable: it has no effect without a type")],
    ),
    "members called as keywords are members": (
        document({"type": "object", "properties": {"nullable": {"type": "boolean"}, "x-y": {"type": "string"}}}),
        {"type": "object", "properties": {"nullable": {"type": "boolean"}, "x-y": {"type": "string"}}},
        [],
    ),
    "exclusive bounds": (
        document({"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False}),
        {"type": "number", "exclusiveMinimum": 0, "maximum": 9},
        [],
    ),
    "formats": (
        document(
            {
                "properties": {
                    "at": {"type": "string", "format": "date-time"},
                    "count": {"type": "integer", "format": "int32"},
                    "total": {"type": "number", "format": "double"},
                }
            }
        ),
        {
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "count": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
                "total": {"type": "number"},
            }
        },
        [("/properties/total", "format: double")],
    ),
    "members of answers": (
        document(
            {
                "properties": {"id": {"readOnly": True}, "name": {"type": "string"}},
                "required": ["id", "name"],
                "discriminator": {"propertyName": "name"},
                "x-internal": True,
            }
        ),
        {"properties": {"name": {"type": "string"}}, "required": ["name"]},
        [("/properties/id", "readOnly: only answers have it"), ("", "discriminator"), ("", "x-internal")],
    ),
    "version 3.1 keeps what stands beside a reference": (
        document({"properties": {"a": {**ref("User"), "description": "d"}}}, "3.1.0", User=USER),
        {"properties": {"a": {"$ref": "#/$defs/User", "description": "d"}}, "$defs": {"User": USER}},
        [],
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas(name: str) -> None:
    given, wanted, dropped = SCHEMAS[name]
    operation = operation_of(given, "track")
    assert operation.schema is not None
    schema = dict(operation.schema)
    is_new = given["openapi"].startswith("3.1")
    dialect = "https://json-schema.org/draft/2020-12/schema" if is_new else "http://json-schema.org/draft-07/schema#"
    assert schema.pop("$schema") == dialect
    assert schema == wanted
    assert list(operation.dropped) == dropped
    schema_of(operation.schema)  # can be used


def test_an_operation_is_found_by_its_id_or_method_and_path() -> None:
    given = document({"type": "object"})
    for name in ("track", "POST /users/{id}/events"):
        operation = operation_of(given, name)
        assert (operation.name, operation.method, operation.path) == ("track", "POST", "/users/{id}/events")
        assert operation.media_type == "application/json"


def test_parameters_of_paths_and_operations() -> None:
    given = document({"type": "object"})
    given["components"]["parameters"] = {"Id": {"in": "path", "name": "id", "required": True}}
    item = given["paths"]["/users/{id}/events"]
    item["parameters"] = [{"$ref": "#/components/parameters/Id"}]
    item["post"]["parameters"] = [{"in": "query", "name": "dry"}, {"in": "cookie", "name": "session"}]
    found = operation_of(given, "track").parameters
    assert [one[:3] for one in found] == [("path", "id", True), ("query", "dry", False)]


def test_swagger() -> None:
    body = {"in": "body", "name": "it", "schema": {"$ref": "#/definitions/User"}}
    form = [{"in": "formData", "name": "code", "type": "string", "required": True}]
    given = {
        "swagger": "2.0",
        "paths": {"/a": {"post": {"parameters": [body]}, "put": {"parameters": form}, "get": {}}},
        "definitions": {"User": USER},
    }
    posted, put, got = (operation_of(given, f"{method} /a") for method in ("POST", "PUT", "GET"))
    dialect = {"$schema": "http://json-schema.org/draft-07/schema#"}
    assert posted.schema == {**dialect, **USER}
    assert put.media_type == "application/x-www-form-urlencoded"
    assert put.schema == {
        **dialect, "type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"],
    }  # fmt: skip
    assert (got.media_type, got.schema) == (None, None)


REFUSED: dict[str, tuple[Any, str, str | None]] = {
    "no object": ([], "is no OpenAPI document: it has no `paths`", None),
    "no version": (
        {"paths": {}}, "is no OpenAPI document of version 2 or 3: it has neither `openapi` nor `swagger`", None,
    ),
    "unknown operation": (
        {**document({}), "paths": {"/a": {"get": {"operationId": "trak"}}}},
        "has no operation 'track'",
        "did you mean 'trak'?",
    ),
    "another document": (
        document({"$ref": "user.yaml#/User"}),
        "refers to another document: user.yaml#/User",
        "join the documents into one first, with a bundler",
    ),
    "nowhere": (
        document(ref("Usr"), User=USER), "has a reference that leads nowhere: #/components/schemas/Usr", None,
    ),
    "neither JSON nor a form": (
        {
            "openapi": "3.0.0",
            "paths": {"/a": {"put": {"operationId": "track", "requestBody": {"content": {"text/csv": {}}}}}},
        },
        "has an operation whose body is neither JSON nor a form, but text/csv",
        None,
    ),
    "a request that mappings do not make": (
        {"openapi": "3.0.0", "paths": {"/a": {"head": {"operationId": "track"}}}},
        "has 'track', which is a HEAD request; mappings make none",
        None,
    ),
    "a file": (
        {
            "swagger": "2.0",
            "paths": {"/a": {"post": {"operationId": "track", "parameters": [{"in": "formData", "type": "file"}]}}},
        },
        "has an operation that takes a file, which requests of mappings do not carry",
        None,
    ),
    "in a circle": (
        {"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}}},
        "has a reference that leads back to itself: #/paths/~1b",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused(name: str) -> None:
    given, message, hint = REFUSED[name]
    with pytest.raises(OpenApiError) as caught:
        operation_of(given, "track")
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_schemas_nested_without_end_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"not": deep}
    with pytest.raises(OpenApiError, match=r"^has schemas that are nested more than 100 levels deep$"):
        operation_of(document(deep), "track")


SERVERS: dict[str, tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]] = {
    "none": ({}, [("https://{host}", {})]),
    "relative": ({"servers": [{"url": "/api/v3/"}]}, [("https://{host}/api/v3", {})]),
    "several": (
        {"servers": [{"url": "https://a.b/"}, {"url": "http://c.d/e?f"}]}, [("https://a.b", {}), ("http://c.d/e", {})],
    ),
    "variables": (
        {"servers": [{"url": "{p}://{r}.a.b/{base}", "variables": {
            "p": {"enum": ["https"], "default": "https"}, "r": {"default": "eu"}, "base": {"default": "v1/x"},
        }}]},
        [("{p}://{r}.a.b/v1/x", {"p": ("https", ("https",)), "r": ("eu", ())})],
    ),
    "a name that is no variable": ({"servers": [{"url": "{p}://a.b"}]}, [("https://{host}/{p}://a.b", {})]),
    "swagger": ({"swagger": "2.0", "host": "a.b", "basePath": "/c/", "schemes": ["http"]}, [("http://a.b/c", {})]),
    "swagger without a host": ({"swagger": "2.0"}, [("https://{host}", {})]),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVERS)
def test_servers(name: str) -> None:
    given, wanted = SERVERS[name]
    assert [(one.url, one.variables) for one in servers_of(given, {}, {})] == wanted


def test_the_nearest_servers_count() -> None:
    one, two, three = ({"servers": [{"url": f"https://{host}"}]} for host in ("a", "b", "c"))
    assert [servers_of(*given)[0].url for given in ((one, two, three), (one, two, {}), (one, {}, {}))] == [
        "https://c", "https://b", "https://a",
    ]  # fmt: skip


SCHEMES = {
    "basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "sign_in": {"type": "oauth2"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "SID"},
    "certificate": {"type": "mutualTLS"},
}


@pytest.mark.parametrize(
    ("security", "wanted"),
    [
        ([{"basic": []}], [("header", "Authorization", "Basic {credentials}")]),
        ([{}, {"bearer": []}], [("header", "Authorization", "Bearer {access_token}")]),
        ([{"sign_in": ["read"]}, {"basic": []}], [("header", "Authorization", "Bearer {access_token}")]),
        ([{"header": [], "query": []}], [("header", "X-API-Key", "{api_key}"), ("query", "key", "{key}")]),
        ([{"cookie": []}], [("header", "Cookie", "SID={sid}")]),
        ([{"certificate": []}], []),
        ([{"unknown": []}], []),
        ([], []),
    ],
)
def test_secrets_are_placeholders(security: Any, wanted: list[tuple[str, str, str]]) -> None:
    given = {"components": {"securitySchemes": SCHEMES}, "security": [{"basic": []}]}
    assert list(secrets_of(given, {"security": security})) == wanted
    assert list(secrets_of({"securityDefinitions": SCHEMES, "security": security}, {})) == wanted
