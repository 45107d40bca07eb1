// All that the page knows, and what it does about it. The page is drawn anew from it, at most once a frame.
import { Connection } from "./connection.js";
import { Links, NOTHING } from "./links.js";

/** @type {Record<string, any>} */
export const state = {
  phase: "loading", // loading, denied, open, lost
  project: null,
  selected: { mapping: null, samples: [], settings: {} },
  result: null, // the newest notification `state`
  stale: false, // an edit is being evaluated
  tests: null,
  evaluation: null,
  files: {}, // by path: { text, saved, hash, read_only }
  path: null,
  sample: null,
  input: null, // { id, value, cuts, text }
  links: new Links([]),
  linksOf: null,
  lit: NOTHING,
  kept: null,
  panel: "why",
  pane: "rules", // on a phone
  why: null,
  target: null, // { request, pointer } that "why" is about
  masked: false,
  dialog: null,
  toast: null,
  conflicts: {},
};

let draw = () => {};
let asked = false;
export const onDraw = (own) => (draw = own);

let later = [];

/** Changes what the page knows, and draws it anew with the next frame; `then` is called after that. */
export function update(change, then) {
  Object.assign(state, change);
  if (then) later.push(then);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const own = later;
    later = [];
    draw();
    for (const one of own) one();
  });
}

let timer = 0;
/** Says something in passing. */
export function say(text, kind = "") {
  clearTimeout(timer);
  update({ toast: { text, kind } });
  timer = setTimeout(() => update({ toast: null }), kind === "bad" ? 10_000 : 5000);
}

/** @type {Connection} */
let connection;
/** @type {import("./editor.js").Editor | null} */
export let editor = null;
export const setEditor = (made) => (editor = made);

export const ask = (method, params) => connection.ask(method, params);

/** Asks, and says what the server refuses. */
export async function attempt(method, params) {
  try {
    return await ask(method, params);
  } catch (refusal) {
    say(refusal.message, "bad");
    return null;
  }
}

