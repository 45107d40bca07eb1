"""The requests that the mapping has to send, written from ROWS.md and the vendors' facts alone, in plain Python.

It shares nothing with the engine or the rule files, and has no limits of size: its batches are far below them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moemap.tests.mappings.facts import (
    ACTIONS,
    BLOCKED,
    BOOLEANS,
    DEFAULTS,
    FORBIDDEN,
    GENDERS,
    INTEGERS,
    JSON,
    NIL,
    PLATFORMS,
    PRODUCT,
    RESERVED,
    SCALARS,
    SIGNS,
    STANDARD,
    TELEVISIONS,
    TEXTS,
    arr,
    attribute,
    boolean,
    compact,
    double,
    latest,
    moment,
    number,
    obj,
    present,
    text,
    there,
    whole,
)

__all__ = ["Expected", "Request", "expected"]

Request = tuple[str, dict[str, Any], dict[str, Any]]
"""Path, query, body."""


@dataclass
class Expected:
    """The requests, and the outcome of each event: `sent`, `skipped` or `rejected`."""

    requests: list[Request] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """The places of the members of a wrong kind, for a batch that is not rejected."""


# The user


def kind(name: str) -> str:
    plain = name.lower().replace("_", "").replace(" ", "")
    return "email" if plain == "emailaddress" else plain


def identities(batch: dict[str, JSON]) -> Callable[..., JSON]:
    """A function that finds the first existing identity of some kinds."""
    given = batch.get("user_identities")
    found: dict[str, JSON] = {}
    if isinstance(given, list):
        entries = [e for e in given if isinstance(e, dict) and isinstance(e.get("identity_type"), str)]
        for entry in latest([(e.get("timestamp_unixtime_ms"), e) for e in entries if there(e.get("identity"))]):
            found[kind(entry["identity_type"])] = entry["identity"]
        given = {}
    for name, identity in obj(given).items():
        if there(identity):
            found.setdefault(kind(name), identity)

    def find(documented: str) -> JSON:
        return obj(given)[documented] if there(obj(given).get(documented)) else found.get(kind(documented))

    return find


def id_of(batch: dict[str, JSON], settings: Mapping[str, Any]) -> str | None:
    find = identities(batch)
    if settings["identity"] == "customer_id":
        found = text(find("customer_id"))
    elif settings["identity"] == "email":
        found = text(find("email"))
    else:
        found = text(batch.get("mpid"))
    trimmed = (found or "").strip()
    return None if not found or len(trimmed) < 2 or trimmed.lower() in FORBIDDEN else found


def profile(attributes: JSON, settings: Mapping[str, Any], identified: dict[str, JSON] | None) -> dict[str, JSON]:
    """The attributes of the user: those from identities win. Without identities: those that an event changes."""
    given = obj(attributes)

    def reserved(name: str) -> JSON:
        return given[name] if name in given else next((v for k, v in given.items() if k.lower() == name.lower()), None)

    made: dict[str, JSON] = {}
    for low, target in RESERVED.items():
        name = {"$firstname": "$FirstName", "$lastname": "$LastName"}.get(low, "$" + low[1:].capitalize())
        value = reserved(name)
        if target == "gender":
            made[target] = GENDERS[str(text(value)).lower()] if str(text(value)).lower() in GENDERS else text(value)
        elif target == "Age":
            made[target] = found if (found := number(value)) is not None else text(value)
        elif target == "mobile":
            made[target] = text(value if there(value) or identified is None else identified.get("mobile"))
        else:
            made[target] = text(value)
    made = present(**{**(identified or {}), **made})
    for name, value in given.items():
        if name.lower() not in RESERVED and name not in made:
            sent = user_attribute(name, value, settings)
            if sent is not None:
                made[name] = sent
    return made


def user_attribute(name: str, value: JSON, settings: Mapping[str, Any]) -> JSON:
    statuses = ("DOUBLE_OPTED_IN", "OPTED_OUT", "OPT_IN_PENDING", "Double opted in", "Opted out", "Optin pending")
    if name in BLOCKED:
        return None
    if name in TEXTS:
        return text(value)
    if name in SCALARS:
        return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if name in BOOLEANS:
        return boolean(value)
    if name in INTEGERS:
        return whole(value)
    if name == "moe_email_optin_status":
        return next((s for s in statuses if isinstance(value, str) and s.lower() == value.lower()), None)
    if name.startswith("moe_"):
        return None
    if value is None:
        return None if settings["tags"] == "drop" else True
    return attribute(value, settings["objects"])


def purpose_of(name: str) -> str:
    return name.strip().lower().translate(SIGNS)


def side(name: str, state: dict[str, JSON]) -> str:
    """The name under which the consents of one law are: without any in its first form, the one of the Firehose."""
    return name if state.get(name) not in (None, {}) else f"{name}_consent_state"


def consents(batch: dict[str, JSON]) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """The state of each GDPR purpose, and the state of CCPA."""
    state = obj(batch.get("consent_state"))
    gdpr, ccpa = state.get(side("gdpr", state)), state.get(side("ccpa", state))
    notices = [
        obj(n).get("data") for n in arr(batch.get("system_notifications")) if obj(n).get("type") == "gdpr_change"
    ]
    changes = [(obj(n).get("purpose"), obj(n).get("current")) for n in notices]
    states: dict[str, JSON] = {}
    for pairs in (list(obj(gdpr).items()), changes):
        kept = [(purpose_of(p), s) for p, s in pairs if isinstance(p, str) and isinstance(s, dict) and s]
        if pairs is changes:
            kept = [(p, s) for p, s in kept if p]
        states.update(latest([(s.get("timestamp_unixtime_ms"), (p, s)) for p, s in kept]))
    return states, obj(obj(ccpa).get("data_sale_opt_out"))


def opted_out(batch: dict[str, JSON], ccpa: dict[str, JSON]) -> str | None:
    """The fate of events under the CCPA opt-out: "skipped", "rejected" where it cannot be read, or None: sent."""
    state = obj(batch.get("consent_state"))
    states = state.get(side("ccpa", state))
    answer = ccpa.get("consented")
    levels = (batch.get("consent_state"), states, obj(states).get("data_sale_opt_out"))
    if any(not isinstance(level, dict | None) for level in levels) or (answer is not None and boolean(answer) is None):
        return "rejected"
    return "skipped" if boolean(answer) else None


def consent_attributes(batch: dict[str, JSON]) -> dict[str, JSON]:
    made: dict[str, JSON] = {}
    gdpr, ccpa = consents(batch)
    named = {f"gdpr_consent_{purpose}": state for purpose, state in gdpr.items()}
    for name, state in {**named, "ccpa_data_sale_opt_out": ccpa}.items():
        made[name] = boolean(state.get("consented"))
        made[name + "_at"] = moment(state.get("timestamp_unixtime_ms"), "seconds")
    return present(**made)


# Events


class Events:
    """The events of one batch."""

    def __init__(self, batch: dict[str, JSON], settings: Mapping[str, Any]) -> None:
        self.batch = batch
        self.settings = settings
        self.user: dict[str, JSON] = {}
        self.unset: list[JSON] = []
        self.actions: list[JSON] = []
        self.devices: list[JSON] = []
        self.device = obj(batch.get("device_info"))
        self.application = obj(batch.get("application_info"))
        system = self.device.get("platform")
        system = (text(system if there(system) else self.application.get("os")) or "").casefold()
        self.platform = PLATFORMS.get(system)
        self.television = TELEVISIONS.get(system)
        self.changes: dict[str, dict[str, JSON]] = {"user_attribute_change": {}, "user_identity_change": {}}
        data = [(obj(e).get("event_type"), obj(obj(e).get("data"))) for e in arr(batch.get("events"))]
        for change in latest(
            [(d.get("timestamp_unixtime_ms"), (t, d)) for t, d in data if isinstance(t, str) and t in self.changes]
        ):
            if isinstance(name := self.changed(*change), str):
                self.changes[change[0]][name] = change[1]
        gdpr, ccpa = consents(batch)
        purpose = settings["require_gdpr_purpose"]
        granted = not purpose or boolean(gdpr.get(purpose_of(purpose), {}).get("consented"))
        self.barred = None if granted else "skipped"
        if granted and settings["respect_ccpa_opt_out"]:
            self.barred = opted_out(batch, ccpa)

    @staticmethod
    def changed(event_type: str, data: dict[str, JSON]) -> JSON:
        """The name of the attribute, or the kind of the identity, that an event changes."""
        if event_type == "user_attribute_change":
            return data.get("user_attribute_name")
        name = obj(data.get("new")).get("identity_type")
        return kind(name) if isinstance(name, str) else None

    def outcome(self, event: JSON) -> str:
        """The outcome of an event, whose requests are kept."""
        if self.barred:
            return self.barred
        event_type = obj(event).get("event_type")
        if not (event is None or isinstance(event, dict)) or not isinstance(event_type, str | None):
            return "rejected"
        event = obj(event)
        data = obj(event.get("data"))
        if event_type not in HANDLED:
            return "skipped"
        if event_type == "commerce_event" and there(event.get("data")) and not data:
            return "rejected"
        result: str = getattr(self, event_type)(data)
        return result

    def custom_event(self, data: dict[str, JSON]) -> str:
        name = data.get("event_name")
        if obj(data.get("custom_attributes")).get("event_source") == "MOENGAGE":
            return "skipped"
        if data.get("custom_event_type") == "attribution":
            return "skipped"
        if not there(name) or not compact(name).strip():
            return "rejected"
        if compact(name).startswith("moe_"):
            return "skipped"
        return self.send(text(name), data, {}) if text(name) is not None else "rejected"

    def commerce_event(self, data: dict[str, JSON]) -> str:
        product, promotion = obj(data.get("product_action")), obj(data.get("promotion_action"))
        action = product.get("action")
        if isinstance(action, str) and action in ACTIONS:
            return self.send(action, data, self.product(data, product))
        if there(data.get("product_action")):
            return "skipped" if product else "rejected"
        action = promotion.get("action")
        name = {"view": "promotion_view", "click": "promotion_click", 1: "promotion_view", 2: "promotion_click"}
        if isinstance(action, str | int | float) and not isinstance(action, bool) and action in name:
            words = ("Id", "Name", "Creative", "Position")
            made = [
                present(**{w: text(obj(p).get(w.lower())) for w in words}) for p in arr(promotion.get("promotions"))
            ]
            listed = isinstance(promotion.get("promotions"), list)
            return self.send(name[action], data, {"Promotions": list(filter(None, made))} if listed else {})
        if there(data.get("promotion_action")):
            return "skipped" if promotion else "rejected"
        if there(data.get("product_impressions")):
            return self.impression(data) if isinstance(data["product_impressions"], list) else "rejected"
        return "skipped"

    def product(self, data: dict[str, JSON], action: dict[str, JSON]) -> dict[str, JSON]:
        made: dict[str, JSON] = {"TransactionId": text(action.get("transaction_id"))}
        if action["action"] == "purchase" or self.settings["amounts"] == "all":
            made |= {"currency": text(data.get("currency_code")), "Total Amount": text(action.get("total_amount")),
                     "Shipping Amount": text(action.get("shipping_amount")),
                     "Tax Amount": text(action.get("tax_amount"))}  # fmt: skip
        if isinstance(action.get("products"), list):
            products = []
            for product in map(obj, action["products"]):
                one: dict[str, JSON] = {name: text(product.get(source)) for name, source in PRODUCT.items()}
                one |= {"Price": double(product.get("price")), "Quantity": whole(product.get("quantity"))}
                own = present(**{k: text(v) for k, v in obj(product.get("custom_attributes")).items()})
                products.append(present(**one, Attributes=own or None))
            made["Products"] = list(filter(None, products))
        return present(**made)

    def impression(self, data: dict[str, JSON]) -> str:
        lists = arr(data.get("product_impressions"))
        products = [p for i in lists for p in arr(obj(i).get("products"))]
        values = [obj(i).get("product_impression_list") for i in lists]
        values += [obj(p).get(source) for p in products for source in PRODUCT.values()]
        if not any((text(value) or "").strip() for value in values):
            contents = [obj(i).get("products") for i in lists]
            others = [value for value in values if not isinstance(value, str | None)]
            others += [one for one in lists + products if not isinstance(one, dict | None)]
            return "rejected" if others or any(not isinstance(one, list | None) for one in contents) else "skipped"
        made = []
        for product in map(obj, products):
            one = present(**{name: text(product.get(source)) for name, source in PRODUCT.items()})
            made.append(self.own(product.get("custom_attributes")) | one)
        names = [present(**{"product impression list": text(obj(i).get("product_impression_list"))}) for i in lists]
        shown = {"Impressions": list(filter(None, names)), "Products": list(filter(None, made))}
        return self.send("impression", data, shown)

    def own(self, attributes: JSON) -> dict[str, JSON]:
        """Attributes of the sender's own."""
        pairs = {k: v for k, v in obj(attributes).items() if k and not k.startswith("moe_")}
        return present(**{k: attribute(v, self.settings["objects"]) for k, v in pairs.items()})

    def send(self, name: str | None, data: dict[str, JSON], mapped: dict[str, JSON]) -> str:
        own = obj(data.get("custom_attributes"))
        project = own.get("moe_project_name")
        project = text(project if there(project) else own.get(self.settings["project_name_from"] or ""))
        if self.settings["project_name_from"] is None and not there(own.get("moe_project_name")):
            project = None
        if project and project.strip():
            mapped = {"moe_project_name": project} | mapped
        precision = self.settings["time_precision"]
        time = moment(data.get("timestamp_unixtime_ms"), precision)
        hours = number(self.device.get("timezone_offset")) if self.settings["timezone_offset"] == "send" else None
        seconds = whole(hours * 3600) if hours is not None else None
        self.actions.append(present(
            action=name,
            attributes=(self.own(own) | mapped) or None,
            platform=self.platform,
            moe_os_type=self.television,
            app_version=text(self.application.get("application_version")),
            current_time=time or moment(self.batch.get("timestamp_unixtime_ms"), precision),
            user_timezone_offset=seconds if seconds is not None and abs(seconds) <= 54000 else None,
        ))  # fmt: skip
        return "sent"

    def may_unset(self, name: str) -> bool:
        taken = name in BLOCKED or name in ("customer_id", "ID")
        return not (taken or (name.startswith("moe_") and name not in STANDARD)) and bool(
            self.settings["unset_attributes"]
        )

    def forget(self, name: str) -> str:
        self.unset.append({"type": "equals", "attr": RESERVED.get(name.lower(), name)})
        return "sent"

    def deletion(self, name: JSON) -> None:
        if isinstance(name, str) and self.may_unset(name):
            change = self.changes["user_attribute_change"].get(name)
            if not change or compact(change.get("deleted")).lower() == "true":
                self.forget(name)

    def user_attribute_change(self, data: dict[str, JSON]) -> str:
        name = data.get("user_attribute_name")
        if not isinstance(name, str):
            return "rejected"
        if data != self.changes["user_attribute_change"][name]:
            return "skipped"
        if compact(data.get("deleted")).lower() == "true":
            names = [n for n in arr(self.batch.get("deleted_user_attributes")) if isinstance(n, str)]
            return self.forget(name) if self.may_unset(name) and name not in names else "skipped"
        made = profile({name: data.get("new")}, self.settings, None)
        self.user |= made
        return "sent" if made else "skipped"

    def user_identity_change(self, data: dict[str, JSON]) -> str:
        new, old = obj(data.get("new")), obj(data.get("old"))
        if not isinstance(data.get("new"), dict | None):
            return "rejected"
        name = self.changed("user_identity_change", data)
        if name is None and not isinstance(old.get("identity_type"), str):
            return "rejected"
        if name is not None and data != self.changes["user_identity_change"][name]:
            return "skipped"
        target = {"email": "email", "mobilenumber": "mobile"}.get(name or "")
        identity = text(new.get("identity"))
        if not there(new.get("identity")) or target is None or identity is None:
            return "skipped"
        self.user[target] = identity
        return "sent"

    def push_registration(self, data: dict[str, JSON]) -> str:
        if not self.settings["push"] or compact(data.get("register")).lower() == "false":
            return "skipped"
        token = data.get("registration_token")
        if not there(token) or not self.platform or text(token) is None:
            return "rejected"
        ids = {"moe_gaid": "android_advertising_id", "idfv": "ios_idfv"}
        found = {name: text(self.device.get(source)) for name, source in ids.items()}
        dropped = {"iOS": "moe_gaid", "ANDROID": "idfv"}.get(self.platform)
        attributes = present(
            platform=self.platform,
            push_id=text(token),
            model=text(self.device.get("device_model")),
            app_version=text(self.application.get("application_version")),
            os_version=text(self.device.get("os_version")),
            **{name: value for name, value in found.items() if value and value != NIL and name != dropped},
        )
        self.devices.append({"device_id": device_id(self.batch) or text(token), "attributes": attributes})
        return "sent"


