"""The JSON Schemas say what the vendors' facts say, and both validators read them alike."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FOLDERS = ("mparticle", "moengage")
SCHEMAS: dict[str, dict[str, Any]] = {
    f"{folder}/{path.name}": json.loads(path.read_text(encoding="utf-8"))
    for folder in FOLDERS
    for path in sorted((ROOT / "schemas" / folder).glob("*.schema.json"))
}
BATCH = SCHEMAS["mparticle/batch.schema.json"]
EXAMPLES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*.json"))
}
FIREHOSE = "firehose_message"
# Members of `properties` under these keywords restrict properties that are described elsewhere.
CONDITIONS = {"if", "then", "else", "not", "dependentSchemas"}

PYTHON_REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema, default_specification=DRAFT202012)) for schema in SCHEMAS.values()
)
RUST_REGISTRY = jsonschema_rs.Registry([(schema["$id"], schema) for schema in SCHEMAS.values()])

PYTHON = {name: Draft202012Validator(schema, registry=PYTHON_REGISTRY) for name, schema in SCHEMAS.items()}
RUST = {name: jsonschema_rs.validator_for(schema, registry=RUST_REGISTRY) for name, schema in SCHEMAS.items()}


def pointer(path: Iterator[str | int] | list[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def python_errors(name: str, body: Any) -> list[tuple[str, str]]:
    errors: Iterator[ValidationError] = PYTHON[name].iter_errors(body)
    return sorted({(pointer(list(error.absolute_path)), str(error.validator)) for error in errors})


def rust_pointers(name: str, body: Any) -> list[str]:
    return sorted({pointer(error.instance_path) for error in RUST[name].iter_errors(body)})


def expanded(value: Any) -> Any:
    """The value with the short forms of the case files written out: `<n>`, {$list: n}, {$object: n}."""
    match value:
        case str():
            return re.sub("<([0-9]+)>", lambda match: "x" * int(match[1]), value)
        case {"$list": int(count)}:
            return ["x"] * count
        case {"$objects": int(count)}:
            return [{"k": 1}] * count
        case {"$object": int(count)}:
            return {f"k{number}": number for number in range(count)}
        case dict():
            return {expanded(key): expanded(member) for key, member in value.items()}
        case list():
            return [expanded(element) for element in value]
    return value


def filled(value: Any, word: Any) -> Any:
    """The value with `@` replaced by the word."""
    match value:
        case "@":
            return word
        case str():
            return value.replace("@", str(word))
        case dict():
            return {filled(key, word): filled(member, word) for key, member in value.items()}
        case list():
            return [filled(element, word) for element in value]
    return value


def cases() -> Iterator[Any]:
    for path in sorted(HERE.glob("*.yaml")):
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in table["cases"]:
            for row in [filled(case, word) for word in case["for"]] if "for" in case else [case]:
                body = expanded(row["body"] if "body" in row else table["base"] | row.get("with", {}))
                refused = sorted(
                    (expanded(place), keyword)
                    for place, keywords in row.get("refused", {}).items()
                    for keyword in ([keywords] if isinstance(keywords, str) else keywords)
                )
                yield pytest.param(table["schema"], body, refused, id=f"{path.stem}: {row['case']}")


def described(schema: Any, place: str, *, condition: bool = False) -> Iterator[tuple[str, Any]]:
    """Every property that a schema declares, with its place."""
    if isinstance(schema, list):
        for number, member in enumerate(schema):
            yield from described(member, f"{place}/{number}", condition=condition)
    elif isinstance(schema, dict):
        for keyword, member in schema.items():
            if keyword == "properties":
                for name, declared in member.items():
                    if not condition:
                        yield f"{place}/properties/{name}", declared
                    yield from described(declared, f"{place}/properties/{name}", condition=condition)
            elif keyword not in {"enum", "const", "examples"}:
                yield from described(member, f"{place}/{keyword}", condition=condition or keyword in CONDITIONS)


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for member in schema:
            yield from references(member)
    elif isinstance(schema, dict):
        for keyword, member in schema.items():
            if keyword == "$ref":
                yield member
            else:
                yield from references(member)


def closed(schema: Any) -> Any:
    """The schema in which an object that is complete takes no other keys."""
    if isinstance(schema, list):
        return [closed(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    members = {key: closed(member) for key, member in schema.items() if key not in {"x-complete", "$id"}}
    return members | ({"unevaluatedProperties": False} if schema.get("x-complete") is True else {})


@pytest.mark.parametrize("name", SCHEMAS)
class TestEverySchema:
    def test_is_a_schema(self, name: str) -> None:
        Draft202012Validator.check_schema(SCHEMAS[name])
        jsonschema_rs.meta.validate(SCHEMAS[name])

    def test_is_named_after_its_file(self, name: str) -> None:
        assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert SCHEMAS[name]["$id"] == f"https://moemap.dev/schemas/{name}"
        assert SCHEMAS[name]["title"]
        assert SCHEMAS[name]["description"]

    def test_references_resolve(self, name: str) -> None:
        resolver = PYTHON_REGISTRY.resolver(SCHEMAS[name]["$id"])
        for reference in references(SCHEMAS[name]):
            assert resolver.lookup(reference).contents

    def test_every_property_is_described(self, name: str) -> None:
        for place, declared in described(SCHEMAS[name], ""):
            assert declared.get("description", "").endswith("."), place

    def test_every_definition_is_used(self, name: str) -> None:
        used = {
            (name.partition("/")[0] + "/" + file if file else other, fragment)
            for other, schema in SCHEMAS.items()
            for file, _, fragment in (reference.partition("#") for reference in references(schema))
            if not file or other.startswith(name.partition("/")[0])
        }
        for definition in SCHEMAS[name].get("$defs", {}):
            assert (name, f"/$defs/{definition}") in used, definition


@pytest.mark.parametrize(("name", "body", "refused"), list(cases()))
def test_case(name: str, body: Any, refused: list[tuple[str, str]]) -> None:
    assert python_errors(name, body) == refused
    assert RUST[name].is_valid(body) == (not refused)
    assert rust_pointers(name, body) == sorted({place for place, _ in refused})


class TestExamples:
    @pytest.mark.parametrize("name", [name for name in EXAMPLES if name != FIREHOSE])
    def test_is_a_batch(self, name: str) -> None:
        content = EXAMPLES[name]
        for batch in content if isinstance(content, list) else [content]:
            assert python_errors("mparticle/batch.schema.json", batch) == []
            assert RUST["mparticle/batch.schema.json"].is_valid(batch)

    @pytest.mark.parametrize("name", [name for name in EXAMPLES if name != FIREHOSE])
    def test_complete_objects_list_every_key(self, name: str) -> None:
        content = EXAMPLES[name]
        validator = Draft202012Validator(closed(BATCH))
        for batch in content if isinstance(content, list) else [content]:
            assert [(pointer(list(error.absolute_path)), error.message) for error in validator.iter_errors(batch)] == []

    def test_firehose_message_is_none(self) -> None:
        message = EXAMPLES[FIREHOSE]
        assert message["type"] == "event_processing_request"
        assert python_errors("mparticle/batch.schema.json", message) == [("/partner_identities", "type")]
        assert rust_pointers("mparticle/batch.schema.json", message) == ["/partner_identities"]

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_is_listed(self, name: str) -> None:
        assert f"| [{name}.json]({name}.json) |" in (ROOT / "examples" / "README.md").read_text(encoding="utf-8")


class TestEvents:
    """The variants of an event exclude each other, so that `event_type` tells which data it has."""

    VARIANTS = tuple(reference["$ref"].rpartition("/")[2] for reference in BATCH["$defs"]["event"]["anyOf"])
    TYPED = VARIANTS[:-2]

    def matching(self, event: Any) -> list[str]:
        return [
            variant
            for variant in self.VARIANTS
            if Draft202012Validator({"$ref": f"{BATCH['$id']}#/$defs/{variant}"}, registry=PYTHON_REGISTRY).is_valid(
                event
            )
        ]

    def test_last_two_are_the_tolerant_ones(self) -> None:
        assert self.VARIANTS[-2:] == ("other_event", "odd_event")

    @pytest.mark.parametrize("name", TYPED)
    def test_type_selects_its_variant(self, name: str) -> None:
        assert BATCH["$defs"][name]["properties"]["event_type"]["const"] == name
        for event in ({"event_type": name}, {"event_type": name, "data": None}, {"event_type": name, "data": {}}):
            assert self.matching(event) == [name]

    @pytest.mark.parametrize(
        "name", ["pre_attribution", "push_reaction", "validation_result", "unknown", "", "Custom_Event"]
    )
    def test_other_types(self, name: str) -> None:
        assert self.matching({"event_type": name, "data": {"anything": [1]}}) == ["other_event"]

    @pytest.mark.parametrize("event", [None, {}, {"data": {}}, {"event_type": None}, {"event_type": 4}])
    def test_odd_events(self, event: Any) -> None:
        assert self.matching(event) == ["odd_event"]

    def test_other_event_excludes_exactly_the_typed_ones(self) -> None:
        assert tuple(BATCH["$defs"]["other_event"]["properties"]["event_type"]["not"]["enum"]) == self.TYPED