export async function begin() {
  const token = location.hash.slice(1);
  if (token) {
    history.replaceState(null, "", location.pathname);
    const answer = await fetch("session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    }).catch(() => null);
    if (answer && !answer.ok && answer.status !== 403) return update({ phase: "denied" });
  }
  connection = new Connection(notice, (now) => (now === "open" ? enter() : leave()));
}

let tries = 0;
function leave() {
  // A socket that never opens was refused.
  if (!state.project && ++tries > 1) return update({ phase: "denied" });
  update({ phase: state.project ? "lost" : "loading", stale: false });
}

async function enter() {
  try {
    const project = await ask("project");
    const wasLost = state.project !== null;
    tries = 0;
    update({ phase: "open", project, selected: project.selected });
    if (wasLost) await resume();
    else if (project.selected.mapping) await start();
  } catch (refusal) {
    say(refusal.message, "bad");
  }
}

/** After a lost connection: the server is told again what is not saved here. */
async function resume() {
  for (const [path, file] of Object.entries(state.files)) {
    const now = await ask("open", { path });
    if (now.hash !== file.hash && file.text !== file.saved) state.conflicts[path] = { text: now.saved, hash: now.hash };
    if (file.text !== now.text) await ask("edit", { path, text: file.text });
  }
  await ask("select", state.selected);
  say("Connected again.");
}

export const mapping = () => state.project?.mappings.find(({ id }) => id === state.selected.mapping) ?? null;
export const resultOf = (id) => state.result?.samples.find((one) => one.id === id) ?? null;
export const sampleOf = (id) => state.project?.samples.find((one) => one.id === id) ?? null;
export const unsaved = () => Object.entries(state.files).filter(([, file]) => file.text !== file.saved).map(([path]) => path);

async function start() {
  const own = mapping();
  if (!own) return;
  await openFile(own.path);
  const ids = state.selected.samples;
  if (ids.length) await showSample(ids[0]);
}

export async function selectMapping(id) {
  const answer = await attempt("select", { mapping: id });
  if (!answer) return;
  const project = await attempt("project");
  if (!project) return;
  update({ project, selected: project.selected, result: null, tests: null, why: null, target: null, links: new Links([]), lit: NOTHING });
  await start();
}

export async function selectSamples(samples) {
  const answer = await attempt("select", { samples });
  if (!answer) return;
  update({ selected: answer.selected });
  if (!answer.selected.samples.includes(state.sample)) await showSample(answer.selected.samples[0] ?? null);
}

export async function setSetting(name, value) {
  const answer = await attempt("select", { settings: { ...state.selected.settings, [name]: value } });
  if (answer) update({ selected: answer.selected });
}

/** Shows the input and the output of a sample. */
export async function showSample(id) {
  update({ sample: id, lit: NOTHING, kept: null, why: null, target: null, links: new Links([]), linksOf: null });
  if (id === null) return update({ input: null });
  const input = await ask("sample.open", { sample: id }).catch(() => null); // its result says why not
  if (input && state.sample === id) update({ input: { id, ...input } });
  await findLinks();
}

async function findLinks() {
  const { sample } = state;
  if (sample === null || !resultOf(sample)) return;
  const found = await ask("links", { sample }).catch(() => null);
  if (!found || state.sample !== sample) return;
  const isLate = state.linksOf !== sample && state.kept;
  update({ links: new Links(found.values), linksOf: sample });
  if (isLate) reveal(state.kept);
  else point(state.kept);
}

/** Rows of the input, or of a request, that were left out. */
export async function part(request, { pointer, start }, count) {
  const found = await attempt("part", { sample: state.sample, request, pointer, start, count });
  return found?.rows ?? null;
}

export async function openFile(path, line, column) {
  if (!state.files[path]) {
    const file = await attempt("open", { path });
    if (!file) return false;
    state.files[path] = file;
  }
  const opened = state.project.opened ?? (state.project.opened = []);
  if (!opened.includes(path)) opened.push(path);
  update({ path });
  editor?.show(path, state.files[path].text, state.files[path].read_only);
  editor?.light(state.lit.lines.get(path) ?? []);
  decorate();
  if (line) editor?.go(line, column);
  return true;
}

/** The text of a file changed in the editor. */
export function changed(path, text) {
  const file = state.files[path];
  if (!file || file.text === text) return;
  file.text = text;
  update({ stale: true });
  ask("edit", { path, text }).catch(() => {});
}

/** Lights what belongs to a place; null for none. */
export function point(at, isKept = false) {
  if (isKept) state.kept = at;
  const lit = state.links.at(at ?? state.kept);
  update({ lit: { ...lit, from: (at ?? state.kept)?.pane ?? null } });
  editor?.light(state.path === null ? [] : (lit.lines.get(state.path) ?? []));
}

/** Keeps a place lit, brings into sight what belongs to it, and says why it is there. */
export async function choose(at) {
  await reveal(at);
  if (at.pane === "output") await explain(at.request, at.pointer);
  if (at.pane === "input") await readBy(at.pointer);
}

async function reveal(at) {
  point(at, true);
  const { first } = state.lit;
  update({ reveal: { ...at, output: first && outputOf(first), input: first?.inputs[0] ?? null } });
  if (at.pane === "rules" || !first?.place) return;
  await openFile(first.place.path);
  editor?.reveal(first.place.line);
}
const outputOf = ({ request, pointer }) => ({ request, pointer });

export async function explain(request, pointer) {
  const { sample } = state;
  update({ target: { kind: "value", request, pointer } });
  const found = await attempt("explain", { sample, request, pointer });
  if (found && state.sample === sample) update({ why: { kind: "value", request, pointer, ...found } });
}

export async function readBy(pointer) {
  const { sample } = state;
  update({ target: { kind: "input", pointer } });
  const found = await attempt("read_by", { sample, pointer });
  if (found && state.sample === sample) update({ why: { kind: "input", pointer, ...found } });
}

export async function whyNot(pointer, output) {
  update({ panel: "why", pane: "more", target: { kind: "missing", pointer, output } });
  await findMisses(pointer, output);
}

async function findMisses(pointer, output) {
  const { sample } = state;
  const found = await attempt("why_not", output ? { sample, pointer, output } : { sample, pointer });
  if (found && state.sample === sample) update({ why: { kind: "missing", pointer, output, ...found } });
}

export async function save(path = state.path) {
  const file = state.files[path];
  if (!file || file.read_only) return;
  if (file.text === file.saved) return say("There is nothing to save.");
  const { text } = file;
  try {
    const { hash } = await ask("save", { path, hash: file.hash });
    Object.assign(file, { hash, saved: text });
    delete state.conflicts[path];
    update({});
    say(`Saved ${path}.`);
    return true;
  } catch (refusal) {
    if (refusal.kind !== "conflict") return say(refusal.message, "bad");
    state.conflicts[path] = refusal.data;
    update({ dialog: { kind: "conflict", path } });
  }
}

export async function revert() {
  const { path } = state;
  const found = await attempt("revert", { path });
  if (!found) return;
  Object.assign(state.files[path], { saved: found.text, hash: found.hash });
  delete state.conflicts[path];
  editor.replace(found.text);
  update({});
}

export async function saveAll() {
  const paths = unsaved();
  if (!paths.length) return say("There is nothing to save.");
  let count = 0;
  for (const path of paths) count += (await save(path)) === true;
  if (count > 1) say(`Saved ${count} files.`);
}

/** Settles a conflict: with the text of the disk, or with the own one. */
export async function settle(path, how) {
  const there = state.conflicts[path];
  const file = state.files[path];
  delete state.conflicts[path];
  update({ dialog: null });
  file.hash = there.hash;
  if (there.text !== null) file.saved = there.text;
  if (how === "theirs") {
    await setText(path, there.text);
    say(`${path} is as it is on disk; Ctrl+Z brings back your text.`);
  } else await save(path);
}

async function setText(path, text) {
  await openFile(path);
  editor.replace(text);
}

/** Makes edits of the server in the editor, file by file, so that each can be undone. */
export async function applyEdits(edits) {
  const paths = [...new Set(edits.map((one) => one.path))];
  for (const path of paths) {
    const isNew = !state.files[path] && !state.project.files.some((one) => one.path === path);
    if (isNew) state.files[path] = { path, text: "", saved: "", hash: null, read_only: false };
    if (!(await openFile(path))) return false;
    editor.edit(edits.filter((one) => one.path === path));
  }
  return true;
}

/** Scrolls the editor to where an edit was made, behind the empty lines that it begins with. */
export const showEdit = ({ span, text }) => editor?.reveal(span.start.line + text.match(/^\n*/)[0].length);

/** The request of the language functions at the cursor. */
export const language = (method, position, more) => ask(`language.${method}`, { path: state.path, ...position, ...more });

function notice(method, params) {
  const act = {
    state(now) {
      const isNew = !state.result;
      const last = now.usable ? now : { ...now, samples: keep(now) };
      update({ result: last, stale: false });
      decorate();
      if (isNew && state.sample === null && now.samples.length) showSample(now.samples[0].id);
      else findLinks().then(refresh);
    },
    tests: (tests) => update({ tests }),
    edited({ path, text }) {
      if (!state.files[path] || state.files[path].text === text) return;
      state.files[path].text = text;
      if (state.path === path) editor.replace(text);
      else editor.forget(path);
    },
    disk({ path, hash, text, conflict }) {
      const file = state.files[path];
      if (!file) return;
      if (conflict || file.text !== file.saved) state.conflicts[path] = { text, hash };
      else if (text === null) Object.assign(file, { hash, saved: "" });
      else {
        Object.assign(file, { hash, saved: text, text });
        if (state.path === path) editor.replace(text);
        else editor.forget(path);
        say(`${path} changed on disk, and was read again.`);
      }
      update({});
    },
    files: ({ files, mappings, samples }) => update({ project: { ...state.project, files, mappings, samples } }),
    evaluation: (evaluation) => update({ evaluation }),
  }[method];
  act?.(params);
}

/** The last good results, where rules cannot be used and the server has none. */
const keep = (now) => (now.samples.length ? now.samples : (state.result?.samples ?? []));

/** Asks again for what the panel "why" says, as the rules changed. */
function refresh() {
  const { target } = state;
  if (!target || state.panel !== "why") return;
  if (target.kind === "missing") findMisses(target.pointer, target.output);
  else if (target.kind === "input") readBy(target.pointer);
  else explain(target.request, target.pointer);
}

/** Shows in the editor what is known of its file. */
async function decorate() {
  const { path, result } = state;
  if (!editor || path === null || editor.path !== path) return;
  if (result) {
    editor.findings(result.findings.filter(({ place }) => place?.path === path));
    const lines = Object.entries(result.coverage?.files[path] ?? {});
    editor.decorate({
      coverage: lines.map(([line, { state: how, words }]) => ({ line: Number(line), state: how, title: words.join("\n") })),
    });
  }
  const { doc } = editor;
  const [{ tokens }, { inlays }] = await Promise.all([
    ask("language.tokens", { path }).catch(() => ({ tokens: null })),
    ask("language.inlays", { path, from_line: 1, to_line: doc.lines }).catch(() => ({ inlays: null })),
  ]);
  if (editor.path !== path || editor.doc !== doc) return;
  editor.decorate({ tokens: tokens ?? undefined, inlays: (state.masked ? [] : inlays) ?? undefined });
}

export function toggleMask() {
  update({ masked: !state.masked });
  decorate();
}
