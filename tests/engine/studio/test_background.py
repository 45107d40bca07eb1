"""Slow results arrive later: those of large samples, and findings in files that depend on the mapping."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from .conftest import MAIN, MAPPING, Site

Run = Callable[..., None]


@pytest.mark.slow
def test_large_samples_are_evaluated_in_the_background(run: Run) -> None:
    async def work(site: Site) -> None:
        large = {"user": "x" * 600_000, "events": [{"name": "seen"}]}
        site.path("samples/large.json").write_text(json.dumps(large))
        async with site.page() as page:
            await page.get("project")
            chosen = await page.get("select", samples=["samples/large.json", "samples/seen.json"])
            first = await page.state(chosen["version"])
            assert [one["status"] for one in first["samples"]] == ["error", "ok"]
            assert first["samples"][0]["error"] == "it is large: its results follow"
            second = await page.state(chosen["version"])
            assert [one["status"] for one in second["samples"]] == ["ok", "ok"]
            assert second["samples"][0]["error"] is None
            assert second["findings"] == first["findings"]

    run(work)


@pytest.mark.slow
def test_findings_about_workspaces_follow_in_the_background(run: Run) -> None:
    async def work(site: Site) -> None:
        workspace = "language: 1\nworkspace: acme\nextends: ./mapping.yaml\nsettings: {shop: other}\n"
        site.path("shop/acme.yaml").write_text(workspace)
        async with site.page() as page:
            await page.get("project")
            wrong = MAPPING.replace("enum: [main, other]", "enum: [main]")
            state = await page.edit(MAIN, wrong)
            assert state["findings"] == []
            later = await page.note("state", lambda one: one["version"] == state["version"])
            (finding,) = later["findings"]
            assert finding["place"]["path"] == "shop/acme.yaml"
            assert {**later, "findings": []} == state
            state = await page.edit(MAIN, f"{wrong}# more\n")
            assert state["findings"] == [finding]  # which stays until it is known to be gone
            state = await page.edit(MAIN, MAPPING)
            later = await page.note("state", lambda one: one["version"] == state["version"])
            assert later["findings"] == []
            state = await page.edit(MAIN, MAPPING.replace("user: batch.user", "user: batch.usr"))
            assert [one["place"]["path"] for one in state["findings"]] == [MAIN]  # once, although both have it

    run(work)


@pytest.mark.slow
def test_very_large_samples_are_not_explained(run: Run) -> None:
    async def work(site: Site) -> None:
        site.path("samples/large.json").write_text(json.dumps({"user": "x" * 2_000_000, "events": []}))
        async with site.page() as page:
            await page.get("project")
            error = await page.refused("links", sample="samples/large.json")
            assert error["message"] == "large has more than 2,000,000 bytes: too many to be explained"
            assert len((await page.get("sample.open", sample="samples/large.json"))["rows"]) == 4

    run(work)
