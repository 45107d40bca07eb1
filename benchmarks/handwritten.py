"""The shipped mapping for the batches of `generate.py`, written by hand, to compare moemap with.

It is production code of an engineer who knows that these batches come: identities as an object, custom events, product
actions, impressions, consents, and the default settings of the mapping. The requests are those of moemap, byte for
byte. It lacks everything else: reasons for skipped values, problems with their places, promotions, changes of
attributes and identities, push tokens, settings.

    python benchmarks/handwritten.py batches.ndjson > bodies.ndjson
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

__all__ = ["CUSTOMER_PATH", "EVENT_PATH", "Validation", "transform"]

CUSTOMER_PATH = "/v1/customer/{app_id}"
EVENT_PATH = "/v1/event/{app_id}"
MAX_BYTES = 128_000

Object = dict[str, Any]

_NIL_UUID = "00000000-0000-0000-0000-000000000000"
_FORBIDDEN_IDS = frozenset([
    "unknown", "guest", "null", "0", "1", "true", "false", "user_attribute_unique_id", "(empty)", "na", "n/a",
    "dummy_seller_code", "user_id", "id", "customer_id", "uid", "userid", "none", "-2", "-1", "2",
])  # fmt: skip
_PLATFORMS = {
    "ios": "iOS", "android": "ANDROID", "web": "web", "mobileweb": "web", "tvos": "TV", "roku": "TV",
    "smart_tv": "TV", "smarttv": "TV", "fire_tv": "TV", "firetv": "TV", "xbox": "TV",
}  # fmt: skip
_TELEVISIONS = {"tvos": "tvOS", "roku": "ROKU", "fire_tv": "FireOS", "firetv": "FireOS", "xbox": "Xbox"}
_GENDERS = {"m": "male", "male": "male", "f": "female", "female": "female", "na": None}
_PRODUCT_ACTIONS = frozenset([
    "purchase", "add_to_cart", "remove_from_cart", "checkout", "checkout_option", "click", "view_detail", "refund",
    "add_to_wishlist", "remove_from_wish_list",
])  # fmt: skip
_RESERVED = frozenset([
    "$firstname", "$lastname", "$mobile", "$gender", "$age", "$address", "$city", "$state", "$zip", "$country",
])  # fmt: skip
_RESIDENCE = tuple((name, f"${name.lower()}") for name in ("Address", "City", "State", "Zip", "Country"))
_EMAIL_STATUSES = {
    "double_opted_in": "DOUBLE_OPTED_IN", "opted_out": "OPTED_OUT", "opt_in_pending": "OPT_IN_PENDING",
    "double opted in": "Double opted in", "opted out": "Opted out", "optin pending": "Optin pending",
}  # fmt: skip
_SLUG = str.maketrans(dict.fromkeys("$.<>+%!`&*#|{}?\"=/:\\@' \t\n", "_"))
_EPOCH = datetime(1970, 1, 1)


# Values


def text(value: Any) -> str | None:
    """A value as text: numbers in plain decimals without a trailing `.0`; None for null, lists and objects."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]  # a text of the batch, whose type is any
    if kind is int:
        return str(value)
    if kind is float:
        shortest = repr(value)
        if "e" in shortest:
            shortest = format(Decimal(shortest), "f")
        shortest = shortest.removesuffix(".0")
        return "0" if shortest == "-0" else shortest
    if kind is bool:
        return "true" if value else "false"
    return None


