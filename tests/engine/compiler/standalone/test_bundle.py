"""Definitions of several modules as one text."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from moemap.engine.compiler.standalone import bundle
from moemap.engine.compiler.standalone.bundle import BundleError, bundled, names_of_all


def module_of(*wanted: str) -> ModuleType:
    imports, text = bundled(wanted)
    module = sys.modules["bundle"] = ModuleType("bundle")
    exec("\n".join(["from __future__ import annotations", *imports, text]), vars(module))
    return module


def test_what_is_needed_and_nothing_else() -> None:
    module = module_of("coerce")
    assert module.coerce("12", "integer") == 12
    assert not hasattr(module, "check_payload")
    assert bundled(["coerce"]) == bundled(["coerce"])


def test_functions_of_the_language_come_where_they_are_called() -> None:
    imports, text = bundled(["call"], ["lower", "length"])
    module = sys.modules["bundle"] = ModuleType("bundle")
    exec("\n".join(["from __future__ import annotations", *imports, text]), vars(module))
    assert module.call("lower", "A") == "a"
    assert module.call("length", "abc") == 3
    with pytest.raises(module.FunctionError, match="argument 1 of lower"):
        module.call("lower", 1)
    assert set(module.FUNCTIONS) == {"length", "lower"}


def test_what_calls_a_function_brings_it_along() -> None:
    module = module_of("distinct")
    assert module.distinct([1, True, 1.0]) == [1, True]


def test_what_needs_a_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = bundle._modules()["values.kinds"]
    monkeypatch.setitem(kinds.imports, "json", ("", "orjson"))
    with pytest.raises(
        BundleError, match=r"values\.kinds needs 'json' of orjson, which is not in the standard library"
    ):
        bundled(["shown"])


def test_what_imports_from_the_engine_when_it_runs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = bundle._modules()["values.kinds"]
    (definition,) = (one for one in kinds.definitions if one.names == ("shown",))
    monkeypatch.setattr(definition, "reaches_out", True)
    with pytest.raises(BundleError, match=r"'shown' of values\.kinds imports from the engine when it runs"):
        bundled(["shown"])


def test_one_name_for_two_things_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pointers, kinds = bundle._modules()["values.pointers"], bundle._modules()["values.kinds"]
    (other,) = (one for one in kinds.definitions if one.names == ("shown",))
    escape = next(one for one in pointers.definitions if one.names == ("escape",))
    both = replace(pointers, definitions=[*pointers.definitions, other])
    modules = {**bundle._modules(), "values.pointers": both}
    monkeypatch.setattr(bundle, "_modules", lambda: modules)
    monkeypatch.setattr(escape, "uses", escape.uses | {"shown"})
    with pytest.raises(
        BundleError,
        match=r"'shown' is defined in values\.\w+ and in values\.\w+",
    ):
        bundled(["escape", "shown", "violations_of"])


def test_all_names_are_known() -> None:
    assert {"coerce", "Notes", "Traces", "SchemaEvaluator", "replace", "json"} <= names_of_all()
