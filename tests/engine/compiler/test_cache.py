"""Compiled mappings from the cache: the same as if compiled now, and never those of another user."""

from __future__ import annotations

import json
import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.api import MappingError, load
from moemap.engine.compiler import cache
from moemap.engine.jobs import program
from moemap.engine.jobs.program import RulesChangedError, open_program
from moemap.engine.source.homes import ENGINE, MAPPINGS

pytestmark = pytest.mark.slow  # mappings are compiled in each

MAPPING = "mparticle-moengage"
BATCH: dict[str, Any] = {
    "user_identities": {"customer_id": "cust-1"},
    "user_attributes": {"mixed": ["a", 1], "$City": None, "plan": "gold"},
    "events": [{"event_type": "custom_event", "data": {"event_name": "seen"}}, {"event_type": "screen_view"}],
}
NOWHERE = cache.Provenance({}, (), {})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = cache.folder()
    assert folder is not None
    return folder


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the mappings that are compiled."""
    made: list[str] = []
    compiled = program._compiled

    def counted(rulebook: Any) -> cache.CacheEntry:
        made.append(rulebook.name)
        return compiled(rulebook)

    monkeypatch.setattr(program, "_compiled", counted)
    return made


def result(made: program.Program) -> Any:
    return json.dumps(made.transform(BATCH).to_json())


def test_the_second_time_comes_from_the_cache(folder: Path, compilations: list[str]) -> None:
    expected = json.dumps(load(MAPPING).explain(BATCH)[0].to_json())
    first, second = open_program(MAPPING, {}), open_program(MAPPING, {})
    assert (result(first), result(second), len(compilations)) == (expected, expected, 1)
    assert (first.digest, first.dispatch) == (second.digest, second.dispatch)
    assert [path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())] == [0, 0]


def test_a_cached_run_imports_little(folder: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps(BATCH))
    libraries = "yaml jmespath jinja2 jsonschema jsonschema_rs referencing rich zstandard tempfile gzip multiprocessing"
    libraries += "" if sys.version_info >= (3, 13) else " glob"  # where pathlib needs it
    stages = "api checks compiler.rules.mapping diagnostics.reporters golden interpreter.interpreter"
    stages += " configuration.report inference.reads inference.rulebook language.loader language.rulebook"
    stages += " pages proof show source.nodes source.parser"
    heavy = {*libraries.split(), *(f"moemap.engine.{stage}" for stage in (*stages.split(), "jobs.workers"))}
    code = (
        "import sys; from moemap.cli import main\n"
        f"try: main(['transform', {str(batch)!r}])\n"
        "except SystemExit as ending: assert not ending.code, ending.code\n"
        "print(*sys.modules)\n"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent)}
    for _ in "first", "cached":
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
    assert (done.returncode, heavy & set(done.stdout.splitlines()[-1].split())) == (0, set()), done.stderr


def test_the_value_of_a_secret_is_not_cached(folder: Path, tmp_path: Path) -> None:
    main = tiny(tmp_path / "m", "word") / "mapping.yaml"
    open_program(str(main), {})
    assert len(list(folder.iterdir())) == 1
    main.write_text(TINY + "settings: {key: {type: string, secret: true}}\n")
    signed = PART.replace("{const: %s}", "\"hmac_sha256('a', settings.key)\"")
    main.with_name("part.yaml").write_text(signed)
    for _ in "first", "again":
        (request,) = open_program(str(main), {"key": "open sesame"}).transform({}).requests
        assert len(request.body["from"]) == 64
    assert len(list(folder.iterdir())) == 1


def test_the_key_knows_every_module_of_the_engine() -> None:
    assert {path for path, _, _ in cache._engine()} == set(map(str, ENGINE.rglob("*.py")))


def test_settings_bulk_and_folders_are_told_apart(folder: Path, compilations: list[str], tmp_path: Path) -> None:
    open_program(MAPPING, {})
    open_program(MAPPING, {"identity": "email"})
    open_program(MAPPING, {}, bulk=True)
    assert len(compilations) == len(list(folder.iterdir())) == 3


def test_a_mapping_is_compiled_once_wherever_the_command_runs(
    folder: Path, compilations: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = tiny(tmp_path / "m", "word")
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        assert word(main) == word(Path("../m/mapping.yaml")) == "word"
    assert len(compilations) == len(list(folder.iterdir())) == 2


@pytest.mark.usefixtures("folder")
def test_equal_relative_paths_in_two_folders_are_told_apart(
    compilations: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("a", "b"):
        tiny(tmp_path / place / "m", place)
        monkeypatch.chdir(tmp_path / place)
        assert word(Path("m/mapping.yaml")) == place
    assert len(compilations) == 2


def test_a_changed_file_is_compiled_again(folder: Path, compilations: list[str], tmp_path: Path) -> None:
    copy = tmp_path / "mappings" / "own" / "v1"
    shutil.copytree(MAPPINGS / MAPPING / "v1", copy)
    open_program(str(copy), {})
    open_program(str(copy), {})
    user = copy / "user.yaml"
    user.write_text(
        user.read_text().replace("get_ignore_case(attributes, '$City')", "get_ignore_case(attributes, '$Town')")
    )
    made = open_program(str(copy), {})
    assert len(compilations) == 2
    town = {**BATCH, "user_attributes": {"$Town": "Lyon"}}
    assert made.transform(town).requests[0].body["attributes"]["City"] == "Lyon"


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder, path: folder.chmod(0o777),
        lambda folder, path: path.chmod(0o666),
        lambda folder, path: damaged(path),
        lambda folder, path: path.write_bytes(b""),
        lambda folder, path: path.write_bytes(b"moemap compiled mapping 0\n"),
        lambda folder, path: (path.rename(folder / "else"), path.symlink_to("/nowhere")),
    ],
    ids=["folder open to all", "entry open to all", "damaged", "empty", "another format", "a link to nothing"],
)
def test_what_cannot_be_trusted_is_refused(
    folder: Path, compilations: list[str], tmp_path: Path, spoil: Callable[[Path, Path], object]
) -> None:
    main = tiny(tmp_path / "m", "word")
    word(main)
    (path,) = folder.iterdir()
    spoil(folder, path)
    assert (word(main), len(compilations)) == ("word", 2)


def test_another_user_s_entry_is_refused(
    folder: Path, compilations: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = tiny(tmp_path / "m", "word")
    word(main)
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    word(main)
    assert len(compilations) == 2


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    open_program(MAPPING, {})
    assert compilations == [MAPPING]


def test_a_home_that_is_no_place_has_no_cache(
    tmp_path: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    open_program(MAPPING, {})
    assert (compilations, cache.folder(), list(tmp_path.iterdir())) == ([MAPPING], None, [])


@pytest.mark.slow
def test_processes_at_the_same_time(folder: Path) -> None:
    command = [sys.executable, "-m", "moemap.cli", "transform", "--compact", "-"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent)}
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(2)]
    outputs = {process.communicate(json.dumps(BATCH).encode())[0] for process in processes}
    assert len(outputs) == 1
    assert len(list(folder.iterdir())) == 1


def test_only_the_newest_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for number in range(5):
        cache.store(str(number), cache.CacheEntry(NOWHERE, {}, None))
        os.utime(folder / str(number), ns=(number, number))
    cache.store("last", cache.CacheEntry(NOWHERE, {"a": 1}, None))
    assert sorted(path.name for path in folder.iterdir()) == ["3", "4", "last"]
    assert cache.load("last") == cache.CacheEntry(NOWHERE, {"a": 1}, None)
    assert cache.load("never") is None


def test_what_is_used_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)
    for number in range(2):
        cache.store(str(number), cache.CacheEntry(NOWHERE, {}, None))
        os.utime(folder / str(number), ns=(number, number))
    assert cache.load("0") is not None
    cache.store("last", cache.CacheEntry(NOWHERE, {}, None))
    assert sorted(path.name for path in folder.iterdir()) == ["0", "last"]


# An entry must equal what would be compiled now

TINY = """\
language: 1
name: tiny
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs: {out: {schema: ./any.json, request: {path: /}}}
include: [part.yaml]
"""
PART = "rules: [{rule: one, output: out, fields: {from: {const: %s}}}]\n"


def tiny(folder: Path, word: str) -> Path:
    """A mapping whose bodies hold this word."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("mapping.yaml", TINY), ("part.yaml", PART % word), ("any.json", "{}")):
        (folder / name).write_text(text)
    return folder