def number(value: Any) -> float | None:
    """A number, or text that is one, as a double; None for everything else."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]  # a double of the batch, whose type is any
    if kind is int or kind is str:
        try:
            return float(value)
        except (ValueError, OverflowError):
            return None
    return None


def integer(value: Any) -> int | None:
    """A whole number, or text that is one; None for everything else."""
    if type(value) is int:
        return value
    double = number(value)
    return int(double) if double is not None and double.is_integer() else None


def boolean(value: Any) -> bool | None:
    """A boolean, or the text of one; None for everything else."""
    if type(value) is bool:
        return value
    return {"true": True, "false": False}.get(value.lower()) if type(value) is str else None


def plain_list(values: list[Any]) -> list[Any] | None:
    """A list that MoEngage accepts: of strings or of numbers, mixed ones as strings; None for other elements."""
    kinds = set(map(type, values))
    if kinds <= {str} or kinds <= {int, float}:
        return values
    kinds.discard(type(None))
    if bool in kinds or len({float if kind is int else kind for kind in kinds}) > 1:
        scalars = (str, int, float, bool)
        return [
            text(value) if type(value) in scalars else orjson.dumps(value).decode()
            for value in values
            if value is not None
        ]
    if list in kinds or dict in kinds:
        return None
    return [value for value in values if value is not None]


def utc(milliseconds: Any) -> str | None:
    """Milliseconds since 1970 as `2026-01-31T23:59:59Z`; None for other values."""
    if type(milliseconds) is not int:
        milliseconds = number(milliseconds)
        if milliseconds is None:
            return None
    return (_EPOCH + timedelta(0, milliseconds // 1000)).isoformat() + "Z"


# Users


def _drop(_value: Any) -> None:
    return None


def _scalar(value: Any) -> Any:
    return value if type(value) in (str, int, float) else None


def _email_status(value: Any) -> str | None:
    return _EMAIL_STATUSES.get(value.casefold()) if type(value) is str else None


# Attributes that MoEngage gives a meaning of its own: what becomes of their values.
_STANDARD: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        ["", "id", "_id", "uid", "status", "user_id", "source", "INSTALL", "UPDATE", "MOE_TIME_FORMAT",
         "MOE_TIME_TIMEZONE", "MOE_GAID", "MOE_ISLAT", "USER_ATTRIBUTE_UNIQUE_ID", "USER_ATTRIBUTE_USER_EMAIL",
         "USER_ATTRIBUTE_USER_MOBILE", "USER_ATTRIBUTE_USER_NAME", "USER_ATTRIBUTE_USER_GENDER",
         "USER_ATTRIBUTE_USER_FIRST_NAME", "USER_ATTRIBUTE_USER_LAST_NAME", "USER_ATTRIBUTE_USER_BDAY",
         "USER_ATTRIBUTE_NOTIFICATION_PREF", "USER_ATTRIBUTE_OLD_ID", "USER_ATTRIBUTE_DND_START_TIME",
         "USER_ATTRIBUTE_DND_END_TIME", "t_rev", "t_trans", "u_s_c", "locale_language_display",
         "locale_country_display", "uninstall_time", "installed", "platforms", "addValueToArrayField",
         "removeValueFromArrayField"],
        _drop,
    ),
    **dict.fromkeys(
        ["name", "first_name", "last_name", "email", "mobile", "gender", "birthday", "geo", "u_n", "u_fn", "u_ln",
         "u_gd", "u_em", "u_mb", "u_bd", "created_time", "last_seen", "publisher_name", "campaign_name",
         "advertising_identifier", "moe_gaid", "moe_mobile", "moe_em_unsub_categories", "moe_sms_subscription"],
        text,
    ),
    **dict.fromkeys(["age", "revenue", "transaction", "transactions"], _scalar),
    **dict.fromkeys(
        ["push_preference", "moe_unsubscribe", "moe_hard_bounce", "moe_spam", "moe_wa_subscription", "moe_sub_w",
         "moe_mweb", "moe_email_open_tracking_consent"],
        boolean,
    ),
    "u_l_a": integer,
    "cr_t": integer,
    "moe_email_optin_status": _email_status,
}  # fmt: skip


def user(batch: Object, identities: Object) -> Object:
    """The attributes of the user, consents included."""
    source = batch.get("user_attributes") or {}
    reserved = {name.casefold(): value for name, value in source.items() if name[:1] == "$"}
    attributes: Object = {}
    for name, key in (("first_name", "$firstname"), ("last_name", "$lastname")):
        if (value := text(reserved.get(key))) is not None:
            attributes[name] = value
    if (value := text(reserved.get("$mobile") or identities.get("mobile_number"))) is not None:
        attributes["mobile"] = value
    if (value := text(reserved.get("$gender"))) is not None:
        value = _GENDERS.get(value.casefold(), value)
        if value is not None:
            attributes["gender"] = value
    for name, key in _RESIDENCE:
        if (value := text(reserved.get(key))) is not None:
            attributes[name] = value
    if (age := reserved.get("$age")) is not None:
        attributes["Age"] = _age(age)
    if (value := text(identities.get("email") or identities.get("email_address"))) is not None:
        attributes["email"] = value
    own: Any
    for name, own in source.items():
        if name in _STANDARD:
            own = _STANDARD[name](own)  # noqa: PLW2901  the value goes on as it is now
        elif name[:4] == "moe_" or type(own) is dict or (name[:1] == "$" and name.casefold() in _RESERVED):
            continue
        elif type(own) is list:
            own = plain_list(own)  # noqa: PLW2901  the value goes on as it is now
        if own is not None and name not in attributes:
            attributes[name] = own
    add_consents(attributes, batch.get("consent_state") or {})
    return attributes


def _age(value: Any) -> Any:
    if type(value) is str:
        try:
            return int(value)
        except ValueError:
            double = number(value)
            return value if double is None else double
    return value if type(value) in (int, float) else text(value)


def _consented_at(entry: tuple[str, Object]) -> float:
    return number(entry[1].get("timestamp_unixtime_ms")) or 0


def add_consents(attributes: Object, consents: Object) -> None:
    """Adds each consent and its time; the newest state of a purpose counts."""
    gdpr = (consents.get("gdpr") or {}).items()
    states = [(purpose.strip().lower().translate(_SLUG), state) for purpose, state in gdpr if state]
    newest = dict(states)
    if len(newest) < len(states):
        newest = dict(sorted(states, key=_consented_at))
    for purpose, state in states:
        if newest[purpose] is state and (consented := boolean(state.get("consented"))) is not None:
            attributes[f"gdpr_consent_{purpose}"] = consented
    for purpose, state in newest.items():
        if (moment := utc(state.get("timestamp_unixtime_ms"))) is not None:
            attributes[f"gdpr_consent_{purpose}_at"] = moment
    sale = (consents.get("ccpa") or {}).get("data_sale_opt_out")
    if sale:
        if (consented := boolean(sale.get("consented"))) is not None:
            attributes["ccpa_data_sale_opt_out"] = consented
        if (moment := utc(sale.get("timestamp_unixtime_ms"))) is not None:
            attributes["ccpa_data_sale_opt_out_at"] = moment


# Events


def add_custom(attributes: Object, source: Object | None) -> None:
    """Adds the sender's own attributes of an event or a product."""
    if not source:
        return
    for name, value in source.items():
        if value is None or name == "" or name[:4] == "moe_" or name in attributes:
            continue
        kind = type(value)
        if kind is list:
            value = plain_list(value)  # noqa: PLW2901  the value goes on as it is now
            if value is None:
                continue
        elif kind is dict:
            continue
        attributes[name] = value


