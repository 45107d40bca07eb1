// What belongs together: values of requests, lines of rules, and places of the input.
import { above } from "./rows.js";

/** @typedef {{ outputs: Set<string>, lines: Map<string, Set<number>>, inputs: Set<string>, first: object | null }} Lit */

export const NOTHING = { outputs: new Set(), lines: new Map(), inputs: new Set(), first: null, words: "" };

/** The key of a value of a request among all requests. */
export const outputKey = (request, pointer) => `${request} ${pointer}`;

const add = (map, key, link) => {
  const own = map.get(key);
  if (own) own.push(link);
  else map.set(key, [link]);
};

export class Links {
  /** @param {{ request: number, pointer: string, places: any[], inputs: string[] }[]} found */
  constructor(found) {
    this.byOutput = new Map();
    this.byLine = new Map();
    this.byInput = new Map();
    for (const link of found) {
      this.byOutput.set(outputKey(link.request, link.pointer), link);
      for (const { path, line } of link.places) add(this.byLine, `${path}:${line}`, link);
      for (const pointer of link.inputs) add(this.byInput, pointer, link);
    }
  }

  /** @param {{ pane: "input" | "rules" | "output", request?: number, pointer?: string, path?: string, line?: number } | null} at */
  at(at) {
    if (!at) return NOTHING;
    const own = { outputs: new Set(), lines: new Map(), inputs: new Set(), first: null, words: "" };
    const found = this.linksOf(at);
    for (const link of found) {
      own.outputs.add(outputKey(link.request, link.pointer));
      for (const { path, line } of link.places) {
        if (!own.lines.has(path)) own.lines.set(path, new Set());
        own.lines.get(path).add(line);
      }
      for (const pointer of link.inputs) own.inputs.add(pointer);
    }
    own.first = found[0] ?? null;
    if (at.pane === "input") own.inputs.add(at.pointer);
    if (at.pane === "output") own.outputs.add(outputKey(at.request, at.pointer));
    if (at.pane === "rules" && found.length) own.lines.set(at.path, (own.lines.get(at.path) ?? new Set()).add(at.line));
    return own;
  }

  linksOf(at) {
    if (at.pane === "rules") return this.byLine.get(`${at.path}:${at.line}`) ?? [];
    if (at.pane === "output") {
      const own = this.byOutput.get(outputKey(at.request, at.pointer));
      return own ? [own] : [];
    }
    for (let pointer = at.pointer; pointer !== null; pointer = above(pointer)) {
      const own = this.byInput.get(pointer);
      if (own) return own;
      if (pointer === at.pointer && pointer === "") break;
    }
    return [];
  }

  /** The pointers of the input that something was read from. */
  get read() {
    return this.byInput;
  }
}