def word(reference: Path) -> str:
    (request,) = open_program(str(reference), {}).transform({}).requests
    return str(request.body["from"])


def workspace(path: Path, extends: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"language: 1\nworkspace: w\nextends: {extends}\n")
    return path


@pytest.mark.usefixtures("folder")
def test_a_name_that_stands_for_another_folder_now(tmp_path: Path, compilations: list[str]) -> None:
    (tmp_path / ".moemap").touch()
    main = workspace(tmp_path / "shop" / "workspace.yaml", "base@1")
    tiny(tmp_path / "base" / "v1", "far")
    assert [word(main), word(main), len(compilations)] == ["far", "far", 1]
    tiny(tmp_path / "shop" / "base" / "v1", "near")
    assert word(main) == "near"
    shutil.rmtree(tmp_path / "shop" / "base")
    assert word(main) == "far"


@pytest.mark.usefixtures("folder")
def test_a_path_that_stands_for_another_file_now(tmp_path: Path) -> None:
    main = workspace(tmp_path / "w.yaml", "./base")
    tiny(tmp_path / "real", "mapping")
    workspace(tmp_path / "base" / "workspace.yaml", "./real")
    tiny(tmp_path / "base" / "real", "workspace")
    assert word(main) == "workspace"
    tiny(tmp_path / "base", "mapping")
    assert word(main) == "mapping"