def bought_product(product: Object) -> Object:
    """A product of a product action."""
    made: Object = {}
    if (value := text(product.get("id"))) is not None:
        made["Id"] = value
    if (value := text(product.get("name"))) is not None:
        made["Name"] = value
    if (value := text(product.get("category"))) is not None:
        made["Category"] = value
    if (value := text(product.get("brand"))) is not None:
        made["Brand"] = value
    if (price := number(product.get("price"))) is not None:
        made["Price"] = price
    if (quantity := integer(product.get("quantity"))) is not None:
        made["Quantity"] = quantity
    if (value := text(product.get("total_product_amount"))) is not None:
        made["TotalProductAmount"] = value
    if custom := product.get("custom_attributes"):
        texts = {name: value for name, own in custom.items() if (value := text(own)) is not None}
        if texts:
            made["Attributes"] = texts
    return made


def shown_product(product: Object) -> Object:
    """A product of an impression: all values as text, with the sender's own attributes."""
    made: Object = {}
    if (value := text(product.get("id"))) is not None:
        made["Id"] = value
    if (value := text(product.get("name"))) is not None:
        made["Name"] = value
    if (value := text(product.get("category"))) is not None:
        made["Category"] = value
    if (value := text(product.get("brand"))) is not None:
        made["Brand"] = value
    if (value := text(product.get("price"))) is not None:
        made["Price"] = value
    if (value := text(product.get("quantity"))) is not None:
        made["Quantity"] = value
    if (value := text(product.get("total_product_amount"))) is not None:
        made["TotalProductAmount"] = value
    add_custom(made, product.get("custom_attributes"))
    return made


