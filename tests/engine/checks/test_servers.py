"""Servers whose URL is invalid with some settings (M141)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api

NOTHING = "may have no value, depending on the settings"
VALUES = {"region": "eu", "port": 443}


@pytest.mark.parametrize(
    ("url", "settings", "reasons"),
    [
        ("https://{{ settings.region }}.example.com", {"region": {"default": "eu"}}, []),
        ("https://{{ settings.region }}.example.com", {"region": {"default": None}}, [NOTHING]),
        ("https://{{ settings.region | default('eu') }}.example.com", {"region": {"default": None}}, []),
        ("https://{{ settings.region | lower }}.example.com", {"region": {"default": "EU"}}, []),
        ("https://{{ settings.a }}{{ settings.b }}", {"a": {"default": "x"}, "b": {"default": None}}, [NOTHING]),
        ("https://{{ settings.region }}.example.com", {"region": {}}, []),
        ("https://example.com:{{ settings.port }}", {"port": {"type": "integer"}}, []),
        ("https://example.com", {}, []),
    ],
)
def test_urls(url: str, settings: Any, reasons: list[str], write: Callable[..., Path]) -> None:
    given = {name: VALUES[name] for name in settings if name in VALUES}
    found = api.inspect(write({"mapping.yaml": mapping(url, settings)}), given).problems
    assert [(problem.code, problem.data["reason"]) for problem in found] == [("M141", reason) for reason in reasons]


def test_values_of_settings_make_no_difference(write: Callable[..., Path]) -> None:
    workspace = {"language": 1, "workspace": "own", "extends": "./mapping.yaml", "settings": {"region": "eu"}}
    main = mapping("https://{{ settings.region }}.example.com", {"region": {"default": None}})
    folder = write({"mapping.yaml": main, "workspace.yaml": workspace}).parent
    for file, values in (("workspace.yaml", {}), ("mapping.yaml", {}), ("mapping.yaml", {"region": "eu"})):
        (found,) = api.inspect(folder / file, values).problems
        assert (found.code, found.data["reason"]) == ("M141", NOTHING)


def mapping(url: str, settings: Any) -> dict[str, Any]:
    rules = [{"rule": "one", "output": "out", "fields": {"a": "settings"}}]
    return {
        "language": 1,
        "name": "base",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./in.schema.json"},
        "settings": settings,
        "server": {"url": url},
        "outputs": {"out": {"schema": "./out.schema.json", "request": {"path": "/out"}}},
        "rules": rules,
    }
