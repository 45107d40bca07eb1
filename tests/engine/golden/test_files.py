"""Test files: which files are taken for one, what is read from them, and all that is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moemap.engine.golden import files as goldenfile
from moemap.engine.golden.files import discover, load
from moemap.engine.language import discovery
from moemap.engine.source.homes import MAPPINGS

TEST = "tests: [{test: t, input: {}, expect: {}}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mapping and a workspace with tests, as the current folder."""
    write(tmp_path, "shop/v1/mapping.yaml", "language: 1\n")
    write(tmp_path, "acme/workspace.yaml", "language: 1\n")
    write(tmp_path, "acme/other.yaml", "language: 1\n")
    write(tmp_path, ".moemap", "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def file_of(text: str, name: str = "shop/v1/tests/a.yaml") -> goldenfile.TestFile:
    file, problems, sources = load(write(Path(), name, text), name)
    assert problems == ()
    assert file is not None
    assert sources == {name: file.source}
    return file


def refused(text: str) -> list[str]:
    """The problems of a file, each as `line:column code message (hint)`."""
    file, problems, _ = load(write(Path(), "shop/v1/tests/a.yaml", text), "a.yaml")
    assert file is None
    return [
        f"{p.place and str(p.place).removeprefix('a.yaml:')} {p.code} {p.message}{f' ({p.hint})' if p.hint else ''}"
        for p in problems
    ]


# Finding


@pytest.mark.usefixtures("folder")
def test_discovery() -> None:
    for name in (
        "shop/v1/tests/b.yaml",
        "shop/v1/tests/a.yaml",
        "shop/v1/tests/broken.yaml",
        "acme/tests/a.yaml",
        "acme/cases.yaml",
        "elsewhere/tests/quoted.yaml",
    ):
        write(Path(), name, "{}" if "broken" in name else TEST.replace("tests:", '# x\n"tests" :'))
    for name in ("shop/v1/tests/notes.txt", "elsewhere/tests/none.yaml", ".git/tests/a.yaml"):
        write(Path(), name, "x:\n  tests: []\n" if name.endswith("none.yaml") else TEST)
    found = [path.as_posix() for path in discover([Path()])]
    assert found == [
        "acme/cases.yaml",
        "acme/tests/a.yaml",
        "elsewhere/tests/quoted.yaml",
        "shop/v1/tests/a.yaml",
        "shop/v1/tests/b.yaml",
        "shop/v1/tests/broken.yaml",
    ]


@pytest.mark.usefixtures("folder")
def test_a_file_is_taken_as_it_is_and_only_once() -> None:
    path = write(Path(), "shop/v1/tests/a.yaml", TEST)
    other = write(Path(), "cases.txt", "")
    missing = Path("missing.yaml")
    assert discover([other, path, Path("shop"), path.absolute(), missing]) == [other, path, missing]
    assert discover([Path("shop/v1/tests")]) == [path]


def test_the_installed_mappings_are_the_default() -> None:
    assert discover() == discover([MAPPINGS])


# Reading


@pytest.mark.usefixtures("folder")
def test_all_keys_of_a_test_file_are_read() -> None:
    write(Path(), "shop/v1/tests/inputs/batch.json", '[{"n": 1.0}, {"n": 18446744073709551615}]')
    file = file_of(
        "description: Purchases\n"
        "tests:\n"
        "  - test: purchase maps currency\n"
        "    covers: [product.currency]\n"
        "    settings: {flag: true}\n"
        "    match: partial\n"
        "    input_file: inputs/batch.json\n"
        "    expect:\n"
        "      - {requests: []}\n"
        "      - {problems: [{code: M505, rule: null}]}\n"
        "  - {test: b, input: {n: 1}, expect: {skipped: []}}\n"
    )
    assert (file.description, file.mapping) == ("Purchases", Path("shop/v1/mapping.yaml"))
    first, second = file.tests
    assert (first.name, str(first.place), first.covers) == (
        "purchase maps currency",
        "shop/v1/tests/a.yaml:3:11",
        ("product.currency",),
    )
    assert (first.settings, first.partial, first.many) == ({"flag": True}, True, True)
    assert first.input_file == Path("shop/v1/tests/inputs/batch.json")
    assert repr(first.batches) == "[{'n': 1.0}, {'n': 18446744073709551615}]"
    assert first.expectations == [{"requests": []}, {"problems": [{"code": "M505", "rule": None}]}]
    assert (str(first.expect_key.place), str(first.expect.place)) == (
        "shop/v1/tests/a.yaml:8:5",
        "shop/v1/tests/a.yaml:9:7",
    )
    assert (second.input, second.batches, second.input_file) == ({"n": 1}, [{"n": 1}], None)
    assert (second.partial, second.many, second.expectations) == (False, False, [{"skipped": []}])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "key", "mapping"),
    [
        ("shop/v1/tests/a.yaml", "", "shop/v1/mapping.yaml"),
        ("shop/v1/tests/deep/er/a.yaml", "", "shop/v1/mapping.yaml"),
        ("acme/a.yaml", "", "acme/workspace.yaml"),
        ("acme/tests/a.yaml", "workspace: ../other.yaml", "acme/tests/../other.yaml"),
        ("a.yaml", "mapping: shop/v1", "shop/v1/mapping.yaml"),
        ("a.yaml", "mapping: ./shop/v1/mapping.yaml", "shop/v1/mapping.yaml"),
        ("acme/a.yaml", "mapping: ../shop/v1", "acme/../shop/v1/mapping.yaml"),
    ],
)
def test_the_mapping(name: str, key: str, mapping: str) -> None:
    assert file_of(f"{key}\n{TEST}", name).mapping == Path(mapping)


