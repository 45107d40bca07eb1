"""Studio reads and writes only files of the project, and of these only files about mappings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moemap.engine.source.homes import MAPPINGS
from moemap.engine.studio import files, samples
from moemap.engine.studio.files import ConflictError, ProjectFiles, RefusedError

KINDS = {"shop/mapping.yaml": "mapping", "samples/seen.json": "sample", "shop/tests/events.yaml": "tests"}


@pytest.fixture
def project(root: Path) -> ProjectFiles:
    made = ProjectFiles(root)
    made.kinds = KINDS
    return made


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.yaml", "'../outside.yaml' is no plain path in the project"),
        ("shop/../../outside.yaml", "'shop/../../outside.yaml' is no plain path in the project"),
        ("/etc/passwd.yaml", "'/etc/passwd.yaml' is no plain path in the project"),
        ("shop//mapping.yaml", "'shop//mapping.yaml' is no plain path in the project"),
        ("./shop/mapping.yaml", "'./shop/mapping.yaml' is no plain path in the project"),
        ("shop\\mapping.yaml", r"'shop\\mapping.yaml' is no plain path in the project"),
        ("C:/mapping.yaml", "'C:/mapping.yaml' is no plain path in the project"),
        ("shop/mapping.yaml:stream.yaml", "'shop/mapping.yaml:stream.yaml' is no plain path in the project"),
        ("shop/mapping.yaml\0.json", r"'shop/mapping.yaml\x00.json' is no plain path in the project"),
        ("shop/a\nb.yaml", r"'shop/a\nb.yaml' is no plain path in the project"),
        ("shop./mapping.yaml", "'shop./mapping.yaml' is no plain path in the project"),
        ("shop /mapping.yaml", "'shop /mapping.yaml' is no plain path in the project"),
        ("shop/mapping.yaml.", "'shop/mapping.yaml.' is no plain path in the project"),
        ("shop/con.yaml", "shop/con.yaml is the name of a device on Windows"),
        ("shop/NUL.x.yaml", "shop/NUL.x.yaml is the name of a device on Windows"),
        ("com1/x.yaml", "com1/x.yaml is the name of a device on Windows"),
        (".git/config.yaml", ".git/config.yaml is hidden: a name in its path begins with a dot"),
        ("shop/.x.yaml", "shop/.x.yaml is hidden: a name in its path begins with a dot"),
        ("shop/run.py", "shop/run.py is neither YAML nor JSON"),
        ("moemap.toml", "moemap.toml is neither YAML nor JSON"),
        ("docker-compose.yaml", "docker-compose.yaml is not a file of a mapping, a test, a schema or a sample"),
        ("package.json", "package.json is not a file of a mapping, a test, a schema or a sample of the project"),
        ("other/new.yaml", "other/new.yaml is not a file of a mapping, a test, a schema or a sample of the project"),
        ("", "the name of a file is a text of at most 1000 characters"),
        ("x" * 2_000, "the name of a file is a text of at most 1000 characters"),
        (None, "the name of a file is a text of at most 1000 characters"),
        (["shop"], "the name of a file is a text of at most 1000 characters"),
    ],
)
def test_names_that_are_refused(project: ProjectFiles, name: object, reason: str) -> None:
    (project.root / "package.json").write_text("{}")
    (project.root / "docker-compose.yaml").write_text("services: {}")
    (project.root / ".git").mkdir()
    (project.root.parent / "outside.yaml").write_text("name: outside")
    with pytest.raises(RefusedError) as reading:
        project.read(name)
    with pytest.raises(RefusedError) as writing:
        project.save(name, "x", None)
    assert str(reading.value) == str(writing.value)
    assert str(reading.value).startswith(reason)
    assert (project.root.parent / "outside.yaml").read_text() == "name: outside"


def test_links_out_of_the_project_are_not_followed(project: ProjectFiles) -> None:
    outside = project.root.parent / "outside.yaml"
    outside.write_text("name: outside")
    folder = project.root.parent / "elsewhere"
    folder.mkdir()
    (folder / "mapping.yaml").write_text("name: outside")
    (project.root / "shop" / "link.yaml").symlink_to(outside)
    (project.root / "linked").symlink_to(folder)
    (project.root / "shop" / "secret.yaml").symlink_to(project.root / ".env")
    (project.root / ".env").write_text("KEY: x")
    (project.root / "shop" / "loop.yaml").symlink_to("loop.yaml")
    names = ["shop/link.yaml", "linked/mapping.yaml", "shop/secret.yaml", "shop/loop.yaml"]
    project.kinds = {**KINDS, **dict.fromkeys(names, "part")}
    for name in names:
        with pytest.raises(RefusedError):
            project.read(name)
        with pytest.raises(RefusedError):
            project.save(name, "changed", project_hash(outside))
    assert outside.read_text() == (folder / "mapping.yaml").read_text() == "name: outside"


def project_hash(path: Path) -> str:
    return files.digest(path.read_bytes())


def test_a_link_inside_of_the_project_is_kept(project: ProjectFiles) -> None:
    link = project.root / "shop" / "other.yaml"
    link.symlink_to("mapping.yaml")
    project.kinds = {**KINDS, "shop/other.yaml": "mapping"}
    there = project.read("shop/other.yaml")
    project.save("shop/other.yaml", "changed", there.hash)
    assert link.is_symlink()
    assert (project.root / "shop" / "mapping.yaml").read_text() == "changed"


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_is_refused(project: ProjectFiles, make: object) -> None:
    path = project.root / "shop" / "odd.yaml"
    make(path)  # type: ignore[operator]
    project.kinds = {**KINDS, "shop/odd.yaml": "part"}
    with pytest.raises(RefusedError, match=r"odd\.yaml is not a file"):
        project.read("shop/odd.yaml")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a: 1\nb: 2\n", "a: 1\nb: 2\n"),
        (b"a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        (b"a: 1\rb: 2\r", "a: 1\nb: 2\n"),
        (b"\xef\xbb\xbfa: 1\r\n", "a: 1\n"),
        ("a: \U0001f600\n".encode(), "a: \U0001f600\n"),
        (b"", ""),
    ],
)
def test_line_ends_and_marks_are_kept(project: ProjectFiles, raw: bytes, text: str) -> None:
    path = project.root / "shop" / "mapping.yaml"
    path.write_bytes(raw)
    path.chmod(0o640)
    there = project.read("shop/mapping.yaml")
    assert there.text == text
    assert project.save("shop/mapping.yaml", text, there.hash) == there
    assert path.read_bytes() == raw
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".new-")] == []


def test_what_is_no_text_or_too_large_is_refused(project: ProjectFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project.root / "shop" / "mapping.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(RefusedError, match=r"mapping.yaml is not UTF-8: invalid start byte at byte 3"):
        project.read("shop/mapping.yaml")
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 10)
    path.write_bytes(b"a: 1")
    with pytest.raises(RefusedError, match=r"shop/mapping\.yaml would have more than 10 bytes"):
        project.save("shop/mapping.yaml", "x" * 11, files.digest(b"a: 1"))
    assert path.read_bytes() == b"a: 1"


def test_a_file_that_changed_is_not_overwritten(project: ProjectFiles) -> None:
    path = project.root / "shop" / "mapping.yaml"
    known = project.read("shop/mapping.yaml").hash
    path.write_text("theirs")
    with pytest.raises(ConflictError) as caught:
        project.save("shop/mapping.yaml", "mine", known)
    assert caught.value.there is not None
    assert caught.value.there.text == "theirs"
    path.unlink()
    with pytest.raises(ConflictError) as caught:
        project.save("shop/mapping.yaml", "mine", known)
    assert caught.value.there is None
    assert not path.exists()
    with pytest.raises(ConflictError):  # it is there, though the page believes that it is new
        project.save("samples/seen.json", "mine", None)


def test_new_files_are_made_beside_others_and_for_tests(project: ProjectFiles) -> None:
    assert project.save("shop/part.yaml", "tables: {}\n", None).text == "tables: {}\n"
    assert project.save("samples/more.json", "{}", None).text == "{}"
    project.kinds = {"shop/mapping.yaml": "mapping"}
    for old in (project.root / "shop" / "tests").iterdir():
        old.unlink()
    (project.root / "shop" / "tests").rmdir()
    project.save("shop/tests/studio.yaml", "tests: []\n", None)
    assert (project.root / "shop" / "tests" / "studio.yaml").read_text() == "tests: []\n"
    with pytest.raises(RefusedError):
        project.save("shop/tests/deep/studio.yaml", "tests: []\n", None)
    with pytest.raises(RefusedError):
        project.save("shop/new.json", "{}", None)


def test_files_of_installed_mappings_have_names_of_their_own(project: ProjectFiles) -> None:
    assert project.name(project.root / "shop" / "mapping.yaml") == "shop/mapping.yaml"
    assert project.name(MAPPINGS / "some" / "v1" / "mapping.yaml") == "installed:some/v1/mapping.yaml"
    with pytest.raises(RefusedError):
        project.save("installed:some/v1/mapping.yaml", "x", None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_pipes_are_no_samples_and_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "seen.json").write_text("{}")
    found = samples.of_files([(name, tmp_path / name) for name in ("pipe.json", "seen.json")], [])
    assert [one.id for one in found] == ["seen.json"]
