"""The schemas of the rule language say what the loader says: the same keys, the same verdicts."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import settings
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from moemap.engine.diagnostics.problem import Problem
from moemap.engine.language.loader import join
from moemap.engine.source.contents import unsaved
from moemap.engine.values.recall import Recall

ROOT = Path(__file__).parents[2]
SCHEMAS: dict[str, dict[str, Any]] = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "schemas" / "moemap").glob("*.schema.json"))
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema, default_specification=DRAFT202012)) for schema in SCHEMAS.values()
)
VALIDATORS = {name: Draft202012Validator(schema, registry=REGISTRY) for name, schema in SCHEMAS.items()}
FAST = {
    name: jsonschema_rs.validator_for(
        schema, registry=jsonschema_rs.Registry([(schema["$id"], schema) for schema in SCHEMAS.values()])
    )
    for name, schema in SCHEMAS.items()
}
DEFS = SCHEMAS["rules"]["$defs"]
STRUCTURE = {"M101", "M102", "M103", "M104", "M105", "M113", "M114"}  # what a schema can see

FILES = [
    path
    for folder in ("mappings", "examples/mappings", "examples/workspaces")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if not path.name.startswith(".")
]


def kind_of(path: Path, document: Any) -> str:
    if "tests" in path.relative_to(ROOT).parts:
        return "tests"
    if path.name == "explained.yaml":
        return "explained"
    return "workspace" if "workspace" in document else "rules"


# --- the schemas themselves


@pytest.mark.parametrize("name", SCHEMAS)
def test_is_a_schema(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"https://moemap.dev/schemas/moemap/{name}.schema.json"


def nodes(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    yield place, value
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(child, f"{place}/{key}")


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    used = {
        id(REGISTRY.resolver(schema["$id"]).lookup(node["$ref"]).contents)
        for schema in SCHEMAS.values()
        for _, node in nodes(schema)
        if isinstance(node, dict) and isinstance(node.get("$ref"), str)
    }
    definitions = {
        (name, key): node for name, schema in SCHEMAS.items() for key, node in schema.get("$defs", {}).items()
    }
    assert [place for place, node in definitions.items() if id(node) not in used] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_described(name: str) -> None:
    def described(schema: Any, resolver: Any) -> bool:
        if "description" in schema:
            return True
        if "$ref" in schema:
            resolved = resolver.lookup(schema["$ref"])
            return described(resolved.contents, resolved.resolver)
        return any(described(part, resolver) for part in schema.get("anyOf", ()))

    for place, node in nodes(SCHEMAS[name]):
        if isinstance(node, dict) and node.get("additionalProperties") is False:
            for key, schema in node["properties"].items():
                assert described(schema, REGISTRY.resolver(SCHEMAS[name]["$id"])), f"{place}: {key}"


def test_a_change_has_the_keys_of_what_it_changes() -> None:
    for name, definition in DEFS.items():
        if name.endswith("Change") and "properties" in definition:
            assert list(definition["properties"]) == list(DEFS[name.removesuffix("Change")]["properties"]), name


# --- the files that are shipped


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_shipped_file(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    errors = VALIDATORS[kind_of(path, document)].iter_errors(document)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


# --- agreement with the loader

MAPPING = """
language: 1
name: sample
version: 1.2.3
description: All keys, once.
input: {as: batch, schema: ./any.schema.json, id: id, description: The batch.}
server: {url: "https://{host}", headers: {Accept: application/json}}
delivery:
  effect: append
  order: user.id
  uncertain: hold
  windows:
    one: {limit: 500, seconds: 1, counts: bodies, outputs: [event], sent: alone, each_key: true, description: One.}
    two: {limit: 500, seconds: 1, elements_of: list}
  answers: {accept: [200], retry: [5xx], wait: [429], stop: [401], reject: [404]}
  hints: {limit: X-Limit, remaining: X-Remaining, reset: X-Reset, retry_after: Retry-After}
  retry: {base: 1, factor: 2, cap: 60.5, attempts: 5}
  bulk_from: 10
  keep_alive: 4
  ping: {method: GET, path: /ping, body: {a: 1}}
  description: As the receiver wants it.
checks: {M206: error, M221: ignore}
omit_empty: true
settings:
  signing_key: {secret: true, default: k}
  currency: {type: string, enum: [EUR, USD], default: EUR, description: Of prices.}
  names: {type: array, items: string, pattern: "^[a-z]", min_length: 2, max_length: 9, default: []}
  share: {type: double, minimum: 0, maximum: 1, default: 0.5}
