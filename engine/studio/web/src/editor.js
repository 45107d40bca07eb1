// The editor of the rule files: CodeMirror, told by the server what to complete, colour, underline and show.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  GutterMarker,
  WidgetType,
  crosshairCursor,
  drawSelection,
  dropCursor,
  gutter,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
  rectangularSelection,
  showTooltip,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { markdown } from "./markdown.js";
import { offsetOf, positionOf, rangeOf } from "./positions.js";

/** A set of decorations that an effect replaces, and that moves with the text until then. */
function decorations(make) {
  const replace = StateEffect.define();
  const field = StateField.define({
    create: () => Decoration.none,
    update(old, change) {
      let now = old.map(change.changes);
      for (const effect of change.effects) if (effect.is(replace)) now = make(effect.value, change.state.doc);
      return now;
    },
    provide: (own) => EditorView.decorations.from(own),
  });
  return { replace, field };
}

const LIT = Decoration.line({ class: "cm-lit" });
const lit = decorations((lines, doc) =>
  Decoration.set([...lines].filter((line) => line <= doc.lines).sort((a, b) => a - b).map((line) => LIT.range(doc.line(line).from))),
);

const tokens = decorations((found, doc) =>
  Decoration.set(
    found.map(({ line, column, length, type }) =>
      Decoration.mark({ class: `cm-token-${type}` }).range(offsetOf(doc, line, column), offsetOf(doc, line, column + length)),
    ).filter(({ from, to }) => from < to),
    true,
  ),
);

class Note extends WidgetType {
  constructor({ text, tooltip }) {
    super();
    this.text = text;
    this.tooltip = tooltip;
  }
  eq(other) {
    return other.text === this.text && other.tooltip === this.tooltip;
  }
  toDOM() {
    const made = document.createElement("span");
    made.className = "cm-note";
    made.textContent = this.text;
    if (this.tooltip) made.title = this.tooltip;
    return made;
  }
}
const notes = decorations((found, doc) =>
  Decoration.set(
    found.map((one) => Decoration.widget({ widget: new Note(one), side: 1 }).range(offsetOf(doc, one.position.line, one.position.column))),
    true,
  ),
);

const STATES = { taken: "every branch taken", partly: "some branches not taken", missed: "never taken by the samples" };
class Covered extends GutterMarker {
  constructor(state, title) {
    super();
    this.state = state;
    this.title = title;
  }
  eq(other) {
    return other.state === this.state && other.title === this.title;
  }
  toDOM() {
    const made = document.createElement("div");
    made.className = `cm-covered ${this.state}`;
    made.title = this.title;
    return made;
  }
}
const cover = StateEffect.define();
const covered = StateField.define({
  create: () => RangeSet.empty,
  update(old, change) {
    let now = old.map(change.changes);
    for (const effect of change.effects) {
      if (!effect.is(cover)) continue;
      const { doc } = change.state;
      now = RangeSet.of(
        effect.value
          .filter(({ line }) => line <= doc.lines)
          .sort((a, b) => a.line - b.line)
          .map(({ line, state, title }) => new Covered(state, title || STATES[state]).range(doc.line(line).from)),
      );
    }
    return now;
  },
});

const signed = StateEffect.define();
const signature = StateField.define({
  create: () => null,
  update(old, change) {
    for (const effect of change.effects) if (effect.is(signed)) return effect.value;
    return old && change.docChanged ? { ...old, pos: change.changes.mapPos(old.pos) } : old;
  },
  provide: (own) => showTooltip.from(own),
});

/** The parts of a signature, with the one that is being written marked. */
function signatureTip({ label, documentation, parameters, active }, pos) {
  return {
    pos,
    above: true,
    create() {
      const dom = document.createElement("div");
      dom.className = "cm-signature";
      const code = document.createElement("code");
      const [from, to] = parameters[active] ?? [0, 0];
      const strong = document.createElement("strong");
      strong.textContent = label.slice(from, to);
      code.append(label.slice(0, from), strong, label.slice(to));
      dom.append(code);
      if (documentation) dom.append(markdown(documentation));
      return { dom };
    },
  };
}

const SEVERITY = { error: "error", warning: "warning", info: "info", hint: "info" };
const KINDS = { key: "property", value: "enum", member: "property", root: "variable", function: "function", target: "type", rule: "class", table: "interface", setting: "constant", code: "text" };

