// Places of the server count lines and characters from 1; the editor has offsets in UTF-16 units.

const SURROGATE = /[\ud800-\udfff]/;

/** @param {import("@codemirror/state").Text} doc */
export function offsetOf(doc, line, column) {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(Math.max(line, 1));
  const characters = Math.max(column - 1, 0);
  if (!SURROGATE.test(text)) return from + Math.min(characters, text.length);
  return from + [...text].slice(0, characters).join("").length;
}

/** @param {import("@codemirror/state").Text} doc */
export function positionOf(doc, offset) {
  const { from, number, text } = doc.lineAt(offset);
  const before = text.slice(0, offset - from);
  return { line: number, column: 1 + (SURROGATE.test(before) ? [...before].length : before.length) };
}

/** The offsets of a span of the server. */
export const rangeOf = (doc, { start, end }) => ({
  from: offsetOf(doc, start.line, start.column),
  to: offsetOf(doc, end.line, end.column),
});
