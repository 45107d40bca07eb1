"""Hashes and encodings of strings, all of their bytes in UTF-8."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import quote, unquote

from ..errors import FunctionError, bounded
from ..registry import example, function, null_gives_null

__all__: list[str] = []


@function(
    "sha256(text: string|null) -> string|null",
    "The SHA-256 hash of the string, in lower-case hexadecimal digits.",
    example(
        "sha256(normalize_email('Ada@Example.org '))",
        "cfe00dde46ef942601ffafb9e2825e802858b460e586b8305b344c1eb826357d",
    ),
    masks=True,
)
@null_gives_null
def _func_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@function(
    "hmac_sha256(text: string|null, key: string) -> string|null",
    "The HMAC of the string with SHA-256 and the key, in lower-case hexadecimal digits. The key may be a "
    "[secret setting](language/settings.md#settings).",
    example(
        "hmac_sha256('order-1', settings.signing_key)",
        "991f81de59daae7e1cbc14087c20dbbf97f0aae67dcb16723d455ea53aa86db3",
        settings={"signing_key": "k"},
    ),
    masks=True,
)
@null_gives_null
def _func_hmac_sha256(text: str, key: str) -> str:
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()


@function(
    "base64_encode(text: string|null) -> string|null",
    "The string in Base64 (RFC 4648), with padding.",
    example("base64_encode('Zoë')", "Wm/Dqw=="),
)
@null_gives_null
def _func_base64_encode(text: str) -> str:
    encoded = base64.b64encode(text.encode()).decode()
    bounded("base64_encode", len(encoded))
    return encoded


@function(
    "base64_decode(text: string|null) -> string|null",
    "The string that was encoded in Base64, in the usual alphabet or in that for URLs, with or without padding.",
    example("base64_decode('Wm/Dqw==')", "Zoë"),
    example("base64_decode('Wm_Dqw')", "Zoë"),
)
@null_gives_null
def _func_base64_decode(text: str) -> str:
    letters = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise FunctionError("base64_decode() takes Base64 of a string in UTF-8 only") from None


@function(
    "url_encode(text: string|null) -> string|null",
    "The string as a part of a URL: all characters but letters of ASCII, digits and `-._~` are percent-encoded.",
    example("url_encode('a b/ü')", "a%20b%2F%C3%BC"),
)
@null_gives_null
def _func_url_encode(text: str) -> str:
    encoded = quote(text, safe="")
    bounded("url_encode", len(encoded))
    return encoded


@function(
    "url_decode(text: string|null) -> string|null",
    "The string with percent-encoded characters decoded; a `%` without two hexadecimal digits stays.",
    example("url_decode('a%20b%2F%C3%BC+100%')", "a b/ü+100%"),
)
@null_gives_null
def _func_url_decode(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise FunctionError("url_decode() takes text in UTF-8 only") from None