@pytest.mark.usefixtures("folder")
def test_the_mapping_of_an_absolute_path_is_absolute() -> None:
    path = write(Path(), "shop/v1/tests/a.yaml", TEST).absolute()
    file, _, _ = load(path, "a.yaml")
    assert file is not None
    assert file.mapping == Path("shop/v1/mapping.yaml").absolute()


@pytest.mark.usefixtures("folder")
def test_an_installed_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("golden.files", "language.installed"):
        monkeypatch.setattr(f"moemap.engine.{module}.MAPPINGS", Path().absolute())
    assert file_of(f"mapping: shop@1\n{TEST}").mapping == Path("shop/v1/mapping.yaml").absolute()
    assert refused(f"mapping: shopp@1\n{TEST}") == ["1:10 M109 no mapping 'shopp@1' is known (did you mean 'shop'?)"]
    assert refused(f"mapping: shop@2\n{TEST}") == ["1:10 M109 no mapping 'shop@2' is known (did you mean 'shop'?)"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[]", ["1:1 M102 a test file must be a mapping, not a list"]),
        ("", ["1:1 M009 the file is empty"]),
        ("description: x", ["1:1 M103 a test file needs the key 'tests'"]),
        ("tests: {}", ["1:8 M102 'tests' must be a list, not a mapping"]),
        (
            "name: shop\nlanguage: 1\nrules: []\ninput: {}",
            ["1:1 M602 the file has no tests (it is a rule file: check it with moemap check)"],
        ),
        ("tests: []", ["1:1 M602 the file has no tests (add a test, or remove the file)"]),
        (f"test: 1\n{TEST}", ["1:1 M101 unknown key 'test' in a test file (did you mean 'tests'?)"]),
        (f"mapping: a/b\n{TEST}", ["1:10 M107 the mapping 'a/b' does not exist"]),
        (f"workspace: x.yaml\n{TEST}", ["1:12 M107 the workspace 'x.yaml' does not exist"]),
        (f"mapping: [a]\n{TEST}", ["1:10 M102 'mapping' must be a string, not a list"]),
        (
            f"mapping: ..\nworkspace: ..\n{TEST}",
            ["2:1 M104 a test file takes exactly one of mapping and workspace; mapping and workspace are given"],
        ),
        (
            "tests:\n- {test: t, input: {}, expect: {}}\n- {test: t, input: {}, expect: {}}",
            ["3:10 M106 the test 't' is defined twice; first at a.yaml:2:10"],
        ),
        (
            "tests:\n- {covers: [1], settings: [], input: {}, expect: {}, setting: {}}\n- {test: ' '}\n- {test: 5}",
            [
                "2:4 M103 a test needs the key 'test'",
                "2:13 M102 'covers' must be a list of strings, not the number 1",
                "2:27 M102 'settings' must be a mapping, not a list",
                "2:54 M101 unknown key 'setting' in a test (did you mean 'settings'?)",
                "3:4 M103 the test ' ' needs the key 'expect'",
                "3:4 M104 the test ' ' takes exactly one of input and input_file; none is given",
                "3:10 M114 'test' ' ' is not a name",
                "4:4 M103 a test needs the key 'expect'",
                "4:4 M104 a test takes exactly one of input and input_file; none is given",
                "4:10 M102 'test' must be a string, not the number 5",
            ],
        ),
        (
            "tests: [{test: t, input: {}, input_file: x.json, expect: {}}]",
            [
                "1:30 M104 the test 't' takes exactly one of input and input_file; input and input_file are given",
                "1:42 M107 the input file 'x.json' does not exist",
            ],
        ),
        (
            "tests: [{test: t, match: part, input: {}, expect: {}}]",
            ["1:26 M105 'match' must be one of exact, partial, not 'part' (did you mean 'partial'?)"],
        ),
        # The shape of an expectation
        (
            "tests:\n- test: t\n  input: {}\n  expect:\n    request: []\n    requests: {}\n"
            "    skipped: [x, {rules: x}]\n    problems: [{rule: {name: x}, place: x}]",
            [
                "5:5 M101 unknown key 'request' in an expectation (did you mean 'requests'?)",
                "6:15 M102 'requests' must be a list, not a mapping",
                "7:15 M102 an element of 'skipped' must be a mapping, not a string",
                "7:19 M101 unknown key 'rules' in an element of 'skipped' (did you mean 'rule'?)",
                "8:23 M102 'rule' must be the name of a rule, or null, not a mapping",
                "8:34 M101 unknown key 'place' in an element of 'problems'"
                " (known here: code, severity, message, rule, input, output, hint)",
            ],
        ),
        ("tests: [{test: t, input: {}, expect: []}]", ["1:38 M102 an expectation must be a mapping, not a list"]),
        (
            "tests:\n- {test: t, input: [{}, {}], expect: {}}\n- {test: u, input: [{}, {}], expect: [{}]}",
            [
                "2:38 M102 'expect' must be a list of 2, one for each batch, not a mapping",
                "3:38 M102 'expect' must be a list of 2, one for each batch, not a list of 1",
            ],
        ),
        (
            "tests: [{test: t, input: {}, expect: {server: 5, bulk: [{rule: x}]}}]",
            [
                "1:47 M102 'server' must be a mapping, not the number 5",
                "1:58 M101 unknown key 'rule' in an element of 'bulk'"
                " (known here: output, method, path, query, headers, body)",
            ],
        ),
        # Expectations that cannot fail
        (
            "tests: [{test: t, match: partial, input: {}, expect: {}}]",
            [
                "1:54 M604 the test 't' can never fail: it matches partially and expects nothing"
                " (give at least one of requests, skipped, problems)"
            ],
        ),
        (
            "tests: [{test: t, match: partial, input: [1, 2], expect: [{requests: []}, {}]}]",
            [
                "1:75 M604 the test 't' can never fail: it matches partially and expects nothing"
                " (give at least one of requests, skipped, problems)"
            ],
        ),
        (
            "tests: [{test: t, input: [], expect: []}]",
            ["1:38 M604 the test 't' can never fail: it has no batch"],
        ),
    ],
)
def test_what_is_refused(text: str, problems: list[str]) -> None:
    assert refused(text) == problems


