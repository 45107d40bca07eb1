"""Places of the input that values of converted bodies come from."""

from __future__ import annotations

from pathlib import Path

import pytest

import moemap

HEAD = "language: 1\nversion: 1.0.0\n"
MAIN = f"""{HEAD}name: main
input: {{as: order, schema: ./order.schema.json}}
outputs:
  out: {{schema: ./out.schema.json, request: {{path: /}}}}
rules:
  - {{rule: rows, when: order.rows, convert: ./rows}}
  - rule: all
    output: out
    fields:
      paid: {{from: order.state.paid, type: boolean}}
      size: {{from: order.state.size, type: integer, when: order.state.size}}
      word: {{from: order.consents.given.word, type: boolean}}
      agreed: {{from: order.consents.given.mail.agreed, type: boolean}}
      deep: {{from: "order.lines[1].deep.count", type: integer}}
"""
ROWS = f"""{HEAD}name: rows
input: {{as: sheet, schema: ./sheet.schema.json}}
outputs:
  order:
    schema: ./../order.schema.json
    request: {{path: /}}
    combine: {{lines: append}}
    fields: {{state: state, consents: consents}}
let:
  state: {{fields: {{paid: sheet.paid, size: "sheet.size || `[]`"}}}}
  consents: {{fields: {{given: {{spread: {{from: sheet.consents}}}}}}}}
routes:
  rows: {{each: sheet.rows, as: row}}
rules:
  - rule: row
    route: rows
    output: order
    fields: {{lines: {{list: [{{fields: {{id: row.id, deep: row.deep}}}}]}}}}
"""


@pytest.mark.parametrize(
    ("sheet", "output", "place"),
    [
        ({"consents": {"mail": {"agreed": "maybe"}}}, "/agreed", "/consents/mail/agreed"),
        ({"consents": {"sms": {}, "mail": {"agreed": [1]}}}, "/agreed", "/consents/mail/agreed"),
        ({"paid": "perhaps"}, "/paid", "/paid"),
        ({"size": "L"}, "/size", "/size"),
        ({"consents": {"word": "perhaps"}}, "/word", ""),
        ({"rows": [{"id": 1}, {"id": 2, "deep": {"count": "many"}}, {"id": 3}]}, "/deep", "/rows/1/deep/count"),
    ],
)
def test_what_all_elements_share_is_not_said_to_be_of_one(
    sheet: dict[str, object], output: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / ".moemap").touch()
    (tmp_path / "rows").mkdir()
    (tmp_path / "mapping.yaml").write_text(MAIN, "utf-8")
    (tmp_path / "rows" / "mapping.yaml").write_text(ROWS, "utf-8")
    for name in ("order", "out", "rows/sheet"):
        (tmp_path / f"{name}.schema.json").write_text("{}", "utf-8")
    result = moemap.load(tmp_path).transform({"rows": [{"id": 1}, {"id": 2}, {"id": 3}], **sheet})
    assert [(one.code, one.output, one.input) for one in result.problems] == [("M505", output, place)]
