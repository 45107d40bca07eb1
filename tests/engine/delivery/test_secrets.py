"""Secrets are read from the source that the project file names, when they are needed, and are shown nowhere."""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from moemap.engine.delivery.secrets import SecretError, Secrets


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "key").write_text("from-file\nsecond line\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP", "app-1")
    monkeypatch.setenv("BROKEN", "two\nlines")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"from-stdin\nbatch\n")))
    keyring = ModuleType("keyring")
    keyring.get_password = lambda *pair: {("service", "user"): "from-keyring"}.get(pair)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("env:APP", "app-1"),
        ("file:key", "from-file"),
        ("stdin", "from-stdin"),
        ("keyring:service/user", "from-keyring"),
        ("basic:env:APP,file:key", "YXBwLTE6ZnJvbS1maWxl"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_where_a_secret_comes_from(source: str, value: str) -> None:
    secrets = Secrets({"key": source})
    assert secrets.fill("Bearer {key} {Other}") == f"Bearer {value} {{Other}}"
    assert secrets.redact(f"it was {value}") == "it was {key}"
    assert value not in repr(secrets)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("env:NONE", "the placeholder {key} has no value: the variable NONE is not set"),
        ("env:BROKEN", "the value of {key} has characters that no header can have"),
        ("file:none", "the value of {key} cannot be read from none: No such file or directory"),
        ("file:latin", "the value of {key} cannot be read from latin: it is not UTF-8 text"),
        ("file:empty", "the value of {key} is empty: file:empty"),
        ("basic:env:APP,file:empty", "the value of {key} is empty: file:empty"),
        ("keyring:service/other", "the keyring has no value for {key}: service, user other"),
        ("basic:env:APP,env:NONE", "the placeholder {key} has no value: the variable NONE is not set"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_secret_that_cannot_be_had(source: str, reason: str) -> None:
    with pytest.raises(SecretError) as raised:
        Secrets({"key": source}).fill("{key}")
    assert str(raised.value) == reason


def test_a_keyring_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError, match=r"^\{key\} is in a keyring, and the package keyring is not installed$"):
        Secrets({"key": "keyring:a/b"}).fill("{key}")


def test_a_placeholder_without_a_source_is_the_variable_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ID", "app-2")
    assert Secrets({}).fill_all({"a": ["{app_id}", 1, None]}) == {"a": ["app-2", 1, None]}


def test_secrets_are_not_written() -> None:
    with pytest.raises(TypeError, match="secrets are not written"):
        pickle.dumps(Secrets({}, {"key": "value"}))
