// What lies over the page: pickers, settings, conflicts, help. Each is a native dialog, which keeps the focus.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { markdown } from "./markdown.js";
import { rename } from "./Rules.jsx";
import { added, removed, tablesOf, written } from "./tables.js";
import {
  applyEdits, ask, attempt, editor, mapping, openFile, say, selectMapping, selectSamples, setSetting, settle, showSample, state, toggleMask, update,
} from "./store.js";

/** Closes the dialog; `then` follows when the page below can have the focus again. */
const close = (then) => update({ dialog: null }, typeof then === "function" ? then : undefined);

export function Dialogs() {
  const { dialog } = state;
  if (!dialog) return null;
  const Shown = {
    help: Help, menu: Menu, settings: Settings, share: Share, samples: Samples, paste: Paste, files: Files, paths: Paths,
    targets: Targets, table: Table, rename: Rename, actions: Actions, conflict: Conflict, begin: NewMapping, problem: Problem,
  }[dialog.kind];
  return <Shown key={dialog.kind} {...dialog} />;
}

function Frame({ title, lead, children, wide }) {
  const own = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    own.current.showModal();
    const first = ["[data-first]", "input, textarea, select", "button:not(.close), a"];
    first.map((one) => own.current.querySelector(one)).find(Boolean)?.focus();
    return () => before?.isConnected && before.focus();
  }, []);
  return (
    <dialog ref={own} class={wide ? "wide-one" : ""} aria-labelledby="dialog-title" onClose={close} onClick={(fired) => fired.target === own.current && close()}>
      <div class="frame">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button class="close" aria-label="Close" onClick={close}>×</button>
        </header>
        {lead && <p class="quiet">{lead}</p>}
        {children}
      </div>
    </dialog>
  );
}

/** The items that have all words, first those that have them in their names. */
function narrowed(items, words) {
  const own = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => own.every((word) => text.toLowerCase().includes(word));
  const all = (items ?? []).filter(({ label, detail = "", more = "" }) => has(`${label} ${detail} ${more}`));
  return [...all.filter(({ label }) => has(label)), ...all.filter(({ label }) => !has(label))];
}

/** A list that typing narrows, of which one is chosen with the arrow keys and Enter, or by clicking. */
function Picker({ title, lead, items, onPick, empty = "Nothing has these words." }) {
  const [words, setWords] = useState("");
  const [active, setActive] = useState(0);
  const found = useMemo(() => narrowed(items, words), [items, words]);
  const list = useRef(null);
  const at = Math.min(active, Math.max(found.length - 1, 0));
  const keys = (fired) => {
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[fired.key];
    if (next !== undefined) {
      fired.preventDefault();
      setActive(Math.max(0, Math.min(next, found.length - 1)));
      list.current?.children[Math.max(0, Math.min(next, found.length - 1))]?.scrollIntoView({ block: "nearest" });
    } else if (fired.key === "Enter") {
      fired.preventDefault();
      const { value } = fired.target; // what was typed just now may not be drawn yet
      const picked = value === words ? found[at] : narrowed(items, value)[0];
      if (picked) onPick(picked);
    }
  };
  return (
    <Frame title={title} lead={lead} wide>
      <input
        class="filter" role="combobox" aria-label="Filter" aria-expanded="true" aria-controls="picks" autocomplete="off" spellcheck={false}
        aria-activedescendant={found.length ? `pick-${at}` : undefined} placeholder="Type to narrow" value={words}
        onInput={(fired) => { setWords(fired.target.value); setActive(0); }} onKeyDown={keys}
      />
      <ul id="picks" class="picks" role="listbox" aria-label={title} ref={list}>
        {found.slice(0, 300).map((one, number) => (
          <li key={number} id={`pick-${number}`} role="option" aria-selected={number === at} class={one.isOn ? "on" : ""} onClick={() => onPick(one)}>
            <code>{one.label}</code>
            <span class="detail">{one.detail}</span>
            {one.more && <span class="about">{one.more}</span>}
          </li>
        ))}
        {found.length === 0 && <li role="option" aria-selected="false" aria-disabled="true" class="quiet">{items ? empty : "Looking …"}</li>}
      </ul>
    </Frame>
  );
}

