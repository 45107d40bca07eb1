// The files of the mapping in an editor, and the helpers that write into it.
import { useEffect, useRef } from "preact/hooks";
import { Editor } from "./editor.js";
import { tablesOf } from "./tables.js";
import {
  applyEdits, attempt, changed, choose, editor, language, mapping, openFile, point, revert, save, say, setEditor, state, update,
} from "./store.js";

export function Rules() {
  const { path, result } = state;
  const file = state.files[path];
  const tabs = tabsOf();
  useEffect(() => document.querySelector("#rules [aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [path]);
  return (
    <section id="rules" class="pane" aria-labelledby="rules-title" tabIndex={-1}>
      <header>
        <h2 id="rules-title" class="unseen">Rules</h2>
        <div class="tabs" role="tablist" aria-label="Files" onKeyDown={arrows}>
          {tabs.map((one) => {
            const own = state.files[one];
            const findings = result?.findings.filter(({ place }) => place?.path === one) ?? [];
            const isOpen = own && own.text !== own.saved;
            const isLit = one !== path && state.lit.lines.has(one);
            const worst = findings.some(({ severity }) => severity === "error") ? "bad" : findings.length ? "some" : "";
            return (
              <button key={one} role="tab" id={`tab-${tabs.indexOf(one)}`} aria-selected={one === path} aria-controls="editor" tabIndex={one === path ? 0 : -1} class={`${worst} ${isLit ? "lit" : ""}`} title={one} onClick={() => openFile(one)}>
                {one.split("/").at(-1)}
                {isOpen && <span class="dot" role="img" aria-label="not saved" />}
              </button>
            );
          })}
        </div>
        <button class="more-files" onClick={() => update({ dialog: { kind: "files" } })}>Files</button>
      </header>
      <div class="bar-of-helpers" role="group" aria-label="Helpers">
        {HELPERS.map(([name, label, keys]) => (
          <button key={name} disabled={!file || file.read_only} title={keys} onClick={() => act(name)}>{label}</button>
        ))}
        {file && file.text !== file.saved && <button onClick={revert}>Revert</button>}
        {file?.read_only && <span class="quiet">Read only</span>}
      </div>
      <Holder />
    </section>
  );
}

const HELPERS = [
  ["paths", "Insert path", "F4"],
  ["targets", "Insert field", "Shift+F4"],
  ["table", "Edit table"],
  ["actions", "Quick fix", "Ctrl+."],
  ["format", "Format", "Shift+Alt+F"],
];

/** The rule files of the mapping, and what else was opened. */
function tabsOf() {
  const own = mapping();
  const all = own ? [own.path, ...(own.files ?? []).filter((one) => one !== own.path)] : [];
  return [...all, ...(state.project.opened ?? []).filter((one) => !all.includes(one))];
}

/** Moves between the tabs of a list with the arrow keys. */
export function arrows(fired) {
  const own = [...fired.currentTarget.querySelectorAll("[role=tab]")];
  const at = own.indexOf(document.activeElement);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: own.length - 1 }[fired.key];
  const tab = next === undefined ? null : own[(next + own.length) % own.length];
  if (!tab) return;
  fired.preventDefault();
  tab.click();
  tab.focus();
}

function Holder() {
  const holder = useRef(null);
  useEffect(() => {
    const { nonce } = document.querySelector("link[nonce]");
    const made = new Editor(holder.current, nonce, {
      onChange: changed,
      onPoint: (line) => point(line === null ? null : { pane: "rules", path: state.path, line }),
      onCursor: (line, hasFocus) => hasFocus && choose({ pane: "rules", path: state.path, line }),
      ask: (method, position) => language(method, position),
      onCommand: (name) => {
        act(name);
        return true;
      },
    });
    setEditor(made);
    if (state.path) openFile(state.path);
    return () => made.view.destroy();
  }, []);
  return <div id="editor" class="editor" role="tabpanel" aria-label="Editor" ref={holder} />;
}

/** Runs a command of the editor at its cursor. */
export async function act(name) {
  const { position, span } = editor;
  const commands = {
    save: () => save(),
    async definition() {
      const found = await attempt("language.definition", { path: state.path, ...position });
      const there = found?.locations[0];
      if (there) openFile(there.path, there.span.start.line, there.span.start.column);
      else if (found) say("Nothing is defined here.");
    },
    paths: () => update({ dialog: { kind: "paths", ...position } }),
    targets: () => update({ dialog: { kind: "targets" } }),
    table: editTable,
    rename: () => update({ dialog: { kind: "rename", position } }),
    async actions() {
      const { start, end } = span;
      const isEmpty = start.line === end.line && start.column === end.column; // then the whole line counts
      const end_column = isEmpty ? editor.doc.line(end.line).length + 1 : end.column;
      const column = isEmpty ? 1 : start.column;
      const found = await attempt("language.actions", { path: state.path, line: start.line, column, end_line: end.line, end_column });
      if (found?.actions.length) update({ dialog: { kind: "actions", actions: found.actions } });
      else if (found) say("There is nothing to offer here.");
    },
    async format() {
      const found = await attempt("language.format", { path: state.path });
      if (found) editor.replace(found.text);
      if (found) say("Formatted.");
    },
  };
  await commands[name]();
}

export async function rename(position, name) {
  const found = await attempt("language.rename", { path: state.path, ...position, new_name: name });
  if (!found) return;
  update({ dialog: null }, () => applyEdits(found.edits));
}

function editTable() {
  const tables = tablesOf(editor.view.state);
  if (!tables.length) say("This file has no table. Tables stand under `tables:`.");
  else update({ dialog: { kind: "table", tables, chosen: 0 } });
}
