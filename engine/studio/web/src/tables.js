// The look-up tables of a rule file, as the editor's tree of its YAML has them, and edits to their entries.
import { ensureSyntaxTree } from "@codemirror/language";

const MAPPINGS = ["BlockMapping", "FlowMapping"];
const children = (node, ...names) => names.flatMap((name) => node.getChildren(name));

/** The key and the value of a pair. */
function parts(pair) {
  const key = pair.getChild("Key")?.firstChild ?? null;
  const value = pair.lastChild?.name === "Key" || pair.lastChild?.name === ":" ? null : pair.lastChild;
  return { pair, key, value };
}

/**
 * @typedef {{ name: string, isFlow: boolean, from: number, to: number, entries: { key: Cell, value: Cell, from: number, to: number }[] }} Table
 * @typedef {{ from: number, to: number, text: string }} Cell
 * @param {import("@codemirror/state").EditorState} state
 * @returns {Table[]}
 */
export function tablesOf(state) {
  const text = (node) => state.sliceDoc(node.from, node.to);
  const pairsOf = (mapping) => children(mapping, "Pair").map(parts).filter(({ key }) => key);
  const under = (mapping, name) => mapping && pairsOf(mapping).find(({ key }) => text(key) === name)?.value;
  const tree = ensureSyntaxTree(state, state.doc.length, 500);
  const root = tree?.topNode.getChild("Document")?.getChild("BlockMapping");
  const tables = root && under(root, "tables");
  if (!tables || !MAPPINGS.includes(tables.name)) return [];
  const found = [];
  for (const { key, value } of pairsOf(tables)) {
    const entries = value && MAPPINGS.includes(value.name) ? under(value, "entries") : null;
    if (!entries || !MAPPINGS.includes(entries.name)) continue;
    const cell = (node, at) => (node ? { from: node.from, to: node.to, text: text(node) } : { from: at, to: at, text: "" });
    found.push({
      name: text(key),
      isFlow: entries.name === "FlowMapping",
      from: entries.from,
      to: entries.to,
      entries: pairsOf(entries).map((one) => ({
        key: cell(one.key),
        value: cell(one.value, one.pair.to),
        from: one.pair.from,
        to: one.pair.to,
      })),
    });
  }
  return found;
}

/** The change that writes a text into a cell. */
export const written = (cell, text) => ({ from: cell.from, to: cell.to, insert: cell.text === "" ? ` ${text}` : text });

/** The change that adds an entry at the end of a table. */
export function added(state, table, key, value) {
  const last = table.entries.at(-1);
  if (table.isFlow) return { from: last ? last.to : table.from + 1, insert: `${last ? ", " : ""}${key}: ${value}` };
  const line = state.doc.lineAt(last.from);
  return { from: state.doc.lineAt(last.to).to, insert: `\n${" ".repeat(last.from - line.from)}${key}: ${value}` };
}

/** The change that takes an entry out of a table. */
export function removed(state, table, number) {
  const { from, to } = table.entries[number];
  if (table.isFlow) {
    const next = table.entries[number + 1];
    if (next) return { from, to: next.from };
    return { from: number ? table.entries[number - 1].to : from, to };
  }
  return { from: state.doc.lineAt(from).from, to: Math.min(state.doc.lineAt(to).to + 1, state.doc.length) };
}
