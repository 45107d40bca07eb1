"""New mappings: whatever they are started from, they pass their checks and tests, and list the guesses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine import golden
from moemap.engine.authoring.guessing import Guesses, scope_of, singular
from moemap.engine.authoring.openapi import OpenApiError, operation_of
from moemap.engine.authoring.starting import (
    DraftSample,
    Start,
    StartError,
    operation_in,
    samples_in,
    schema_in,
    start,
    write,
)
from moemap.engine.inspection import inspect_paths

ORDER = {
    "orderId": "o-17",
    "placedAt": "2026-01-31T12:00:00Z",
    "customer": {"id": 7, "email": "ida@example.com", "fullName": "Ida Holm"},
    "lines": [{"sku": "A", "quantity": 2, "unitPrice": 12.5}, {"sku": "B", "quantity": 1, "unitPrice": 3}],
    "note": None,
    "paid": "true",
}
API = """
openapi: 3.0.3
info: {title: Ledger, version: "1"}
servers: [{url: "https://ledger.example.com/api/"}]
paths:
  /accounts/{accountId}/invoices:
    parameters:
      - {name: accountId, in: path, required: true, schema: {type: string}}
    post:
      operationId: createInvoice
      parameters:
        - {name: order_id, in: query, required: true, schema: {type: string}}
        - {name: dryRun, in: query, schema: {type: boolean}}
        - {name: Idempotency-Key, in: header, required: true, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Invoice"}
    get:
      operationId: listInvoices
      responses: {}
components:
  schemas:
    Invoice:
      type: object
      required: [order_id, currency, customer, lines, kind, tags, created_at]
      properties:
        order_id: {type: string}
        created_at: {type: string, format: date-time}
        placed_at: {type: string}
        kind: {type: string, enum: [invoice]}
        currency: {type: string, enum: [EUR, USD]}
        vat_rate: {type: number}
        paid: {type: boolean}
        tags: {type: array, items: {type: string}}
        customer_email: {type: string}
        customer:
          type: object
          required: [id, country]
          properties:
            id: {type: string}
            full_name: {type: string}
            country: {type: string, example: DK}
        lines:
          type: array
          items:
            type: object
            required: [sku, price]
            properties:
              sku: {type: string}
              quantity: {type: number}
              price: {type: number, minimum: 1}
              unit_price: {type: string}
"""


def checked(folder: Path, made: Start) -> dict[str, Any]:
    """Writes a mapping that is without errors, and whose tests pass; returns it."""
    write(folder, made, {})
    found = inspect_paths([str(folder)])
    assert [str(problem) for problem in found.problems if problem.severity == "error"] == []
    runner = golden.GoldenRunner()
    file, problems, _ = golden.load(folder / "tests" / "samples.yaml", "samples.yaml", runner.opening)
    assert file is not None, problems
    assert [golden.text(one, color=False) for test in file.tests if not (one := runner.run(file, test)).passed] == []
    mapping: dict[str, Any] = yaml.safe_load((folder / "mapping.yaml").read_text("utf-8"))
    return mapping


def test_an_operation_and_a_sample(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(API)
    operation = operation_in(tmp_path / "api.yaml", "createInvoice")
    made = start("orders", [DraftSample("order", ORDER)], None, operation)
    mapping = checked(tmp_path / "orders", made)
    assert mapping["server"] == {
        "url": "https://ledger.example.com/api",
        "headers": {"Content-Type": "application/json"},
    }
    assert mapping["settings"]["currency"]["enum"] == ["EUR", "USD"]
    assert mapping["outputs"] == {
        "create-invoice": {
            "schema": "./output.schema.json",
            "request": {
                "method": "POST",
                "path": "/accounts/{account_id}/invoices",
                "query": {"order_id": "record.orderId"},
                "headers": {"Idempotency-Key": "settings.idempotency_key"},
            },
        }
    }
    assert mapping["rules"][0]["fields"] == {
        "order_id": "record.orderId",
        "created_at": "settings.created_at",
        "placed_at": "record.placedAt",
        "kind": {"const": "invoice"},
        "currency": "settings.currency",
        "paid": {"from": "record.paid", "type": "boolean"},
        "tags": {"const": []},
        "customer_email": "record.customer.email",
        "customer": {
            "fields": {
                "id": {"from": "record.customer.id", "type": "string"},
                "full_name": "record.customer.fullName",
                "country": "settings.customer_country",
            }
        },
        "lines": {
            "each": "record.lines",
            "as": "line",
            "fields": {
                "sku": "line.sku",
                "quantity": "line.quantity",
                "price": "settings.lines_price",
                "unit_price": {"from": "line.unitPrice", "type": "string"},
            },
        },
    }
    defaults = {name: setting["default"] for name, setting in mapping["settings"].items()}
    assert defaults == {
        "created_at": "2000-01-01T00:00:00Z",
        "currency": "EUR",
        "customer_country": "DK",
        "lines_price": 1,
        "idempotency_key": "TODO",
    }
    notes = [note for note in made.notes if note.startswith("mapping.yaml")]
    assert notes == [
        "mapping.yaml, created_at: required, and no member of the input has this name; now a setting",
        "mapping.yaml, currency: required, and no member of the input has this name; now a setting",
        "mapping.yaml, vat_rate: no member of the input has this name",
        "mapping.yaml, tags: required, and no member of the input has this name; now a constant",
        "mapping.yaml, customer.country: required, and no member of the input has this name; now a setting",
        "mapping.yaml, lines.price: required, and no member of the input has this name; now a setting",
        "mapping.yaml, the path: {account_id} is filled in by whoever sends the requests",
        "mapping.yaml, the parameter dryRun: no member of the input has this name",
        "mapping.yaml, the header Idempotency-Key: required, and no member of the input has this name; now a setting",
    ]


def members(**schemas: Any) -> dict[str, Any]:
    return {"type": "object", "properties": schemas}


TEXT, NUMBER = {"type": "string"}, {"type": "number"}


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        (members(userEmail=TEXT), members(user_email=TEXT), {"user_email": "r.userEmail"}),
        (members(user=members(email=TEXT)), members(userEmail=TEXT), {"userEmail": "r.user.email"}),
        (members(**{"user-email": TEXT}), members(email=TEXT), {"email": 'r."user-email"'}),
        (members(user=members(id=TEXT), id=TEXT), members(id=TEXT), {"id": "r.id"}),
        (members(user=members(id=TEXT)), members(id=TEXT), {}),
        (members(shop=members(city=TEXT)), members(city=TEXT), {"city": "r.shop.city"}),
        (members(a=NUMBER), members(a=TEXT), {"a": {"from": "r.a", "type": "string"}}),
        (members(a={"type": "integer"}), members(a=NUMBER), {"a": "r.a"}),
        (members(a=NUMBER), members(a={"type": "integer"}), {"a": {"from": "r.a", "type": "integer"}}),
        (members(a={"type": ["string", "null"]}), members(a=TEXT), {"a": "r.a"}),
        (members(a=members(b=TEXT)), members(a=TEXT), {}),
        (members(at=NUMBER), members(at={"type": "string", "format": "date-time"}), {}),
        (
            members(at=TEXT),
            members(at={"type": "string", "format": "date-time"}),
            {"at": {"from": "r.at", "type": "datetime"}},
        ),
        (members(tags={"type": "array", "items": TEXT}), members(tags={"type": "array"}), {"tags": "r.tags"}),
        (members(URL=TEXT, orderURL=TEXT), members(order_url=TEXT), {"order_url": "r.orderURL"}),
        (members(a=TEXT), {"allOf": [members(a=TEXT), {"properties": {"b": TEXT}}]}, {"a": "r.a"}),
        (members(a={"oneOf": [{"type": "null"}, members(b=TEXT)]}), members(b=TEXT), {"b": "r.a.b"}),
    ],
)
def test_guesses(given: Any, wanted: Any, expected: Any) -> None:
    assert Guesses(wanted).fields(wanted, scope_of("r", given)) == expected


def test_events_become_a_request_each(tmp_path: Path) -> None:
    batch = {"user": {"id": "u-1"}, "events": [{"name": "login"}, {"name": "order", "total": 3}]}
    body = members(name=TEXT, total=NUMBER, user_id=TEXT)
    document = {
        "openapi": "3.1.0",
        "paths": {"/event": {"put": {"requestBody": {"content": {"application/json": {"schema": body}}}}}},
    }
    made = start("events", [DraftSample("a", batch)], None, operation_of(document, "PUT /event"))
    mapping = checked(tmp_path / "events", made)
    assert mapping["routes"] == {"events": {"each": "record.events", "as": "event"}}
    assert mapping["rules"][0]["fields"] == {"name": "event.name", "total": "event.total", "user_id": "record.user.id"}
    tests = yaml.safe_load((tmp_path / "events" / "tests" / "samples.yaml").read_text("utf-8"))
    assert [request["body"] for request in tests["tests"][0]["expect"]["requests"]] == [
        {"name": "login", "user_id": "u-1"},
        {"name": "order", "total": 3, "user_id": "u-1"},
    ]


def test_nothing_in_common_is_skipped(tmp_path: Path) -> None:
    document = yaml.safe_load(API)
    del document["components"]["schemas"]["Invoice"]["required"]
    made = start("empty", [DraftSample("a", {"other": 1})], None, operation_of(document, "createInvoice"))
    (rule,) = checked(tmp_path / "empty", made)["rules"]
    assert rule["skip"] == "nothing in the input has the name of a member of the body"


def test_a_schema_without_samples(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps({**members(a=TEXT, b=members(c=NUMBER)), "required": ["a", "b"]}))
    made = start("orders", [], schema_in(tmp_path / "in.json"))
    assert checked(tmp_path / "orders", made)["rules"][0]["fields"] == {"a": "record.a", "b": "record.b"}


def test_a_sample_that_the_schema_refuses_is_noted(tmp_path: Path) -> None:
    made = start("orders", [DraftSample("x", {"a": 1})], members(a=TEXT))
    checked(tmp_path / "orders", made)
    assert made.notes == ("samples/x.json: must be string, not integer at /a",)


def test_samples_of_a_file(tmp_path: Path) -> None:
    for name, text in {"One Order.json": "{}", "many.ndjson": "{}\n{}\n", "list.json": '[{}, {"a": 1}]'}.items():
        (tmp_path / name).write_text(text)
    found = [[sample.name for sample in samples_in(tmp_path / name)] for name in ("One Order.json", "many.ndjson")]
    assert found == [["one-order"], ["many-1", "many-2"]]
    assert samples_in(tmp_path / "list.json") == [DraftSample("list-1", {}), DraftSample("list-2", {"a": 1})]


@pytest.mark.parametrize(
    ("action", "text", "message"),
    [
        (samples_in, "{", "{path}:1: the record is not JSON: unexpected end of data (character 2)"),
        (samples_in, "", "{path}: no sample in it"),
        (samples_in, '"x"', "{path}:1: a sample is an object, not a string"),
        (schema_in, "{", "{path}: is not JSON: unexpected end of data: line 1 column 2 (char 1)"),
    ],
)
def test_files_that_cannot_be_used(action: Callable[[Path], Any], text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(StartError) as caught:
        action(path)
    assert str(caught.value).removeprefix(f"{tmp_path}/") == message.format(path="x.json").removeprefix(f"{tmp_path}/")


APIS = Path(__file__).parent / "apis"
OPERATIONS = yaml.safe_load((APIS / "operations.yaml").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("case", OPERATIONS, ids=[f"{one['api']}: {one['operation']}" for one in OPERATIONS])
def test_operations_of_public_kinds_of_apis(case: Any, tmp_path: Path) -> None:
    """The mappings have no findings, make these requests, and list the parts to review."""
    operation = operation_in(APIS / f"{case['api']}.yaml", case["operation"])
    made = start("made", [DraftSample("sample", case["sample"])], None, operation)
    mapping = checked(tmp_path / "made", made)
    assert [str(problem) for problem in inspect_paths([str(tmp_path / "made")]).problems] == []
    assert {key: mapping[key] for key in ("server", "outputs", "routes", "rules") if key in mapping} == case["mapping"]
    assert {name: one["default"] for name, one in mapping.get("settings", {}).items()} == case.get("settings", {})
    (test,) = yaml.safe_load((tmp_path / "made" / "tests" / "samples.yaml").read_text("utf-8"))["tests"]
    expected = case.get("expect") or {"requests": case["requests"]}
    assert test["expect"] == ([expected] if isinstance(case["sample"], list) else expected)
    assert [note.removeprefix("mapping.yaml, ") for note in made.notes] == case.get("review", [])


WRONG: list[Any] = [None, True, 1, "x", [], {}, [1], [[]], [{}], {"a": 1}, {"$ref": 1}, "#/"]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of a JSON value with another value at a path."""
    if not path:
        return new
    made: Any = copy(value)
    made[path[0]] = put(value[path[0]], path[1:], new)
    return made


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from paths(inner, (*path, name))


def started(document: Any, operation: str) -> None:
    """Starts a mapping from an operation of a document; a refusal is fine, any other exception is not."""
    with suppress(OpenApiError, StartError):
        start("made", [DraftSample("sample", ORDER)], None, operation_of(document, operation))


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0"])
def test_wrong_values_in_a_document_are_refused_or_left_out(version: str, wrong: Any) -> None:
    """A value of a wrong kind stands at one place of a valid document, at each in turn."""
    schema = {"type": "array", "format": "x", "required": ["a"], "enum": ["a"], "properties": {"a": {"type": "string"}}}
    parameters = [
        {"in": "query", "name": "orderId", "style": "form", "collectionFormat": "csv", "schema": schema},
        {"in": "query", "name": "n", "content": {"application/json": {"schema": {}}}},
    ]
    body = {"content": {"application/json": {"schema": {**schema, "type": "object", "properties": {"paid": schema}}}}}
    document = {
        "swagger" if version == "2.0" else "openapi": version,
        "schemes": ["https"],
        "servers": [{"url": "https://{a}.example", "variables": {"a": {"default": "a", "enum": ["a"]}}}],
        "paths": {"/a": {"parameters": parameters, "post": {"operationId": "a", "requestBody": body}}},
    }
    for path in paths(document):
        started(put(document, path, wrong), "a")


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.sampled_from(OPERATIONS), st.randoms(use_true_random=False), st.sampled_from(WRONG))
def test_wrong_values_in_documents_of_public_kinds_of_apis(case: Any, dice: Random, wrong: Any) -> None:
    document = yaml.safe_load((APIS / f"{case['api']}.yaml").read_text("utf-8"))
    started(put(document, dice.choice(list(paths(document))), wrong), case["operation"])


