"""The OpenAPI description of the service that receives batches."""

from __future__ import annotations

from typing import Any

from ..jobs.input import MAX_RECORD_BYTES

__all__ = ["ENCODINGS", "MAX_BODY_BYTES", "PATH", "TYPES", "description"]

PATH = "/v1/batches"
TYPES = frozenset({"application/json", "application/x-ndjson", "application/ndjson", "application/json-seq"})
ENCODINGS = {"gzip": b"\x1f\x8b", "identity": b"", "zstd": b"\x28\xb5\x2f\xfd"}
"""The content encodings, with the first bytes of what is encoded so."""
MAX_BODY_BYTES = MAX_RECORD_BYTES
"""The maximum size of a body in bytes, also after decompression."""

_Json = dict[str, Any]


def description(mapping: str, *, has_authorization: bool) -> _Json:
    """The document for the service of a mapping `name@version`."""
    security: _Json = {"security": [{"agreed": []}]} if has_authorization else {}
    refusals = {
        "400": "The body cannot be read.",
        "408": "The body took too long.",
        "413": f"The body has more than {MAX_BODY_BYTES} bytes.",
        "415": "The content type or encoding is not known.",
        "503": "Nothing can be taken now; try again after `Retry-After` seconds.",
        **({"401": "The Authorization header is not the one that was agreed."} if has_authorization else {}),
    }
    take = {
        "summary": "Take one batch, a list of batches, or one a line.",
        "description": "A batch that was taken before is known, and not taken again.",
        "requestBody": {
            "required": True,
            "content": {type_: {"schema": {} if type_ == "application/json" else _TEXT} for type_ in sorted(TYPES)},
        },
        "responses": {
            "202": _response("All requests of the batches are on the disk.", "taken"),
            **{status: _response(text, "refused") for status, text in sorted(refusals.items())},
        },
        **security,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Batches for {mapping}", "version": mapping.partition("@")[2] or "0"},
        "paths": {
            PATH: {"post": take},
            "/healthz": {"get": _status("The service runs.", {})},
            "/readyz": {"get": _status("The service takes batches.", {"503": refusals["503"]})},
            "/metrics": {
                "get": {
                    "summary": "Counts and times, in the text format of Prometheus.",
                    "responses": {"200": {"description": "All metrics.", "content": {"text/plain": {"schema": _TEXT}}}},
                }
            },
            "/openapi.json": {"get": _status("This document.", {})},
        },
        "components": {
            "schemas": _SCHEMAS,
            **(
                {"securitySchemes": {"agreed": {"type": "apiKey", "in": "header", "name": "Authorization"}}}
                if has_authorization
                else {}
            ),
        },
    }


_TEXT: _Json = {"type": "string"}
_COUNT: _Json = {"type": "integer", "minimum": 0}
_PROBLEMS: _Json = {"type": "array", "items": {"type": "object", "required": ["code", "severity", "message"]}}
_SCHEMAS: _Json = {
    "taken": {
        "type": "object",
        "required": ["inputs", "known", "requests", "problems", "more"],
        "properties": {"inputs": _COUNT, "known": _COUNT, "requests": _COUNT, "problems": _PROBLEMS, "more": _COUNT},
        "additionalProperties": False,
    },
    "refused": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _TEXT, "problems": _PROBLEMS, "more": _COUNT},
        "additionalProperties": False,
    },
}


def _response(text: str, schema: str) -> _Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text, "content": content}


def _status(text: str, others: _Json) -> _Json:
    own = {"description": text, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "summary": text,
        "responses": {"200": own, **{status: _response(reason, "refused") for status, reason in others.items()}},
    }
