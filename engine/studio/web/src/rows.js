// Values as the server prints them: rows, one for each line, addressed by JSON pointers.

/**
 * @typedef {object} Row
 * @property {string} pointer
 * @property {number} depth
 * @property {string | null} key
 * @property {string} value
 * @property {"object" | "array" | "end" | "string" | "number" | "boolean" | "null" | "more"} kind
 * @property {boolean} comma
 * @property {number} [start]  of what is left out
 * @property {number} [count]
 *
 * @typedef {Row & { level: number, isOpen?: boolean, isGone?: boolean, size?: number, position: number, siblings: number }} Line
 */

/** The pointer above; null for that of the whole. */
export const above = (pointer) => (pointer === "" ? null : pointer.slice(0, pointer.lastIndexOf("/")));

/** The last key of a pointer. */
export const keyOf = (pointer) => pointer.slice(pointer.lastIndexOf("/") + 1).replace(/~1/g, "/").replace(/~0/g, "~");

export const isContainer = (row) => (row.kind === "object" || row.kind === "array") && row.value.length === 1;

/** How many rows are unfolded at the beginning. */
const BUDGET = 500;

/** The pointers that are folded at the beginning: the deepest, until what is left is short enough. */
export function foldedAtFirst(rows) {
  const closed = new Set();
  if (rows.length <= BUDGET) return closed;
  const depths = [];
  for (const { depth } of rows) depths[depth] = (depths[depth] ?? 0) + 1;
  let [deepest, left] = [0, 0];
  for (let depth = 0; depth < depths.length; depth++) {
    left += depths[depth] ?? 0;
    if (depth < 2 || left <= BUDGET) deepest = depth;
  }
  for (const row of rows) if (isContainer(row) && row.depth >= deepest) closed.add(row.pointer);
  return closed;
}

/**
 * The lines that are to be seen.
 * @param {Row[]} rows
 * @param {Set<string>} closed  the pointers that are folded
 * @param {Map<string, { pointer: string, old: string }[]>} [gone]  what the saved version had, by the pointer above
 * @returns {Line[]}
 */
export function linesOf(rows, closed, gone = new Map()) {
  const lines = [];
  const counts = [];
  let hidden = null;
  const add = (row, more) => {
    const line = { ...row, level: row.depth + 1, position: 0, siblings: 0, ...more };
    if (row.kind !== "end") {
      const own = (counts[row.depth] ??= []);
      own.push(line);
      line.position = own.length;
    }
    lines.push(line);
    return line;
  };
  const settle = (depth) => {
    for (const line of counts[depth] ?? []) line.siblings = counts[depth].length;
    counts[depth] = [];
  };
  for (const row of rows) {
    if (hidden) {
      if (row.depth === hidden.depth + 1 && row.kind !== "end") hidden.size += row.kind === "more" ? row.count : 1;
      if (row.kind === "end" && row.depth === hidden.depth) {
        hidden.comma = row.comma;
        hidden = null;
      }
      continue;
    }
    if (row.kind === "end") {
      for (const { pointer, old } of gone.get(row.pointer) ?? [])
        add({ pointer, depth: row.depth + 1, key: JSON.stringify(keyOf(pointer)), value: old, kind: "string", comma: false }, { isGone: true });
      settle(row.depth + 1);
    }
    const isFolded = isContainer(row) && closed.has(row.pointer);
    const line = add(row, isContainer(row) ? { isOpen: !isFolded } : undefined);
    if (isFolded) {
      hidden = line;
      line.size = 0;
    }
  }
  settle(0);
  return lines;
}