function useAnswer(method, params, pick) {
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    attempt(method, params).then((found) => (found ? setAnswer(pick(found)) : close()));
  }, []);
  return answer;
}

const shortly = (printed) => (state.masked || printed === null ? "" : printed.slice(0, 80));

function Paths({ line, column }) {
  const items = useAnswer("paths", { path: state.path, line, column }, ({ paths }) =>
    paths.map(({ text, type, description, value }) => ({
      label: text,
      detail: [type, shortly(value)].filter(Boolean).join(" · "),
      more: description ?? "",
    })),
  );
  return (
    <Picker
      title="Insert a path" lead="What an expression can read where the cursor is, with its value in the sample." items={items}
      empty="Nothing can be read here: put the cursor into a rule."
      onPick={({ label }) => close(() => editor.insert(label))}
    />
  );
}

function Targets() {
  const items = useAnswer("targets", {}, ({ targets }) =>
    targets.map(({ output, pointer, type, required, description, values }) => ({
      label: pointer,
      detail: [output, type, required && "required", values?.slice(0, 4).join(", ")].filter(Boolean).join(" · "),
      more: description ?? "",
    })),
  );
  return (
    <Picker
      title="Insert a field" lead="The places of the outputs' schemas. The last name of the chosen one is written at the cursor." items={items}
      onPick={({ label }) => close(() => insertField(label))}
    />
  );
}

