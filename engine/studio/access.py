"""Access to Studio: only for browsers that had the token, under the names of this machine."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

__all__ = ["Access"]

_BYTES = 32
_MOST_PAGES = 20
_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Access:
    """The host names under which Studio answers, the token that opens it once, and the cookies of admitted browsers.

    `renewed` is called with a new token when one was used; without it, there is only one token.
    """

    def __init__(self, port: int, renewed: Callable[[str], None] | None = None) -> None:
        self.hosts = frozenset(f"{name}:{port}" for name in _NAMES) | (frozenset(_NAMES) if port == 80 else frozenset())
        self.cookie = f"moemap-studio-{port}"  # cookies do not tell ports apart
        self.token: str | None = secrets.token_urlsafe(_BYTES)
        self._renewed = renewed
        self._entered: list[str] = []

    def knows_host(self, host: str | None) -> bool:
        """Returns whether the host of a request is a name of this machine, not one that only resolves to it."""
        return host is not None and host.lower() in self.hosts

    def knows_origin(self, origin: str | None, host: str | None) -> bool:
        """Returns whether a request comes from a page of Studio itself."""
        return self.knows_host(host) and origin is not None and origin.lower() == f"http://{host}".lower()

    def enter(self, token: object) -> str | None:
        """The value of a cookie in exchange for the token, which is valid once; None for a wrong token."""
        if not isinstance(token, str) or self.token is None or not _same(token, self.token):
            return None
        self.token = None
        if self._renewed is not None:
            self.token = secrets.token_urlsafe(_BYTES)
            self._renewed(self.token)
        entered = secrets.token_urlsafe(_BYTES)
        self._entered = [*self._entered[1 - _MOST_PAGES :], entered]
        return entered

    def knows_cookie(self, cookie: str | None) -> bool:
        """Returns whether a request comes from a browser that had a token."""
        return cookie is not None and any(_same(cookie, one) for one in self._entered)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