def digest(reference: Path) -> str:
    return open_program(str(reference), {}).digest


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("link", [".", "mapping.yaml", "part.yaml", "any.json"])
def test_a_link_that_leads_elsewhere_now(tmp_path: Path, link: str) -> None:
    main = tiny(tmp_path / "m", "first")
    target = main / link
    if link == ".":
        target = main = tmp_path / "link"
        tiny(tmp_path / "link1", "first")
        tiny(tmp_path / "link2", "second")
    else:
        for name in ("1", "2"):
            target.with_name(link + name).write_text(target.read_text() + "\n" * int(name))
        target.unlink()
    target.symlink_to(f"{target.name}1")
    before = digest(main)
    assert digest(main) == before
    target.unlink()
    target.symlink_to(f"{target.name}2")
    assert digest(main) != before


@pytest.mark.usefixtures("folder")
def test_a_link_that_leads_out_of_the_folder_now(tmp_path: Path) -> None:
    """The content is the same, but the file may no longer be read."""
    main = tiny(tmp_path / "m", "word")
    assert word(main) == "word"
    (main / "part.yaml").rename(tmp_path / "part.yaml")
    (main / "part.yaml").symlink_to("../part.yaml")
    with pytest.raises(MappingError, match="outside"):
        open_program(str(main), {})


