"""The tables of personal data and of assertions."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.documents.listings import Listing
from moemap.engine.documents.personal import asserted, personal_data
from moemap.engine.language.rulebook import Rulebook

FILES = {
    "mapping.yaml": """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
settings: {agreed: {type: boolean, default: false}}
outputs:
  user: {schema: ./out.schema.json, request: {path: /u}}
  log: {schema: ./out.schema.json, request: {path: /l}}
rules:
  - rule: user
    when: settings.agreed
    output: user
    fields: {id: batch.mail, other: batch.mail, phone: batch.phone}
  - {rule: log, output: log, fields: {who: sha256(batch.mail)}}
assert:
  agreed: {no_output: [user], without: settings.agreed, description: Nobody is asked twice.}
  masked: {category: [email, phone], never_in: [log], unmasked: true}
  nowhere-else: {category: [phone], only_in: [user, log]}
  addresses: {category: [any], never_in: ["* path"]}
  without-all: {category: [phone], never_in: ["*"], without: settings.agreed}
""",
    "in.schema.json": """{"type": "object", "properties": {
        "mail": {"type": "string", "x-personal": "email"}, "phone": {"type": "string", "x-personal": "phone"},
        "unused": {"type": "string", "x-personal": "email"}}}""",
    "out.schema.json": "{}",
}


@pytest.fixture(scope="module")
def rulebook(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    folder: Path = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    inspected = api.inspect(folder)
    assert inspected.rulebook is not None, [problem.message for problem in inspected.problems]
    return inspected.rulebook


def rows(listing: Listing) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row.cells) for row in listing.rows]


def test_personal_data(rulebook: Rulebook) -> None:
    found = personal_data(rulebook)
    unset = "rule user; not with these settings"
    assert found.note.startswith("3 personal members: 2 can be sent, 0 only decide something, 1 go nowhere.")
    assert rows(found) == [
        ("email", "/mail", "user /id, user /other", unset, "settings.agreed", ""),
        ("email", "/mail", "log /who", "rule log", "", "sha256()"),
        ("phone", "/phone", "user /phone", unset, "settings.agreed", ""),
    ]
    assert len({row.key for row in found.rows}) == 3


def test_assertions(rulebook: Rulebook) -> None:
    assert rows(asserted(rulebook)) == [
        ("agreed", "no request of user is sent", "settings.agreed", "Nobody is asked twice."),
        ("masked", "email and phone that no hash masks: never in `log`", "", ""),
        ("nowhere-else", "phone: only in `user` and `log`", "", ""),
        ("addresses", "personal data: never in `* path`", "", ""),
        ("without-all", "phone: never in any request", "settings.agreed", ""),
    ]
