"""The process that evaluates rules: `python -m moemap.engine.studio.worker ROOT START [background]`."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..editing.state import EditingState
from ..language.rulebook import Rulebook
from ..language.settings import GivenText
from . import asking, making, picking
from .answers import Json, PageAnswers
from .files import ProjectFiles
from .frames import frame, receive
from .language import Language, position_of
from .project import StudioProject, homes_of
from .results import AskError, StudioResults
from .rules import Rules
from .samples import MOST_SAMPLES, SampleError, pasted
from .testing import TestRun

__all__ = ["Worker", "main"]

_MEMORY = 4 << 30
_WHOLE = 50
"""The number of answers after which all garbage is collected; recent garbage is collected after each answer."""
_SLICE = 0.2
"""The seconds for which golden tests are run at a time."""


class Worker:
    """Answers requests about a project. `texts` are those of files with unsaved edits."""

    def __init__(self, root: Path, start: Path) -> None:
        files = ProjectFiles(root)
        self.state = EditingState(homes_of(files.root, start))
        self.project = StudioProject(files, Rules(self.state), start)
        self.results = StudioResults(self.project, Rules(EditingState(self.state.roots)))
        self.language = Language(self.results, self.state)
        self.selected: Json = {}
        self.run: TestRun | None = None
        self._has_other_tests = False
        self.methods: dict[str, Callable[[Json], Any]] = {
            "change": self._change,
            "project": self._project,
            "state": self._state,
            "elsewhere": self._elsewhere,
            "tests.begin": self._begin,
            "tests.more": self._more,
            "sample.open": lambda params: asking.opened(self.results, self._sample(params)),
            "part": self._part,
            "links": self._asking(asking.links),
            "explain": self._asking(asking.explained, "request", "pointer"),
            "read_by": self._asking(asking.readers, "pointer"),
            "why_not": self._asking(asking.missing, "pointer", output=None),
            "account": lambda params: asking.account(self._trace(params)),
            "eval": self._asking(asking.evaluated, "text", at=None),
            "golden": lambda params: making.golden(self.results, self._sample(params), self.selected, params),
            "lost": lambda params: making.lost(self.results, self.selected, params),
            "compare": lambda params: making.compared(self.results, self.selected, params),
            "docs": lambda params: making.docs(self.results, self.selected, params),
            "export": lambda params: making.export(self.results, self.selected, params),
            "problem": making.problem,
            "privacy": lambda _: making.privacy(self.results, self.selected),
            "targets": lambda _: picking.targets_of(self._rulebook()),
            "paths": self._paths,
            "installed": self._installed,
        }

    def answer(self, message: Json) -> Json:
        """The answer to a message, which can be an internal error of the engine."""
        try:
            method, changes = str(message["method"]), message.get("changes", {})
            self._change(changes)
            with self.state.reading():
                if changes.get("whole") and method != "project":
                    self._project({})
                if method.startswith("language."):
                    return {"result": self.language.answer(method, message["params"], self.selected)}
                return {"result": self.methods[method](message["params"])}
        except AskError as error:
            return {"error": {"kind": error.kind, "message": str(error)}}
        except SampleError as error:
            kind = "wrong" if message["method"] == "change" else "unavailable"
            return {"error": {"kind": kind, "message": f"the sample cannot be used: {error}"}}
        except MemoryError:
            return {"error": {"kind": "stopped", "message": "there is not enough memory for this"}}
        except Exception as error:
            traceback.print_exc()
            return {"error": {"kind": "failed", "message": f"Studio failed: {type(error).__name__}"}}

    def exported(self, *, show_values: bool) -> str:
        """The page of the first samples of the first mapping. Raises AskError."""
        with self.state.reading():
            found = self._project({})
            samples = [one["id"] for one in found["samples"]][:MOST_SAMPLES]
            self.selected = {"mapping": found["mapping"], "samples": samples, "settings": {}}
            return str(making.export(self.results, self.selected, {"show_values": show_values})["html"])

    # Changes

    def _change(self, params: Json) -> None:
        """Takes edited texts (null for a file that is no longer edited), pasted samples, and the selection.

        With `whole`, they replace all earlier ones.
        """
        if params.get("whole"):
            for path in self.state.opened:
                self.state.close(path)
        for name, text in params.get("texts", {}).items():
            path = self.project.path(name)
            self._has_other_tests |= self.project.kinds.get(name) == "tests"
            if text is None:
                self.state.close(path)
            else:
                self.state.open(path, text)
        if params.get("disk") or params.get("whole"):
            self._has_other_tests = True
            self.state.refresh()
            self.results.before.state.refresh()
        for name, text in params.get("pasted", {}).items():
            sample = pasted(name, text)
            self.project.pasted[sample.id] = self.project.samples[sample.id] = sample
            self.language.give(sample)
        self.selected |= params.get("selected", {})
        given = self.selected.get("settings", {})
        self.selected["settings"] = {
            name: GivenText(value) if isinstance(value, str) else value for name, value in given.items()
        }

    def _project(self, _: Json) -> Json:
        self.project.find()
        mains = self.project.mains()
        chosen = self.selected.get("mapping")
        if chosen not in mains:
            chosen = mains[0] if mains else None
        samples = self.project.samples_of(None if chosen is None else self.project.path(chosen))
        return {
            "files": [
                {"path": name, "kind": kind, "size": self._size(name)} for name, kind in self.project.kinds.items()
            ],
            "mappings": [self.project.mapping_json(name, is_chosen=name == chosen) for name in mains],
            "samples": [self.project.sample_json(one) for one in samples.values()],
            "mapping": chosen,
        }

    def _size(self, name: str) -> int:
        state = self.project.files.state(self.project.path(name))
        return 0 if state is None else state[1]

    # Requests

    def _sample(self, params: Mapping[str, Any]) -> Any:
        return self.results.sample(asking.chosen(params, "sample"))

    def _trace(self, params: Mapping[str, Any]) -> Any:
        chosen = self.selected
        return self.results.traced(chosen.get("mapping"), chosen.get("settings", {}), self._sample(params))

    def _asking(self, ask: Callable[..., Json], *names: str, **optional: Any) -> Callable[[Json], Json]:
        def answer(params: Json) -> Json:
            given = [asking.chosen(params, name) for name in names]
            given += [params.get(name, default) for name, default in optional.items()]
            found = self._trace(params)
            return ask(found, self.results.answers(found.rulebook), *given)

        return answer

    def _part(self, params: Json) -> Json:
        sample = self._sample(params)
        value = self.results.value(sample)
        given = [asking.chosen(params, name) for name in ("request", "pointer", "start", "count")]
        found = None if given[0] is None else self._trace(params)
        whole = value if found is None else found.result.requests[asking.number_of(found, given[0])].body
        return asking.part(whole, *given[1:])

    def _state(self, params: Json) -> Json:
        chosen = self.selected
        if chosen.get("mapping") is None:
            return {"usable": False, "findings": [], "samples": [], "coverage": {"files": {}, "taken": 0, "count": 0}}
        if self._has_other_tests:
            self._has_other_tests = False
            self.project.samples_of(self.results.main(chosen["mapping"]))
        known = [one for one in chosen.get("samples", []) if one in self.project.samples]
        settings = chosen.get("settings", {})
        return self.results.state(chosen["mapping"], known, settings, is_background=params.get("background") is True)

    def _elsewhere(self, _: Json) -> Json:
        chosen = self.selected
        if chosen.get("mapping") is None:
            return {"findings": []}
        return {"findings": self.results.findings_elsewhere(chosen["mapping"], chosen.get("settings", {}))}

    def _begin(self, _: Json) -> Json:
        self.project.find()
        chosen = self.selected.get("mapping")
        self.run = None if chosen is None else TestRun(self.project, self.results.main(chosen))
        return {"count": 0 if self.run is None else self.run.count}

    def _more(self, _: Json) -> Json:
        return {"running": False} if self.run is None else self.run.more(_SLICE)

    def _rulebook(self) -> Rulebook:
        return self.results.rulebook(self.selected.get("mapping"), self.selected.get("settings", {}))

    def _paths(self, params: Json) -> Json:
        path, main = self.language.path(params), self.results.main(self.selected.get("mapping"))
        samples = self.selected.get("samples", [])
        found = None
        with suppress(AskError):  # without a sample that can be read, there are paths without values
            found = self._trace({"sample": samples[0] if samples else None})
        return picking.paths_at(self.state, main, path, position_of(params), found)

    def _installed(self, params: Json) -> Json:
        """The text of a file of an installed mapping that the selected one extends."""
        name = asking.chosen(params, "path")
        rulebook = self._rulebook()
        answers = PageAnswers(self.project.files.name, rulebook.sources)
        for file, source in rulebook.sources.items():
            if answers.path(file) == name:
                return {"text": source.text}
        raise AskError("refused", f"{name} is not a file of the selected mapping")


def _limited(*, is_background: bool) -> None:
    """Limits the memory of the process, and in the background its priority, if the system can."""
    if is_background and hasattr(os, "nice"):
        os.nice(10)
    try:
        import resource
    except ImportError:
        return
    for what, limit in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
        _, most = resource.getrlimit(what)
        resource.setrlimit(what, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def main() -> None:
    """Answers until the other end of the pipe is closed."""
    _limited(is_background=sys.argv[3:] == ["background"])
    writer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed by mistake is no message
    worker = Worker(Path(sys.argv[1]), Path(sys.argv[2]))
    writer.write(frame({"ready": True}))
    writer.flush()
    gc.disable()  # a collection while somebody waits would be most of the time
    count = 0
    while (message := receive(sys.stdin.buffer)) is not None:
        writer.write(_framed(worker.answer(message)))
        writer.flush()
        count += 1
        gc.collect(2 if count % _WHOLE == 0 else 1)


def _framed(answer: Json) -> bytes:
    try:
        return frame(answer)
    except ValueError as error:
        return frame({"error": {"kind": "stopped", "message": str(error)}})


if __name__ == "__main__":
    main()
