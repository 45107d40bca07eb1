"""Takes the servers and the secrets of an operation's requests from an OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .writing import placeholder

__all__ = ["ServerUrl", "secrets_of", "servers_of"]

_HOST = "https://{host}"
"""The URL of a server that a document does not name."""


class ServerUrl(NamedTuple):
    """The URL of a server, with the defaults and the possible values, if known, of the variables in it ({name})."""

    url: str
    variables: Mapping[str, tuple[str, tuple[str, ...]]]


def servers_of(
    document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]
) -> tuple[ServerUrl, ...]:
    """The servers of an operation: its own, else those of its path, else those of the document, else `_HOST`."""
    if "swagger" in document:
        return (_of_swagger(document, operation),)
    for owner in (operation, item, document):
        given = owner.get("servers")
        if isinstance(given, list) and (found := [_server(one) for one in given if isinstance(one, dict)]):
            return tuple(found)
    return (ServerUrl(_HOST, {}),)


def _of_swagger(document: Mapping[str, Any], operation: Mapping[str, Any]) -> ServerUrl:
    schemes = operation.get("schemes") or document.get("schemes") or ["https"]
    host = document.get("host") if isinstance(document.get("host"), str) else "{host}"
    scheme = "https" if "https" in str(schemes) else "http"
    return ServerUrl(_cut(f"{scheme}://{host}{document.get('basePath', '')}"), {})


def _server(given: Mapping[str, Any]) -> ServerUrl:
    url = str(given.get("url", ""))
    variables = {}
    declared = given.get("variables")
    for name, one in (declared if isinstance(declared, dict) else {}).items():
        if not isinstance(one, dict):
            continue
        default = str(one.get("default", ""))
        values = tuple(str(value) for value in one["enum"]) if isinstance(one.get("enum"), list) else ()
        if all(re.fullmatch(r"[A-Za-z0-9._-]+", value) for value in (default, *values)):
            variables[str(name)] = default, values
        else:  # a part of a path, or a whole URL
            url = url.replace(f"{{{name}}}", default)
    first = variables.get(url.partition("}")[0].removeprefix("{"), ("", ()))
    if not re.match(r"https?://[^/]", url) and not {"http", "https"}.issuperset(first[1] or first[:1]):
        url = f"{_HOST}/{url.lstrip('/')}"  # relative to the document
    return ServerUrl(_cut(url), {name: one for name, one in variables.items() if f"{{{name}}}" in url})


def _cut(url: str) -> str:
    return re.split(r"[?#\s]", url)[0].rstrip("/")


def secrets_of(document: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """The headers and query parameters that hold secrets: place, name, and value with placeholders.

    If an operation has several ways of authentication, they are those of the first that needs any.
    """
    components = document.get("components")
    schemes = (components.get("securitySchemes") if isinstance(components, dict) else None) or document.get(
        "securityDefinitions"
    )
    required = operation.get("security", document.get("security"))
    ways = [one for one in required if isinstance(one, dict) and one] if isinstance(required, list) else []
    if not ways or not isinstance(schemes, dict):
        return ()
    found = (_secret(schemes[name]) for name in ways[0] if isinstance(schemes.get(name), dict))
    return tuple({(one[0], one[1].lower()): one for one in found if one is not None}.values())


def _secret(scheme: Mapping[str, Any]) -> tuple[str, str, str] | None:
    kind, name = scheme.get("type"), str(scheme.get("name", ""))
    if kind == "apiKey" and name:
        value = f"{{{placeholder(re.sub(r'(?i)^x-', '', name))}}}"
        if scheme.get("in") == "cookie":
            return "header", "Cookie", f"{name}={value}"
        return ("query" if scheme.get("in") == "query" else "header"), name, value
    if kind == "basic" or (kind == "http" and str(scheme.get("scheme")).lower() == "basic"):
        return "header", "Authorization", "Basic {credentials}"
    if kind in ("http", "oauth2", "openIdConnect"):
        return "header", "Authorization", "Bearer {access_token}"
    return None
