"""Batches for the benchmarks: three events each, the same for the same seed, in any number.

    python benchmarks/generate.py --count 20000 > batches.ndjson
    python benchmarks/generate.py --megabytes 1000 > large.ndjson

A batch depends only on the seed and its own number, so that any part of the stream can be made without the rest. The
data is like that of a shop's apps: a few attributes and members are missing, some names are in another letter case,
some amounts are text, some attributes are tags (null), some texts are not ASCII.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

import orjson

__all__ = ["SEED", "batch", "batches", "lines", "megabytes"]

SEED = 20_260_131
DISTINCT = 5_000
"""The number of batches after which a stream that is measured in megabytes begins again."""

_START_MS = 1_767_182_400_000
_FIRST_NAMES = ("Asha", "Bram", "Chloé", "Dmitri", "Elif", "Farah", "Günther", "Hana", "Iván", "Jun", "Keiko", "Léa")
_LAST_NAMES = ("Rao", "de Vries", "Martin", "Ivanov", "Yavaş", "Haddad", "Müller", "Kim", "García", "Sato", "Novák")
_CITIES = (
    ("Pune", "MH", "IN"),
    ("Utrecht", "UT", "NL"),
    ("Lyon", "ARA", "FR"),
    ("Köln", "NW", "DE"),
    ("Osaka", "", "JP"),
)
_PRODUCTS = (
    ("SKU-TEE-BLU-M", "Harbour Tee", "Apparel/T-Shirts", 24.5),
    ("SKU-MUG-01", "Hill Mug", "Home/Kitchen", 12.0),
    ("SKU-LAMP-7", "Reading Lamp", "Home/Lighting", 89.9),
    ("SKU-BOOT-3", "Trail Boots", "Footwear", 120),
    ("SKU-BAG-11", "Sac à dos", "Bags", 64.95),
    ("SKU-CAP-2", "Cap", "Apparel/Hats", 15),
    ("SKU-PEN-9", "Füller „Elbe“", "Stationery", 31.4),
)
_LISTS = ("Recommended for you", "Recently viewed", "New arrivals", "Top rated", "Sale")
_SEARCHES = ("boots", "blue tee", "größe 42", "desk lamp", "mug")
_PHONES = (
    ("Google", "Pixel 6", "Android", "14"),
    ("Samsung", "SM-S911B", "Android", "15"),
    ("Apple", "iPhone15,2", "iOS", "17.5.1"),
)


def batch(number: int, seed: int = SEED) -> dict[str, Any]:
    """The batch with this number: a dict with three events, valid by the schema of batches."""
    random = Random(seed * 1_000_003 + number)  # noqa: S311  nothing here is secret
    moment = _START_MS + number * 1_000 + random.randrange(1_000)
    customer = f"cust-{random.randrange(10_000, 99_999)}"
    session = _uuid(random)
    maker, model, platform, system = random.choice(_PHONES)
    made = {
        "source_request_id": _uuid(random),
        "environment": "production",
        "mpid": random.randrange(-(2**53), 2**53),
        "mp_deviceid": _uuid(random),
        "timestamp_unixtime_ms": moment + 5_000,
        "user_identities": {
            "customer_id": customer,
            "email": f"{customer}@example.com",
            "mobile_number": f"+49151{random.randrange(10**7, 10**8)}",
            "other": f"crm-{random.randrange(10**6)}",
        },
        "user_attributes": _user_attributes(random),
        "device_info": {
            "brand": maker.lower(),
            "product": model.lower(),
            "device": model,
            "device_manufacturer": maker,
            "platform": platform,
            "os_version": system,
            "device_model": model,
            "screen_height": 2400,
            "screen_width": 1080,
            "screen_dpi": 420,
            "locale_language": "en",
            "locale_country": "IN",
            "network_country": "in",
            "network_carrier": random.choice(("Airtel", "Odido", "Telekom")),
            "timezone_offset": random.randrange(-8, 10),
            "is_tablet": False,
            "limit_ad_tracking": random.random() < 0.3,
            "is_dst": False,
        },
        "application_info": {
            "application_name": "Harbour & Hill",
            "application_version": f"6.{random.randrange(9)}.1",
            "application_build_number": "6410",
            "package": "shop.harbourhill.app",
            "os": platform,
        },
        "consent_state": {
            "gdpr": {
                purpose: _consent(random, moment) for purpose in ("analytics", "Marketing emails", "location-sharing")
            },
            "ccpa": {"data_sale_opt_out": _consent(random, moment)},
        },
        "context": {"data_plan": {"plan_id": "shop_plan", "plan_version": 3}},
        "ip": f"203.0.113.{random.randrange(256)}",
        "sdk_version": "5.61.0",
        "events": [
            _event(random, session, moment, "custom_event", _custom(random)),
            _event(random, session, moment + 250, "commerce_event", _purchase(random, number)),
            _event(random, session, moment + 500, "commerce_event", _impressions(random)),
        ],
    }
    if random.random() < 0.02:
        made["timestamp_unixtime_ms"] = str(made["timestamp_unixtime_ms"])
    return made


def batches(count: int | None = None, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """The first `count` batches, or an endless stream."""
    return (batch(number, seed) for number in islice(numbers(), count))


def lines(count: int | None = None, seed: int = SEED) -> Iterator[bytes]:
    """The same as NDJSON, line breaks included."""
    return (orjson.dumps(made, option=orjson.OPT_APPEND_NEWLINE) for made in batches(count, seed))


def megabytes(size: float, seed: int = SEED) -> Iterator[bytes]:
    """NDJSON of at least `size` million bytes in pieces of many lines; it repeats itself, which is quick to make."""
    block = b"".join(lines(DISTINCT, seed))
    left = int(size * 1_000_000)
    while left >= len(block):
        yield block
        left -= len(block)
    if left > 0:
        yield block[: block.index(b"\n", left - 1) + 1]


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _consent(random: Random, moment: int) -> dict[str, Any]:
    return {
        "consented": random.random() < 0.7,
        "document": "privacy_v3",
        "timestamp_unixtime_ms": moment - random.randrange(10**9),
        "location": "17 Harbour Street",
        "hardware_id": _uuid(random),
    }


def _user_attributes(random: Random) -> dict[str, Any]:
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    city, state, country = random.choice(_CITIES)
    attributes: dict[str, Any] = {
        "$FirstName": first,
        "$LastName": last,
        "$Gender": random.choice(("F", "M", "female", "Male", "NA", "non-binary")),
        "$Age": random.choice((random.randrange(18, 90), str(random.randrange(18, 90)))),
        "$Address": f"{random.randrange(1, 200)} Harbour Street",
        "$City": city,
        "$State": state,
        "$Zip": str(random.randrange(10_000, 99_999)),
        "$Country": country,
        "loyalty_tier": random.choice(("bronze", "silver", "gold")),
        "lifetime_orders": random.randrange(40),
        "average_order_value": round(random.uniform(5, 300), 2),
        "newsletter": random.random() < 0.5,
        "favourite_categories": random.sample(("Apparel", "Home", "Footwear", "Bags", "Stationery"), 3),
        "sizes": random.sample((38, 39.5, 41, 42, 43.5), 2),
        "referrer": "https://harbourhill.example/welcome?utm_source=mail",
        "birthday": f"{random.randrange(1940, 2008)}-0{random.randrange(1, 10)}-17",
    }
    if random.random() < 0.1:
        attributes["vip"] = None
    if random.random() < 0.05:
        attributes = {name.lower() if name.startswith("$") else name: value for name, value in attributes.items()}
    return attributes


def _event(random: Random, session: str, moment: int, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    common = {
        "timestamp_unixtime_ms": moment,
        "source_message_id": _uuid(random),
        "session_uuid": session,
        "session_start_unixtime_ms": moment - random.randrange(10**6),
    }
    return {"event_type": event_type, "data": {**common, **data}}


def _custom(random: Random) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "query": random.choice(_SEARCHES),
        "results": random.randrange(200),
        "filters": random.sample(("size", "colour", "price", "brand"), 2),
        "from_voice": random.random() < 0.1,
        "latency": round(random.uniform(0.02, 2), 3),
    }
    if random.random() < 0.05:
        attributes["suggestion"] = None
    return {"event_name": "Searched", "custom_event_type": "search", "custom_attributes": attributes}


def _amount(random: Random, value: float) -> float | str:
    """An amount as SDKs send it: a number, now and then as text."""
    return str(value) if random.random() < 0.03 else value


def _product(random: Random, position: int, entry: tuple[str, str, str, float]) -> dict[str, Any]:
    key, name, category, price = entry
    quantity = random.randrange(1, 4)
    product: dict[str, Any] = {
        "id": key,
        "name": name,
        "brand": "Harbour & Hill",
        "category": category,
        "variant": random.choice(("Blue / M", "Red / L", "330 ml")),
        "position": position,
        "price": _amount(random, price),
        "quantity": quantity,
        "total_product_amount": _amount(random, round(price * quantity, 2)),
    }
    if random.random() < 0.6:
        product["custom_attributes"] = {
            "material": random.choice(("organic cotton", "stoneware", "leather")),
            "gift_wrap": random.choice(("true", "false")),
            "stock": random.randrange(100),
        }
    return product


def _purchase(random: Random, number: int) -> dict[str, Any]:
    products = [_product(random, position, random.choice(_PRODUCTS)) for position in (1, 2, 3)]
    total = round(sum(float(product["total_product_amount"]) for product in products), 2)
    action: dict[str, Any] = {
        "action": "purchase",
        "transaction_id": f"ORD-{number:08}",
        "affiliation": "App",
        "total_amount": _amount(random, total),
        "tax_amount": _amount(random, round(total * 0.19, 2)),
        "shipping_amount": random.choice((0, 4.99, 7.5)),
        "products": products,
    }
    if random.random() < 0.3:
        action["coupon_code"] = "NEWYEAR"
    return {
        "product_action": action,
        "currency_code": random.choice(("EUR", "INR", "USD")),
        "screen_name": "Order complete",
        "is_non_interactive": False,
        "custom_attributes": {
            "payment_method": random.choice(("UPI", "card", "iDEAL")),
            "is_first_order": random.choice(("true", "false")),
        },
    }


def _impressions(random: Random) -> dict[str, Any]:
    return {
        "product_impressions": [
            {
                "product_impression_list": name,
                "products": [_product(random, position, random.choice(_PRODUCTS)) for position in (1, 2)],
            }
            for name in random.sample(_LISTS, 2)
        ],
        "currency_code": "EUR",
        "screen_name": "Home",
        "custom_attributes": {"slots": 4, "layout": random.choice(("grid", "list"))},
    }


def main() -> None:
    """Writes batches to standard output."""
    parser = argparse.ArgumentParser(description="Writes batches to standard output, one a line.")
    parser.add_argument("--count", type=int, default=20_000, help="how many batches (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--megabytes", type=float, help="this many million bytes instead; repeats itself")
    given = parser.parse_args()
    made = lines(given.count, given.seed) if given.megabytes is None else megabytes(given.megabytes, given.seed)
    sys.stdout.buffer.writelines(made)


if __name__ == "__main__":
    main()
