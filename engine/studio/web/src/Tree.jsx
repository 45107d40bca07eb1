// A JSON value as a tree of lines, of which only those in sight are in the page.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { above, foldedAtFirst, isContainer, linesOf } from "./rows.js";

const HEIGHT = 20;
const MARGIN = 20;
const MORE = 500;

/**
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.label  the name of the tree for screen readers
 * @param {import("./rows.js").Row[]} props.rows
 * @param {Set<string>} props.lit  the pointers that belong to what is pointed at
 * @param {string | null} props.reveal  a pointer that shall come into sight
 * @param {Map<string, { kind: string, title: string }>} [props.marks]  by pointer
 * @param {Map<string, { pointer: string, old: string }[]>} [props.gone]
 * @param {boolean} props.masked
 * @param {(pointer: string | null) => void} props.onPoint
 * @param {(pointer: string, line: import("./rows.js").Line) => void} props.onChoose
 * @param {(row: import("./rows.js").Row, count: number) => Promise<import("./rows.js").Row[]>} props.more  rows that were left out
 */
export function Tree(props) {
  const { id, label, lit, reveal, marks, gone, masked, onPoint, onChoose, more } = props;
  const [given, setGiven] = useState(props.rows);
  const [own, setOwn] = useState(props.rows);
  const [closed, setClosed] = useState(() => foldedAtFirst(props.rows));
  const [active, setActive] = useState(0);
  const [sight, setSight] = useState([0, 60]);
  const frame = useRef(null);
  const list = useRef(null);
  if (given !== props.rows) {
    setGiven(props.rows);
    setOwn(props.rows);
  }
  const rows = useMemo(() => linesOf(own, closed, gone), [own, closed, gone]);
  const at = Math.min(active, rows.length - 1);

  const measure = () => {
    const box = frame.current?.closest(".scroll");
    if (!box || !list.current) return;
    const top = list.current.getBoundingClientRect().top - box.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / HEIGHT) - MARGIN);
    const last = Math.ceil((box.clientHeight - top) / HEIGHT) + MARGIN;
    setSight((old) => (Math.abs(old[0] - first) < MARGIN / 2 && Math.abs(old[1] - last) < MARGIN / 2 ? old : [first, last]));
  };
  useEffect(() => {
    const box = frame.current.closest(".scroll");
    const seen = new ResizeObserver(measure);
    seen.observe(box);
    for (const name of ["scroll", "toggle"]) box.addEventListener(name, measure, { passive: true, capture: true });
    return () => {
      seen.disconnect();
      for (const name of ["scroll", "toggle"]) box.removeEventListener(name, measure, { capture: true });
    };
  }, []);
  useLayoutEffect(measure);

  const scrollTo = (number) => {
    const box = frame.current.closest(".scroll");
    const top = list.current.getBoundingClientRect().top - box.getBoundingClientRect().top + number * HEIGHT;
    if (top < 0 || top > box.clientHeight - 2 * HEIGHT) box.scrollTop += top - box.clientHeight / 3;
    measure();
  };
  useEffect(() => {
    if (reveal === null || reveal === undefined) return;
    const missing = [];
    for (let one = above(reveal); one !== null; one = above(one)) if (closed.has(one)) missing.push(one);
    if (missing.length) {
      setClosed(new Set([...closed].filter((one) => !missing.includes(one))));
      return;
    }
    const number = rows.findIndex(({ pointer, kind }) => pointer === reveal && kind !== "more");
    if (number >= 0) scrollTo(number);
  }, [reveal]);

  const toggle = (row) => {
    const next = new Set(closed);
    if (!next.delete(row.pointer)) next.add(row.pointer);
    setClosed(next);
  };
  const extend = async (row) => {
    const found = await more(row, MORE);
    if (!found) return;
    const added = found.map((one) => ({ ...one, depth: one.depth + row.depth }));
    setClosed(new Set([...closed, ...added.filter(isContainer).map(({ pointer }) => pointer)]));
    setOwn((now) => now.flatMap((one) => (one.kind === "more" && one.pointer === row.pointer && one.start === row.start ? added : [one])));
  };
  const choose = (row, number) => {
    setActive(number);
    if (row.kind === "more") extend(row);
    else onChoose(row.pointer, row);
  };
  const step = (from, by) => {
    let next = from + by;
    while (rows[next]?.kind === "end") next += by;
    return rows[next] ? next : from;
  };
  const move = (number) => {
    setActive(number);
    scrollTo(number);
    onPoint(rows[number].pointer);
  };
  const keys = (fired) => {
    if (fired.ctrlKey || fired.metaKey || fired.altKey) return;
    const row = rows[at];
    const parent = () => rows.findLastIndex((one, number) => number < at && one.level < row.level);
    const next = {
      ArrowDown: () => move(step(at, 1)),
      ArrowUp: () => move(step(at, -1)),
      Home: () => move(0),
      End: () => move(step(rows.length, -1)),
      PageDown: () => move(step(Math.min(at + 20, rows.length), -1)),
      PageUp: () => move(step(Math.max(at - 20, -1), 1)),
      ArrowRight: () => (row.isOpen === false ? toggle(row) : row.isOpen && move(step(at, 1))),
      ArrowLeft: () => (row.isOpen ? toggle(row) : parent() >= 0 && move(parent())),
      Enter: () => choose(row, at),
      " ": () => choose(row, at),
    }[fired.key];
    if (!next) return;
    fired.preventDefault();
    next();
  };

  const [from, to] = [Math.max(0, Math.min(sight[0], rows.length - 1)), Math.min(rows.length, sight[1])];
  const rowAt = (fired) => rows[Number(fired.target.closest("[data-row]")?.dataset.row)];
  return (
    <div class="tree" ref={frame}>
      <div
        class="rows"
        role="tree"
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={at >= from && at < to ? `${id}-${at}` : undefined}
        ref={list}
        style={{ height: `${rows.length * HEIGHT}px` }}
        onKeyDown={keys}
        onFocus={() => onPoint(rows[at].pointer)}
        onMouseOver={(fired) => onPoint(rowAt(fired)?.pointer ?? null)}
        onMouseLeave={() => onPoint(null)}
      >
        {rows.slice(from, to).map((row, offset) => {
          const number = from + offset;
          const mark = row.kind === "end" ? undefined : marks?.get(row.pointer);
          const item = row.kind === "end" ? { "aria-hidden": true } : {
            role: "treeitem",
            "aria-level": row.level,
            "aria-setsize": row.siblings,
            "aria-posinset": row.position,
            "aria-expanded": row.isOpen,
            "aria-selected": lit.has(row.pointer) && row.kind !== "more",
          };
          return (
            <div
              key={number}
              id={`${id}-${number}`}
              data-row={number}
              {...item}
              class={`row ${number === at ? "active" : ""} ${row.isGone ? "gone" : ""} ${mark?.kind ?? ""}`}
              style={{ top: `${number * HEIGHT}px`, paddingLeft: `${8 + row.depth * 14}px` }}
              title={mark?.title}
              onClick={() => row.kind !== "end" && choose(row, number)}
            >
              {row.isOpen === undefined ? <span class="fold" /> : (
                <span class="fold" aria-hidden="true" onClick={(fired) => { fired.stopPropagation(); toggle(row); }}>
                  {row.isOpen ? "\u2304" : "\u203a"}
                </span>
              )}
              {row.key !== null && <span class="key">{row.key}: </span>}
              <Value row={row} masked={masked} />
              {row.isGone && <span class="unseen"> (not there any more)</span>}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const CLOSING = { object: "}", array: "]" };

function Value({ row, masked }) {
  const { kind, value } = row;
  const comma = row.comma ? "," : "";
  if (kind === "more") return <span class="link">show {Math.min(row.count, MORE).toLocaleString("en")} of {row.count.toLocaleString("en")} more</span>;
  if (kind === "end") return <span>{value}{comma}</span>;
  if (kind === "object" || kind === "array") {
    if (row.size === undefined) return <span>{value}{row.isOpen ? "" : comma}</span>;
    return <span>{value}<span class="size"> {row.size.toLocaleString("en")} </span>{CLOSING[kind]}{comma}</span>;
  }
  return <><span class={masked ? "masked" : kind}>{masked ? `(${kind})` : value}</span>{comma}</>;
}
