"""Random batches, the same for the same seed: made up, or damaged samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["damaged", "made_up", "samples"]

JSON = Any

NIL = "00000000-0000-0000-0000-000000000000"
ODD: list[JSON] = [
    None, True, False, 0, 1, 7, -3, 2.5, 12.0, 0.1, 9007199254740993, "", " ", "x", "7", " 8 ", "2.50", "1_0", "٣",
    "true", "FALSE", "é", [], {}, [1], ["a", None], ["a", 1], [True, False], [[1]], [{"k": "v"}, None],
    {"a": {"b": {}}}, {"k": [1, "x"], "n": None}, 1e21, "moe_x", "NA", "M",
]  # fmt: skip
TIMES = [
    0, 1, 1767182400, 1767182400000, 1767182400123, "1767182400500", "1767182400", 1767182400123.5, None, "soon",
    1e18,
]  # fmt: skip
NAMES = [
    "$FirstName", "$firstname", "$LastName", "$MOBILE", "$Gender", "$age", "$Age", "$Zip", "$City", "City", "plan",
    "id", "", "source", "moe_unsubscribe", "moe_own", "age", "email", "u_l_a", "moe_email_optin_status", "tags", "Id",
    "Total Amount", "event_source", "moe_project_name", "brand_name", "a.b", "customer_id", "ID", "first_name",
]  # fmt: skip
KINDS = [
    "customer_id", "customerId", "CustomerID", "Customer ID", "email", "Email", "email_address", "mobile_number",
    "mobileNumber", "facebook",
]  # fmt: skip
IDS = ["u-1001", "u-1002", "guest", "x", 90210, "a@x.com", "", None, ["u"]]
PURPOSES = [
    "marketing", "Marketing", " marketing ", "ads & more", "ads_&_more", "",
]  # fmt: skip
PLATFORMS = [
    "iOS", "Android", "ANDROID", "web", "MobileWeb", "tvOS", "smart_tv", "roku", "alexa", "", None, 5,
]  # fmt: skip
ACTIONS = [
    "purchase", "purchase", "click", "refund", "add_to_cart", "remove_from_wish_list", "view", "unknown", 1, 2, 3,
    True, None,
]  # fmt: skip


def samples() -> list[JSON]:
    """The sample batches of the repository, and those from public reports; messages of the Firehose are none."""
    root = Path(__file__).parents[2]
    reports = root / "mappings" / "mparticle-moengage" / "v1" / "tests" / "reports"
    found: list[JSON] = []
    for path in sorted([*(root / "examples").glob("*.json"), *reports.glob("*.json")]):
        content = json.loads(path.read_text("utf-8"))
        found += content if isinstance(content, list) else [content]
    return [sample for sample in found if sample.get("type") != "event_processing_request"]


def copied(value: JSON) -> JSON:
    """A deep copy, in which no part is in two places, since places are found by identity."""
    return json.loads(json.dumps(value))


def some(chance: Random, **members: Callable[[], JSON]) -> dict[str, JSON]:
    """An object with some of the members, sometimes one of another kind."""
    kept = [name for name in members if chance.random() < 0.75]
    return {name: chance.choice(ODD) if chance.random() < 0.04 else members[name]() for name in kept}


def few(chance: Random, make: Callable[[], JSON], most: int = 3) -> list[JSON]:
    return [chance.choice(ODD) if chance.random() < 0.04 else make() for _ in range(chance.randint(0, most))]


def attributes(chance: Random) -> dict[str, JSON]:
    return {chance.choice(NAMES): chance.choice(ODD) for _ in range(chance.randint(0, 6))}


def product(chance: Random) -> dict[str, JSON]:
    names = ("id", "name", "brand", "category", "price", "quantity", "total_product_amount")
    made = {name: chance.choice(ODD) for name in names if chance.random() < 0.4}
    return made | some(chance, custom_attributes=lambda: attributes(chance))


def action(chance: Random) -> dict[str, JSON]:
    """An action on products or promotions."""
    return some(
        chance,
        action=lambda: chance.choice(ACTIONS),
        transaction_id=lambda: chance.choice(ODD),
        total_amount=lambda: chance.choice(ODD),
        tax_amount=lambda: chance.choice(ODD),
        products=lambda: few(chance, lambda: product(chance)),
        promotions=lambda: few(chance, lambda: some(chance, id=lambda: "P", position=lambda: 2)),
    )


def impressions(chance: Random) -> list[JSON]:
    def shown() -> JSON:
        return some(
            chance,
            product_impression_list=lambda: chance.choice(["Deals", "", " ", "\t", 7]),
            products=lambda: few(chance, lambda: product(chance), 1),
        )

    return few(chance, shown, 2)


def identity(chance: Random) -> dict[str, JSON]:
    """An entry of the list of identities, or one side of a change."""
    return some(
        chance,
        identity_type=lambda: chance.choice(KINDS),
        identity=lambda: chance.choice(IDS),
        timestamp_unixtime_ms=lambda: chance.choice(TIMES),
    )


def consent(chance: Random) -> JSON:
    def given() -> JSON:
        return chance.choice([True, False, "true"])

    state = some(chance, consented=given, timestamp_unixtime_ms=lambda: chance.choice(TIMES))
    return state if chance.random() < 0.8 else None


def event(chance: Random) -> dict[str, JSON]:
    """An event of a mapped type, or of another one."""
    data: dict[str, Callable[[], JSON]] = {
        "timestamp_unixtime_ms": lambda: chance.choice(TIMES),
        "custom_attributes": lambda: attributes(chance),
    }
    about = chance.choice(["product_action", "product_action", "promotion_action", "product_impressions"])
    made = impressions if (about == "product_impressions") == (chance.random() < 0.9) else action
    more: dict[str, dict[str, Callable[[], JSON]]] = {
        "custom_event": {
            "event_name": lambda: chance.choice(["Tapped", "Video Watched", " ", "moe_x", 5, *ODD]),
            "custom_event_type": lambda: chance.choice(["other", "attribution"]),
        },
        "commerce_event": {
            about: lambda: made(chance),
            "currency_code": lambda: "EUR",
        },
        "user_attribute_change": {
            "user_attribute_name": lambda: chance.choice(NAMES),
            "new": lambda: chance.choice(ODD),
            "deleted": lambda: chance.choice([True, False, "true", None]),
        },
        "user_identity_change": {"new": lambda: identity(chance), "old": lambda: identity(chance)},
        "push_registration": {
            "register": lambda: chance.choice([True, False, "False"]),
            "registration_token": lambda: chance.choice(["token-1", "token-2", "", None, [1]]),
        },
        "session_start": {},
        "": {},
    }
    event_type = chance.choice([*more, "commerce_event", "custom_event"])
    return {"event_type": event_type, "data": some(chance, **data, **more[event_type])}


def made_up(chance: Random) -> dict[str, JSON]:
    """A batch with some of everything."""

    def state() -> JSON:
        return consent(chance)

    def notification() -> JSON:
        data = some(chance, purpose=lambda: chance.choice(PURPOSES), current=state)
        return {"type": chance.choice(["gdpr_change", "other"]), "data": data}

    batch = some(
        chance,
        user_attributes=lambda: attributes(chance),
        deleted_user_attributes=lambda: few(chance, lambda: chance.choice(NAMES)),
        mpid=lambda: chance.choice([42, "4711", 0, "0", -5045766802590845105, None]),
        mp_deviceid=lambda: chance.choice(["7d5a7b52-0f0c-4a5e-9a0c-55f6b2f7a001", NIL, ""]),
        timestamp_unixtime_ms=lambda: chance.choice(TIMES),
        device_info=lambda: some(
            chance,
            platform=lambda: chance.choice(PLATFORMS),
            timezone_offset=lambda: chance.choice([0, 5, 5.5, -8, 330, -18000, "5.75", "IST", 15.0, 15.25]),
            ios_advertising_id=lambda: chance.choice([NIL, "", "613ce7f6-6dbd-4a1d-9a2c-3e5d4c0e9a11"]),
            android_advertising_id=lambda: chance.choice([NIL, None, "5f9e1c6e-27f4-4a3c-8c1b-2f7f0a6b1d22"]),
            ios_idfv=lambda: "0b7f5a52-3c0e-4f4d-9a77-6f1d2b8c9e10",
            os_version=lambda: chance.choice([14, 17.5, "14"]),
        ),
        application_info=lambda: some(
            chance, os=lambda: chance.choice(PLATFORMS), application_version=lambda: chance.choice(["6.4.1", 6, 6.5])
        ),
        consent_state=lambda: some(
            chance,
            gdpr=lambda: {chance.choice(PURPOSES): state() for _ in range(3)},
            ccpa=lambda: some(chance, data_sale_opt_out=state, other=state),
        ),
        system_notifications=lambda: few(chance, notification),
        events=lambda: few(chance, lambda: event(chance), 5),
    )
    made = {chance.choice(KINDS): chance.choice(IDS) for _ in range(3)}
    listed = few(chance, lambda: identity(chance), 4)
    batch["user_identities"] = listed if chance.random() < 0.3 else {"customer_id": "u-1001"} | made
    whole: dict[str, JSON] = copied(batch)
    return whole


def damaged(chance: Random, batch: JSON) -> JSON:
    """The batch with a few places of it removed, replaced, doubled, or spelt otherwise."""
    batch = copied(batch)
    for _ in range(chance.randint(1, 4)):
        parent, key = _place(chance, batch)
        if parent is None:
            break
        match chance.randrange(4):
            case 0:
                del parent[key]
            case 1:
                parent[key] = copied(chance.choice(ODD))
            case 2 if isinstance(parent, list):
                parent.append(copied(parent[key]))
            case 2:
                parent[chance.choice(NAMES)] = copied(parent[key])
            case _ if isinstance(parent, dict):
                parent[chance.choice([str.upper, str.title, str.swapcase])(key)] = parent.pop(key)
    return batch


def _place(chance: Random, node: JSON) -> tuple[Any, Any]:
    """An object or a list in the batch, and one of its keys."""
    parent, key = None, None
    while isinstance(node, dict | list) and node and (parent is None or chance.random() < 0.75):
        parent, key = node, chance.choice([*node] if isinstance(node, dict) else range(len(node)))
        node = parent[key]
    return parent, key