def add_product_action(attributes: Object, action: Object, currency: Any) -> None:
    """Adds the attributes of a product action, and for a purchase its amounts."""
    if (value := text(action.get("transaction_id"))) is not None:
        attributes["TransactionId"] = value
    if (products := action.get("products")) is not None:
        attributes["Products"] = [made for product in products if (made := bought_product(product))]
    if action["action"] == "purchase":
        if (value := text(currency)) is not None:
            attributes["currency"] = value
        if (value := text(action.get("total_amount"))) is not None:
            attributes["Total Amount"] = value
        if (value := text(action.get("shipping_amount"))) is not None:
            attributes["Shipping Amount"] = value
        if (value := text(action.get("tax_amount"))) is not None:
            attributes["Tax Amount"] = value


def add_impressions(attributes: Object, impressions: list[Object]) -> None:
    """Adds the lists that were shown, and the products of all of them."""
    attributes["Impressions"] = [
        {"product impression list": name}
        for impression in impressions
        if (name := text(impression.get("product_impression_list"))) is not None
    ]
    attributes["Products"] = [
        made
        for impression in impressions
        for product in impression.get("products") or ()
        if (made := shown_product(product))
    ]


def event(event: Object, context: Object, received: Any) -> Object | None:
    """One action, or None for an event that MoEngage does not accept. `context` is added at the end of every action."""
    data = event.get("data") or {}
    custom = data.get("custom_attributes") or {}
    attributes: Object = {}
    project = text(custom.get("moe_project_name"))
    if project and not project.isspace():
        attributes["moe_project_name"] = project
    match event.get("event_type"):
        case "custom_event":
            name = text(data.get("event_name"))
            if (
                not (name and name.strip())
                or name.startswith("moe_")
                or custom.get("event_source") == "MOENGAGE"
                or data.get("custom_event_type") == "attribution"
            ):
                return None
        case "commerce_event":
            action = data.get("product_action")
            if action and action.get("action") in _PRODUCT_ACTIONS:
                name = action["action"]
                add_product_action(attributes, action, data.get("currency_code"))
            elif not action and data.get("product_impressions"):
                name = "impression"
                add_impressions(attributes, data["product_impressions"])
            else:
                return None
        case _:
            return None
    add_custom(attributes, custom)
    made: Object = {"action": name}
    if attributes:
        made["attributes"] = attributes
    made.update(context)
    moment = utc(data.get("timestamp_unixtime_ms")) or utc(received)
    if moment is not None:
        made["current_time"] = moment
    return made


def event_context(batch: Object) -> Object:
    """The values that all events of a batch share."""
    device = batch.get("device_info") or {}
    application = batch.get("application_info") or {}
    context: Object = {}
    system = text(device.get("platform")) or text(application.get("os"))
    if system:
        system = system.casefold()
        if platform := _PLATFORMS.get(system):
            context["platform"] = platform
        if television := _TELEVISIONS.get(system):
            context["moe_os_type"] = television
    if (version := text(application.get("application_version"))) is not None:
        context["app_version"] = version
    return context


