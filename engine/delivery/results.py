"""Takes results that `moemap transform` wrote: their requests are delivered unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..diagnostics.problem import Problem
from ..interpreter.outputs import output_specs
from ..jobs.rejects import reject_line
from ..jobs.summary import Summary
from ..language.rulebook import Rulebook
from ..runtime.batch import Record
from ..runtime.outputs import OutputSpec
from ..runtime.result import Request, Result
from ..values.kinds import kind

__all__ = ["RESULTS", "StoredResults"]

RESULTS = "results of "
"""The prefix of the mapping's name for inputs that are stored results, which are not mapped again."""

_MEMBERS = {"output", "method", "path", "query", "server", "headers", "body"}


class StoredResults:
    """Reads results where a Transform would map batches.

    A result may have been edited, or come from elsewhere: each request must be one that its output can send, and its
    body valid. In particular, no request goes to a server that the mapping does not name, since secrets are filled in.
    A result with a problem gives none of its requests.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self._specs = {spec.name: spec for spec in output_specs(rulebook)}
        self._schemas = rulebook.schemas
        self._name, self._version = rulebook.name, rulebook.version

    def mapped(self, records: Iterable[Record]) -> tuple[list[tuple[Record, Result]], Summary, bytes]:
        """Each record with its Result, their counts, and the rejects."""
        summary, rejects, found = Summary(), [], []
        for record in records:
            result = self._result(record)
            summary.add(record, result)
            if result.problems:
                rejects.append(reject_line(record, result, None, self._name, self._version))
            found.append((record, result))
        return found, summary, b"".join(rejects)

    def _result(self, record: Record) -> Result:
        value, problem = record.parse()
        if problem is not None:
            return Result((), (), (problem,))
        requests = value.get("requests") if isinstance(value, dict) else None
        if not isinstance(requests, list):
            reason = "it is no result of `moemap transform`: it has no list of requests"
            return Result((), (), (Problem.of("M503", input="", reason=reason),))
        read: list[Request] = []
        problems: list[Problem] = []
        for number, request in enumerate(requests):
            found = self._request(request)
            if isinstance(found, Request):
                read.append(found)
            else:
                name = request.get("output") if isinstance(request, dict) else None
                said = name if isinstance(name, str) and name in self._specs else f"{number + 1}."
                problems.append(Problem.of("M509", input=f"/requests/{number}", request=said, reason=found))
        return Result((), (), tuple(problems)) if problems else Result(tuple(read), (), ())

    def _request(self, given: Any) -> Request | str:
        """The request, or the reason why it is not sent."""
        if not isinstance(given, dict):
            return f"it must be an object, not {kind(given)}"
        if unknown := sorted(given.keys() - _MEMBERS):
            return f"it has the unknown member {unknown[0]!r}"
        spec = self._specs.get(name) if isinstance(name := given.get("output"), str) else None
        if spec is None:
            return f"the mapping has no output {given.get('output')!r}"
        if (reason := _off_target(given, spec)) is not None:
            return reason
        body = given.get("body")
        if (body is None) != (spec.body == "none"):
            return "it has no body" if body is None else "its output has no body"
        for schema in (spec.schema,) if body is not None else ():
            if schema is not None and (violations := self._schemas[schema].validator.violations(body)):
                first = next(iter(violations))
                return f"{first.pointer or 'the body'} {first.reason}"
        try:
            text, size = spec.measured(body)
        except TypeError as error:
            return f"it cannot be written: {error}"
        if spec.max_bytes is not None and size > spec.max_bytes:
            return f"its body has {size} bytes, more than {spec.max_bytes}"
        headers = {**spec.headers, **given.get("headers", {})}
        return Request(spec.name, spec.method, given["path"], given.get("query", {}), body, text, headers, spec.server)


def _off_target(given: dict[str, Any], spec: OutputSpec) -> str | None:
    """The reason why a request does not go where its output says; None if it does."""
    path, query, headers = given.get("path"), given.get("query", {}), given.get("headers", {})
    if given.get("method") != spec.method:
        return f"its method must be {spec.method}"
    if given.get("server") != spec.server:
        return f"its server must be {'that of the mapping' if spec.server is None else spec.server}"
    if not isinstance(path, str) or not path.startswith("/"):
        return "its path must begin with /"
    if not isinstance(query, dict):
        return f"its query must be an object, not {kind(query)}"
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        return "its headers must be an object of strings"
    return None
