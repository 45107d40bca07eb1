"""Results as text: a JSON document for each batch, the requests alone, bulk bodies, or commands for a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from ..runtime.result import Request, Result
from ..values.placeholders import PLACEHOLDER
from .dispatch import Dispatch

__all__ = ["FORMATS", "OutputFormat", "curl", "json_line", "output_format", "render"]

_MAX_ARGUMENT = 120_000
"""The maximum size of an argument in bytes: Linux allows 128 KiB, which an indented body may exceed."""

Writer = Callable[[Result, Dispatch, bool], Iterable[bytes]]


class OutputFormat(NamedTuple):
    """A format of results: its description for the help, and a function that writes a Result as pieces of whole lines.

    `ending` is the suffix of its files, None for that of JSON. The pieces of a `bundled` format are bodies, which a
    Bundler combines across batches.
    """

    help: str
    write: Writer
    ending: str | None = None
    bundled: bool = False


FORMATS: dict[str, OutputFormat] = {}
"""All formats by name, first the default."""


def output_format(
    name: str, help: str, *, ending: str | None = None, bundled: bool = False
) -> Callable[[Writer], Writer]:
    """Declares a format that the decorated function writes."""

    def declared(write: Writer) -> Writer:
        FORMATS[name] = OutputFormat(help, write, ending, bundled)
        return write

    return declared


def render(results: Iterable[Result], dispatch: Dispatch, format_: str, *, pretty: bool) -> Iterator[bytes]:
    """The text of the results in pieces, each of whole lines."""
    write = FORMATS[format_].write
    for result in results:
        yield from write(result, dispatch, pretty)


@output_format("result", "results with everything that was skipped")
def _result(result: Result, _dispatch: Dispatch, pretty: bool) -> Iterator[bytes]:
    requests = [_document(request, pretty=pretty) for request in result.requests]
    yield json_line({**result._replace(requests=()).to_json(), "requests": requests}, pretty=pretty)


@output_format("requests", "only the requests")
def _requests(result: Result, _dispatch: Dispatch, pretty: bool) -> Iterator[bytes]:
    return (json_line(_document(request, pretty=pretty), pretty=pretty) for request in result.requests)


@output_format("bulk", "bulk bodies", bundled=True)
def _bulk(result: Result, _dispatch: Dispatch, _pretty: bool) -> Iterator[bytes]:
    return (request.text for request in result.requests)


@output_format("curl", "shell commands", ending="sh")
def _curl(result: Result, dispatch: Dispatch, pretty: bool) -> Iterator[bytes]:
    return (curl(request, dispatch, pretty=pretty) for request in result.requests)


def _document(request: Request, *, pretty: bool) -> dict[str, Any]:
    """The request as JSON, with its body as serialized already unless it is to be indented."""
    document = request.to_json()
    if not pretty and request.text[:1] in (b"{", b"["):  # else it is short, or no JSON
        document["body"] = orjson.Fragment(request.text)
    return document


def json_line(value: Any, *, pretty: bool) -> bytes:
    """A value as JSON with a line end, indented if `pretty`."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if pretty else 0))


def curl(request: Request, dispatch: Dispatch, *, pretty: bool) -> bytes:
    """A shell command that sends the request, and fails if the receiver refuses it.

    Placeholders such as {app_id} become shell variables: those of the Dispatch, or else the name in capitals, APP_ID.
    The shell stops if one is not set.
    """
    variables = dispatch.variables
    parts = [f"curl --fail-with-body --request {request.method} {_quoted(dispatch.url_of(request), variables)}"]
    headers = dispatch.headers_of(request).items()
    parts += [f"--header {_quoted(f'{name}: {value}', variables)}" for name, value in headers]
    if request.body is None:
        return _command(parts, pretty=pretty)
    body = request.text.decode()
    if pretty and body.startswith(("{", "[")):
        indented = orjson.dumps(request.body, option=orjson.OPT_INDENT_2)
        body = indented.decode() if len(indented) <= _MAX_ARGUMENT else body
    parts.append(f"--data-raw {shlex.quote(body)}")
    return _command(parts, pretty=pretty)


def _command(parts: list[str], *, pretty: bool) -> bytes:
    return (" \\\n  " if pretty else " ").join(parts).encode() + b"\n"


def _quoted(text: str, variables: Mapping[str, str]) -> str:
    """A text quoted for a shell, in which only the placeholders are expanded, as variables."""

    def variable(match: re.Match[str]) -> str:
        return f"${{{variables.get(match[1], match[1].upper())}:?is not set}}"

    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{PLACEHOLDER.sub(variable, escaped)}"'
