"""Studio: the texts that pages edit, the selection, and notifications of changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .files import INSTALLED, MAX_TEXT_BYTES, ConflictError, OpenFile, ProjectFiles, RefusedError
from .process import AnswerError, WorkerProcess
from .samples import LARGE, MOST_SAMPLES

__all__ = ["RequestError", "Studio"]

Json = dict[str, Any]
Tell = Callable[[Json], None]

_AT_FIRST = 3
_MOST_PASTED = 20
_SLOW = {"project": 60.0, "state": 30.0, "lost": 120.0, "docs": 60.0, "compare": 60.0, "tests.more": 60.0}
"""The seconds after which slow requests are given up, by method."""
ASKED = frozenset(
    {
        *("sample.open", "part", "links", "explain", "read_by", "why_not", "account", "eval", "golden", "lost"),
        *("compare", "docs", "export", "problem", "targets", "paths", "privacy"),
    }
)
"""The methods that the process for evaluation answers."""


class RequestError(ValueError):
    """A request of a page is refused: the kind of the error, the reason, and data."""

    def __init__(self, kind: str, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.data = data


class Studio:
    """A project that is open on some pages. All of them edit the same texts, and see the same samples."""

    def __init__(self, root: Path, start: Path | None = None) -> None:
        self.files = ProjectFiles(root)
        self.version = 0
        self.pages: set[Tell] = set()
        self._start = start = self.files.root if start is None else start
        self.worker = WorkerProcess(self.files.root, start, self._whole, self._was_stopped)
        self.testing = WorkerProcess(self.files.root, start, self._whole, lambda _: None, is_background=True)
        self.selected: Json = {"mapping": None, "samples": [], "settings": {}}
        self._open: dict[str, OpenFile] = {}
        self._texts: dict[str, str] = {}
        self._pasted: dict[str, str] = {}
        self._project: Json = {}
        self._known: dict[str, tuple[int, int] | None] = {}
        self._told: Json = {}
        self._found: list[Json] = []
        self._found_elsewhere: tuple[str | None, list[Json]] = None, []
        """The findings about what depends on a mapping, as they were found last, which is later than its own."""
        self._computing: asyncio.Task[None] | None = None
        self._tests: asyncio.Task[None] | None = None
        self._is_due = self._is_stopped = False
        self._listed = asyncio.Lock()
        self._methods: dict[str, Callable[[Json, Tell], Any]] = {
            "project": self._list,
            "open": self._open_file,
            "edit": self._edit,
            "save": self._save,
            "revert": self._revert,
            "select": self._select,
            "sample.add": self._add_sample,
            "begin": self._begin,
        }

    async def answer(self, method: str, params: Json, page: Tell) -> Any:
        """The answer to a request of a page. Raises RequestError."""
        try:
            if method in self._methods:
                return await self._methods[method](params, page)
            if method in ASKED or method.startswith("language."):
                await self._ready()
                version = self.version
                found = await self._ask(method, params)
                return {"version": version, **found} if isinstance(found, dict) else found
        except RefusedError as error:
            raise RequestError("refused", str(error)) from None
        except AnswerError as error:
            raise RequestError(error.kind, str(error)) from None
        raise RequestError("wrong", f"there is no method {method!a}")

    async def _ask(self, method: str, params: Json) -> Any:
        found = await self.worker.ask(method, params, _SLOW.get(method))
        if self._is_stopped:
            self._is_stopped = False
            self.tell("evaluation", {"status": "ready", "message": "the evaluation began anew"})
        return found

    def tell(self, method: str, params: Json, *, but: Tell | None = None) -> None:
        """Sends a notification to all pages, or to all but one."""
        for page in [one for one in self.pages if one is not but]:
            page({"method": method, "params": params})

    @property
    def unsaved(self) -> list[str]:
        """The names of files with edits that are not saved."""
        return sorted(self._texts)

    async def close(self) -> None:
        """Ends all tasks and processes."""
        for task in (self._computing, self._tests):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self.worker.close()
        await self.testing.close()

    # The project

    async def _ready(self) -> None:
        async with self._listed:
            if not self._project:
                await self._find()

    async def _find(self) -> None:
        """Lists the files, mappings and samples again."""
        found = await self._ask("project", {})
        self._project = found
        self.files.kinds = {one["path"]: one["kind"] for one in found["files"]}
        if found["mapping"] != self.selected["mapping"]:
            self.selected = {"mapping": found["mapping"], "samples": [], "settings": {}}
        ids = [one["id"] for one in found["samples"]]
        self.selected["samples"] = [one for one in self.selected["samples"] if one in ids] or ids[:_AT_FIRST]
        self.worker.change({"selected": self.selected})
        self._known = {**self._states_on_disk(), **self._known}  # what changed meanwhile is still to be noticed

    async def _list(self, _: Json, __: Tell) -> Json:
        await self._ready()
        self._compute()
        return {
            "name": self.files.root.name,
            "root": str(self.files.root),
            "version": self.version,
            **self._listing(),
            "selected": self.selected,
        }

    def _listing(self) -> Json:
        return {
            "files": [{**one, "changed": one["path"] in self._texts} for one in self._project["files"]],
            "mappings": self._project["mappings"],
            "samples": self._project["samples"],
        }

    def _whole(self) -> Json:
        """The whole state that a new process for evaluation needs."""
        return {"whole": True, "texts": dict(self._texts), "pasted": dict(self._pasted), "selected": self.selected}

    # Files

    async def _open_file(self, params: Json, _: Tell) -> Json:
        await self._ready()
        name = _text(params, "path")
        if name.startswith(INSTALLED):
            found = await self._ask("installed", {"path": name})
            text = found["text"]
            return {"path": name, "kind": "part", "text": text, "saved": text, "hash": None, "changed": False} | {
                "read_only": True
            }
        there = self._on_disk(name)
        if there is None and name not in self._texts:
            raise RefusedError(f"{name} does not exist")
        saved = "" if there is None else there.text
        return {
            "path": name,
            "kind": self.files.kinds.get(name, "part"),
            "text": self._texts.get(name, saved),
            "saved": saved,
            "hash": None if there is None else there.hash,
            "changed": name in self._texts,
            "read_only": False,
        }

    def _on_disk(self, name: str) -> OpenFile | None:
        """Opens the file on disk, and returns it; None if it is a new one. Raises RefusedError."""
        raw = self.files.raw(self.files.locate(name), MAX_TEXT_BYTES)
        if raw is None:
            self._open.pop(name, None)
            return None
        there = self._open[name] = OpenFile.of(self.files.root / name, raw)
        return there

    async def _edit(self, params: Json, page: Tell) -> Json:
        await self._ready()
        name, text = _text(params, "path"), _text(params, "text", empty=True).replace("\r\n", "\n")
        known = self._open.get(name)
        saved = self._on_disk(name)
        if known is not None:
            self._open[name] = known  # a change on disk meanwhile is still to be told
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise RequestError("refused", "the text holds half a character (a lone surrogate)") from None
        if size > MAX_TEXT_BYTES:
            raise RequestError("refused", f"{name} would have more than {MAX_TEXT_BYTES:,} bytes")
        if saved is not None and text == saved.text:
            self._texts.pop(name, None)
        else:
            self._texts[name] = text
        self._changed(name, self._texts.get(name))
        if name not in self.files.kinds:
            await self._refresh()
        self.tell("edited", {"path": name, "text": text, "version": self.version}, but=page)
        return {"version": self.version}

    def _changed(self, name: str, text: str | None) -> None:
        self.version += 1
        self.worker.change({"texts": {name: text}})
        self._compute()

    async def _save(self, params: Json, page: Tell) -> Json:
        await self._ready()
        name, known = _text(params, "path"), params.get("hash")
        if known is not None and not isinstance(known, str):
            raise RequestError("wrong", "'hash' is that of the text on disk, or null")
        text = self._texts.get(name)
        if text is None:
            self.files.locate(name)
            return {"hash": self.files.read(name).hash}
        try:
            there = self.files.save(name, text, known)
        except ConflictError as error:
            data = {"text": None, "hash": None} if error.there is None else _content(error.there)
            raise RequestError("conflict", str(error), data) from None
        self._texts.pop(name, None)
        self._open[name] = there
        now = self._states_on_disk()
        self._known |= {one: now.get(one) for one in (name, f"{name.rpartition('/')[0]}/")}
        self.worker.change({"texts": {name: None}, "disk": True})
        if known is None:
            await self._refresh()
        self.tell("disk", {"path": name, "hash": there.hash, "text": there.text, "conflict": False}, but=page)
        self._compute()
        return {"hash": there.hash}

    async def _revert(self, params: Json, page: Tell) -> Json:
        await self._ready()
        name = _text(params, "path")
        there = self._on_disk(name)
        self._texts.pop(name, None)
        self._changed(name, None)
        text, known = ("", None) if there is None else (there.text, there.hash)
        if there is None:
            await self._refresh()
        self.tell("edited", {"path": name, "text": text, "version": self.version}, but=page)
        return {"text": text, "hash": known, "version": self.version}

    async def _refresh(self) -> None:
        await self._find()
        self.tell("files", self._listing())

    # Samples

    async def _select(self, params: Json, _: Tell) -> Json:
        await self._ready()
        mapping = params.get("mapping", self.selected["mapping"])
        samples = params.get("samples", self.selected["samples"])
        settings = params.get("settings", self.selected["settings"])
        if mapping not in [one["id"] for one in self._project["mappings"]]:
            raise RequestError("wrong", f"there is no mapping {mapping!a}")
        if not isinstance(samples, list) or not all(isinstance(one, str) for one in samples):
            raise RequestError("wrong", "'samples' is a list of ids")
        if not isinstance(settings, dict):
            raise RequestError("wrong", "'settings' are values by name")
        self.version += 1
        if mapping != self.selected["mapping"]:
            self.selected = {"mapping": mapping, "samples": [], "settings": params.get("settings", {})}
            self.worker.change({"selected": self.selected})
            await self._refresh()
        if "samples" in params or "settings" in params:
            self.selected = {"mapping": mapping, "samples": samples[:MOST_SAMPLES], "settings": settings}
            self.worker.change({"selected": self.selected})
        self._compute()
        return {"selected": self.selected, "version": self.version}

    async def _add_sample(self, params: Json, _: Tell) -> Json:
        await self._ready()
        name, text = _text(params, "name"), _text(params, "text")
        if len(name) > 100:
            raise RequestError("wrong", "'name' has more than 100 characters")
        await self.worker.ask("change", {"pasted": {name: text}})  # which may refuse it
        self._pasted[name] = text
        for oldest in list(self._pasted)[:-_MOST_PASTED]:
            del self._pasted[oldest]
        await self._refresh()
        return {"sample": next(one for one in self._project["samples"] if one["id"] == f"pasted:{name}")}

    async def _begin(self, params: Json, _: Tell) -> Json:
        """Starts a mapping from a payload, and selects it."""
        from .beginning import begin  # what drafts mappings is slow to load

        await self._ready()
        name, text = _text(params, "name"), _text(params, "text")
        main, notes = await asyncio.to_thread(begin, self.files, self._start, name, text)
        self.worker.change({"disk": True})
        await self._refresh()
        return {"mapping": main, "notes": notes}

    # Results

    def _compute(self) -> None:
        """Computes the state soon; if that is in progress, once more afterwards for the newest edit."""
        self._is_due = True
        if self._computing is None or self._computing.done():
            self._computing = asyncio.create_task(self._states())

    async def _states(self) -> None:
        while self._is_due:
            self._is_due = False
            version, began = self.version, time.perf_counter()
            try:
                found = await self._ask("state", {})
            except AnswerError as error:
                found = {"usable": False, "findings": [], "samples": [], "coverage": None, "error": str(error)}
            if version != self.version:  # the newest one wins
                self._is_due = True
                continue
            took = round((time.perf_counter() - began) * 1000)
            head = {"version": version, "took_ms": took, "mapping": self.selected["mapping"]}
            self._found = found["findings"]
            self._told = {**head, **found, "findings": self._findings(), "unsaved": self.unsaved}
            self.tell("state", self._told)
        if self._tests is None or self._tests.done():
            self._tests = asyncio.create_task(self._run_tests())

    async def _run_tests(self) -> None:
        """Runs the golden tests in a process of their own, until a newer edit comes."""
        tested = None
        with suppress(AnswerError):
            while tested != self.version:
                tested = self.version
                self.testing.change(self._whole())
                await self._evaluate_large(tested)
                await self.testing.ask("tests.begin", {})
                while tested == self.version:
                    found = await self.testing.ask("tests.more", {}, _SLOW["tests.more"])
                    self.tell("tests", {"version": tested, **found})
                    if not found["running"]:
                        await self._find_elsewhere(tested)
                        break

    async def _evaluate_large(self, version: int) -> None:
        """Adds the results of large samples to the state, if it is still that of the newest edit."""
        sizes = {one["id"]: one["size"] for one in self._project["samples"]}
        large = {one for one in self.selected["samples"] if sizes.get(one, 0) > LARGE}
        if not large:
            return
        found = await self.testing.ask("state", {"background": True}, _SLOW["lost"])
        if version == self.version == self._told.get("version"):
            own = {one["id"]: one for one in found["samples"] if one["id"] in large}
            self._told = {**self._told, "samples": [own.get(one["id"], one) for one in self._told["samples"]]}
            self.tell("state", self._told)

    async def _find_elsewhere(self, version: int) -> None:
        """Adds the findings of what depends on the mapping to the state, if it is still that of the newest edit."""
        found = await self.testing.ask("elsewhere", {}, _SLOW["tests.more"])
        if version == self.version == self._told.get("version"):
            self._found_elsewhere = self.selected["mapping"], found["findings"]
            if (findings := self._findings()) != self._told["findings"]:
                self._told = {**self._told, "findings": findings}
                self.tell("state", self._told)

    def _findings(self) -> list[Json]:
        """The findings in the mapping, then the last known ones in files that depend on it, so that none flicker."""
        mapping, elsewhere = self._found_elsewhere
        is_known = mapping == self.selected["mapping"]
        return [*self._found, *(one for one in elsewhere if is_known and one not in self._found)]

    def _was_stopped(self, reason: str) -> None:
        self._is_stopped = True
        self.tell("evaluation", {"status": "stopped", "message": reason})

    # The disk

    async def watch(self, seconds: float = 1.0) -> None:
        """Looks for changes on disk every `seconds` seconds."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(AnswerError, RefusedError):
                await self.look()

    async def look(self) -> None:
        """Notifies the pages of files that other programs changed, added or removed on disk."""
        if not self._project:
            return
        now = self._states_on_disk()
        changed = [name for name, state in now.items() if self._known.get(name) != state]
        self._known = now
        files = [name for name in changed if name in self.files.kinds and self._differs(name)]
        if not files and not any(name.endswith("/") for name in changed):
            return
        self.version += 1
        self.worker.change({"disk": True})
        if len(files) < len(changed):  # a folder: something was added or removed
            await self._refresh()
        self._compute()

    def _differs(self, name: str) -> bool:
        """Returns whether a file whose time or size has changed has another content, and notifies the pages if so."""
        known = self._open.get(name)
        if known is None:
            self.tell("disk", {"path": name, "hash": None, "text": None, "conflict": name in self._texts})
            return True
        try:
            there = self.files.read(name)
        except RefusedError:  # it is gone, or can be read no more
            del self._open[name]
            self.tell("disk", {"path": name, "hash": None, "text": None, "conflict": name in self._texts})
            return True
        self._open[name] = there
        if there.hash == known.hash:
            return False
        self.tell("disk", {"path": name, "hash": there.hash, "text": there.text, "conflict": name in self._texts})
        return True

    def _states_on_disk(self) -> dict[str, tuple[int, int] | None]:
        """The time and size of each file and folder (whose name ends with a slash), by which changes are noticed."""
        names = dict.fromkeys(self.files.kinds)
        folders = dict.fromkeys(f"{name.rpartition('/')[0]}/" for name in names)
        return {name: self.files.state(self.files.root / name.lstrip("/")) for name in (*names, *folders)}


def _content(there: OpenFile) -> Json:
    return {"text": there.text, "hash": there.hash}


def _text(params: Json, name: str, *, empty: bool = False) -> str:
    found = params.get(name)
    if not isinstance(found, str) or not (found or empty):
        raise RequestError("wrong", f"{name!r} is a text")
    return found
