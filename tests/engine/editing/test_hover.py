"""Hovering tells types, documentation, values of the sample, and where they go; values of fields stand beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moemap.engine.editing.data import Position, Sample
from moemap.engine.editing.hover import hover
from moemap.engine.editing.inlays import inlays
from moemap.engine.editing.samples import samples
from moemap.engine.editing.signatures import signature
from moemap.engine.editing.state import EditingState
from moemap.engine.source.homes import DOCS, MAPPINGS

from .conftest import FILES
from .test_completion import CURSOR, FIELD, opened

ORDERS, MAPPING = "parts/orders.yaml", "mapping.yaml"
ORDER = """{"id": 1, "user": {"id": "u"}, "orders": [{"kind": "order", "id": "o1", "attributes": {"first name": "Ida"},
"lines": [{"name": "Tea", "price": 2}, {"id": "x", "price": 3}]}]}"""
LINES = '`[{"name": "Tea", "price": 2}, {"id": "x", "price": 3}]`'

CASES: dict[str, tuple[str, str, str, str]] = {
    "a member": (
        ORDERS,
        "order.ki¦nd == 'order'",
        "kind",
        "`order.kind`: string or null\n\nOrder or refund.\n\nIn 1 of 1 sample.\n\nAlso read by `refund`, `other`\n\n"
        'In `order.json`: `"order"`',
    ),
    "a variable": (ORDERS, "$to¦tal", "$total", "`$total`: number or null\n\nIn `order.json`: `5`"),
    "a name, and where it goes": (
        ORDERS,
        "total: {from: tot¦al",
        "total",
        "`total`: number or null\n\nIn `order.json`: `5`\n\nGoes to `total` of the output `event`: string",
    ),
    "a part in a call": (
        MAPPING,
        "sum(order.li¦nes[].price)",
        "lines",
        f"`order.lines`: list or null\n\nIn 1 of 1 sample.\n\nRead by `order`\n\nIn `order.json`: {LINES}",
    ),
    "an element of a field": (
        ORDERS,
        "name: {from: [line.na¦me",
        "name",
        '`line.name`: string or null\n\nIn 1 of 1 sample.\n\nIn `order.json`: `"Tea"`\n\n'
        "Goes to `line items.name` of the output `event`",
    ),
    "a value of a template": (
        ORDERS,
        "{{ line.na¦me }}",
        "name",
        '`line.name`: string or null\n\nIn 1 of 1 sample.\n\nIn `order.json`: `"Tea"`\n\n'
        "Goes to `line items.note` of the output `event`",
    ),
    "a member in a template": (
        ORDERS,
        "{{ order.ki¦nd }}",
        "kind",
        "`order.kind`: string or null\n\nOrder or refund.\n\nIn 1 of 1 sample.\n\nAlso read by `order`, `refund`",
    ),
    "a setting": (
        ORDERS,
        "currency: settings.cur¦rency",
        "currency",
        '`settings.currency`: "EUR" or "USD"\n\nOf all prices.\n\nIn `order.json`: `"EUR"`\n\n'
        "Goes to `currency` of the output `event`",
    ),
    "the declaration of a setting": (
        MAPPING,
        "cur¦rency: {type",
        "currency",
        '**currency**: string\n\nOf all prices.\n\nValue: `"EUR"`',
    ),
    "a function": (
        MAPPING,
        "su¦m(order",
        "sum",
        "```\nsum(numbers: array-number) -> number\n```\n\nThe sum; 0 for an empty list.\n\n"
        "`sum(prices)` gives `5.5` with `prices = [2, 3.5]`\n\n"
        f"[Functions]({(DOCS / 'functions.md').as_uri()}#sum)",
    ),
    "a field": (ORDERS, "ki¦nd: code", "kind", '**kind**\n\nIn `order.json`: `"Order"`'),
    "a field without a value": (
        ORDERS,
        "ho¦me: home",
        "home",
        "**home**\n\nNo value in `order.json`: never reached: rule order took all of the route orders before.",
    ),
    "a let": (ORDERS, "co¦de: {from", "code", '**code**: "Order"\n\nIn `order.json`: `"Order"`'),
    "a key": (ORDERS, "abs¦tract", "abstract", "**abstract**: boolean\n\nThe rule exists only to be extended."),
    "a table": (
        ORDERS,
        "table: kin¦ds",
        "kinds",
        '**kinds**: table of 2 entries\n\n`{"order": "Order", "refund": "Refund"}`',
    ),
    "a route": (ORDERS, "route: ord¦ers\n  output", "orders", "**orders**: each `batch.orders` as `order`"),
    "an output": (ORDERS, "output: eve¦nt", "event", "**event**: POST /events/{{ batch.id }}"),
    "a rule": (
        ORDERS,
        "rule: re¦fund",
        "refund",
        "**refund** maps elements of the route `orders` to the output `event`",
    ),
    "a rule that ends the input": (MAPPING, "rule: not¦hing", "nothing", "**nothing** skips the input"),
    "a policy": (ORDERS, "entries: pri¦vate", "private", "**private**: policy of 1 entry rule"),
    "a code": (
        "tests/orders.yaml",
        "code: M5¦09",
        "M509",
        f"**M509**: invalid request (error)\n\n[M509]({(DOCS / 'problems' / 'M509.md').as_uri()})",
    ),
}


@pytest.fixture
def shop(project: Path) -> Path:
    (project / "tests" / "inputs" / "order.json").write_text(ORDER)
    return project


def pointed(root: Path, file: str, marked: str) -> tuple[EditingState, Path, Position]:
    return opened(root, file, marked.replace(CURSOR, ""), marked)


@pytest.mark.parametrize("case", CASES)
def test_hovering_tells_what_is_known(case: str, shop: Path) -> None:
    file, marked, part, text = CASES[case]
    state, path, position = pointed(shop, file, marked)
    found = hover(state, path, position)
    assert found is not None
    assert found.text == text
    line = (state.text(path) or "").split("\n")[found.span.start.line - 1]
    assert line[found.span.start.column - 1 : found.span.end.column - 1] == part


@pytest.mark.slow
def test_the_rules_that_read_a_member_are_named() -> None:
    path = MAPPINGS / "mparticle-moengage" / "v1" / "commerce.yaml"
    state = EditingState([path.parent])
    lines = path.read_text("utf-8").split("\n")

    def said(text: str) -> list[str]:
        line = next(number for number, one in enumerate(lines) if text in one)
        found = hover(state, path, Position(line + 1, lines[line].index(text) + len(text)))
        assert found is not None
        return [one for one in found.text.split("\n\n") if "ead by" in one]

    assert said("from: event.data.currency_code") == ["Also read by `purchase`"]
    assert said("each: event.data.product_action.products") == ["Also read by `purchase`"]
    assert said("from: product.id") == ["Also read by `purchase`"]
    (many,) = said("when: event.event_type")
    assert re.fullmatch(r"Also read by (`[a-z-]+`(, )?){6} and [0-9]+ more", many)
    assert said("rule: product-action") == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ order.lines[0].name }}",
        "{% if order.lines[0]['name'] %}a{% endif %}",
        "{{ user }}: {{ order.lines[1].name ~ user }}",
    ],
)
def test_rules_that_read_a_member_in_a_template_are_named(text: str, shop: Path) -> None:
    new = f'    x: {{template: "{text}"}}\n- rule: more\n  route: orders\n  output: event\n  when: order.lines[].na¦me'
    found = hover(*opened(shop, ORDERS, FIELD, new))
    assert found is not None
    assert [one for one in found.text.split("\n\n") if "ead by" in one] == ["Also read by `order`, `refund`"]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("    x¦y: order.kidn", "order has no 'kidn'; did you mean 'kind'?"),
        (
            "    x¦y: {from: order.kind, when: order.kind == 'x'}",
            "`when` does not hold: order.kind == 'x' (order.kind is \"order\").",
        ),
        ("    xy: {fields: {a¦b: order.vip}}", "order has no 'vip'."),
        ("    xy: {each: order.lines, as: line, fields: {a¦b: line.vip}}", "line has no 'vip'."),
    ],
)
def test_a_field_says_why_it_has_no_value(new: str, reason: str, shop: Path) -> None:
    found = hover(*opened(shop, ORDERS, FIELD, new))
    assert found is not None
    assert found.text.endswith(f"No value in `order.json`: {reason}")


def test_values_of_secrets_are_not_shown(shop: Path) -> None:
    text = FILES[MAPPING].replace("key: {type: string, default: a}", "key: {type: string, default: abc, secret: true}")
    (shop / MAPPING).write_text(text)
    for new, shown in (
        ("    x: hmac_sha256(settings.ke¦y, user)", '`"(secret)"`'),
        ("    x: setting¦s", '`{"currency": "EUR", "key": "(secret)"}`'),
        ('    x: {template: "{{ settings.k¦ey }}"}', '`"(secret)"`'),
    ):
        state, path, position = opened(shop, ORDERS, FIELD, new)
        found = hover(state, path, position)
        assert found is not None
        assert f"In `order.json`: {shown}" in found.text
        assert "abc" not in found.text
    main = EditingState([shop])
    line = text[: text.index("key:")].count("\n") + 1
    found = hover(main, shop / MAPPING, Position(line, 4))
    assert found is not None
    assert "Value: (secret)" in found.text


def test_nothing_is_said_between_words(shop: Path) -> None:
    state, path, _ = pointed(shop, ORDERS, "abs¦tract")
    assert hover(state, path, Position(2, 1)) is not None  # the key `rules`
    assert hover(state, path, Position(1, 4)) is None
    assert hover(state, shop / "other" / "compose.yaml", Position(1, 1)) is None


def test_the_chosen_sample_counts(shop: Path) -> None:
    state, path, position = pointed(shop, ORDERS, "total: {from: tot¦al")
    main = shop / MAPPING
    assert [one.name for one in samples(state, main)] == ["order.json", "none"]
    state.choose(main, samples(state, main)[1])
    found = hover(state, path, position)
    assert found is not None
    assert "order.json" not in found.text
    state.choose(main, Sample("gone", path, {}))
    found = hover(state, path, position)
    assert found is not None
    assert "In `order.json`: `5`" in found.text


def test_values_are_shown_while_the_text_is_broken(shop: Path) -> None:
    state, path, position = opened(shop, ORDERS, FIELD, f"{FIELD}\n    broken: {{from: order.ki¦nd")
    found = hover(state, path, position)
    assert found is not None
    assert found.text == (
        "`order.kind`: string or null\n\nOrder or refund.\n\nIn 1 of 1 sample.\n\n"
        "Read by `order`, `refund`, `other`\n\n"
        'In `order.json`: `"order"`\n\nGoes to `broken` of the output `event`'
    )


def test_values_stand_at_the_ends_of_fields(shop: Path) -> None:
    state = EditingState([shop])
    path = shop / ORDERS
    lines = FILES[ORDERS].split("\n")

    def shown() -> dict[str, str]:
        text = (state.text(path) or "").split("\n")
        return {
            text[one.position.line - 1][: one.position.column - 1].strip(): one.text
            for one in inlays(state, path, (1, 99))
        }

    expected = {
        "total: {from: total, type: string}": '= "5"',
        "currency: settings.currency": '= "EUR"',
        "code: {from: order.kind, table: kinds}": '= "Order"',
        "kind: code": '= "Order"',
        '"line items":': '= [{"name": "Tea", "number": 0, "note":...',
        "name: {from: [line.name, line.id], type: string}": '= "Tea" (+1)',
        "number: number": "= 0 (+1)",
        'note: {template: "{{ line.name }} of {{ user }}"}': '= "Tea of u"',
    }
    assert shown() == expected
    # Those of the last rules that could be read stay at their lines.
    state.open(path, "\n".join([*lines[:8], "    currency: [", "# one more line", *lines[9:]]))
    del expected["currency: settings.currency"]
    assert shown() == {**expected, "currency: [": '= "EUR"'}
    assert inlays(state, path, (1, 3)) == ()


JOIN = "join(separator: string, texts: array-string) -> string"
SIGNATURES = {
    "the first argument": (
        "    x: join(¦",
        "join(separator: string, texts: array-string) -> string",
        0,
        "separator: string",
    ),
    "the second argument": (
        "    x: join(',', ¦)",
        "join(separator: string, texts: array-string) -> string",
        1,
        "texts: array-string",
    ),
    "the inner function": ("    x: length(not_null(a, b, ¦))", "not_null(value: any, ...) -> any", 0, "value: any"),
    "a filter": ("    x: {template: \"{{ user | replace('a', ¦) }}\"}", "replace(old, new)", 1, "new"),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_the_function_is_shown_whose_arguments_are_written(case: str, shop: Path) -> None:
    new, label, active, parameter = SIGNATURES[case]
    found = signature(*opened(shop, ORDERS, FIELD, new))
    assert found is not None
    assert (found.label, found.active) == (label, active)
    start, end = found.parameters[found.active]
    assert found.label[start:end] == parameter


@pytest.mark.parametrize("new", ["    x: user¦", "    x: length(user)¦", '    x: {template: "a(¦"}', "    ¦x: 1"])
def test_no_function_is_shown_outside_of_arguments(new: str, shop: Path) -> None:
    assert signature(*opened(shop, ORDERS, FIELD, new)) is None