def test_a_file_without_a_mapping(tmp_path: Path) -> None:
    _, problems, _ = load(write(tmp_path, "a.yaml", TEST), "a.yaml")
    assert [(p.message, p.hint) for p in problems] == [
        ("a test file needs the key 'mapping'", "no folder above it has a mapping.yaml")
    ]


def test_a_file_of_tests_that_cannot_be_read_is_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").mkdir()
    for name in ("mapping.yaml", "tests/a.yaml", "tests/b.yaml"):
        (tmp_path / name).write_text("tests: []")

    def refused(path: Path, limit: int) -> bytes:  # not by permissions, which do not hold for root
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(discovery, "content", refused)
    assert [path.name for path in discover([tmp_path])] == ["a.yaml", "b.yaml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_what_is_named_as_a_test_file_and_is_none_is_found_and_links_to_elsewhere_are_told(tmp_path: Path) -> None:
    write(tmp_path, "m/mapping.yaml", "")
    write(tmp_path, "m/tests/a.yaml", TEST)
    write(tmp_path, "m/.moemap", "")
    os.mkfifo(tmp_path / "m" / "pipe.yaml")
    (tmp_path / "m" / "tests" / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "m" / "tests" / "nowhere.yaml").symlink_to("nothing")
    (tmp_path / "m" / "tests" / "out.yaml").symlink_to(write(tmp_path, "out.yaml", TEST))
    skipped: list[discovery.SkippedFile] = []
    found = discover([tmp_path / "m"], skipped.append)
    assert [path.name for path in found] == ["a.yaml", "pipe.yaml", "loop.yaml", "nowhere.yaml"]
    assert [(one.path.name, one.reason) for one in skipped] == [("out.yaml", "is a link that is outside the project")]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    file, problems, sources = load(tmp_path / "a.yaml", "a.yaml")
    assert (file, [problem.code for problem in problems], sources) == (None, ["M001"], {})


# Input files


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("batsh.json", None, "M107 the input file 'batsh.json' does not exist (did you mean 'batch.json'?)"),
        ("/etc/hostname", None, "M603 the input file '/etc/hostname' must be given relative to the test file"),
        ("..", None, "M603 the input file '..' is not a file"),
        ("x.json", "{", "M603 the input file 'x.json' is not JSON: "),
        ("x.json", "NaN", "M603 the input file 'x.json' is not JSON: "),
        ("x.json", " " * 51, "M603 the input file 'x.json' has more than 50 bytes"),
    ],
)
def test_input_files_that_are_refused(
    name: str, content: str | None, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goldenfile, "MAX_INPUT_BYTES", 50)
    write(Path(), "shop/v1/tests/batch.json", "{}")
    if content is not None:
        write(Path(), f"shop/v1/tests/{name}", content)
    if name.startswith("/") and not Path(name).exists():
        pytest.skip("the file is not there")
    (found,) = refused(f"tests: [{{test: t, input_file: {name}, expect: {{}}}}]")
    assert found.startswith(f"1:31 {problem}")  # the reader of JSON words its own part


