"""Servers whose URL is none with some settings (M141)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api

NOTHING = "may have no value, depending on the settings"


@pytest.mark.parametrize(
    ("url", "settings", "reasons"),
    [
        ("https://{{ settings.region }}.example.com", {"region": {"default": "eu"}}, []),
        ("https://{{ settings.region }}.example.com", {"region": {"default": None}}, [NOTHING]),
        ("https://{{ settings.region | default('eu') }}.example.com", {"region": {"default": None}}, []),
        ("https://{{ settings.region | lower }}.example.com", {"region": {"default": "EU"}}, []),
        ("https://{{ settings.a }}{{ settings.b }}", {"a": {"default": "x"}, "b": {"default": None}}, [NOTHING]),
        ("https://example.com", {}, []),
    ],
)
def test_urls(url: str, settings: Any, reasons: list[str], write: Callable[..., Path]) -> None:
    rules = [{"rule": "one", "output": "out", "fields": {"a": "settings"}}]
    main = {
        "language": 1,
        "name": "base",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./in.schema.json"},
        "settings": settings,
        "server": {"url": url},
        "outputs": {"out": {"schema": "./out.schema.json", "request": {"path": "/out"}}},
        "rules": rules,
    }
    found = api.inspect(write({"mapping.yaml": main})).problems
    assert [(problem.code, problem.data["reason"]) for problem in found] == [("M141", reason) for reason in reasons]
