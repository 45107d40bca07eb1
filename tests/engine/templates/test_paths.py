"""Tests of the paths that templates read."""

from __future__ import annotations

from moemap.engine import templates
from moemap.engine.templates.paths import paths_in


def test_plain_paths_are_listed_with_the_offsets_of_their_names() -> None:
    template = templates.compile("{{ user.id }} {{ mode | default(user . name) }} {{ user['id'] }}")
    assert [(path.names, path.starts, path.ends) for path in paths_in(template)] == [
        (("user", "id"), (3, 8), (7, 10)),
        (("mode",), (17,), (21,)),
        (("user", "name"), (32, 39), (36, 43)),
        (("user", "id"), (51, 57), (55, 61)),
    ]
