"""Loads a mapping: joins its files through `include` and `extends`, and resolves settings.

The result is one Rulebook and all Problems. Only files in the mapping's own folder and the project around it, installed
mappings and schemas are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from os.path import normpath, realpath
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .. import schemas
from ..diagnostics.problem import Place, Problem, Problems, Related, TooManyProblems
from ..diagnostics.suggestions import did_you_mean
from ..source.contents import unsaved
from ..source.homes import MAPPINGS, display_name
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain, reused
from ..source.parser import parse
from ..source.paths import absence, is_file
from ..source.project import PROJECT_FILE, PYPROJECT, Project
from ..source.recovery import lost_names
from ..source.text import Source, read
from ..values.kinds import shown
from ..values.recall import Recall
from .assertions import MAX_PROVEN_RULES, assertion_beyond
from .converters import MAX_EXTENDS, with_converters
from .decoder import Keys, entry_hint, found
from .discovery import other_than_main
from .empty_values import omitting_output, omitting_rule
from .file_keys import MAPPING, PART, SEMANTIC_VERSION, WORKSPACE
from .inheritance import inherited_rules
from .installed import beside, candidates, installed, is_reference, looked_up
from .keys import FORMS
from .layers import Layer, bases_of, entries_of, place_of_name, schema_names
from .loaded import Joined, Loaded
from .merging import merge, merge_part
from .reader import RuleReader
from .rulebook import Rule, Rulebook, Setting, SeverityOverride
from .scopes import MAX_NAMES, let_beyond
from .secrets import exposed_secrets
from .settings import Given, values_of

__all__ = ["LANGUAGE", "MAX_FILES", "Joined", "Loaded", "join", "load"]

LANGUAGE = 1
MAX_FILES = 200

_HEADERS = ("input", "server", "settings", "outputs", "bulk", "delivery", "omit_empty")
_PARTS = ("tables", "policies", "let", "routes", "assert")
_OMITTING = {(True, False), (True, True), (None, True)}
"""The pairs of `omit_empty`, of an output and of its mapping, with which empty values are left out."""
_SINGULAR = {"tables": "table", "policies": "policy", "let": "let", "routes": "route", "assert": "assertion"}


def load(path: Path, settings: Mapping[str, Any] | None = None, *, text: str | None = None) -> Loaded:
    """Loads the mapping or workspace file at `path`.

    `settings` are JSON values, or Given ones with their places, that override those of a workspace. `text`, if given,
    replaces the content of the file, as for the unsaved buffer of an editor.
    """
    with unsaved(None if text is None else {path: text}):
        return join(path).with_settings(settings or {})


def join(path: Path, recall: Recall | None = None) -> Joined:
    """Reads the mapping or workspace file at `path`, and all files that belong to it.

    With `recall`, files and parts that have not changed since the last time are the same objects again.
    """
    return _Loader(Recall() if recall is None else recall).join(path)


class _Loader:
    def __init__(
        self, recall: Recall, converted: Mapping[Path, str] = MappingProxyType({}), loaded: list[Path] | None = None
    ) -> None:
        self.recall = recall
        self.converted = converted
        """The main files of the mappings whose input this one converts, and their names, outermost first."""
        self.loaded: list[Path] = [] if loaded is None else loaded
        """The main files of all converters so far, those of other chains among them."""
        self.problems = Problems()
        self.sources: dict[str, Source] = {}
        self.missing: list[Path] = []
        self.lost: set[str] = set()
        self.included: set[str] = set()
        self.settings: dict[str, Setting] = {}
        self.values: dict[str, Any] = {}
        self.refused: set[str] = set()

    def report(
        self, code: str, place: Place | None, hint: str | None = None, related: Iterable[Related] = (), **data: Any
    ) -> None:
        self.problems.append(Problem.of(code, place, hint=hint, related=related, **data))

    def below(self, converted: Mapping[Path, str]) -> _Loader:
        """A loader of mappings that convert the input of these."""
        return _Loader(self.recall, converted, self.loaded)

    def join(self, path: Path) -> Joined:
        draft = None
        with suppress(TooManyProblems):
            source = self.read(path, display_name(path))
            layer = self.layer(source, ()) if source is not None else None
            draft = self.bounded(self.rulebook(layer)) if layer is not None else None
            draft = with_converters(draft, path, self) if draft is not None else None
            self.problems += exposed_secrets(draft) if draft is not None else ()
        lost, included, refused = frozenset(self.lost), frozenset(self.included), frozenset(self.refused)
        return Joined(draft, tuple(self.problems), self.sources, lost, self.settings, self.values, included, refused)

    # Files

    def read(self, path: Path, name: str) -> Source | None:
        source, problems = read(path, name)
        self.problems += problems
        if source is None:
            return None
        key = "file", name, path, source.text
        return self.recall.fitting(key, lambda one: not one.is_left) or self.recall.put(key, source)

    def parse(self, source: Source) -> MappingNode | None:
        self.sources[source.name] = source
        node, problems = self.recall.of(("parsed", source), lambda: parse(source))
        last: Node | None = self.recall.get(("last", source.name, source.path))
        if node is not None and last is not None:
            node = self.recall.of(("reused", source), partial(reused, node, last))
        if node is not None:
            self.recall.put(("last", source.name, source.path), node)
        self.problems += problems
        if node is not None and problems:
            self.lost.update(lost_names(node))
        if node is None or isinstance(node, MappingNode):
            return node
        self.report("M102", node.place, entry_hint(node), what="a rule file", wanted="a mapping", found=found(node))
        return None

    def layer(self, source: Source, chain: tuple[str, ...], extends: Node | None = None) -> Layer | None:
        if Path(source.name).name in (PROJECT_FILE, PYPROJECT):
            self.sources[source.name] = source
            place = extends.place if extends is not None else source.place(0, 0)
            hint = "moemap config checks it, and moemap check without a path"
            self.report("M134", place, hint, what="a project file")
            return None
        header = self.parse(source)
        if header is None:
            return None
        other = other_than_main(header.keys()) if Path(source.name).stem not in ("mapping", "workspace") else None
        if other is not None:
            what, hint = other
            self.report("M134", (extends or header.entries[0][0]).place, hint, what=what)
            return None
        layer = Layer(source, header)
        self.collect(layer, source, header, [source.name])
        named = header.get("extends")
        if isinstance(named, ScalarNode) and isinstance(named.value, str):
            base = self.base(source, named, (*chain, source.name))
            return None if base is None else self.on_top(base, layer)
        return layer if named is None and header.get("workspace") is None else None

    def base(self, source: Source, extends: ScalarNode, chain: tuple[str, ...]) -> Layer | None:
        """The layer that `extends` names: an installed mapping, or a file by a path `./...` relative to this one."""
        relative = extends.text.startswith(".")
        if not is_reference(extends.text):
            return None  # `check_header` has reported it
        path = self.base_path(source.path or Path("-"), extends, relative=relative)
        if path is None:
            return None
        name = display_name(path)
        before = [source.path.resolve() for link in chain if (source := self.sources[link]).path is not None]
        if path.resolve() in before:
            self.report("M110", extends.place, name=extends.text, chain=" -> ".join((*chain, name)))
            return None
        if len(chain) >= MAX_EXTENDS:
            what, count = "files in a chain of 'extends'", len(chain) + 1
            self.report("M119", extends.place, what=what, count=count, limit=MAX_EXTENDS)
            return None
        base = self.read(path, name)
        return None if base is None else self.layer(base, chain, extends)

    def base_path(self, file: Path, extends: ScalarNode, *, relative: bool) -> Path | None:
        """The file of the mapping that `extends` names; None, with a Problem, if there is none."""
        name, project = extends.text, Project.around(file.parent)
        for path in candidates(file.parent / name) if relative else beside(file, name):
            refusal = project.refusal(path)
            if refusal is not None and (relative or is_file(path)):
                reason, hint = refusal
                self.report("M107", extends.place, hint, what="the mapping", path=name, reason=reason)
                return None
            if is_file(path):
                return path
            self.missing.append(path)
        path_of_installed = None if relative else installed(name)
        if path_of_installed is None:
            known = [f"{path.parent.parent.name}@{path.parent.name[1:]}" for path in MAPPINGS.glob("*/v*/mapping.yaml")]
            hint = None if relative else did_you_mean(name, known) or looked_up(name)
            self.report("M109", extends.place, hint, name=name)
        return path_of_installed

    def collect(self, layer: Layer, source: Source, node: MappingNode, chain: list[str]) -> None:
        """Adds the parts and rules of one file to a layer, then those of the files that it includes."""
        is_main = source is layer.main
        is_workspace = is_main and node.get("workspace") is not None
        form = WORKSPACE if is_workspace else MAPPING if is_main else PART
        where = "a rule file" if form is PART else f"a {form.name} file"
        keys = Keys(node, where, self.problems, form.keys)
        if is_main:
            self.check_header(keys, is_workspace)
            layer.severities = self.severities(keys)
            if is_workspace:
                layer.values = list(keys.entries("settings"))
                self.add_part(layer, "delivery", keys.take("delivery"))
            else:
                if "name" not in keys:
                    keys.take("workspace")  # known here, so that a misspelt 'workspace' is recognised
                for key in _HEADERS:
                    self.add_part(layer, key, keys.take(key))
        for key in _PARTS:
            self.add_part(layer, key, keys.take(key))
        for rule in keys.items("rules"):
            self.add_rule(layer, rule)
        repeated = [value for key, value in node.repeated if key.text == "include" and isinstance(value, SequenceNode)]
        includes = [*keys.items("include"), *(item for value in repeated for item in value.items)]
        keys.text("description")
        keys.finish()
        for include in includes:
            self.include(layer, source, include, chain)

    def check_header(self, keys: Keys, is_workspace: bool) -> None:
        language = keys.take("language", required=True)
        if language is not None and shown(plain(language)) != str(LANGUAGE):
            self.report("M113", language.place, found=shown(plain(language)), supported=LANGUAGE)
        keys.name("workspace" if is_workspace else "name", required="extends" not in keys)
        extends = keys.scalar("extends", required=is_workspace)
        if extends is not None and not is_reference(extends.text):
            self.report(
                "M114", extends.place, what="'extends'", found=repr(extends.text), wanted="name@major or ./path"
            )
        if not is_workspace:
            version = keys.scalar("version", required="extends" not in keys)
            if version is not None and not SEMANTIC_VERSION.fullmatch(version.text):
                self.report(
                    "M114",
                    version.place,
                    "write it as 1.0.0",
                    what="'version'",
                    found=repr(version.text),
                    wanted="a semantic version",
                )

    def severities(self, keys: Keys) -> dict[str, SeverityOverride]:
        """The severities under `checks`, by code. A later check reports unknown codes."""
        node = keys.take("checks")
        if node is None:
            return {}
        inner = Keys(node, "checks", self.problems)
        names = [name for name, _ in node.entries] if isinstance(node, MappingNode) else []
        chosen: dict[ScalarNode, Any] = {
            name: inner.choice(name.text, ("ignore", "warning", "error"), "") for name in names
        }
        return {name.text: SeverityOverride(severity, name) for name, severity in chosen.items() if severity}

    def add_part(self, layer: Layer, key: str, node: Node | None) -> None:
        if node is None:
            return
        before = layer.parts.get(key)
        if before is None or not isinstance(node, MappingNode) or not isinstance(before, MappingNode):
            layer.parts[key] = node
            return
        for name, _ in node.entries:
            first = before.key(name.text)
            if first is not None:
                self.defined_twice(name.place, first.place, kind=_SINGULAR[key], name=name.text)
        layer.parts[key] = replace(before, entries=before.entries + node.entries)

    def add_rule(self, layer: Layer, node: Node) -> None:
        name = node.get("rule") if isinstance(node, MappingNode) else None
        if not isinstance(node, MappingNode) or not isinstance(name, ScalarNode):
            reader = RuleReader([])
            reader.rule(node)  # without the definitions of the mapping, so no name is known
            self.problems += [problem for problem in reader.problems if problem.code != "M112"]
            return
        first = layer.rules.get(name.text)
        if first is not None:
            self.defined_twice(name.place, place_of_name(first[0]), kind="rule", name=name.text)
            return
        layer.rules[name.text] = (node,)

    def defined_twice(self, place: Place, first: Place, **data: Any) -> None:
        self.report("M106", place, related=[Related(first, "first defined here")], first=first, **data)

    def include(self, layer: Layer, source: Source, include: Node, chain: list[str]) -> None:
        if not isinstance(include, ScalarNode) or not isinstance(include.value, str):
            self.report("M102", include.place, what="'include'", wanted="a list of file names", found=found(include))
            return
        root = (layer.main.path or Path()).parent
        path = (source.path or Path()).parent / include.text
        with suppress(OSError, ValueError):  # of a name that no file can have
            self.included.add(realpath(path))
        reason = hint = None
        if include.text.startswith("/"):
            reason = "must be given relative to the file that includes it"
        elif refusal := Project.around(root).alone().refusal(path):
            reason, _ = refusal
        elif not is_file(path):
            reason = absence(path)
            hint = did_you_mean(path.name, [entry.name for entry in path.parent.glob("*.yaml") if is_file(entry)])
        if reason is not None:
            what = "the included file"
            self.report("M107", include.place, hint, what=what, path=include.text, reason=reason)
            return
        name = Path(normpath(Path(source.name).parent / include.text)).as_posix()
        if name in self.sources:
            self.report("M108", include.place, path=include.text, chain=" -> ".join((*chain, name)))
            return
        if len(self.sources) >= MAX_FILES:
            self.report("M119", include.place, what="files", count=len(self.sources) + 1, limit=MAX_FILES)
            return
        included = self.read(path, name)
        node = self.parse(included) if included is not None else None
        if included is not None and node is not None:
            self.collect(layer, included, node, [*chain, name])

    def on_top(self, base: Layer, over: Layer) -> Layer:
        """Merges a layer onto the one it extends: parts merge, changed rules keep their place, new ones come first."""
        parts = dict(base.parts)
        for key, node in over.parts.items():
            parts[key] = merge_part(key, parts.get(key), node)
        new = {name: parts for name, parts in over.rules.items() if name not in base.rules}
        for name, (rule,) in list(new.items()):
            if not any(rule.get(key) for key in (*FORMS["rule"].choices, "extends", "abstract")):
                self.report("M111", place_of_name(rule), did_you_mean(name, base.rules), name=name, what="change")
                del new[name]
        kept = {name: rule_parts + over.rules.get(name, ()) for name, rule_parts in base.rules.items()}
        header = merge(base.header, over.header)
        assert isinstance(header, MappingNode)  # noqa: S101  both are mappings
        severities = {**base.severities, **over.severities}
        return Layer(over.main, header, parts, {**new, **kept}, [*base.values, *over.values], severities)

    # The Rulebook

    def rulebook(self, layer: Layer) -> Rulebook | None:
        reader = RuleReader(self.problems, self.recall)
        header = layer.header
        joined = MappingNode(header.source, header.start, header.end, entries_of(layer, header))
        keys = Keys(joined, "the mapping", self.problems)
        self.settings |= reader.read_named(keys, "settings", reader.setting, "setting", root=True)
        self.values = {name: setting.default for name, setting in self.settings.items()}
        written = [Given(name.text, plain(node), name.place, node.place) for name, node in layer.values]
        valid = values_of(self.settings, written, self.problems)
        self.values |= valid
        self.refused = {one.name for one in written} - valid.keys()
        reader.read_tables(keys)
        reader.read_policies(keys)
        let = reader.fields(keys.entries("let"), roots=True)
        keys.take("outputs", required=True)
        reader.read_outputs(keys)
        reader.read_routes(keys)
        bulk = keys.take("bulk")
        read_bulk = reader.bulk(bulk) if bulk is not None else None
        input_node = keys.take("input", required=True)
        read_input = reader.input(input_node) if input_node is not None else None
        server = reader.server(keys, MAPPING.keys["server"])
        delivery = reader.delivery(keys, MAPPING.keys["delivery"])
        assertions = reader.read_named(keys, "assert", reader.assertion, "assertion")
        merged: list[Node] = [header, *layer.parts.values()]
        rules = self.read_rules(layer, reader, merged)
        omit_empty = keys.flag("omit_empty")
        omitting = {name for name, one in reader.outputs.items() if (one.omit_empty, omit_empty) in _OMITTING}
        documents = self.schemas(layer, joined)
        if read_input is None:
            return None
        version, workspace = header.get("version"), header.get("workspace")
        title, description = header.get("name"), header.get("description")
        return Rulebook(
            name=title.text if isinstance(title, ScalarNode) else "?",
            version=version.text if isinstance(version, ScalarNode) else "?",
            workspace=workspace.text if isinstance(workspace, ScalarNode) else None,
            description=description.text if isinstance(description, ScalarNode) else None,
            input=read_input,
            server=server,
            settings=self.settings,
            values=self.values,
            outputs={name: omitting_output(one) if name in omitting else one for name, one in reader.outputs.items()},
            bulk=read_bulk,
            delivery=delivery,
            routes=reader.routes,
            tables=reader.tables,
            policies=reader.policies,
            let=let,
            rules=tuple(omitting_rule(rule) if rule.output in omitting else rule for rule in rules),
            table_names=reader.table_names,
            policy_names=reader.policy_names,
            used_tables=frozenset(reader.used_tables),
            used_policies=frozenset(reader.used_policies),
            sources=self.sources,
            schemas=documents,
            severities=layer.severities,
            main=layer.main,
            converters={},
            missing=tuple(self.missing),
            assertions=assertions,
            in_vain=tuple(removal for node in merged if isinstance(node, MappingNode) for removal in node.in_vain),
        )

    def bounded(self, draft: Rulebook | None) -> Rulebook | None:
        """The Rulebook; None, with a Problem, if it exceeds the limits of `scopes` and `assertions`."""
        if draft is None:
            return None
        if (node := let_beyond(draft, self.recall)) is not None:
            self.report("M127", node.place, what="lets with all that each can read", limit=MAX_NAMES, of="names")
            return None
        if (one := assertion_beyond(draft.assertions.values(), len(draft.rules))) is not None:
            what = "the rules, once for each condition of an assertion,"
            self.report("M127", one.place, what=what, limit=MAX_PROVEN_RULES, of="rules")
            return None
        return draft

    def read_rules(self, layer: Layer, reader: RuleReader, merged: list[Node]) -> tuple[Rule, ...]:
        """The rules with all that they inherit; their nodes are added to `merged`."""
        nodes = inherited_rules(layer, self.recall, self.problems)
        merged += nodes.values()
        read = (reader.known_rule(node, tuple(bases_of(layer, name))) for name, node in nodes.items())
        return tuple(rule for rule in read if rule is not None)

    def schemas(self, layer: Layer, joined: MappingNode) -> dict[str, Any]:
        """The schemas that the mapping names, by these names."""
        documents: dict[str, Any] = {}
        for node in schema_names(joined):
            folder = node.source.path.parent if node.source.path is not None else Path()
            if node.text in documents:
                other = documents[node.text].path
                if node.text.startswith(".") and normpath(folder / node.text) != normpath(other):
                    reason = "is not the file that another mapping refers to by this name"
                    self.report("M118", node.place, "rename one of them", path=node.text, reason=reason)
                continue
            try:
                documents[node.text] = schemas.load(node.text, folder)
            except schemas.SchemaError as error:
                place = schemas.Locator().at(error.path, error.pointer) if error.path is not None else None
                related = () if place is None else (Related(place, "it stands here"),)
                self.report("M118", node.place, error.hint, related, path=node.text, reason=error.reason)
        return documents