@pytest.mark.usefixtures("folder")
def test_a_project_that_is_none_any_more(tmp_path: Path) -> None:
    (tmp_path / ".moemap").touch()
    tiny(tmp_path / "base", "word")
    main = workspace(tmp_path / "shop" / "w.yaml", "./../base")
    assert word(main) == "word"
    (tmp_path / ".moemap").unlink()
    with pytest.raises(MappingError, match="outside"):
        open_program(str(main), {})


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["mapping.yaml", "part.yaml", "any.json"])
def test_an_edit_while_the_first_run_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The entry is that of the files that were read, not of those at the time of writing."""
    main = tiny(tmp_path / "m", "word")
    compiled = program._compiled

    def edited(rulebook: Any) -> cache.CacheEntry:
        with (main / name).open("a") as file:
            file.write("\n")
        return compiled(rulebook)

    monkeypatch.setattr(program, "_compiled", edited)
    before = digest(main)
    monkeypatch.setattr(program, "_compiled", compiled)
    after = digest(main)
    assert (after != before, digest(main)) == (True, after)


@pytest.mark.usefixtures("folder")
def test_an_edit_in_the_middle_of_a_run(tmp_path: Path) -> None:
    """The code for structs is made later, but never from other rules."""
    main = tiny(tmp_path / "m", "before")
    for _ in ("made now", "from the cache"):
        running = open_program(str(main), {})
        (main / "part.yaml").write_text(PART % "after")
        running.prepare()
        assert running.transform_text(b"{}") is None
        (main / "part.yaml").write_text(PART % "before")


@pytest.mark.usefixtures("folder")
def test_an_edit_before_the_interpreter_is_asked(tmp_path: Path) -> None:
    """If Python cannot compile the code, the interpreter does the work, and reads the rules once more."""
    field = "{from: {const: %s}}"
    for depth in range(25):
        field = f"{{a{depth}: {{each: batch.list, as: x{depth}, fields: {field}}}}}"
    main = tiny(tmp_path / "m", "word")
    (main / "part.yaml").write_text(f"rules: [{{rule: one, output: out, fields: {field % 'before'}}}]\n")
    for _ in ("made now", "from the cache"):
        running = open_program(str(main), {})
        (main / "part.yaml").write_text(f"rules: [{{rule: one, output: out, fields: {field % 'after'}}}]\n")
        with pytest.raises(RulesChangedError, match=r"m have changed since the run began$"):
            running.transform({})
        (main / "part.yaml").write_text(f"rules: [{{rule: one, output: out, fields: {field % 'before'}}}]\n")
        assert open_program(str(main), {}).transform({}).problems == ()


@pytest.mark.usefixtures("folder")
def test_settings_of_different_types_are_told_apart(compilations: list[str]) -> None:
    open_program(MAPPING, {"project_names": ["1"]})
    with pytest.raises(MappingError):
        open_program(MAPPING, {"project_names": "['1']"})


# Complete entries that cannot be used


def content_of(path: Path) -> tuple[Any, bytes]:
    """The head of an entry, and its code."""
    text, _, code = path.read_bytes()[len(cache._MAGIC) + cache._DIGEST_SIZE :].partition(b"\n")
    return json.loads(text), code


def write_entry(path: Path, head: Any, code: bytes) -> None:
    """Writes an entry with a valid digest."""
    content = json.dumps(head).encode() + b"\n" + code
    path.write_bytes(cache._MAGIC + cache._digest(path.name, content) + content)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", []),
        ("files", None),
        ("files", {"a": 1}),
        ("missing", None),
        ("projects", 1),
        ("about", None),
        ("about/name", None),
        ("about/digest", None),
        ("about/code", None),
        ("about/schemas", None),
        ("about/schemas", [1]),
        ("about/dispatch", None),
        ("about/dispatch", {}),
    ],
)
def test_an_entry_of_another_shape_is_refused(
    folder: Path, compilations: list[str], tmp_path: Path, pointer: str, value: Any
) -> None:
    """The value None removes a part."""
    main = tiny(tmp_path / "m", "word")
    word(main)
    (path,) = folder.iterdir()
    head, code = content_of(path)
    *steps, last = pointer.split("/")
    inner = head
    for step in steps:
        inner = inner[step]
    if not last:
        head = value
    elif value is None:
        del inner[last]
    else:
        inner[last] = value
    write_entry(path, head, code)
    assert (word(main), len(compilations)) == ("word", 2)


@pytest.mark.parametrize("code", [b"", b"?", marshal.dumps("text"), marshal.dumps(compile("a = 1", "a", "exec"))])
def test_an_entry_with_other_code_is_refused(
    folder: Path, compilations: list[str], tmp_path: Path, code: bytes
) -> None:
    main = tiny(tmp_path / "m", "word")
    word(main)
    (path,) = folder.iterdir()
    write_entry(path, content_of(path)[0], code)
    assert (word(main), len(compilations)) == ("word", 2)


def test_an_entry_of_another_mapping_is_refused(folder: Path, compilations: list[str], tmp_path: Path) -> None:
    """A complete entry of this user under another name: copied, or renamed."""
    main, other = tiny(tmp_path / "main", "main"), tiny(tmp_path / "other", "other")
    word(other)
    (of_other,) = folder.iterdir()
    word(main)
    (of_main,) = set(folder.iterdir()) - {of_other}
    shutil.copy(of_other, of_main)
    assert (word(main), len(compilations)) == ("main", 3)


@pytest.mark.parametrize("kind", ["pipe", "folder", "a file without end"])
def test_what_is_no_file_is_refused(folder: Path, compilations: list[str], tmp_path: Path, kind: str) -> None:
    main = tiny(tmp_path / "m", "word")
    word(main)
    (path,) = folder.iterdir()
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path, 0o600)
        os.mkfifo(folder / "another", 0o600)
    elif kind == "a file without end":
        path.touch(0o600)
        os.truncate(path, 1 << 40)
    else:
        path.mkdir(0o700)
    assert (word(main), len(compilations)) == ("word", 2)


@pytest.mark.usefixtures("folder")
def test_a_rule_file_that_is_a_pipe_now(tmp_path: Path) -> None:
    main = tiny(tmp_path / "m", "word")
    word(main)
    (main / "part.yaml").unlink()
    os.mkfifo(main / "part.yaml")
    with pytest.raises(MappingError, match="is not a file"):
        open_program(str(main), {})
