"""A mapping that begins with a payload: drafted as a whole, in the project, or refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Site

Run = Callable[..., None]


@pytest.mark.slow
def test_a_mapping_begins_with_a_payload(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            payload = '{"id": "o-1", "total": 12.5}'
            begun = await page.get("begin", name="orders", text=payload)
            assert begun["mapping"] == "orders/mapping.yaml"
            assert (site.path("orders/tests/samples.yaml")).exists()
            assert begun["mapping"] in [one["id"] for one in (await page.note("files"))["mappings"]]
            selected = await page.get("select", mapping=begun["mapping"])
            state = await page.state(selected["version"])
            assert len(state["samples"][0]["requests"]) == 1
            assert state["findings"] == []
            for name, text, why in (
                ("orders", payload, "there is a folder orders already"),
                ("../x", payload, "'../x' cannot be the name of a mapping; did you mean 'x'?"),
                ("new", "{", "the payload is not JSON: "),
                ("new", "[]", "a payload is an object, not a list"),
                ("con", payload, "con/mapping.yaml is the name of a device on Windows"),
            ):
                refusal = await page.refused("begin", name=name, text=text)
                assert refusal["kind"] == "refused"
                assert refusal["message"].startswith(why)
            assert sorted(one.name for one in site.root.iterdir()) == ["moemap.toml", "orders", "samples", "shop"]

    run(work)