@pytest.mark.usefixtures("folder")
def test_an_input_has_the_same_numbers_in_yaml_and_in_a_file() -> None:
    batch = '{"id": 10482000000000000000001, "low": -9223372036854775809, "double": 36800000000000000000}'
    write(Path(), "shop/v1/tests/batch.json", batch)
    test = file_of(f"tests: [{{test: t, input: {batch}, expect: {{}}}}]").tests[0]
    of_file = file_of("tests: [{test: t, input_file: batch.json, expect: {}}]").tests[0]
    assert repr(test.input) == repr(of_file.input)
    assert test.input["id"] == 10482000000000000000001


@pytest.mark.usefixtures("folder")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_an_input_file_that_would_never_end() -> None:
    write(Path(), "shop/v1/tests/batch.json", "{}")
    os.mkfifo("shop/v1/tests/pipe")
    assert refused("tests: [{test: t, input_file: pipe, expect: {}}]") == [
        "1:31 M603 the input file 'pipe' is not a file"
    ]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("expect", ["{requests: [{bodi: {}}]}", "[{requests: [{bodi: {}}]}]"])
def test_a_missing_input_file_leaves_the_expectation_to_be_read(expect: str) -> None:
    found = refused(f"tests: [{{test: t, input_file: x.json, expect: {expect}}}]")
    assert found[0] == "1:31 M107 the input file 'x.json' does not exist"
    assert [line.partition(" ")[2] for line in found[1:]] == [
        "M101 unknown key 'bodi' in an element of 'requests' (did you mean 'body'?)"
    ]


MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
settings: {level: {enum: [low, high], default: low}, count: {type: integer, default: 1}}
outputs: {}
"""


@pytest.mark.usefixtures("folder")
def test_settings_are_held_against_the_mapping_beside_other_problems() -> None:
    write(Path(), "shop/v1/mapping.yaml", MAPPING)
    text = (
        "tests:\n"
        "  - {test: a, settings: {levl: low, count: 1}, input: {}, expect: {}, more: 1}\n"
        "  - {test: b, settings: {level: loud}, input: {}}\n"
        "  - {test: c, test: d, settings: {count: 0x1, level: 1}, input: {}, expect: {}}\n"
    )
    known = "test, covers, settings, input, input_file, match, expect"
    assert refused(text) == [
        "2:26 M115 no setting 'levl' is declared (did you mean 'level'?)",
        f"2:71 M101 unknown key 'more' in the test 'a' (known here: {known})",
        "3:6 M103 the test 'b' needs the key 'expect'",
        '3:33 M116 the setting \'level\' must be one of "low", "high", not "loud"',
        "4:15 M005 duplicate key 'test'; first on line 4",
        "4:42 M006 0x1 is a hexadecimal number, which JSON does not have "
        '(write it in plain decimal digits, or quote it: "0x1")',
        '4:54 M116 the setting \'level\' must be one of "low", "high", not 1',
    ]
    problems = load(Path("shop/v1/tests/a.yaml"), "a.yaml")[1]
    related = [(str(one.place), one.text) for problem in problems for one in problem.related]
    assert related == [
        ("shop/v1/mapping.yaml:5:19", "declared here"),
        ("a.yaml:4:6", "first given here"),
        ("shop/v1/mapping.yaml:5:19", "declared here"),
    ]
