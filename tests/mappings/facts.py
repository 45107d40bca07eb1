"""The vendors' facts about names and values, for the oracle of the mapping: in plain Python, without the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import floor
from typing import Any

JSON = Any

DEFAULTS: Mapping[str, Any] = {
    "identity": "customer_id", "objects": False, "tags": "drop", "unset_attributes": False, "amounts": "purchase",
    "advertising_ids": False, "timezone_offset": "omit", "push": False, "time_precision": "seconds",
    "require_gdpr_purpose": None, "respect_ccpa_opt_out": False, "project_name_from": None, "project_code": None,
}  # fmt: skip

NIL = "00000000-0000-0000-0000-000000000000"
FORBIDDEN = {
    "unknown", "guest", "null", "0", "1", "true", "false", "user_attribute_unique_id", "(empty)", "na", "n/a",
    "dummy_seller_code", "user_id", "id", "customer_id", "uid", "userid", "none", "-2", "-1", "2",
}  # fmt: skip
PLATFORMS = {
    "ios": "iOS", "android": "ANDROID", "web": "web", "mobileweb": "web", "tvos": "TV", "roku": "TV", "smart_tv":
    "TV", "smarttv": "TV", "fire_tv": "TV", "firetv": "TV", "xbox": "TV",
}  # fmt: skip
TELEVISIONS = {"tvos": "tvOS", "roku": "ROKU", "fire_tv": "FireOS", "firetv": "FireOS", "xbox": "Xbox"}
ACTIONS = {
    "add_to_cart", "remove_from_cart", "checkout", "checkout_option", "click", "view_detail", "purchase", "refund",
    "add_to_wishlist", "remove_from_wish_list",
}  # fmt: skip
PRODUCT = {
    "Id": "id", "Name": "name", "Category": "category", "Brand": "brand", "Price": "price", "Quantity": "quantity",
    "TotalProductAmount": "total_product_amount",
}  # fmt: skip
RESERVED = {
    "$firstname": "first_name", "$lastname": "last_name", "$mobile": "mobile", "$gender": "gender", "$age": "Age",
    "$address": "Address", "$city": "City", "$state": "State", "$zip": "Zip", "$country": "Country",
}  # fmt: skip
GENDERS = {"m": "male", "male": "male", "f": "female", "female": "female", "na": None}
BLOCKED = {
    "", "id", "_id", "uid", "status", "user_id", "source", "INSTALL", "UPDATE", "MOE_GAID", "t_rev", "t_trans",
    "u_s_c", "installed", "uninstall_time", "platforms", "addValueToArrayField", "removeValueFromArrayField",
}  # fmt: skip
TEXTS = {
    "name", "first_name", "last_name", "email", "mobile", "gender", "birthday", "geo", "moe_gaid", "u_em",
    "advertising_identifier", "moe_mobile", "moe_sms_subscription",
}  # fmt: skip
SCALARS = {"age", "revenue", "transaction", "transactions"}
BOOLEANS = {"push_preference", "moe_unsubscribe", "moe_hard_bounce", "moe_spam", "moe_sub_w", "moe_mweb"}
INTEGERS = {"u_l_a", "cr_t"}
STANDARD = TEXTS | SCALARS | BOOLEANS | INTEGERS | {"moe_email_optin_status"}
SIGNS = str.maketrans(dict.fromkeys("$.<>+%!`&*#|{}?\"=/:\\@' \t\n", "_"))


def obj(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def arr(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def there(value: JSON) -> bool:
    """Returns whether a value is not null, false, or empty."""
    return value not in (None, False, "", [], {}) or (isinstance(value, int | float) and not isinstance(value, bool))


def number(value: JSON) -> float | int | None:
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", value.strip()):
        return float(value) if "." in value else int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: JSON) -> int | None:
    found = number(value)
    return int(found) if found is not None and found == int(found) and -(2**63) <= found < 2**64 else None


def double(value: JSON) -> float | int | None:
    """A value as a double; a whole number only if a double represents it exactly."""
    found = number(value)
    return found if found is not None and float(found) == found else None


def text(value: JSON) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        digits = format(Decimal(repr(value)), "f")
        return (digits.rstrip("0").rstrip(".") if "." in digits else digits).replace("-0", "0", value == 0)
    return str(value) if isinstance(value, int | str) else None


def boolean(value: JSON) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def moment(value: JSON, precision: str) -> str | None:
    found = number(value)
    if found is None or not -62135596800000 <= found < 253402300800000:
        return None
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=floor(found))
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond // 1000:03}Z" if precision != "seconds" else "Z")


def compact(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def latest(entries: list[tuple[JSON, Any]]) -> Iterator[Any]:
    """The values in the order of their times; those without a time first, those of one time in their order."""
    timed = [(found, entry) for time, entry in entries if (found := number(time)) is not None]
    yield from (entry for time, entry in entries if number(time) is None)
    yield from (entry for _, entry in sorted(timed, key=lambda pair: pair[0]))


def present(**members: JSON) -> dict[str, JSON]:
    return {name: value for name, value in members.items() if value is not None}


def attribute(value: JSON, objects: bool) -> JSON:
    """An attribute in a form that MoEngage accepts, or None."""
    if isinstance(value, list):
        kept = [element for element in value if element is not None]
        kinds = {"number" if number(e) is not None and not isinstance(e, str) else type(e).__name__ for e in kept}
        if len(kinds) > 1 or "bool" in kinds:
            return [compact(e) if isinstance(e, list | dict) else text(e) for e in kept]
        if "list" in kinds or ("dict" in kinds and not objects) or (value and not kept):
            return None
        return [made for e in kept if (made := first_level(e))] if "dict" in kinds else kept
    if isinstance(value, dict):
        return (first_level(value) or None) if objects else None
    return value


def first_level(value: dict[str, JSON]) -> dict[str, JSON]:
    made: dict[str, JSON] = {}
    for name, member in value.items():
        if isinstance(member, dict):
            inner = {k: compact(v) if isinstance(v, list | dict) else v for k, v in member.items()}
            made[name] = present(**inner) or None
        else:
            made[name] = compact(member) if isinstance(member, list) else member
    return present(**made)
