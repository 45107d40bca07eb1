"""Members that a schema marks as personal: `"x-personal": "email"` beside the other keywords of the member.

The mark says of which category the value is, or of which it may be (a list). `"x-personal-names": {"nickname": "name"}`
on an object marks members by their names in any letter case, and with `"*"` all others, where no schema lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..values.kinds import shown
from .keywords import LIST, ONE

__all__ = ["CATEGORIES", "OTHER_NAMES", "PERSONAL", "PERSONAL_NAMES", "applied", "below", "categories_in", "flaw_of"]

PERSONAL = "x-personal"
OTHER_NAMES = "*"
PERSONAL_NAMES = "x-personal-names"
CATEGORIES: Mapping[str, str] = {
    "address": "a postal address, or a part of one",
    "advertising_id": "an id for advertising",
    "birth": "a date of birth, or an age",
    "device_id": "an id of a device, or of an installation",
    "email": "an email address",
    "financial": "an account, a card, or a tax number",
    "free_form": "whatever a sender puts there, which may be personal",
    "gender": "a gender",
    "ip_address": "an IP address",
    "location": "a position, or a place derived from one",
    "name": "a name of a person",
    "phone": "a telephone number",
    "photo": "a picture of a person, or its address",
    "sensitive": "health, religion, politics, origin, orientation and the like",
    "token": "a credential, or a token such as one for push messages",
    "user_agent": "the user agent of a browser",
    "user_id": "an id of a user",
}
"""The categories of personal values, each with a description."""
_IN_PLACE = ("allOf", "anyOf", "oneOf")
_ONE_IN_PLACE = ("if", "then", "else")


def flaw_of(keyword: str, value: Any) -> str | None:
    """The flaw of the value of one of the keywords, or None."""
    if keyword == PERSONAL_NAMES:
        if not isinstance(value, dict):
            return f"{shown(value)} is not an object of names and categories"
        return next((flaw for one in value.values() if (flaw := flaw_of(PERSONAL, one)) is not None), None)
    if not isinstance(value, str | list) or not value:
        return f"{shown(value)} is not a category"
    unknown = [one for one in categories_in(value) if not isinstance(one, str) or one not in CATEGORIES]
    return f"{shown(unknown[0])} is not a category" if unknown else None


def categories_in(value: Any) -> list[Any]:
    """The categories that a mark names: one, or a list."""
    return value if isinstance(value, list) else [value]


def applied(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Any]:
    """The subschemas of one in normal form that apply to the same value, without that of `not`."""
    if "$ref" in part:
        yield definitions[part["$ref"]]
    for keyword in _IN_PLACE:
        yield from part.get(keyword, ())
    yield from (part[keyword] for keyword in _ONE_IN_PLACE if keyword in part)
    yield from part.get("dependentSchemas", {}).values()


def below(part: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Any]]:
    """The subschemas of one in normal form that apply to values inside of the value: keyword, member's name, schema."""
    for keyword, value in part.items():
        if keyword == "properties":
            yield from ((keyword, name, one) for name, one in value.items())
        elif keyword == "patternProperties":
            yield from ((keyword, None, one) for one in value.values())
        elif keyword in LIST and keyword not in _IN_PLACE:
            yield from ((keyword, None, one) for one in value)
        elif keyword in ONE and keyword not in (*_ONE_IN_PLACE, "not"):
            yield keyword, None, value
