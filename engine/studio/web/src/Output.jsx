// What the sample becomes: requests, what was skipped, problems, and what differs from the saved version.
import { useMemo, useState } from "preact/hooks";
import { above } from "./rows.js";
import { Tree } from "./Tree.jsx";
import { applyEdits, attempt, choose, openFile, part, point, resultOf, say, showEdit, state, update, whyNot } from "./store.js";

export function Output() {
  const { sample, result, stale } = state;
  const own = resultOf(sample);
  return (
    <section id="output" class={`pane ${stale ? "stale" : ""}`} aria-labelledby="output-title" tabIndex={-1}>
      <header>
        <h2 id="output-title">
          Output{result && !result.usable && <span class="some"> of the last rules that could be used</span>}
        </h2>
        {own && result.usable && own.status !== "error" && <button onClick={makeTest}>Make a test of it</button>}
      </header>
      <div class="scroll">
        {!own ? <p class="note">{sample ? "Evaluating …" : "What a sample becomes is shown here."}</p> : <Result own={own} />}
      </div>
    </section>
  );
}

async function makeTest() {
  const made = await attempt("golden", { sample: state.sample });
  if (!made) return;
  if (!(await applyEdits(made.edits))) return;
  showEdit(made.edits[0]);
  say(`The test ${made.name} was written into ${made.path}. Save keeps it.`);
}

function Result({ own }) {
  const byRequest = useMemo(() => {
    const found = new Map();
    for (const one of own.changed ?? []) {
      const match = /^\/requests\/(\d+)\/body(.*)$/.exec(one.pointer);
      if (!match) continue;
      const [, number, pointer] = match;
      if (!found.has(number)) found.set(number, []);
      found.get(number).push({ ...one, pointer });
    }
    return found;
  }, [own.changed]);
  const other = (own.changed ?? []).filter((one) => !/^\/requests\/\d+\/body(\/|$)/.test(one.pointer));
  return (
    <>
      {own.error && <p class="note">There is no output of an input that cannot be read.</p>}
      {own.test && <Test test={own.test} />}
      {own.requests.map((request, number) => (
        <Request key={`${state.sample} ${number}`} request={request} number={number} changed={byRequest.get(String(number))} isFirst={number < 8} />
      ))}
      {own.count > own.requests.length && <p class="note">{own.count - own.requests.length} more requests are not shown.</p>}
      {own.requests.length === 0 && !own.error && <p class="note">This input gives no request.</p>}
      {other.length > 0 && (
        <Part title="Changed since saved">
          {other.map((one) => (
            <li key={one.pointer}><code>{one.pointer}</code> was {short(one.old)}, is {short(one.new)}</li>
          ))}
        </Part>
      )}
      {own.problems.length > 0 && (
        <Part title="Problems">
          {own.problems.map((one, number) => (
            <li key={number}>
              <span class={`kind ${one.severity === "error" ? "bad" : "some"}`}>{one.severity}</span>{" "}
              <Place place={one.place}>{state.masked ? one.code : one.message}</Place>
              {one.hint && <span class="quiet"> {one.hint}</span>}
            </li>
          ))}
        </Part>
      )}
      {own.skipped.length > 0 && (
        <Part title="Skipped">
          {own.skipped.map((one, number) => (
            <li key={number}>
              <button class="link" onClick={() => choose({ pane: "input", pointer: one.pointer })}>{one.pointer || "the whole input"}</button>{" "}
              {state.masked ? "" : one.reason} <span class="quiet">{one.rule}</span>
            </li>
          ))}
        </Part>
      )}
      {own.requests.length === 0 && !own.error && <Ask />}
    </>
  );
}

const short = (printed) => {
  if (printed === null) return "not there";
  if (state.masked) return "(masked)";
  return printed.length > 60 ? `${printed.slice(0, 60)}\u2026` : printed;
};

function Part({ title, children }) {
  return (
    <div class="part">
      <h3>{title}</h3>
      <ul class="notes">{children}</ul>
    </div>
  );
}

/** A text that leads to a place of the rules, if there is one. */
export function Place({ place, children }) {
  if (!place) return <>{children}</>;
  return (
    <button class="place" onClick={() => { update({ pane: "rules" }); openFile(place.path, place.line, place.column); }}>
      {children}
    </button>
  );
}