HANDLED = {"custom_event", "commerce_event", "user_attribute_change", "user_identity_change", "push_registration"}


def device_id(batch: dict[str, JSON]) -> str | None:
    given = batch.get("mp_deviceid")
    return text(given) if there(given) and given != NIL else None


MEMBERS: dict[str, tuple[type, ...]] = {
    "/user_identities": (dict, list),
    "/user_attributes": (dict,),
    "/deleted_user_attributes": (list,),
    "/events": (list,),
    "/device_info": (dict,),
    "/application_info": (dict,),
    "/system_notifications": (list,),
    "/consent_state": (dict,),
}


SIDES = ("gdpr", "ccpa", "gdpr_consent_state", "ccpa_consent_state")


def wrong(batch: dict[str, JSON]) -> list[str]:
    """The places of the members that are not of a documented kind."""
    found = [
        p for p, kinds in MEMBERS.items() if not isinstance(batch.get(p[1:]), kinds) and batch.get(p[1:]) is not None
    ]
    state = obj(batch.get("consent_state"))
    for name in (side("gdpr", state), side("ccpa", state)):
        if not isinstance(state.get(name), dict | None):
            found.append(f"/consent_state/{name}")
    return sorted(found)


def expected(batch: JSON, values: Mapping[str, Any]) -> Expected:
    """The requests and outcomes of a batch by the rows."""
    settings = {**DEFAULTS, **values}
    customer_id = id_of(obj(batch), settings)
    if obj(batch).get("type") == "event_processing_request" or customer_id is None:
        return Expected()
    find = identities(batch)
    mapped: dict[str, JSON] = {
        "email": text(find("email")),
        "mobile": text(find("mobile_number")),
    }
    if settings["advertising_ids"]:
        device = obj(batch.get("device_info"))
        for target, source in {"advertising_identifier": "ios", "moe_gaid": "android"}.items():
            given = device.get(f"{source}_advertising_id")
            mapped[target] = text(given) if there(given) and given != NIL else None
    events = Events(batch, settings)
    events.user = profile(batch.get("user_attributes"), settings, present(**mapped)) | consent_attributes(batch)
    for name in arr(batch.get("deleted_user_attributes")):
        events.deletion(name)
    outcomes = [events.outcome(event) for event in arr(batch.get("events"))]
    query = {"project_code": settings["project_code"]} if settings["project_code"] is not None else {}
    head = {"customer_id": customer_id}
    result = Expected(events=outcomes, wrong=wrong(batch))
    if events.user or events.unset:
        body = present(attributes=events.user or None, unset_attributes=events.unset or None)
        result.requests.append(("/v1/customer/{app_id}", query, {"type": "customer", **head, **body}))
    if events.actions:
        body = present(device_id=device_id(batch), actions=events.actions)
        result.requests.append(("/v1/event/{app_id}", query, {"type": "event", **head, **body}))
    result.requests += [("/v1/device/{app_id}", {}, {"type": "device", **head, **body}) for body in events.devices]
    return result
