"""Makes golden tests from samples, reports of lost members, comparisons of versions, and documentation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..checks.shared.opening import Opening
from ..diagnostics.catalogue import CATALOGUE
from ..documents.whole import as_html, documentation
from ..golden import adding
from ..golden.files import TestFile
from ..insight.changes import changes_between, due_version
from ..insight.coverage import Coverage
from ..insight.coverage_report import lines_of
from ..insight.explanation import page_of
from ..insight.loss import Loss, loss_over
from ..insight.revisions import RevisionError, checked_out
from ..insight.tracing import masked, trace
from ..language.rulebook import Rulebook
from ..privacy.personal import privacy_of
from ..privacy.report import render
from ..source.homes import PAGES
from .answers import Json, PageAnswers
from .asking import chosen
from .files import MAX_TEXT_BYTES
from .results import AskError, StudioResults
from .rows import printed
from .samples import MAX_TRACED, SampleError, StudioSample

__all__ = ["compared", "docs", "export", "golden", "lost", "privacy", "problem"]

_MOST_INLINE = 200_000
_NEW = "studio.yaml"


def golden(results: StudioResults, sample: StudioSample, selected: Json, params: Mapping[str, Any]) -> Json:
    """The edit that adds a test of a sample with its present results."""
    settings = selected.get("settings", {})
    main = results.main(selected.get("mapping"))
    rulebook = results.rulebook(selected.get("mapping"), settings, sample)
    name = params.get("name") or sample.name
    if not isinstance(name, str) or not name.strip() or len(name) > 200:
        raise AskError("wrong", "'name' is a text of at most 200 characters")
    tests = results.project.tests_of(main)
    target, file = _target(results, main, tests, params.get("path"))
    name = adding.unused_name(name.strip(), file)
    path = results.project.path(target)
    if sample.kind == "file" and sample.index is None and sample.path is not None:
        given: Json = {"input_file": Path(os.path.relpath(sample.path, path.parent)).as_posix()}
    elif sample.size > _MOST_INLINE:
        raise AskError("refused", "the input is too large to be written into a test: save it as a file first")
    else:
        given = {"input": results.value(sample)}
    result = results.now.interpreter(rulebook).run(results.value(sample))
    test = partial(adding.new_test, name, given, result, {one: rulebook.values.get(one) for one in settings})
    rewrite = None if file is None else adding.added(file, test)
    if file is None or rewrite is None:
        is_above = main.parent in path.parents and main.stem in ("mapping", "workspace")
        above = None if is_above else Path(os.path.relpath(main, path.parent)).as_posix()
        at, text = {"line": 1, "column": 1}, adding.new_file(above, test(), results.project.kinds[selected["mapping"]])
    else:
        where = file.source.place(rewrite.start, rewrite.start)
        at, text = {"line": where.line, "column": where.column}, rewrite.text
    if len(text) > MAX_TEXT_BYTES:
        raise AskError("refused", "the results are too large to be written into a test")
    return {"edits": [{"path": target, "span": {"start": at, "end": at}, "text": text}], "path": target, "name": name}


def _target(
    results: StudioResults, main: Path, tests: list[tuple[str, TestFile]], wanted: object
) -> tuple[str, TestFile | None]:
    """The test file to add to: the wanted one, else that of Studio, else the only one, else a new one."""
    own = {name: file for name, file in tests if adding.place_for(file) is not None}
    new = results.project.files.name(main.parent / "tests" / _NEW)
    if isinstance(wanted, str):
        return wanted, own.get(wanted)
    if new in own or len(own) != 1:
        return new, own.get(new)
    return next(iter(own.items()))


def lost(results: StudioResults, selected: Json, params: Mapping[str, Any]) -> Json:
    """The members of samples in files, or of the texts of a corpus, that the rules do not send."""
    rulebook = results.rulebook(selected.get("mapping"), selected.get("settings", {}))
    wanted, corpus = params.get("samples"), params.get("corpus")
    if corpus is not None:
        if not isinstance(corpus, list) or not all(isinstance(text, str) for text in corpus):
            raise AskError("wrong", "'corpus' is a list of texts")
        with TemporaryDirectory() as folder:
            paths = [Path(folder, f"{number}.json") for number in range(len(corpus))]
            for path, text in zip(paths, corpus, strict=True):
                path.write_text(text, "utf-8", "surrogatepass")
            return _lost(loss_over(rulebook, map(str, paths), lambda _: None))
    samples = results.project.samples.values() if wanted is None else [results.sample(one) for one in wanted]
    files = dict.fromkeys(str(one.path) for one in samples if one.kind == "file")
    return _lost(loss_over(rulebook, files, lambda _: None))


def _lost(loss: Loss) -> Json:
    found = loss.to_json(show_values=True)
    found["members"] = [member for member in found["members"] if member["fate"] != "sent"]
    for member in found["members"]:
        member["example"] = printed(member["example"])
    return found


def compared(results: StudioResults, selected: Json, params: Mapping[str, Any]) -> Json:
    """The changes in meaning since the saved files, or since a revision of Git."""
    old_name = chosen(params, "old")
    if not isinstance(old_name, str):
        raise AskError("wrong", "'old' is 'saved' or a revision of Git")
    settings = selected.get("settings", {})
    main = results.main(selected.get("mapping"))
    new = results.rulebook(selected.get("mapping"), settings)
    if old_name == "saved":
        old = results.saved(main, settings)
        if old is None:
            raise AskError("unavailable", "the saved mapping has errors")
        return _changes(results, old_name, old, new, main.parent)
    try:
        with checked_out(main, old_name) as path:
            loaded = Opening(path).inspect(settings)
            if loaded.rulebook is None:
                raise AskError("unavailable", f"the mapping in {old_name} has errors")
            return _changes(results, old_name, loaded.rulebook, new, path.parent)
    except RevisionError as error:
        raise AskError("unavailable", str(error)) from None


def _changes(results: StudioResults, name: str, old: Rulebook, new: Rulebook, folder: Path) -> Json:
    """The changes; files of the old mapping, which may be in another folder, have the names of the new one's."""
    changes = changes_between(old, new)
    name_of = results.project.files.name
    home = folder if new.main.path is None else new.main.path.parent
    answers = PageAnswers(name_of, new.sources)
    before = PageAnswers(
        lambda path: name_of(home / path.relative_to(folder) if path.is_relative_to(folder) else path), old.sources
    )
    return {
        "old": name,
        "changes": [
            {
                "id": one.id,
                "effect": one.effect,
                "text": one.text,
                "old": before.place(one.old),
                "new": answers.place(one.new),
            }
            for one in changes
        ],
        "due_version": due_version(old.version, changes),
        "mapping_version": new.version,
    }


