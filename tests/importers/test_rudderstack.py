"""RudderStack's mapping files: the fields they become, and what these fields give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.importers import Imported, import_rudderstack, write


def imported(tmp_path: Path, entries: Any, generic: Any = None, name: str = "ShopTrackConfig.json") -> Imported:
    path = tmp_path / name
    path.write_text(json.dumps(entries), "utf-8")
    others = []
    if generic is not None:
        others = [tmp_path / "GenericFieldMapping.json"]
        others[0].write_text(json.dumps(generic), "utf-8")
    made = import_rudderstack("shop", [path, *others])
    if made.files:
        write(made, tmp_path / "shop")
    return made


def body(tmp_path: Path, message: dict[str, Any]) -> Any:
    result = api.load(tmp_path / "shop").transform({"type": "track", **message})
    return result.requests[0].body if result.requests else [problem.code for problem in result.problems]


GENERIC = {"userId": ["userId", "traits.id", "anonymousId"]}

CASES: dict[str, tuple[dict[str, Any], list[tuple[dict[str, Any], Any]]]] = {
    "a source": (
        {"destKey": "a", "sourceKeys": "event"},
        [({"event": "E"}, {"a": "E"}), ({"event": 0}, {"a": 0}), ({"event": ""}, []), ({"event": None}, [])],
    ),
    "a nested target and a source with an index": (
        {"destKey": "a.b", "sourceKeys": "context.ids.0.id"},
        [({"context": {"ids": [{"id": 7}]}}, {"a": {"b": 7}})],
    ),
    "several sources, an empty one of which does not count": (
        {"destKey": "a", "sourceKeys": ["x", "y"]},
        [({"x": "", "y": 2}, {"a": 2}), ({"x": False, "y": 2}, {"a": False}), ({}, [])],
    ),
    "a name of another file": (
        {"destKey": "a", "sourceKeys": "userId", "sourceFromGenericMap": True},
        [({"anonymousId": "n", "traits": {"id": "t"}}, {"a": "t"})],
    ),
    "required": ({"destKey": "a", "sourceKeys": "x", "required": True}, [({"x": 1}, {"a": 1}), ({}, ["M506"])]),
    "a default": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"defaultValue": "d"}},
        [({}, {"a": "d"}), ({"x": "v"}, {"a": "v"}), ({"x": ""}, [])],
    ),
    "types": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "toString"}},
        [({"x": 7}, {"a": "7"}), ({"x": True}, {"a": "true"})],
    ),
    "several types": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": ["trim", "toLower"]}},
        [({"x": " Ab "}, {"a": "ab"}), ({"x": "  "}, [])],
    ),
    "numbers": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "toNumber"}},
        [({"x": "2.5"}, {"a": 2.5}), ({"x": "two"}, [])],
    ),
    "JSON": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "jsonStringifyOnObject"}},
        [({"x": {"b": 1}}, {"a": '{"b":1}'}), ({"x": "s"}, {"a": "s"}), ({}, [])],
    ),
    "lists only": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "IsArray"}},
        [({"x": [1]}, {"a": [1]}), ({"x": "s"}, [])],
    ),
    "a part of a number": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "toInt"}},
        [({"x": "12.9 kg"}, {"a": 12}), ({"x": -7.9}, {"a": -7}), ({"x": "kg"}, [])],
    ),
    "JSON of everything": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "jsonStringify"}},
        [({"x": {"b": 1}}, {"a": '{"b":1}'}), ({"x": 'q"'}, {"a": '"q\\""'}), ({"x": 7}, {"a": "7"}), ({}, [])],
    ),
    "JSON for a URL": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "encodeURIComponent"}},
        [({"x": "é"}, {"a": "%22%C3%A9%22"})],
    ),
    "flat JSON": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "flatJson"}},
        [({"x": {"b": {"c": [1]}}}, {"a": {"b.c[0]": 1}}), ({"x": "s"}, [])],
    ),
    "flat JSON as text": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "jsonStringifyOnFlatten"}},
        [({"x": {"b": {"c": 1}}}, {"a": '{"b.c":1}'})],
    ),
    "a hash": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": ["trim", "toLower", "hashToSha256"]}},
        [({"x": " AB "}, {"a": "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"}), ({}, [])],
    ),
    "a birthday": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "dobInMMDD"}},
        [({"x": "1990-12-31"}, {"a": "12/31"})],
    ),
    "an amount": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "numberForRevenue"}},
        [({"x": "$12.345"}, {"a": 12.35}), ({"x": 7}, {"a": 7}), ({"x": "much"}, [])],
    ),
    "a domain": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "domainUrl"}},
        [({"x": "https://a.dk/b"}, {"a": "a.dk/b"})],
    ),
    "a type without effect": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "IsBoolean"}},
        [({"x": "y"}, {"a": "y"})],
    ),
    "a time": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "timestamp"}},
        [
            ({"x": "2026-01-31T12:00:00.5+01:00"}, {"a": 1769857200500}),
            ({"x": "2026-01-31"}, {"a": 1769817600000}),
            ({"x": 1769857200500}, {"a": 1769857200500}),
            ({"x": "soon"}, ["M505"]),
        ],
    ),
    "a time in seconds": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "secondTimestamp"}},
        [({"x": "2026-01-31T11:00:00.5Z"}, {"a": 1769857200})],
    ),
    "a time in microseconds": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "microSecondTimestamp"}},
        [({"x": "2026-01-31T11:00:00.5Z"}, {"a": 1769857200000000})],
    ),
    "a time in a format": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "timestamp", "typeFormat": "DD/MM/YYYY [at] HH:mm"}},
        [({"x": "2026-01-31T23:30:00-02:00"}, {"a": "01/02/2026 at 01:30"})],
    ),
    "values that are allowed": (
        {
            "destKey": "a",
            "sourceKeys": "x",
            "metadata": {"allowedKeyCheck": [{"type": "toLowerCase", "sourceVal": ["web", "app"]}]},
        },
        [({"x": "WEB"}, {"a": "web"}), ({"x": "tv"}, [])],
    ),
    "a template": (
        {"destKey": "a", "sourceKeys": ["x", "y"], "metadata": {"template": "Visited {{value}} page"}},
        [({"y": "home"}, {"a": "Visited home page"}), ({"x": ""}, [])],
    ),
    "members left out": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"excludes": ["b", "c"]}},
        [({"x": {"a": 1, "b": 2}}, {"a": {"a": 1}}), ({}, [])],
    ),
    "a table": (
        {
            "destKey": "a",
            "sourceKeys": "x",
            "metadata": {"multikeyMap": [{"sourceVal": ["m", "M"], "destVal": 1}, {"sourceVal": [1], "destVal": 2}]},
        },
        [({"x": "M"}, {"a": 1}), ({"x": 1}, {"a": 2}), ({"x": "z"}, [])],
    ),
    "a strict table": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"strictMultiMap": [{"sourceVal": ["m"], "destVal": 1}]}},
        [({"x": "m"}, {"a": 1}), ({"x": "z"}, ["M507"])],
    ),
    "a product": (
        {
            "destKey": "a",
            "sourceKeys": {
                "operation": "multiplication",
                "args": [{"sourceKeys": "x"}, {"sourceKeys": "y", "defaultVal": 3}],
            },
        },
        [({"x": "2.5"}, {"a": 7.5}), ({"x": 2, "y": 2}, {"a": 4}), ({"y": 2}, [])],
    ),
    "a sum": (
        {"destKey": "a", "sourceKeys": {"operation": "addition", "args": [{"sourceKeys": "x"}, {"sourceKeys": "y"}]}},
        [({"x": 2, "y": 0.5}, {"a": 2.5}), ({"x": 2}, [])],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_fields_give_what_the_source_gives(name: str, tmp_path: Path) -> None:
    entry, cases = CASES[name]
    made = imported(tmp_path, [entry], GENERIC)
    assert made.problems == ()
    assert made.converted == 1
    assert [body(tmp_path, message) for message, _ in cases] == [wanted for _, wanted in cases]


REFUSED: dict[str, tuple[Any, str]] = {
    "a target in a list": (
        {"destKey": "a[0].b", "sourceKeys": "x"}, "the target 'a[0].b' is not converted: it leads into a list",
    ),
    "a target given twice": (
        {"destKey": "kept", "sourceKeys": "x"},
        "the target 'kept' is not converted: another entry has it, or something above it",
    ),
    "a target below a value": (
        {"destKey": "kept.b", "sourceKeys": "x"},
        "the target 'kept.b' is not converted: another entry has it, or something above it",
    ),
    "no target": (
        {"destKey": "", "sourceKeys": "x"},
        "the entry is not converted: it has no destKey: what it gives is put into the body itself",
    ),
    "no sources": ({"destKey": "a"}, "the entry is not converted: it has no sourceKeys"),
    "no path": ({"destKey": "a", "sourceKeys": "x..y"}, "the source 'x..y' is not converted: it is no path"),
    "a type": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "getFbGenderVal"}},
        "the type 'getFbGenderVal' is not converted: there is no such conversion",
    ),
    "a time before another type": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": ["timestamp", "toString"]}},
        "the type 'timestamp' is not converted: there is no such conversion",
    ),
    "a format": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"type": "timestamp", "typeFormat": "dddd, D MMM"}},
        "the format 'dddd, D MMM' is not converted: some of its parts have no counterpart",
    ),
    "several lists of allowed values": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"allowedKeyCheck": [{"sourceVal": []}, {"sourceVal": []}]}},
        "the metadata 'allowedKeyCheck' is not converted: it is not one list of values",
    ),
    "other metadata": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"validate": {}}},
        "the metadata 'validate' is not converted: its meaning is not known",
    ),
    "another key": (
        {"destKey": "a", "sourceKeys": "x", "metadta": {}},
        "the key 'metadta' is not converted: its meaning is not known",
    ),
    "a template": (
        {"destKey": "a", "sourceKeys": "x", "metadata": {"template": "{{#if value}}x{{/if}}"}},
        "the template is not converted: it has more in braces than the value itself",
    ),
    "an operation": (
        {"destKey": "a", "sourceKeys": {"operation": "division", "args": []}},
        "the operation is not converted: it is neither a multiplication nor an addition",
    ),
    "an unknown name of another file": (
        {"destKey": "a", "sourceKeys": "nme", "sourceFromGenericMap": True},
        "the source 'nme' is not converted: it stands for a list in another file",
    ),
    "no object": (7, "the entry is not converted: it is no object"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_converted_is_said_and_costs_nothing_else(name: str, tmp_path: Path) -> None:
    entry, message = REFUSED[name]
    made = imported(tmp_path, [{"destKey": "kept", "sourceKeys": "event"}, entry], GENERIC)
    assert [(problem.code, problem.message) for problem in made.problems] == [("M701", message)]
    assert made.problems[0].place is not None
    assert made.problems[0].place.file == (tmp_path / "ShopTrackConfig.json").as_posix()
    assert body(tmp_path, {"event": "E"})["kept"] == "E"


@pytest.mark.slow
def test_the_mapping_is_free_of_problems(tmp_path: Path) -> None:
    imported(tmp_path, [{**entry, "destKey": f"f{index}"} for index, (entry, _) in enumerate(CASES.values())], GENERIC)
    assert api.inspect(tmp_path / "shop").problems == ()


def test_a_file_without_a_list_gives_no_mapping(tmp_path: Path) -> None:
    made = imported(tmp_path, {"destKey": "a"})
    assert [problem.message for problem in made.problems] == [
        "the file is not converted: it has an object, not a list of fields"
    ]
    assert made.files == {}


def test_the_kind_of_message_is_guessed_from_the_name_of_the_file(tmp_path: Path) -> None:
    made = imported(tmp_path, [{"destKey": "a", "sourceKeys": "x"}], name="MOENGAGEIdentifyConfig.json")
    assert "  - rule: moengageidentify\n    when: \"message.type == 'identify'\"\n" in made.files["mapping.yaml"]


def test_times_are_not_compared_with_the_clock(tmp_path: Path) -> None:
    made = imported(tmp_path, [{"destKey": "a", "sourceKeys": "x", "metadata": {"validateTimestamp": {}}}])
    assert [(problem.code, problem.message) for problem in made.problems] == [
        (
            "M702",
            "the metadata 'validateTimestamp' means something else here: no time is compared with that of the clock",
        )
    ]
    assert body(tmp_path, {"x": "y"}) == {"a": "y"}