/** Writes the name of a field as a line of its own, with the cursor where its source belongs. */
function insertField(pointer) {
  const name = pointer.split("/").at(-1).replace(/~1/g, "/").replace(/~0/g, "~");
  const key = /^[A-Za-z_][\w -]*\w$|^[A-Za-z_]$/.test(name) ? name : JSON.stringify(name);
  const { state: now } = editor.view;
  const { head } = now.selection.main;
  const line = now.doc.lineAt(head);
  if (!line.text.trim()) return editor.insert(`${key}: {from: }`, -1);
  if (/^\s*(- )?fields:\s*\{.*\}\s*$/.test(line.text)) {
    const anchor = line.from + line.text.lastIndexOf("}");
    editor.view.dispatch({ selection: { anchor } });
    return editor.insert(`${/\{\s*\}/.test(line.text) ? "" : ", "}${key}: {from: }`, -1);
  }
  const opens = /:\s*(#.*)?$/.test(line.text);
  const indent = " ".repeat(/^\s*/.exec(line.text)[0].length + (opens ? 2 : 0));
  editor.view.dispatch({ selection: { anchor: line.to } });
  editor.insert(`\n${indent}${key}: {from: }`, -1);
}

function Files() {
  const own = state.project.files;
  const items = own.map(({ path, kind, changed }) => ({ label: path, detail: changed ? `${kind} · not saved` : kind }));
  return <Picker title="Open a file" items={items} onPick={({ label }) => close(() => openFile(label))} />;
}

const MOST = 12;
function Samples() {
  const chosen = state.selected.samples;
  const items = state.project.samples.map(({ id, name, kind, path }) => ({
    label: name, id, isOn: chosen.includes(id), detail: [chosen.includes(id) && "chosen", kind].filter(Boolean).join(" · "), more: path === name ? "" : (path ?? ""),
  }));
  const pick = async ({ id }) => {
    if (chosen.includes(id)) return selectSamples(chosen.filter((one) => one !== id));
    if (chosen.length >= MOST) return say(`At most ${MOST} samples are evaluated at once.`, "bad");
    await selectSamples([...chosen, id]);
    await showSample(id);
  };
  return <Picker title="Samples" lead={`Those that are evaluated with each edit, at most ${MOST}. Choosing one again leaves it out.`} items={items} onPick={pick} />;
}

function Paste() {
  const [fault, setFault] = useState("");
  const add = async (fired) => {
    fired.preventDefault();
    const form = new FormData(fired.target);
    const text = form.get("text");
    try {
      JSON.parse(text);
    } catch (error) {
      return setFault(`This is not JSON: ${error.message}`);
    }
    const made = await attempt("sample.add", { name: form.get("name").trim() || "pasted", text });
    if (!made) return undefined;
    close();
    const { sample } = made;
    if (!state.project.samples.some(({ id }) => id === sample.id))
      update({ project: { ...state.project, samples: [...state.project.samples, sample] } });
    await selectSamples([...state.selected.samples, sample.id].slice(-MOST));
    return showSample(sample.id);
  };
  return (
    <Frame title="Paste a payload" lead="A message as the source sends it. It is kept in memory only, and leaves this machine for nowhere." wide>
      <form onSubmit={add}>
        <label><span>Name</span><input name="name" autocomplete="off" placeholder="pasted" /></label>
        <label><span>JSON</span><textarea name="text" rows={12} spellcheck={false} required data-first aria-describedby="fault" /></label>
        <p id="fault" class="bad" role="alert">{fault}</p>
        <p class="buttons"><button type="button" onClick={close}>Cancel</button><button class="primary">Add</button></p>
      </form>
    </Frame>
  );
}

/** What a new mapping is made of. */
export function Begin() {
  const [fault, setFault] = useState("");
  const begin = async (fired) => {
    fired.preventDefault();
    const form = new FormData(fired.target);
    try {
      const { mapping: made, notes } = await ask("begin", { name: form.get("name").trim(), text: form.get("text") });
      close();
      await selectMapping(made);
      editor?.view.focus();
      say(["The draft is written, and passes its test.", ...notes].slice(0, 3).join(" "));
    } catch (refusal) {
      setFault(refusal.message);
    }
  };
  return (
    <form class="begin" onSubmit={begin}>
      <label><span>Name of the mapping</span><input name="name" required autocomplete="off" spellcheck={false} placeholder="orders-to-invoices" data-first /></label>
      <label><span>Payload</span><textarea name="text" rows={12} spellcheck={false} required placeholder={'{"id": "o-1042", "total": 24.5}'} /></label>
      <p class="bad" role="alert">{fault}</p>
      <p class="buttons"><button class="primary">Draft a mapping</button></p>
    </form>
  );
}

function NewMapping() {
  return (
    <Frame title="New mapping" lead="Studio drafts it from one message as your source sends it, in a new folder of the project." wide>
      <Begin />
    </Frame>
  );
}

function Settings() {
  const own = mapping();
  const { settings } = state.selected;
  const value = (one) => settings[one.name] ?? one.default ?? "";
  const set = (one) => ({ target }) => setSetting(one.name, target.type === "checkbox" ? String(target.checked) : target.value);
  return (
    <Frame title="Settings" lead="They hold for what Studio evaluates; no file changes.">
      {own.settings?.length ? own.settings.map((one) => (
        <label key={one.name} class="setting">
          <span>{one.name}</span>
          {one.values?.length ? (
            <select value={value(one)} onChange={set(one)}>
              {one.values.map((each) => <option key={each} value={each}>{each}</option>)}
            </select>
          ) : one.type === "boolean" ? (
            <input type="checkbox" checked={value(one) === "true"} onChange={set(one)} />
          ) : (
            <input type={one.secret ? "password" : "text"} value={value(one)} autocomplete="off" onChange={set(one)} />
          )}
          {one.description && <span class="quiet">{one.description}</span>}
        </label>
      )) : <p>This mapping has no settings.</p>}
    </Frame>
  );
}

function Share() {
  const { id } = mapping();
  return (
    <Frame title="Share" lead="One file of HTML with the rules, the samples and what they become as you see them now. It opens without Studio.">
      <ul class="choices">
        <li><a href="pages/export" download>Export with values masked</a><span class="quiet">The kind of each value is shown in place of it.</span></li>
        <li><a href="pages/export?values=1" download>Export with all values</a><span class="quiet">Look first whether they may leave this machine.</span></li>
        <li><a href={`pages/docs?mapping=${encodeURIComponent(id)}`} target="_blank" rel="noreferrer">Documentation of the mapping</a><span class="quiet">Opens in a page of its own.</span></li>
      </ul>
    </Frame>
  );
}

/** The page of a code of a problem. */
function Problem({ code }) {
  const text = useAnswer("problem", { code }, (found) => found.text);
  const holder = useRef(null);
  useLayoutEffect(() => {
    if (text) holder.current.replaceChildren(markdown(text.replace(/^# .*\n/, "")));
  }, [text]);
  return <Frame title={`Problem ${code}`} wide><div ref={holder}>Looking …</div></Frame>;
}

/** What has no room on top of a narrow page. */
function Menu() {
  const show = (kind) => () => update({ dialog: { kind } });
  return (
    <Frame title="More">
      <ul class="menu-of">
        <li><button aria-pressed={state.masked} onClick={toggleMask}>{state.masked ? "Show values" : "Mask values"}</button></li>
        {mapping() && <li><button onClick={show("settings")}>Settings</button></li>}
        {mapping() && <li><button onClick={show("share")}>Share</button></li>}
        <li><button onClick={show("help")}>Help and keys</button></li>
      </ul>
    </Frame>
  );
}

function Rename({ position }) {
  const submit = (fired) => {
    fired.preventDefault();
    rename(position, new FormData(fired.target).get("name").trim());
  };
  return (
    <Frame title="Rename" lead="Everywhere it is used, tests and workspaces included.">
      <form onSubmit={submit}>
        <label><span>New name</span><input name="name" required autocomplete="off" spellcheck={false} data-first /></label>
        <p class="buttons"><button type="button" onClick={close}>Cancel</button><button class="primary">Rename</button></p>
      </form>
    </Frame>
  );
}

function Actions({ actions }) {
  const items = actions.map((one) => ({ label: one.title, detail: one.code, edits: one.edits }));
  return <Picker title="Quick fixes" items={items} onPick={({ edits }) => close(() => applyEdits(edits))} />;
}

function Table({ chosen }) {
  const [number, setNumber] = useState(chosen);
  const [, again] = useState(0);
  const tables = tablesOf(editor.view.state);
  const table = tables[number] ?? tables[0];
  const change = (...changes) => {
    editor.view.dispatch({ changes, userEvent: "input" });
    again((count) => count + 1);
  };
  const add = (fired) => {
    fired.preventDefault();
    const form = new FormData(fired.target);
    change(added(editor.view.state, table, form.get("key").trim(), form.get("value").trim()));
    fired.target.reset();
    fired.target.elements.key.focus();
  };
  if (!table) return null;
  return (
    <Frame title="Edit a table" lead="Keys and values as YAML has them. Each change can be undone in the editor." wide>
      <label><span>Table</span>
        <select value={number} onChange={(fired) => setNumber(Number(fired.target.value))}>
          {tables.map(({ name }, at) => <option key={name} value={at}>{name}</option>)}
        </select>
      </label>
      <div class="cells">
        <table>
          <thead><tr><th>Key</th><th>Value</th><th><span class="unseen">Remove</span></th></tr></thead>
          <tbody>
            {table.entries.map((entry, at) => (
              <tr key={`${number} ${at}`}>
                {["key", "value"].map((part) => (
                  <td key={part}>
                    <Cell label={`${part} ${at + 1}`} text={entry[part].text} onChange={(text) => change(written(entry[part], text))} />
                  </td>
                ))}
                <td><button aria-label={`Remove ${entry.key.text}`} disabled={table.entries.length === 1} onClick={() => change(removed(editor.view.state, table, at))}>×</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <form class="ask" onSubmit={add}>
        <label><span>New entry</span><input name="key" required placeholder="key" aria-label="Key of the new entry" autocomplete="off" spellcheck={false} /></label>
        <input name="value" required placeholder="value" aria-label="Value of the new entry" autocomplete="off" spellcheck={false} />
        <button>Add</button>
      </form>
    </Frame>
  );
}

/** An input that keeps what is being typed until it is left. */
function Cell({ label, text, onChange }) {
  const own = useRef(null);
  useLayoutEffect(() => {
    own.current.value = text;
  }, [text]);
  return <input ref={own} aria-label={label} spellcheck={false} onChange={(fired) => onChange(fired.target.value)} />;
}

function Conflict({ path }) {
  const there = state.conflicts[path];
  if (!there) return null;
  const own = state.files[path].text;
  return (
    <Frame title={`${path} changed on disk`} lead="It was written by something else while you edited it. Nothing is lost until you decide." wide>
      {there.text === null ? <p>The file is gone. Saving writes it again.</p> : (
        <div class="sides">
          <figure><figcaption>Yours</figcaption><Lines text={own} other={there.text} /></figure>
          <figure><figcaption>On disk</figcaption><Lines text={there.text} other={own} /></figure>
        </div>
      )}
      <p class="buttons">
        <button onClick={close}>Decide later</button>
        {there.text !== null && <button onClick={() => settle(path, "theirs")}>Take the one on disk</button>}
        <button class="primary" onClick={() => settle(path, "mine")}>Save mine</button>
      </p>
    </Frame>
  );
}

/** The lines that the other text lacks, with a line around them. */
function Lines({ text, other }) {
  const there = new Set(other.split("\n"));
  const lines = text.split("\n").map((line, number) => ({ line, number: number + 1, isOwn: !there.has(line) }));
  const near = lines.filter((_, at) => lines.slice(Math.max(0, at - 1), at + 2).some(({ isOwn }) => isOwn));
  return (
    <ol class="lines" tabIndex={0}>
      {near.length ? near.map(({ line, number, isOwn }) => (
        <li key={number} class={isOwn ? "partly" : ""}><span class="number">{number}</span>{line}</li>
      )) : <li class="quiet">All of its lines are in the other one too.</li>}
    </ol>
  );
}

const KEYS = [
  ["Ctrl+S", "Save"],
  ["Alt+1 … Alt+4", "Go to input, rules, output, why"],
  ["↑ ↓ ← →", "Move in a tree, fold and unfold"],
  ["Enter", "Keep a value lit, and say why it is there"],
  ["Ctrl+Space", "Complete"],
  ["F12", "Go to the definition"],
  ["F2", "Rename"],
  ["F4, Shift+F4", "Insert a path, insert a field"],
  ["Ctrl+.", "Quick fixes"],
  ["Shift+Alt+F", "Format"],
  ["F8", "Next finding"],
  ["Ctrl+F", "Find and replace"],
  ["Ctrl+Z", "Undo, also what a helper wrote"],
  ["Escape, then Tab", "Leave the editor"],
  ["F1", "This list"],
];
function Help() {
  return (
    <Frame title="Help and keys" lead="The YAML files are the truth: Studio edits their text, and shows at once what it means for your samples.">
      <dl class="keys">
        {KEYS.map(([keys, words]) => [<dt key={keys}><kbd>{keys}</kbd></dt>, <dd key={words}>{words}</dd>])}
      </dl>
      <p class="quiet">On a Mac, Cmd in place of Ctrl. The margin of the rules shows coverage by the samples: a full bar, every branch was taken; a dashed one, some; a red one, none.</p>
    </Frame>
  );
}
