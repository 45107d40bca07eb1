"""Drafts the requests of an operation: the server, the path, the query and the headers.

A parameter takes a member of the input with its name. A required one that the input does not have becomes a setting;
secrets, and segments of the path without a source, become placeholders for whoever sends the requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..checks.requests import HEADER_NAME
from .guessing import Guesses, ReadableMembers, kinds_of, members_of, part_of, singular, words_of
from .openapi import FORM, ApiParameter, Operation
from .servers import ServerUrl
from .writing import placeholder

__all__ = ["RequestDraft"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NOT_SENT = frozenset({"accept", "authorization", "content-type"})
"""Headers that OpenAPI does not allow as parameters."""
_SECRETS = (("password",), ("secret",), ("api", "key"), ("apikey",), ("access", "token"), ("auth", "token"))
"""The last words of the names of parameters that hold secrets."""
_WHAT = {"query": "the parameter", "header": "the header"}
_FILLED_IN = "is filled in by whoever sends the requests"

Json = dict[str, Any]


@dataclass
class RequestDraft:
    """The draft of an operation's request."""

    operation: Operation
    scope: ReadableMembers
    taken: set[str]
    """The names of all settings."""
    settings: Json = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    found: int = 0
    """The number of parameters that have a source in the scope."""

    def request(self) -> Json:
        """The value of `request` of the output."""
        path = self.path()
        made: Json = {"method": self.operation.method, "path": path if path.startswith("/") else f"/{path}"}
        of_secrets = {where: self.secrets(where) for where in ("query", "header")}
        query = of_secrets["query"] | self.parameters("query", of_secrets["query"])
        headers = self.parameters("header", of_secrets["header"])
        made |= {"query": query} if query else {}
        made |= {"headers": headers} if headers else {}
        if self.operation.media_type == FORM:
            whole = self.operation.schema or {}
            elements = (part_of(one, whole).get("items") for one in members_of(whole, whole).values())
            made["form"] = "indices" if any(members_of(one, whole) for one in elements) else self.operation.form
        return made

    def server(self) -> Json:
        """The value of `server` of the mapping."""
        servers = self.operation.servers
        media_type = self.operation.media_type
        headers = {"Content-Type": media_type} if media_type not in (None, FORM) else {}
        headers |= {name: value["const"] for name, value in self.secrets("header").items()}
        for where, name, value in self.operation.secrets:
            secret = _PLACEHOLDER.findall(value)[-1]  # a name may have braces, too
            self.notes.append(f"{_WHAT[where]} {name}: {{{secret}}} {_FILLED_IN}")
        return {"url": self.url(servers), **({"headers": headers} if headers else {})}

    def secrets(self, where: str) -> Json:
        return {name: {"const": value} for place, name, value in self.operation.secrets if place == where}

    # The server

    def url(self, servers: tuple[ServerUrl, ...]) -> Any:
        if len(servers) > 1 and not any(_PLACEHOLDER.search(server.url) for server in servers):
            urls = [server.url for server in servers]
            setting = {"enum": urls, "default": urls[0], "description": "The server that the requests go to."}
            return {"from": f"settings.{self.setting('server', setting)}"}
        first, *others = servers
        self.notes += [f"the server: the API also has {other.url}" for other in others]
        known: dict[str, str] = {}

        def written(match: re.Match[str]) -> str:
            name = match[1]
            if name not in first.variables:
                self.notes.append(f"the server: {{{placeholder(name)}}} {_FILLED_IN}")
                return f"{{{placeholder(name)}}}"
            if name not in known:
                default, values = first.variables[name]
                setting = {**({"enum": list(values)} if default in values else {}), "default": default}
                description = f"The {name} in the URL of the server."
                known[name] = self.setting(placeholder(name), {**setting, "description": description})
            return f"{{{{ settings.{known[name]} }}}}"

        return _PLACEHOLDER.sub(written, first.url)

    def setting(self, name: str, setting: Json) -> str:
        """Adds a setting with this name, or a similar one that is free; returns the name."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        self.settings[name] = setting
        return name

    # Parameters

    def path(self) -> str:
        declared = {one.name: one.schema for one in self.operation.parameters if one.where == "path"}
        path = self.operation.path

        def written(match: re.Match[str]) -> str:
            schema = declared.get(match[1], {"type": "string"})
            made = self.guessed(_typed(part_of(schema, schema)), schema, match[1], path[: match.start()])
            source = made.get("from") if isinstance(made, dict) else made
            if not isinstance(source, str) or part_of(schema, schema).get("type") in ("array", "object"):
                self.notes.append(f"the path: {{{placeholder(match[1])}}} {_FILLED_IN}")
                return f"{{{placeholder(match[1])}}}"
            self.found += 1
            return "{{ " + re.sub(r'\.("(?:[^"\\]|\\.)*")', r"[\1]", source) + " }}"

        return _PLACEHOLDER.sub(written, path)

    def guessed(self, part: Json, whole: Json, name: str, path: str) -> Any:
        """The field of a parameter whose source has its name, or the last name of the path and its name; else None."""
        static = [one for one in path.split("/") if one and "{" not in one]
        for names in ((name,), (singular(static[-1], ()), name)) if static else ((name,),):
            guesses = Guesses(whole, taken=self.taken)
            made = guesses.field(part, self.scope, names, required=False)
            if guesses.found:
                return made
        return None

    def parameters(self, where: str, known: Json) -> Json:
        """The parameters of the query, or headers, that are required or have a source."""
        lower = {name.lower() for name in known} | (_NOT_SENT if where == "header" else frozenset())
        made = {}
        for one in self.operation.parameters:
            name = one.name
            if one.where != where or name.lower() in lower:
                continue
            if where == "header":
                lower.add(name.lower())
                if not HEADER_NAME.fullmatch(name):
                    self.notes.append(f"the header {name}: left out, since headers have no such names")
                    continue
            if _is_secret(words_of(name)):
                if one.is_required:
                    made[name] = {"const": f"{{{placeholder(name)}}}"}
                    self.notes.append(f"{_WHAT[where]} {name}: {{{placeholder(name)}}} {_FILLED_IN}")
                continue
            value = self.parameter(one)
            if value is not None:
                made[name] = value
        return made

    def parameter(self, one: ApiParameter) -> Any:
        what = _WHAT[one.where]
        part = _typed(part_of(one.schema, one.schema))
        items = _typed(part_of(part.get("items", {}), one.schema))
        part |= {"items": items}
        is_list = part.get("type") == "array"
        if "object" in (part.get("type"), items.get("type")) or "properties" in part:
            self.notes.append(f"{what} {one.name}: left out, since it is an object as text")
            return None
        made = self.guessed(part, one.schema, one.name, self.operation.path)
        if made is not None and is_list and one.separator is not None:
            if not isinstance(made, str) or items.get("type") != "string":
                self.notes.append(f"{what} {one.name}: left out, since it is a list to be joined to one text")
                return None
            made = f"{made} && join('{one.separator}', {made})"
        if made is not None:
            self.found += 1
            return made
        guesses = Guesses(one.schema, taken=self.taken)
        made = guesses.field(items if is_list else part, self.scope, (one.name,), required=one.is_required)
        self.notes += [f"{what} {note}" for note in guesses.notes]
        self.settings |= guesses.settings
        return made


def _typed(part: Json) -> Json:
    """A schema with a `type`: if it has none, the types that a parameter can have."""
    return part if kinds_of(part) else {**part, "type": ["string", "number", "boolean"]}


def _is_secret(words: tuple[str, ...]) -> bool:
    return words == ("token",) or any(words[-len(last) :] == last for last in _SECRETS)