def docs(results: StudioResults, selected: Json, params: Mapping[str, Any]) -> Json:
    """The documentation of a mapping as a page of HTML."""
    name = params.get("mapping") or selected.get("mapping")
    rulebook = results.rulebook(name, selected.get("settings", {}) if name == selected.get("mapping") else {})
    return {"html": as_html(documentation(rulebook))}


def export(results: StudioResults, selected: Json, params: Mapping[str, Any]) -> Json:
    """One page of HTML with the rules, the samples that are shown, their requests, findings and coverage.

    Values of samples are masked unless `show_values` is true.
    """
    name, settings = selected.get("mapping"), selected.get("settings", {})
    main = results.main(name)
    rulebook = results.rulebook(name, settings)
    show = printed if params.get("show_values") is True else masked
    known = [results.project.samples[one] for one in selected.get("samples", []) if one in results.project.samples]
    unread: list[str] = []
    traces, hits = [], dict[tuple[int, str], int]()
    for sample in known:
        try:
            if sample.size > MAX_TRACED:
                raise SampleError(f"it has more than {MAX_TRACED:,} bytes")
            value = results.value(sample)
        except SampleError as error:
            unread.append(f"{sample.name} cannot be shown: {error}")
            continue
        interpreter = results.now.interpreter(rulebook)
        interpreter.count(value, hits)
        traces.append((sample.name, trace(rulebook, value, show, interpreter=interpreter)))
    coverage = Coverage()
    coverage.add(rulebook, hits, results.now.state.opening(main).recall)
    problems = results.now.inspected(main, settings).problems
    failed = sum(1 for _, found in traces if not found.result.ok)
    lead = (
        f"{_counted(len(traces), 'sample')}, {failed} with errors; {_counted(len(problems), 'finding')}; "
        f"{coverage.taken} of {len(coverage.branches)} branches taken."
    )
    page = page_of(
        f"{rulebook.workspace or rulebook.name} {rulebook.version}".strip(),
        traces,
        lead=lead,
        findings=unread
        + [f"{one.severity} {one.code} at {one.place or 'the mapping'}: {one.message}" for one in problems],
        sources={file: source for file, source in rulebook.sources.items() if rulebook.is_own(source)},
        states={file: {line: state for line, state, _ in lines} for file, lines in lines_of(coverage)},
    )
    return {"html": page}


def privacy(results: StudioResults, selected: Json) -> Json:
    """The places that personal data of the input can reach, as `moemap privacy` reports them."""
    rulebook = results.rulebook(selected.get("mapping"), selected.get("settings", {}))
    found = json.loads(render("json", rulebook, privacy_of(rulebook)))
    for member in found["members"]:
        for flow in (*member["sent"], *member["decides"]):
            flow.pop("ways", None)  # they are many, and shown by the command
    return {"available": True, "mapping_version": found.pop("version"), **found}


def problem(params: Mapping[str, Any]) -> Json:
    """The page of a code of a problem."""
    code = chosen(params, "code")
    if not isinstance(code, str) or code not in CATALOGUE:
        raise AskError("wrong", f"there is no code {code!a}")
    return {"text": (PAGES / f"{code}.md").read_text("utf-8")}


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
