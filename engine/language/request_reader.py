"""Reads how and where requests are sent: servers, paths, parameters and headers."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics.problem import Problem
from ..source.nodes import Node, ScalarNode
from ..templates.filters import PARAMETER_GUARD, SEGMENT_GUARD
from ..values.coercion import HEADER, PARAMETER, WRITTEN_HEADER, WRITTEN_PARAMETER, CoercionError, coerce
from ..values.kinds import shown
from .decoder import Keys, read_text
from .field_reader import FieldReader
from .keys import Key
from .rulebook import ABSENT, Const, Field, From, RequestLine, Server, Text

__all__ = ["RequestReader"]

_WRITTEN = {PARAMETER: WRITTEN_PARAMETER, HEADER: WRITTEN_HEADER}


class RequestReader(FieldReader):
    """Reads the parts of requests other than bodies, as fields whose values can be sent."""

    def request(self, keys: Keys, key: Key) -> RequestLine | None:
        node = keys.take(key.name, required=key.required)
        return None if node is None else self.part(self.keys(node, key.name, "request"), RequestLine)

    def server(self, keys: Keys, key: Key) -> Server | None:
        node = keys.take(key.name, required=key.required)
        return None if node is None else self.part(self.keys(node, key.name, "server"), Server)

    def path(self, keys: Keys, key: Key) -> Field | None:
        node = keys.scalar(key.name, required=key.required)
        text = None if node is None else read_text(node, self.problems, SEGMENT_GUARD)
        if node is None or text is None:
            return None
        return Field(name=key.name, source=text, node=node, on_problem="reject")

    def parameters(self, keys: Keys, key: Key) -> tuple[Field, ...]:
        return tuple(self.sent(field, PARAMETER) for field in self.fields(keys.entries(key.name)))

    def headers(self, keys: Keys, key: Key) -> tuple[Field, ...]:
        return tuple(self.sent(field, HEADER) for field in self.fields(keys.entries(key.name)))

    def sent(self, field: Field, type_: str) -> Field:
        """Wraps the field of a query parameter or a header in one that converts its value to one that can be sent.

        Only constants and templates can have {placeholders}: no value of a batch may be taken for one.
        """
        written = _WRITTEN[type_]
        field = replace(field, keep_null=False)
        source, default = field.source, field.default
        if isinstance(source, Text):
            source = read_text(source.node, [], PARAMETER_GUARD) or source
        try:
            default = default if default in (ABSENT, None) else coerce(default, written)
        except CoercionError as error:
            what, found = f"'default' of {field.name!r}", shown(default)
            problem = Problem.of("M114", field.place, hint=str(error), what=what, found=found, wanted=type_)
            self.problems.append(problem)
        return replace(
            field,
            source=From((replace(field, source=source, when=None, default=ABSENT, required=False),)),
            table=None,
            type=written if isinstance(source, Const | Text) else type_,
            items=None,
            decimals=None,
            time=None,
            default=default,
            on_problem="reject" if field.on_problem == "keep" else field.on_problem,
        )

    def server_url(self, keys: Keys, key: Key) -> Field | None:
        node = keys.take(key.name, required=key.required)
        return None if node is None else self.templated(key.name, node)

    def server_headers(self, keys: Keys, key: Key) -> tuple[Field, ...]:
        read = [(name, self.templated(name.text, node)) for name, node in keys.entries(key.name)]
        return tuple(
            replace(self.sent(field, HEADER), type=WRITTEN_HEADER, name_node=name)
            for name, field in read
            if field is not None
        )

    def templated(self, name: str, node: Node) -> Field | None:
        """A field whose short form is a template."""
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            return self.field(name, node)
        text = read_text(node, self.problems)
        return None if text is None else Field(name=name, source=text, node=node)
