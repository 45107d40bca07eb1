"""`moemap import` writes a mapping that passes its checks, and reports the parts that it left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from moemap.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("TrackConfig.json").write_text(json.dumps([{"destKey": "a", "sourceKeys": "event"}]), "utf-8")


def test_a_tool_must_be_named() -> None:
    done = CliRunner().invoke(main, ["import"])
    assert done.stderr.endswith("Error: Missing argument 'TOOL'. Choose from: rudderstack, segment, data-plan\n")


def test_a_mapping_is_written_that_passes_its_check() -> None:
    result = CliRunner().invoke(main, ["import", "rudderstack", "TrackConfig.json", "-o", "mappings/shop"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 field converted, no problems; written to mappings/shop\n"
    assert sorted(path.name for path in Path("mappings/shop").iterdir()) == [
        "input.schema.json",
        "mapping.yaml",
        "tests",
        "track.schema.json",
    ]
    checked = CliRunner().invoke(main, ["check", "mappings/shop"])
    assert (checked.exit_code, checked.stdout) == (0, "2 files checked: no problems\n")
    tested = CliRunner().invoke(main, ["test", "mappings/shop", "--coverage", "--fail-under", "100"])
    assert (tested.exit_code, tested.stdout.splitlines()[0]) == (0, "4 passed, 0 failed")


def test_a_quiet_import_says_nothing_of_success() -> None:
    result = CliRunner().invoke(main, ["import", "rudderstack", "TrackConfig.json", "-o", "shop", "-q"])
    assert (result.exit_code, result.output) == (0, "")
    assert Path("shop/mapping.yaml").exists()


def test_what_was_left_out_gives_exit_code_1() -> None:
    Path("TrackConfig.json").write_text('[{"destKey": "a"}]', "utf-8")
    result = CliRunner().invoke(main, ["import", "rudderstack", "TrackConfig.json", "-o", "shop"])
    assert result.exit_code == 1
    assert result.stdout.startswith("error[M701]: the entry is not converted: it has no sourceKeys\n")
    assert result.stderr == "0 fields converted, 1 error; nothing written\n"
    assert not Path("shop").exists()


def test_nothing_is_left_of_a_mapping_that_would_fail() -> None:
    entries = [{"destKey": ".".join(["a"] * 70), "sourceKeys": "properties.b"}]
    Path("TrackConfig.json").write_text(json.dumps(entries), "utf-8")
    result = CliRunner().invoke(main, ["import", "rudderstack", "TrackConfig.json", "-o", "some/shop"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[M007]: " in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: moemap check refuses what is made, as above; some/shop is not written"
    )
    assert not Path("some").exists()


def test_a_folder_that_has_files_is_not_touched() -> None:
    Path("shop").mkdir()
    Path("shop/mapping.yaml").write_text("mine", "utf-8")
    result = CliRunner().invoke(main, ["import", "rudderstack", "TrackConfig.json", "-o", "shop"])
    assert result.exit_code == 2
    assert "shop exists already; name a new folder" in result.stderr
    assert Path("shop/mapping.yaml").read_text("utf-8") == "mine"


def test_a_folder_must_have_the_name_of_a_mapping() -> None:
    Path("a.json").write_text("{}", "utf-8")
    result = CliRunner().invoke(main, ["import", "segment", "a.json", "-o", "out.d"])
    assert result.exit_code == 2
    assert "'out.d' cannot be the name of a mapping; did you mean 'out-d'?" in result.stderr
    assert not Path("out.d").exists()


def test_a_missing_file_is_named() -> None:
    result = CliRunner().invoke(main, ["import", "segment", "none.json", "-o", "shop"])
    assert result.exit_code == 1
    assert result.stdout.startswith("error[M001]: the file cannot be read: No such file or directory\n")
