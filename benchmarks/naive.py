"""The same mapping the way it is often begun: tables of JMESPath expressions, one search each, then jsonschema.

The expressions are parsed once. Everything that JMESPath itself cannot do (texts of numbers, times, passing attributes
through) is done by the helpers of `handwritten.py`, so that only the searches and the validation differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jmespath
import orjson

from moemap.benchmarks import handwritten
from moemap.benchmarks.handwritten import CUSTOMER_PATH, EVENT_PATH, Object

__all__ = ["Validation", "transform"]

Field = tuple[str, Any, Callable[[Any], Any]]


def _plain(value: Any) -> Any:
    return value


def _fields(*rows: tuple[str, str] | tuple[str, str, Callable[[Any], Any]]) -> tuple[Field, ...]:
    """Fields from rows of name, expression and the conversion of the value (by default, to text)."""
    return tuple((row[0], jmespath.compile(row[1]), row[2] if len(row) == 3 else handwritten.text) for row in rows)


def _gender(value: Any) -> str | None:
    text = handwritten.text(value)
    return None if text is None else {"m": "male", "f": "female", "na": None}.get(text.lower(), text.lower())


_USER = _fields(
    ("first_name", 'batch.user_attributes.["$FirstName", "$firstname"][?@ != `null`] | [0]'),
    ("last_name", 'batch.user_attributes.["$LastName", "$lastname"][?@ != `null`] | [0]'),
    ("mobile", '(batch.user_attributes.["$Mobile", "$mobile"][?@] | [0]) || batch.user_identities.mobile_number'),
    ("gender", 'batch.user_attributes.["$Gender", "$gender"][?@ != `null`] | [0]', _gender),
    ("Address", 'batch.user_attributes.["$Address", "$address"][?@ != `null`] | [0]'),
    ("City", 'batch.user_attributes.["$City", "$city"][?@ != `null`] | [0]'),
    ("State", 'batch.user_attributes.["$State", "$state"][?@ != `null`] | [0]'),
    ("Zip", 'batch.user_attributes.["$Zip", "$zip"][?@ != `null`] | [0]'),
    ("Country", 'batch.user_attributes.["$Country", "$country"][?@ != `null`] | [0]'),
    ("Age", 'to_number(batch.user_attributes.["$Age", "$age"][?@ != `null`] | [0])', _plain),
    ("email", "batch.user_identities.email || batch.user_identities.email_address"),
)
_CUSTOMER_ID = jmespath.compile("batch.user_identities.customer_id")
_DEVICE_ID = jmespath.compile("batch.mp_deviceid")
_ATTRIBUTES = jmespath.compile("batch.user_attributes")
_CONSENTS = jmespath.compile("batch.consent_state")
_EVENTS = jmespath.compile("batch.events")
_ACTION = _fields(
    ("platform", "batch.device_info.platform", {"Android": "ANDROID", "iOS": "iOS"}.get),
    ("app_version", "batch.application_info.application_version"),
    ("current_time", "event.data.timestamp_unixtime_ms || batch.timestamp_unixtime_ms", handwritten.utc),
)
_PRODUCT = _fields(
    ("Id", "product.id"),
    ("Name", "product.name"),
    ("Category", "product.category"),
    ("Brand", "product.brand"),
    ("Price", "product.price"),
    ("Quantity", "product.quantity"),
    ("TotalProductAmount", "product.total_product_amount"),
)
_PRODUCT_ATTRIBUTES = jmespath.compile("product.custom_attributes")
_NUMBERS: Mapping[str, Callable[[Any], Any]] = {"Price": handwritten.number, "Quantity": handwritten.integer}
_BOUGHT = tuple((name, expression, _NUMBERS.get(name, make)) for name, expression, make in _PRODUCT)


def _own(product: Object) -> Object | None:
    custom = _PRODUCT_ATTRIBUTES.search({"product": product})
    return {name: handwritten.text(value) for name, value in custom.items()} if custom else None


def _bought(products: Iterable[Object]) -> list[Object]:
    made = []
    for product in products:
        fields = _search(_BOUGHT, {"product": product})
        if own := _own(product):
            fields["Attributes"] = own
        made.append(fields)
    return made


def _shown(products: Iterable[Object]) -> list[Object]:
    made = []
    for product in products:
        fields = _search(_PRODUCT, {"product": product})
        handwritten.add_custom(fields, _PRODUCT_ATTRIBUTES.search({"product": product}))
        made.append(fields)
    return made


# Which events a rule takes, what they are called, and their attributes. The first rule that holds takes the event.
_RULES: tuple[tuple[Any, Any, tuple[Field, ...]], ...] = (
    (
        jmespath.compile("event.event_type == 'custom_event'"),
        jmespath.compile("event.data.event_name"),
        (),
    ),
    (
        jmespath.compile("event.event_type == 'commerce_event' && event.data.product_action.action == 'purchase'"),
        jmespath.compile("event.data.product_action.action"),
        _fields(
            ("TransactionId", "event.data.product_action.transaction_id"),
            ("Products", "event.data.product_action.products", _bought),
            ("currency", "event.data.currency_code"),
            ("Total Amount", "event.data.product_action.total_amount"),
            ("Shipping Amount", "event.data.product_action.shipping_amount"),
            ("Tax Amount", "event.data.product_action.tax_amount"),
        ),
    ),
    (
        jmespath.compile("event.event_type == 'commerce_event' && event.data.product_impressions"),
        jmespath.compile("'impression'"),
        _fields(
            (
                "Impressions",
                'event.data.product_impressions[*].{"product impression list": product_impression_list}',
                _plain,
            ),
            ("Products", "event.data.product_impressions[].products[]", _shown),
        ),
    ),
)
_CUSTOM = jmespath.compile("event.data.custom_attributes")


def _search(fields: Iterable[Field], context: Object) -> Object:
    found = {}
    for name, expression, make in fields:
        value = expression.search(context)
        if value is not None and (value := make(value)) is not None:
            found[name] = value
    return found


def transform(batch: Object) -> list[tuple[str, Object]]:
    """The requests of a batch: paths with their bodies."""
    context = {"batch": batch}
    customer_id = handwritten.text(_CUSTOMER_ID.search(context))
    attributes = _search(_USER, context)
    for name, value in (_ATTRIBUTES.search(context) or {}).items():
        if not name.startswith("$") and value is not None:
            attributes[name] = value
    handwritten.add_consents(attributes, _CONSENTS.search(context))
    user = {"type": "customer", "customer_id": customer_id, "attributes": attributes}
    actions = [action for event in _EVENTS.search(context) or () if (action := _action(batch, event)) is not None]
    device_id = _DEVICE_ID.search(context)
    events = {"type": "event", "customer_id": customer_id, "device_id": device_id, "actions": actions}
    return [(CUSTOMER_PATH, user), (EVENT_PATH, events)]


def _action(batch: Object, event: Object) -> Object | None:
    context = {"batch": batch, "event": event}
    for when, name, fields in _RULES:
        if when.search(context):
            attributes = _search(fields, context)
            handwritten.add_custom(attributes, _CUSTOM.search(context))
            return {"action": name.search(context), "attributes": attributes, **_search(_ACTION, context)}
    return None


class Validation:
    """Validates requests against MoEngage's schemas with jsonschema."""

    def __init__(self, schemas: Path) -> None:
        """`schemas` is the folder that contains `moengage/`."""
        from jsonschema import Draft202012Validator
        from referencing import Registry

        documents = {path.name: orjson.loads(path.read_bytes()) for path in (schemas / "moengage").glob("*.json")}
        registry: Any = Registry().with_contents((document["$id"], document) for document in documents.values()).crawl()

        def is_valid(name: str) -> Callable[[Any], bool]:
            return Draft202012Validator(documents[f"{name}.schema.json"], registry=registry).is_valid

        self._judges = {
            CUSTOMER_PATH: (is_valid("customer"), is_valid("limits.customer")),
            EVENT_PATH: (is_valid("event"), is_valid("limits.event")),
        }

    def valid(self, requests: list[tuple[str, Object]]) -> list[tuple[str, Object]]:
        """The requests that are valid and within all limits."""
        return [(path, body) for path, body in requests if all(is_valid(body) for is_valid in self._judges[path])]