# Batches


def transform(batch: Object) -> list[tuple[str, Object]]:
    """The requests of a batch: paths with their bodies, the user first. Empty if the batch names no user."""
    identities = batch.get("user_identities") or {}
    customer_id = text(identities.get("customer_id") or identities.get("customerid") or identities.get("customerId"))
    if customer_id is None:
        return []
    trimmed = customer_id.strip()
    if len(trimmed) < 2 or trimmed.lower() in _FORBIDDEN_IDS:
        return []
    requests: list[tuple[str, Object]] = []
    if attributes := user(batch, identities):
        requests.append((CUSTOMER_PATH, {"type": "customer", "customer_id": customer_id, "attributes": attributes}))
    context = event_context(batch)
    received = batch.get("timestamp_unixtime_ms")
    actions: list[Object] = []
    for source in batch.get("events") or ():
        if (action := event(source, context, received)) is not None:
            actions.append(action)
    if actions:
        body: Object = {"type": "event", "customer_id": customer_id}
        device_id = batch.get("mp_deviceid")
        if device_id and device_id != _NIL_UUID:
            body["device_id"] = device_id
        body["actions"] = actions
        requests.append((EVENT_PATH, body))
    return requests


class Validation:
    """Validates the requests of `transform` against MoEngage's schemas with jsonschema-rs."""

    def __init__(self, schemas: Path, *, limits: bool = True) -> None:
        """`schemas` is the folder that contains `moengage/`; with `limits`, exceeded limits are reported, too."""
        folder = schemas / "moengage"
        self._body = {path: _validator(folder / f"{name}.schema.json") for path, name in _SCHEMAS.items()}
        self._limits = {
            path: _validator(folder / f"limits.{name}.schema.json") for path, name in _SCHEMAS.items() if limits
        }

    def valid(self, requests: list[tuple[str, Object]]) -> list[tuple[str, Object]]:
        """The valid requests; the others are reported on standard error."""
        kept = []
        for request in requests:
            path, body = request
            if not self._body[path](body):
                print(f"{path} of {body['customer_id']} is invalid", file=sys.stderr)
                continue
            if self._limits and not self._limits[path](body):
                print(f"{path} of {body['customer_id']} passes a limit", file=sys.stderr)
            kept.append(request)
        return kept


_SCHEMAS = {CUSTOMER_PATH: "customer", EVENT_PATH: "event"}


def _validator(path: Path) -> Callable[[Any], bool]:
    import jsonschema_rs

    def beside(uri: str) -> Any:
        return orjson.loads((path.parent / uri.rpartition("/")[2]).read_bytes())

    document = orjson.loads(path.read_bytes())
    return jsonschema_rs.validator_for(document, retriever=beside, base_uri=document["$id"]).is_valid


def texts(requests: list[tuple[str, Object]]) -> list[bytes]:
    """The bodies as JSON; a body that is too large for MoEngage is split into halves of its actions."""
    written = []
    for path, body in requests:
        line = orjson.dumps(body)
        if len(line) <= MAX_BYTES:
            written.append(line)
        elif path == EVENT_PATH and len(actions := body["actions"]) > 1:
            half = len(actions) // 2
            written += texts([(path, {**body, "actions": actions[:half]}), (path, {**body, "actions": actions[half:]})])
        else:
            print(f"{path} of {body['customer_id']} is too large", file=sys.stderr)
    return written


def main() -> None:
    """Reads NDJSON from a file, writes the validated bodies to standard output."""
    validation = Validation(Path(__file__).parent.parent / "schemas")
    out = sys.stdout.buffer
    with Path(sys.argv[1]).open("rb") as lines:
        for line in lines:
            for body in texts(validation.valid(transform(orjson.loads(line)))):
                out.write(body + b"\n")


if __name__ == "__main__":
    main()