function Test({ test }) {
  return (
    <div class="note test">
      <span class={test.passed ? "good" : "bad"}>{test.passed ? "Test passes" : "Test fails"}</span>
      <Place place={{ path: test.path, line: test.line, column: 1 }}>{test.name}</Place>
      {!test.passed && <span>at {test.differences.map(({ pointer }) => pointer || "the whole").slice(0, 3).join(", ")}</span>}
    </div>
  );
}

function Request({ request, number, changed, isFirst }) {
  const [isOpen, setOpen] = useState(isFirst);
  const [marks, gone] = useMemo(() => marksOf(changed), [changed]);
  const { lit, reveal, masked } = state;
  const own = useMemo(() => new Set([...lit.outputs].filter((key) => key.startsWith(`${number} `)).map((key) => key.slice(key.indexOf(" ") + 1))), [lit]);
  const shown = reveal?.pane !== "output" && reveal?.output?.request === number ? reveal.output.pointer : null;
  return (
    <details class="request" open={isOpen} onToggle={(fired) => setOpen(fired.target.open)}>
      <summary>
        <span class="name">{request.output}</span>
        <span class="way">{request.method} {request.path}</span>
      </summary>
      {isOpen && (
        <>
          <Tree
            id={`out-${number}`}
            label={`Request ${number + 1}: ${request.output}`}
            rows={request.rows}
            lit={own}
            reveal={shown}
            marks={marks}
            gone={gone}
            masked={masked}
            more={(row, count) => part(number, row, count)}
            onPoint={(pointer) => point(pointer === null ? null : { pane: "output", request: number, pointer })}
            onChoose={(pointer, row) => {
              if (row.isGone) whyNot(pointer, request.output);
              else {
                update({ panel: "why" });
                choose({ pane: "output", request: number, pointer });
              }
            }}
          />
          <Missing request={request} />
        </>
      )}
    </details>
  );
}

/** Marks of what changed since the saved version, and what is no more there, by the pointer above. */
function marksOf(changed = []) {
  const marks = new Map();
  const gone = new Map();
  for (const one of changed) {
    if (one.new !== null) {
      marks.set(one.pointer, { kind: "changed", title: one.old === null ? "New since saved" : `Was ${short(one.old)}` });
      continue;
    }
    const parent = above(one.pointer) ?? "";
    gone.set(parent, [...(gone.get(parent) ?? []), one]);
  }
  return [marks, gone];
}

/** The places of the output's schema that have no value. */
function Missing({ request }) {
  const [targets, setTargets] = useState(null);
  const load = async (fired) => {
    if (!fired.target.open || targets) return;
    const found = await attempt("targets");
    if (found) setTargets(found.targets);
  };
  const there = useMemo(() => new Set(request.rows.map(({ pointer }) => pointer)), [request.rows]);
  const missing = (targets ?? []).filter(
    ({ output, pointer }) => output === request.output && !there.has(pointer) && there.has(above(pointer)),
  );
  return (
    <details class="missing" onToggle={load}>
      <summary>Not given</summary>
      <Ask output={request.output} />
      <ul class="notes">
        {missing.map(({ pointer, type, required }) => (
          <li key={pointer}>
            <button class="link" onClick={() => whyNot(pointer, request.output)}>{pointer}</button>{" "}
            <span class="quiet">{type}{required ? ", required" : ""}</span>
          </li>
        ))}
        {targets && !missing.length && <li class="quiet">Each place that the schema names has a value.</li>}
      </ul>
    </details>
  );
}

/** A box for the pointer of a value that is missing. */
export function Ask({ output }) {
  const ask = (fired) => {
    fired.preventDefault();
    const pointer = new FormData(fired.target).get("pointer").trim();
    whyNot(pointer && !pointer.startsWith("/") ? `/${pointer.replaceAll(".", "/")}` : pointer, output);
  };
  return (
    <form class="ask" onSubmit={ask}>
      <label>
        <span>Why is there no</span>
        <input name="pointer" placeholder="/attributes/currency" autocomplete="off" spellcheck={false} />
      </label>
      <button>Ask</button>
    </form>
  );
}
