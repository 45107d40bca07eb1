"""The texts of each format, on which the libraries agree."""

from __future__ import annotations

import jsonschema_rs
import pytest

from moemap.engine.schemas.formats import FORMATS_OF_TEXT
from moemap.engine.schemas.schema import Validator, schema_of

DRAFT = "http://json-schema.org/draft-07/schema#"
TEXTS: dict[str, tuple[list[str], list[str]]] = {
    "date": (["2026-01-31", "2024-02-29", "0000-01-01"], ["2026-02-29", "2026-1-1", "\uff12026-01-01", "2026-01-31\n"]),
    "time": (["12:00:00Z", "23:59:60Z", "22:59:60-01:00", "12:00:00.5+01:00"], ["12:00:00", "12:59:60Z", "24:00:00Z"]),
    "date-time": (["2026-01-31T23:59:59Z", "2026-01-31t23:59:59.1z"], ["2026-01-31 23:59:59Z", "2026-01-31", "x"]),
    "email": (["a@b.c", '"a b"@c.de', "a@[127.0.0.1]", "a@[IPv6:::1]"], ["a", "a..b@c", "a@-b", "\xe9@b.c", "a@b@c "]),
    "idn-email": (["\xe9@\xfc.de"], ["a b@c"]),
    "hostname": (["a.b", "1.2"], ["-a", "a-", "a_b", "a.", "x" * 64]),
    "idn-hostname": (["\xe9.de"], ["a b"]),
    "ipv4": (["127.0.0.1"], ["256.1.1.1", "01.1.1.1", "1.1.1"]),
    "ipv6": (
        ["::1", "1::", "::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"],
        ["1::2::3", "12345::", "1.2.3.4::", ":1", ":::"],
    ),
    "uri": (
        ["http://a/b?c#d", "mailto:a@b", "urn:x:y", "http://[::1]:80/x"],
        ["/x", "http://a b", "http://a:x", "a:%zz"],
    ),
    "uri-reference": (["a", "/x", "#y", "//x/y"], ["1a:b", "a b", "\\"]),
    "iri": (["http://\xe9/\xfc"], ["\xe9"]),
    "iri-reference": (["\xe9"], ["\xe9 b"]),
    "uri-template": (["http://a/{b,c*}", "{+x:3}"], ["{", "a b"]),
    "json-pointer": (["", "/a~0"], ["a", "/a~2"]),
    "relative-json-pointer": (["0", "1/a", "0#"], ["01", "a"]),
}


@pytest.mark.parametrize("name", sorted(FORMATS_OF_TEXT))
def test_formats(name: str) -> None:
    good, bad = TEXTS[name]
    schema = {"$schema": DRAFT, "format": name}
    ours, library = Validator(schema_of(schema)), jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    assert [text for text in good if not (ours.is_valid(text) and library.is_valid(text))] == []
    assert [text for text in bad if ours.is_valid(text) or library.is_valid(text)] == []
    assert ours.is_valid(5)