outputs:
  event:
    description: What happened.
    schema: ./any.schema.json
    limits: ./any.schema.json
    request: {method: PUT, path: "/v1/{app_id}", query: {code: settings.currency}}
    fields: {id: batch.id}
    delivery: {effect: upsert, order: id, bulk: false}
    element_of: actions
    combine: {actions: append, attributes: merge}
    max_bytes: 1000
  sign-up:
    schema: ./any.schema.json
    request: {path: "/v1/{{ event.id }}", headers: {X-Id: event.id}, form: brackets}
    server: {url: {from: settings.currency, table: sizes}, headers: {Accept: {const: text/plain}}}
  ids: {body: list, schema: ./any.schema.json, request: {path: /v1/ids}, max_items: 50}
  gone: {body: none, request: {method: DELETE, path: /v1/gone}}
assert:
  no-events: {no_output: [event], without: settings.currency, description: Nothing is sold.}
  no-mail: {category: [email], never_in: [event /attributes/*, "* query", messages], unmasked: true}
  names: {category: [any], only_in: [event body /name]}
bulk:
  schema: ./any.schema.json
  request: {path: /v1/bulk}
  fields: {type: {const: bulk}}
  elements: elements
  max_bytes: 1000
include: []
tables: {sizes: {unlisted: keep, entries: {S: 1}}}
policies: {plain: [{}]}
let: {country: batch.country}
routes: {events: {each: batch.events, as: event}}
rules: [{rule: count, route: events, skip: a count}]
"""
PART = """
description: All but rules.
include: []
tables:
  genders: {ignore_case: true, unlisted: {const: other}, entries: {m: male, f: null}}
  sizes: {unlisted: keep, entries: {S: 1}}
policies:
  plain:
    - {when: "name == 'a'", description: A., reference: [r], let: {x: value}, name: {template: "{{ name }}"}, value: x}
    - {when: "name == 'b'", skip: not b}
    - {when: "name == 'c'", reject: not c}
    - {warn: odd}
let: {country: {from: batch.country, type: string}}
routes:
  events: {each: batch.events, as: event, let: {id: event.id}, description: In order.}
  counts: {each: batch.counts, as: count, key: kind}
"""
RULES = """
rules:
  - rule: base
    description: Shared.
    reference: [row]
    deprecated: use another
    abstract: true
    enabled: true
    route: events
    when: event
    let: {time: event.time}
    output: event
    fields:
      short: event.a
      first: [event.a, {from: event.b, type: integer}]
      text: {template: "{{ event.a }}"}
      fixed: {const: null}
      full:
        from: [event.a, event.b]
        type: array
        items: string
      made: {list: [event.a, {from: event.b, keep_null: true}]}
      numbered: {each: event.list, as: item, index: item_number, value: item_number}
      price: {from: event.price, type: string, decimals: 2}
      when:
        from: event.when
        type: datetime
        time: {reads: [iso, "%d.%m.%Y"], zone: Europe/Berlin, writes: iso, writes_zone: keep, precision: seconds}
        table: sizes
        default: null
        required: true
        omit_empty: false
        when: event.c
        on_problem: reject
        description: A field.
        reference: [row]
        deprecated: use another
      looked_up: {from: event.s, table: {unlisted: omit, entries: {a: b}}}
      list: {each: event.list, as: item, let: {n: item.n}, value: n}
      table: {each: event.object, as: item, key: label, fields: {label: label}, spread: {from: item}}
      object: {fields: {a: event.a}, spread: [{from: event.attributes}]}
    spread:
      from: event.attributes
      key: key
      as: it
      except: {names: [a], prefixes: [b_], patterns: ["c*"], ignore_case: true}
      rename: {old: new}
      let: {x: it.x}
      entries: plain
    warn: [{when: event.odd, message: odd}]
  - {rule: left-out, route: events, when: event.test, skip: a test}
  - {rule: refused, route: events, reject: odd}
  - {rule: id, route: events, output: ids, value: event.id, then: continue}
  - {rule: go, route: events, output: gone}
  - {rule: sheets, when: batch.rows, convert: sheets@1}
"""
SHEETS = """
language: 1
name: sheets
version: 1.0.0
input: {as: sheet, schema: mparticle/batch.schema.json}
outputs: {batch: {schema: ./../../any.schema.json, request: {path: /}}}
rules: [{rule: batch, output: batch, fields: {}}]
"""
WORKSPACE = """
language: 1
workspace: mine
description: Mine.
extends: ./base
checks: {M206: warning}
include: []
settings: {currency: USD}
delivery: {uncertain: hold, windows: {one: {limit: 9}, two: null}}
tables: {genders: null, sizes: {entries: {S: null, M: 2}}}
policies: {plain: [{}]}
let: {country: null, region: batch.region}
assert: {no-events: null, no-mail: {unmasked: false}, names: {only_in: null, never_in: [event]}}
routes: {counts: null, users: {each: batch.users, as: user}}
rules:
  - {rule: base, fields: {short: null, list: {value: {type: string}}, text: {template: null, from: event.a}}}
  - {rule: left-out, enabled: false}
  - {rule: new, route: events, output: event, fields: {a: event.a}, spread: {from: event.attributes}}
"""
DERIVED = """
language: 1
extends: ./base
settings: {currency: {enum: null, default: DKK}}
outputs: {event: {limits: null, request: {query: {code: null}}, combine: {attributes: null}}}
server: {headers: {Accept: null, X-Other: a}}
rules:
  - {rule: refused, reject: null, skip: ignored}
  - {rule: new, extends: base, when: null, fields: {short: null, full: {type: integer, items: null, default: 1}}}
"""
DOCUMENTS: dict[str, Any] = {
    name: yaml.safe_load(text)
    for name, text in {
        "mapping": MAPPING,
        "part": PART,
        "rules": RULES,
        "workspace": WORKSPACE,
        "derived": DERIVED,
    }.items()
}
SCHEMA_OF = {kind: "workspace" if kind == "workspace" else "rules" for kind in DOCUMENTS}


@pytest.fixture(scope="module")
def loading(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Any], tuple[Problem, ...]]:
    """Loads a document of one of the kinds; returns the problems. Files that stay as they are are read once."""
    recall = Recall()
    folder = tmp_path_factory.mktemp("rules")
    (folder / "base").mkdir()
    for place in (folder, folder / "base"):
        (place / "any.schema.json").write_text("{}")
        (place / "sheets" / "v1").mkdir(parents=True)
        (place / "sheets" / "v1" / "mapping.yaml").write_text(SHEETS)
    (folder / ".moemap").touch()
    everything = {**DOCUMENTS["mapping"], **DOCUMENTS["part"], **DOCUMENTS["rules"]}
    (folder / "base" / "mapping.yaml").write_text(json.dumps(everything))
    including = {
        kind: json.dumps(
            {key: value for key, value in DOCUMENTS["mapping"].items() if key not in DOCUMENTS[kind]}
            | {"include": ["part.yaml"]}
        )
        for kind in ("part", "rules")
    }

    def loading(kind: str, document: Any) -> tuple[Problem, ...]:
        texts = {"part.yaml": json.dumps(document), "mapping.yaml": including[kind]} if kind in including else {}
        main = "workspace.yaml" if kind == "workspace" else "mapping.yaml"
        recall.begin()
        with unsaved({folder / name: text for name, text in (texts or {main: json.dumps(document)}).items()}):
            return join(folder / main, recall).with_settings({}).problems

    return loading


Loading = Callable[[str, Any], tuple[Problem, ...]]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_samples_are_valid(kind: str, loading: Loading) -> None:
    VALIDATORS[SCHEMA_OF[kind]].validate(DOCUMENTS[kind])
    assert [problem for problem in loading(kind, DOCUMENTS[kind]) if problem.severity == "error"] == []


def test_the_samples_use_every_key() -> None:
    used = {
        key for document in DOCUMENTS.values() for _, node in nodes(document) if isinstance(node, dict) for key in node
    }
    known = {key for _, node in nodes(DEFS) if isinstance(node, dict) for key in known_keys(node)}
    assert known - used == set()


def known_keys(node: Any) -> tuple[str, ...]:
    return tuple(node["properties"]) if node.get("additionalProperties") is False else ()


UNKNOWN = "qqqqqqqq"
# What messages call an object ("a table", "the table 'genders'"), and its definition.
OBJECTS = {
    "mapping file": DEFS["mapping"],
    "rule file": DEFS["part"],
    "workspace file": SCHEMAS["workspace"]["$defs"]["workspace"],
    "input": DEFS["input"],
    "server": DEFS["server"],
    "setting": DEFS["setting"],
    "output": DEFS["output"],
    "request": DEFS["request"],
    "bulk": DEFS["bulk"],
    "delivery": DEFS["delivery"],
    "delivery of an output": DEFS["outputDelivery"],
    "window": DEFS["window"],
    "answers": DEFS["answers"],
    "hints": DEFS["hints"],
    "retry": DEFS["retry"],
    "ping": DEFS["ping"],
    "route": DEFS["route"],
    "rule": DEFS["rule"],
    "warn": DEFS["warn"],
    "field": DEFS["fieldMapping"],
    "table": DEFS["table"],
    "time": DEFS["time"],
    "unlisted": DEFS["table"]["properties"]["unlisted"]["anyOf"][1],
    "spread": DEFS["spread"],
    "except": DEFS["except"],
    "entry rule": DEFS["entryRule"],
    "assertion": DEFS["assertion"],
}


def with_unknown_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{key: with_unknown_keys(child) for key, child in value.items()}, UNKNOWN: 1}
    return [with_unknown_keys(item) for item in value] if isinstance(value, list) else value


def test_the_loader_knows_the_same_keys(loading: Loading) -> None:
    known: dict[str, set[str]] = {}
    for kind in ("mapping", "part", "rules", "workspace"):
        for problem in loading(kind, with_unknown_keys(DOCUMENTS[kind])):
            if problem.code == "M101":
                where = (
                    problem.data["where"].partition(" '")[0].removeprefix("a ").removeprefix("an ").removeprefix("the ")
                )
                assert problem.hint is not None
                known.setdefault(where, set()).update(problem.hint.removeprefix("known here: ").split(", "))
    assert known == {where: set(definition["properties"]) for where, definition in OBJECTS.items()}


def test_every_object_of_the_schema_is_compared_with_the_loader() -> None:
    compared = [id(definition) for definition in OBJECTS.values()]
    schemas = {name: SCHEMAS[name] for name in ("rules", "workspace")}
    left = [
        place
        for place, node in nodes(schemas)
        if isinstance(node, dict) and known_keys(node) and id(node) not in compared and not place.endswith("Change")
    ]
    assert left == []


REPLACEMENTS: dict[str, Any] = {
    "null": None,
    "true": True,
    "text": "Not A Name!",
    "list": [1],
    "object": {UNKNOWN: 1},
}


def mutations(value: Any) -> Iterator[tuple[str, Any]]:
    """The value with one thing in it dropped or replaced, and what was done where."""
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():

        def changed(*new: Any, key: Any = key) -> Any:
            if isinstance(value, list):
                return [*value[:key], *new, *value[key + 1 :]]
            return {name: item for name, old in value.items() for item in (new if name == key else (old,))}

        yield f"{key} dropped", changed()
        for name, replacement in REPLACEMENTS.items():
            yield f"{key} is {name}", changed(replacement)
        for label, new in mutations(child):
            yield f"{key}/{label}", changed(new)


def verdicts(kind: str, *, valid: bool) -> list[tuple[str, Any]]:
    """The mutations of a document that its schema accepts, or those that it refuses: each fifth, but all in fuzzing.

    Each thing has six, so at least one of each is among them, and every replacement.
    """
    validator, step = FAST[SCHEMA_OF[kind]], max(1, 500 // settings().max_examples)
    chosen = islice(mutations(DOCUMENTS[kind]), 0, None, step)
    return [(label, document) for label, document in chosen if validator.is_valid(document) is valid]


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_what_the_schema_refuses_the_loader_refuses(kind: str, loading: Loading) -> None:
    refused = verdicts(kind, valid=False)
    assert len(refused) > 20
    accepted = [label for label, document in refused if not any(map(is_error, loading(kind, document)))]
    assert accepted == []


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("kind", ["mapping", "part", "rules"])
def test_what_the_schema_accepts_the_loader_can_read(kind: str, loading: Loading) -> None:
    """Of what changes something inherited, a schema cannot know; so only of what stands alone."""
    accepted = verdicts(kind, valid=True)
    assert len(accepted) > 5
    refused = {
        label: [problem.message for problem in loading(kind, document) if problem.code in STRUCTURE]
        for label, document in accepted
    }
    assert {label: messages for label, messages in refused.items() if messages} == {}


def is_error(problem: Problem) -> bool:
    return problem.severity == "error"