NAMES = st.sampled_from(["id", "userId", "events", "items", "a b", "$x", "é", "record", "event", "1"]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


PARAMETERS = st.lists(
    st.builds(
        lambda where, name, required, schema: {
            "in": where, "name": name, "required": required, "schema": schema, "explode": False,
        },
        st.sampled_from(["query", "path", "header"]),
        st.sampled_from(["id", "user_id", "events", "items", "X-Api-Key", "a[b]"]),
        st.booleans(),
        st.sampled_from([TEXT, NUMBER, {"type": "array", "items": TEXT}, {"type": "object"}, {}]),
    ),
    max_size=3,
)  # fmt: skip
SECURITY = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "basic": {"type": "http", "scheme": "basic"},
}


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Documents with one operation, `POST /x/{id}/y`, whose body is like a sample."""
    operation: dict[str, Any] = {
        "parameters": draw(PARAMETERS),
        "security": draw(st.sampled_from([[], [{"header": []}]])),
    }
    if draw(st.booleans()):
        body = json.loads(start("x", [DraftSample("x", draw(VALUES))]).files["input.schema.json"])
        body = {"type": "array", "items": body} if draw(st.booleans()) else body
        media_type = draw(st.sampled_from(["application/json", "application/x-www-form-urlencoded"]))
        operation["requestBody"] = {"content": {media_type: {"schema": body}}}
    servers = draw(st.sampled_from([[], [{"url": "/v1"}], [{"url": "https://a.b"}, {"url": "https://c.d"}]]))
    path = {"/x/{id}/y": {"post": operation}}
    return {"openapi": "3.1.0", "paths": path, "servers": servers, "components": {"securitySchemes": SECURITY}}


@pytest.mark.fuzz
@pytest.mark.slow
@settings(
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(VALUES, min_size=1, max_size=3), st.none() | documents())
def test_any_samples(tmp_path_factory: pytest.TempPathFactory, values: list[Any], document: Any) -> None:
    """Any samples, with or without an operation, give a mapping that passes the checks."""
    operation = None if document is None else operation_of(document, "POST /x/{id}/y")
    samples = [DraftSample(f"s-{number}", value) for number, value in enumerate(values)]
    checked(tmp_path_factory.mktemp("any") / "any", start("any", samples, None, operation))


def test_elements_have_no_name_that_is_a_constant_in_templates() -> None:
    assert [singular(name, ()) for name in ("TRUE", "nones", "False", "items")] == [
        "true_element",
        "none_element",
        "false_element",
        "item",
    ]


@pytest.mark.slow
def test_a_wide_sample_takes_the_time_of_its_width(tmp_path: Path) -> None:
    """Quadratic time in the members would be minutes."""
    made = start("made", [DraftSample("wide", {f"m{number}": number for number in range(1_500)})])
    mapping = checked(tmp_path / "made", made)
    assert len(mapping["rules"][0]["fields"]) == 1_500
