"""Schema files against the metaschemas of their drafts: flaws that the loader accepts, but no other tool."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.checks import metaschemas
from moemap.engine.checks.shared import opening
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.schemas.violations import MAX_VIOLATIONS

Write = Callable[..., Path]

NEWEST = "https://json-schema.org/draft/2020-12/schema"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_07, DRAFT_06, DRAFT_04 = (f"http://json-schema.org/draft-0{number}/schema#" for number in (7, 6, 4))


def rulebook_of(path: Path) -> Rulebook:
    loaded = load(path)
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


def found(rulebook: Rulebook) -> list[str]:
    """Each problem: the line and message, and where in the schema file it is."""
    told = []
    for problem in metaschemas.check(rulebook):
        assert (problem.code, problem.severity) == ("M124", "error")
        assert problem.place is not None
        (related,) = problem.related
        file = Path(related.place.file).name
        told.append(f"{problem.place.line} {problem.message} | {file}:{related.place.line}:{related.place.column}")
    return told


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"title": 5}, "draft 2020-12 at /title: must be string, not integer"),
        ({"contentEncoding": 5}, "draft 2020-12 at /contentEncoding: must be string, not integer"),
        ({"examples": {}}, "draft 2020-12 at /examples: must be array, not object"),
        ({"deprecated": "yes"}, "draft 2020-12 at /deprecated: must be boolean, not string"),
        ({"contentSchema": 1}, "draft 2020-12 at /contentSchema: must be object or boolean, not integer"),
        ({"required": ["a", "a"]}, 'draft 2020-12 at /required: ["a", "a"] has equal elements'),
        ({"type": ["null", "null"]}, 'draft 2020-12 at /type: ["null", "null"] has equal elements'),
        ({"items": {"not": {"$comment": 1}}}, "draft 2020-12 at /items/not/$comment: must be string, not integer"),
        ({"properties": {"a/b": {"title": 1}}}, "draft 2020-12 at /properties/a~1b/title: must be string, not integer"),
        ({"$id": "a.json#b"}, 'draft 2020-12 at /$id: "a.json#b" does not match the pattern ^[^#]*#?$'),
        ({"$schema": DRAFT_2019, "$vocabulary": []}, "draft 2019-09 at /$vocabulary: must be object, not list"),
        ({"$schema": DRAFT_07, "readOnly": 1}, "draft-07 at /readOnly: must be boolean, not integer"),
        (
            {"$schema": DRAFT_07, "$ref": "#/definitions/a", "definitions": {"a": True}, "type": "text"},
            'draft-07 at /type: "text" fits none of 2 alternatives',
        ),
        (
            {"$schema": DRAFT_07, "$defs": {"a": {"title": 1}}},
            "draft-07 at /$defs/a/title: must be string, not integer",
        ),
        (
            {"properties": {"a": {"$ref": "#/components/a"}}, "components": {"a": {"title": 1}}},
            "draft 2020-12 at /components/a/title: must be string, not integer",
        ),
        ({"$schema": DRAFT_06, "examples": 1}, "draft-06 at /examples: must be array, not integer"),
        ({"$schema": DRAFT_04, "enum": [1, 1.0]}, "draft-04 at /enum: [1, 1.0] has equal elements"),
        ({"$schema": DRAFT_04, "required": []}, "draft-04 at /required: has 0 elements, at least 1 is needed"),
        (
            {"$schema": DRAFT_04, "exclusiveMinimum": True},
            "draft-04 at the top: 'minimum' is missing, which 'exclusiveMinimum' needs",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_metaschema_refuses(schema: dict[str, Any], says: str, write: Write) -> None:
    (told,) = found(rulebook_of(write({"in.schema.json": schema})))
    assert told.partition(" | ")[0] == f"4 the schema './in.schema.json' breaks {says}"


def test_the_place_in_the_schema_file(write: Write) -> None:
    text = '\ufeff{\n  "properties": {\n    "a": {"type": "string",\n          "title": 1}}}'
    (told,) = found(rulebook_of(write({"out.schema.json": text})))
    assert told.startswith("6 the schema './out.schema.json' breaks draft 2020-12 at /properties/a/title: ")
    assert told.endswith(" | out.schema.json:4:11")


@pytest.mark.parametrize(
    "schema",
    [
        {"const": {"title": 5}, "default": {"type": 1}, "examples": [{"required": 1}], "x-own": {"title": 5}},
        {"$schema": DRAFT_04, "id": "http://x.example/a", "minimum": 1, "exclusiveMinimum": True},
        {"$schema": "http://json-schema.org/schema#", "prefixItems": [True]},
        {"$schema": DRAFT_07, "prefixItems": 5, "$anchor": 5},  # no keywords of the draft
        {"$dynamicAnchor": "node", "properties": {"next": {"$dynamicRef": "#node"}}},
        {
            "properties": {"a": {"$ref": "#/$defs/old"}},
            "$defs": {
                "old": {"$id": "http://x.example/old", "$schema": DRAFT_04, "exclusiveMinimum": True, "minimum": 1}
            },
        },
        {
            "$schema": DRAFT_04,
            "definitions": {"a": {"id": "http://x.example/new", "$schema": NEWEST, "exclusiveMinimum": 5}},
        },
    ],
)
def test_what_is_valid_in_its_draft(schema: dict[str, Any], write: Write) -> None:
    assert found(rulebook_of(write({"in.schema.json": schema}))) == []


def test_documents_that_references_lead_to(write: Write) -> None:
    files = {
        "in.schema.json": {"$schema": DRAFT_04, "properties": {"a": {"$ref": "parts/a.json"}}},
        "out.schema.json": {"properties": {"a": {"$ref": "parts/a.json"}}},
        "parts/a.json": {"items": {"$ref": "b.json"}},
        "parts/b.json": {"$schema": DRAFT_07, "title": 1},
    }
    assert found(rulebook_of(write(files))) == [
        "4 the schema './in.schema.json' breaks draft-07 at /title of b.json: must be string, not integer | b.json:1:56"
    ]
    # Without `$schema`, a document is of the draft of what leads to it.
    files["parts/a.json"] = {"enum": []}
    assert found(rulebook_of(write(files))) == [
        "4 the schema './in.schema.json' breaks draft-04 at /enum of a.json: "
        "has 0 elements, at least 1 is needed | a.json:1:2"
    ]


def test_a_part_in_another_draft(write: Write) -> None:
    part = {"$id": "http://x.example/old", "$schema": DRAFT_04, "exclusiveMinimum": True, "minimum": 1, "title": 1}
    (told,) = found(rulebook_of(write({"in.schema.json": {"$schema": DRAFT_07, "items": part, "title": "a"}})))
    assert told.startswith(
        "4 the schema './in.schema.json' breaks draft-04 at /items/title: must be string, not integer"
    )


def test_every_schema_that_a_mapping_names(write: Write) -> None:
    main = (
        "{language: 1, name: base, version: 1.0.0, input: {as: batch, schema: ./in.schema.json},\n"
        "outputs: {out: {schema: ./out.schema.json, request: {path: /},\n"
        "limits: ./limits.json}},\n"
        "bulk: {schema: ./bulk.json, request: {path: /}, elements: e, max_bytes: 100},\n"
        "include: [rules.yaml]}"
    )
    names = ("in.schema.json", "out.schema.json", "limits.json", "bulk.json")
    told = found(rulebook_of(write({"mapping.yaml": main, **{name: {"title": 1} for name in names}})))
    assert [line.split(" breaks")[0] for line in told] == [
        "1 the schema './in.schema.json'",
        "2 the schema './out.schema.json'",
        "4 the schema './bulk.json'",
        "3 the schema './limits.json'",
    ]


def test_many_flaws_are_counted(write: Write) -> None:
    schema = {"properties": {f"p{number:02}": {"title": number} for number in range(MAX_VIOLATIONS + 7)}}
    problems = list(metaschemas.check(rulebook_of(write({"in.schema.json": schema}))))
    assert len(problems) == MAX_VIOLATIONS
    assert {problem.hint for problem in problems} == {"the file has 7 more places of this kind"}


def nested(levels: int) -> dict[str, Any]:
    """A schema so many levels deep, with a flaw at its end."""
    schema: dict[str, Any] = {"title": 1}
    for _ in range(levels - 2):
        schema = {"not": schema}
    return schema


@pytest.mark.parametrize(("levels", "count"), [(metaschemas.MAX_LEVELS, 1), (metaschemas.MAX_LEVELS + 1, 0), (100, 0)])
def test_deep_documents_are_left_out(levels: int, count: int, write: Write) -> None:
    assert len(found(rulebook_of(write({"in.schema.json": nested(levels)})))) == count


def test_a_caller_deep_in_the_stack_gets_no_error(write: Write) -> None:
    rulebook = rulebook_of(write({"in.schema.json": nested(metaschemas.MAX_LEVELS)}))

    def below(frames: int) -> list[str]:
        return below(frames - 1) if frames else found(rulebook)

    assert below(sys.getrecursionlimit() - 300) == []
    assert len(below(0)) == 1  # what was not checked is not remembered


def test_documents_beyond_the_bound_of_a_mapping_are_left_out(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"title": 1, "enum": list(range(97))}
    path = write({"in.schema.json": schema, "out.schema.json": schema})
    for limit, count in ((99, 0), (100, 1), (199, 1), (200, 2)):
        monkeypatch.setattr(metaschemas, "MAX_VALUES", limit)
        assert len(found(rulebook_of(path))) == count


def test_equal_elements_of_a_long_enum_are_found_in_time(write: Write) -> None:
    schema = {"$schema": DRAFT_04, "enum": [[number] if number % 2 else f"{number}" for number in range(9_000)]}
    assert found(rulebook_of(write({"in.schema.json": schema}))) == []


def test_installed_schemas_are_not_looked_at(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)  # cannot be imported
    path = write({})
    text = path.read_text("utf-8").replace("./in.schema.json", "mparticle/batch.schema.json")
    path.write_text(text.replace("./out.schema.json", "moengage/event.schema.json"), "utf-8")
    assert found(rulebook_of(path)) == []


def test_a_schema_that_cannot_be_used_has_its_place_in_the_file(write: Write) -> None:
    text = '{"items":\n  {"type": "text"}}'
    told = [
        [f"{Path(related.place.file).name}:{related.place.line}:{related.place.column}" for related in problem.related]
        for files in (
            {"in.schema.json": text},
            {"in.schema.json": {"$ref": "b.json"}, "b.json": text},
            {"in.schema.json": {"$ref": "b.json"}, "b.json": '{"items":\n  {"pattern": "("}}'},
            {"in.schema.json": {"$ref": "b.json"}, "b.json": '{"items":\n  {"$ref": "no.json"}}'},
            {"in.schema.json": {"$ref": "b.json"}, "b.json": '{"items":\n  {"$ref": "#/no"}}'},
            {"in.schema.json": '{\n"$ref": "b.json"}', "b.json": "no json"},
            {"in.schema.json": "no json"},
        )
        for problem in opening.inspect(write({name: json_text(content) for name, content in files.items()})).problems
    ]
    assert told == [["in.schema.json:2:4"], *[["b.json:2:4"]] * 4, ["in.schema.json:2:1"], []]


def json_text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)