/**
 * @typedef {object} Hooks  what the page does for the editor
 * @property {(text: string) => void} onChange
 * @property {(line: number | null) => void} onPoint
 * @property {(line: number) => void} onCursor
 * @property {(method: string, position: { line: number, column: number }, more?: object) => Promise<any>} ask
 * @property {(command: string) => boolean} onCommand
 */
export class Editor {
  /** @param {HTMLElement} parent @param {string} nonce @param {Hooks} hooks */
  constructor(parent, nonce, hooks) {
    this.hooks = hooks;
    /** @type {Map<string, { state: EditorState, scroll: any }>} */
    this.files = new Map();
    this.path = null;
    this.nonce = nonce;
    this.view = new EditorView({ parent, state: EditorState.create({ extensions: [EditorView.cspNonce.of(nonce)] }) });
  }

  extensions(path, isReadOnly) {
    const { hooks } = this;
    const command = (name) => () => hooks.onCommand(name);
    return [
      EditorView.cspNonce.of(this.nonce),
      EditorView.contentAttributes.of({ "aria-label": `Rules: ${path}`, spellcheck: "false", tabindex: "0" }),
      gutter({ class: "cm-coverage", markers: (view) => view.state.field(covered) }),
      lineNumbers(),
      foldGutter({ openText: "\u2304", closedText: "\u203a" }),
      history(),
      drawSelection(),
      dropCursor(),
      rectangularSelection(),
      crosshairCursor(),
      EditorState.allowMultipleSelections.of(true),
      indentUnit.of("  "),
      EditorState.tabSize.of(2),
      yaml(),
      syntaxHighlighting(classHighlighter),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      search({ top: true }),
      autocompletion({ override: [(context) => this.complete(context)], icons: false }),
      hoverTooltip((view, offset) => this.hover(view, offset), { hoverTime: 400 }),
      Prec.high(
        keymap.of([
          { key: "F12", run: command("definition") },
          { key: "F2", run: command("rename") },
          { key: "F4", run: command("paths"), shift: command("targets") },
          { key: "Mod-.", run: command("actions") },
          { key: "Mod-s", run: command("save") },
          { key: "Shift-Alt-f", run: command("format") },
          { key: "Mod-]", run: indentMore },
          { key: "Mod-[", run: indentLess },
        ]),
      ),
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...completionKeymap,
        ...lintKeymap,
      ]),
      EditorState.readOnly.of(isReadOnly),
      [lit.field, tokens.field, notes.field, covered, signature],
      EditorView.updateListener.of((update) => {
        if (update.docChanged) hooks.onChange(this.path, update.state.doc.toString());
        if (update.selectionSet || update.docChanged) {
          hooks.onCursor(update.state.doc.lineAt(update.state.selection.main.head).number, update.view.hasFocus);
          this.sign(update);
        }
      }),
      EditorView.domEventHandlers({
        mousemove: (fired, view) => {
          const offset = view.posAtCoords({ x: fired.clientX, y: fired.clientY });
          hooks.onPoint(offset === null ? null : view.state.doc.lineAt(offset).number);
        },
        mouseleave: () => hooks.onPoint(null),
        mousedown: (fired, view) => {
          if (!(fired.ctrlKey || fired.metaKey)) return false;
          const offset = view.posAtCoords({ x: fired.clientX, y: fired.clientY });
          if (offset === null) return false;
          view.dispatch({ selection: { anchor: offset } });
          return hooks.onCommand("definition");
        },
      }),
    ];
  }

  /** Shows a file; its undo history, cursor and scroll position are kept for when it is shown again. */
  show(path, text, isReadOnly) {
    if (this.path === path) return;
    if (this.path !== null) this.files.set(this.path, { state: this.view.state, scroll: this.view.scrollSnapshot() });
    const kept = this.files.get(path);
    this.path = path;
    this.view.setState(kept?.state ?? EditorState.create({ doc: text, extensions: this.extensions(path, isReadOnly) }));
    if (kept) this.view.dispatch({ effects: kept.scroll });
  }

  /** Forgets a file, so that it is shown anew. */
  forget(path) {
    this.files.delete(path);
    if (this.path === path) this.path = null;
  }

  get doc() {
    return this.view.state.doc;
  }

  get position() {
    return positionOf(this.doc, this.view.state.selection.main.head);
  }

  /** What is selected, as a span of the server. */
  get span() {
    const { from, to } = this.view.state.selection.main;
    return { start: positionOf(this.doc, from), end: positionOf(this.doc, to) };
  }

  light(lines) {
    this.view.dispatch({ effects: lit.replace.of(lines) });
  }

  reveal(line) {
    if (line > this.doc.lines) return;
    const { from } = this.doc.line(line);
    const { top, bottom } = this.view.lineBlockAt(from);
    const box = this.view.scrollDOM;
    if (top < box.scrollTop || bottom > box.scrollTop + box.clientHeight)
      this.view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "center" }) });
  }

  go(line, column = 1, focus = true) {
    const anchor = offsetOf(this.doc, line, column);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    if (focus) this.view.focus();
  }

  /** Writes a text in place of what is selected, as one step that can be undone; `shift` moves the cursor from its end. */
  insert(text, shift = 0) {
    const { from, to } = this.view.state.selection.main;
    const anchor = from + text.length + shift;
    this.view.dispatch({ changes: { from, to, insert: text }, selection: { anchor }, userEvent: "input" });
    this.view.focus();
  }

  /** Makes edits of the server, as one step that can be undone. */
  edit(edits) {
    this.view.dispatch({
      changes: edits.map(({ span, text }) => ({ ...rangeOf(this.doc, span), insert: text })),
      userEvent: "input",
    });
  }

  /** Makes the text another one; only what differs is changed. */
  replace(text) {
    const old = this.doc.toString();
    let from = 0;
    while (from < Math.min(old.length, text.length) && old[from] === text[from]) from++;
    let [to, end] = [old.length, text.length];
    while (to > from && end > from && old[to - 1] === text[end - 1]) (to--, end--);
    this.view.dispatch({ changes: { from, to, insert: text.slice(from, end) }, userEvent: "input" });
  }

  findings(found) {
    const { doc } = this;
    const made = found.map((one) => {
      const { line, column, end_line, end_column } = one.place;
      const from = offsetOf(doc, line, column);
      const to = offsetOf(doc, end_line, end_column);
      return {
        from,
        to: Math.max(to, from),
        severity: SEVERITY[one.severity] ?? "info",
        source: one.code,
        message: one.hint ? `${one.message}\n${one.hint}` : one.message,
      };
    });
    this.view.dispatch(setDiagnostics(this.view.state, made));
  }

  /** @param {{ tokens?: any[], inlays?: any[], coverage?: any[] }} shown */
  decorate(shown) {
    const effects = [];
    if (shown.tokens) effects.push(tokens.replace.of(shown.tokens));
    if (shown.inlays) effects.push(notes.replace.of(shown.inlays));
    if (shown.coverage) effects.push(cover.of(shown.coverage));
    if (effects.length) this.view.dispatch({ effects });
  }

  async complete(context) {
    const word = context.matchBefore(/[\w$@-]*$/);
    const before = context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos);
    if (!context.explicit && !word?.text && !/[.([{:,'" ]/.test(before)) return null;
    const position = positionOf(context.state.doc, context.pos);
    const { items: found } = await this.hooks.ask("completions", position).catch(() => ({ items: [] }));
    if (!found.length || context.aborted) return null;
    const { from, to } = rangeOf(context.state.doc, found[0].span);
    return {
      from,
      to,
      validFor: /^[\w$-]*$/,
      options: found.map(({ label, kind, text, detail, documentation, rank }) => ({
        label,
        type: KINDS[kind],
        apply: text,
        detail,
        boost: -Math.min(rank, 98),
        info: documentation ? () => markdown(documentation) : undefined,
      })),
    };
  }

  async hover(view, offset) {
    const { hover: found } = await this.hooks.ask("hover", positionOf(view.state.doc, offset)).catch(() => ({ hover: null }));
    if (!found) return null;
    const { from, to } = rangeOf(view.state.doc, found.span);
    return { pos: from, end: to, above: true, create: () => ({ dom: markdown(found.text) }) };
  }

  async sign(update) {
    const { state } = update;
    const typed = update.transactions.some((one) => one.isUserEvent("input.type"));
    if (!state.field(signature) && !typed) return;
    const { head } = state.selection.main;
    const { signature: found } = await this.hooks.ask("signature", positionOf(state.doc, head)).catch(() => ({ signature: null }));
    if (this.view.state.doc !== state.doc) return;
    if (found || this.view.state.field(signature))
      this.view.dispatch({ effects: signed.of(found ? signatureTip(found, head) : null) });
  }
}
