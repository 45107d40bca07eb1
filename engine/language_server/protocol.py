"""The messages of the Language Server Protocol: each request is answered, also one that the protocol does not allow."""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

__all__ = ["AnsweringProtocol"]


class AnsweringProtocol(LanguageServerProtocol):
    """The protocol of pygls, which alone would leave a request without an answer if its parameters cannot be read."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Reads a message. Raises JsonRpcException if it is refused; a request has been answered then."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            reason = f"the protocol has no such parameters of {data.get('method')}"
            refusal = JsonRpcInvalidParams(reason)
            if "method" in data and isinstance(data.get("id"), int | str):
                self._send_response(data["id"], error=refusal.to_response_error())
            raise refusal from None
