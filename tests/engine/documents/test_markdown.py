"""The page of a small mapping: its tables; nothing in it is read as Markdown or HTML by mistake."""

from __future__ import annotations

import re

import pytest

from moemap.engine.documents.document import MappingDocument
from moemap.engine.documents.markdown import markdown
from moemap.engine.documents.whole import as_html


def test_rows_and_examples(document: MappingDocument) -> None:
    page = markdown(document)
    for part in (
        "# shop 1.0.0\n\nOrders become `event` requests.\n",
        "```mermaid\nflowchart LR\n",
        "| `vat` | boolean | `false` | Send &lt;tax>. |",
        r"| [test](#rule-test) | `event if event.type == 'test' \|\| event.draft` | a test |",
        "### Rule order\n\nAn order with its items.\n\n- Takes: `event if event.type == 'order'`\n",
        "- Line: `mapping.yaml:23`\n",
        '| `always "order"` | `actions[].name` | "order" | yes | Its name. | `mapping.yaml:31` |',
        "<summary>Example: an order | with `all`</summary>\n\n`/events/0` of the input:\n\n```json\n{\n",
        "gives, in `POST /v1/events`:\n\n```json\n{\n",
        "With `vat = true`.\n",
        "Left out: a test\n\n</details>",
    ):
        assert part in page, part
    assert "**" not in page


def test_every_row_of_a_table_has_all_cells(document: MappingDocument) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", markdown(document), re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1, block


def test_what_a_workspace_changes_is_in_bold(workspace: MappingDocument) -> None:
    page = markdown(workspace)
    assert "It extends shop 1.0.0; what differs is marked in **bold**." in page
    assert "### Rule order (**changed**)" in page
    assert "| **removed** | `event.size, table sizes if settings.vat` |" in page


@pytest.mark.parametrize(
    "part", ['<span class="mark changed">changed</span>', '<tr class="removed">', "It extends shop"]
)
def test_the_page_for_a_browser_marks_the_same(workspace: MappingDocument, part: str) -> None:
    assert part in as_html(workspace)


def test_the_page_for_a_browser_has_no_base_where_there_is_none(document: MappingDocument) -> None:
    page = as_html(document)
    assert 'class="mark' not in page
    assert "Orders become <code>event</code> requests." in page
    assert "Send &lt;tax&gt;." in page
