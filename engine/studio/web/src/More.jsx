// The pane below: why a value is there or not, findings, tests, expressions, and what a change means.
import { useEffect, useState } from "preact/hooks";
import { arrows } from "./Rules.jsx";
import { Ask, Place } from "./Output.jsx";
import { ask, choose, say, showSample, state, update, whyNot } from "./store.js";

export function More() {
  const { panel, result, tests } = state;
  const panels = [
    ["why", "Why"],
    ["findings", "Findings", result?.findings.length],
    ["tests", "Tests", tests?.failed.length],
    ["eval", "Evaluate"],
    ["changes", "Changes", result?.samples.filter((one) => one.changed?.length).length],
    ["lost", "Lost"],
    ["privacy", "Privacy"],
  ];
  const Panel = { why: Why, findings: Findings, tests: Tests, eval: Evaluate, changes: Changes, lost: Lost, privacy: Privacy }[panel];
  return (
    <section id="more" class="pane" aria-labelledby={`panel-${panel}`} tabIndex={-1}>
      <header>
        <h2 class="unseen">What is known</h2>
        <div class="tabs" role="tablist" aria-label="What is known" onKeyDown={arrows}>
          {panels.map(([name, label, count]) => (
            <button key={name} id={`panel-${name}`} role="tab" aria-selected={name === panel} aria-controls="panel" tabIndex={name === panel ? 0 : -1} onClick={() => update({ panel: name })}>
              {label}
              {count > 0 && <span class="count">{count}</span>}
            </button>
          ))}
        </div>
      </header>
      <div id="panel" class="scroll panel-of" role="tabpanel" aria-labelledby={`panel-${panel}`} tabIndex={0}>
        <Panel key={panel} />
      </div>
    </section>
  );
}

/** A printed value; null is none. */
const Shown = ({ value }) =>
  value === null ? <span class="quiet">nothing</span> : <code class="printed">{state.masked ? "(masked)" : value}</code>;

function Inputs({ pointers }) {
  if (!pointers.length) return null;
  return (
    <span class="quiet">
      {" reads "}
      {pointers.map((pointer, number) => (
        <span key={pointer}>
          {number > 0 && ", "}
          <button class="link" onClick={() => choose({ pane: "input", pointer })}>{pointer || "the whole input"}</button>
        </span>
      ))}
    </span>
  );
}

const Where = ({ place }) => place && <Place place={place}><span class="where">{place.path.split("/").at(-1)}:{place.line}</span></Place>;

function Parts({ parts }) {
  if (!parts.length) return null;
  return (
    <dl class="parts">
      {parts.map(({ text, value }, number) => [
        <dt key={`t${number}`}><code>{text}</code></dt>,
        <dd key={`v${number}`}><Shown value={value} /></dd>,
      ])}
    </dl>
  );
}

/** A step in words, with code as code; masked, its kind, as the words have values. */
const Step = ({ step: { kind, text } }) =>
  state.masked ? <span class="kind">{kind}</span> : text.split("`").map((part, number) => (number % 2 ? <code key={number}>{part}</code> : part));

function Why() {
  const { why, sample } = state;
  if (!why)
    return (
      <div class="lead">
        <ol class="guide">
          <li><strong>Point at a value</strong> of the output: its line of the rules and what it was made of light up. Choose it to see each step here.</li>
          <li><strong>Add a field:</strong> put the cursor below <code>fields:</code>, and <em>Insert field</em> writes its name, <em>Insert path</em> where its value comes from.</li>
          <li><strong>A value is missing?</strong> Unfold <em>Not given</em> below a request and choose it, or ask here.</li>
          <li><strong>It is right?</strong> <em>Make a test of it</em> keeps what you see as a golden test; Ctrl+S saves.</li>
        </ol>
        {sample && <Ask />}
      </div>
    );
  if (why.kind === "value")
    return (
      <>
        <h3><code>{why.pointer || "the whole body"}</code> <Shown value={why.value} /></h3>
        <ol class="steps">
          {[...why.steps].reverse().map((step, number) => (
            <li key={number}>
              <div><Step step={step} /></div>
              <div><Where place={step.place} /><Inputs pointers={step.inputs} /></div>
              <Parts parts={step.parts} />
            </li>
          ))}
          {!why.steps.length && <li class="quiet">It is made of the values in it; choose one of those.</li>}
        </ol>
      </>
    );
  if (why.kind === "input")
    return (
      <>
        <h3>Who reads <code>{why.pointer || "the whole input"}</code></h3>
        <ul class="steps">
          {why.readers.map((reader, number) => (
            <li key={number}>
              <div><span class="kind">{reader.owner}</span> <code>{reader.text}</code> <Shown value={reader.value} /></div>
              <div><Where place={reader.place} /></div>
            </li>
          ))}
          {!why.readers.length && <li class="quiet">No rule reads it.</li>}
        </ul>
      </>
    );
  return (
    <>
      <h3>Why there is no <code>{why.pointer || "request"}</code></h3>
      <ul class="steps">
        {why.misses.map((miss, number) => (
          <li key={number}>
            <div>{[miss.rule && `rule ${miss.rule}`, miss.part].filter(Boolean).join(", ")}: {miss.reason}</div>
            <div><Where place={miss.place} />{miss.element != null && <Inputs pointers={[miss.element]} />}</div>
          </li>
        ))}
        {!why.misses.length && (
          <li>
            No rule gives a value there.{" "}
            {why.near ? <>The rules have <button class="link" onClick={() => whyNot(why.near, why.output)}>{why.near}</button>.</> : "Insert field writes one."}
          </li>
        )}
      </ul>
      <Ask output={why.output} />
    </>
  );
}

function Findings() {
  const { findings } = state.result ?? { findings: [] };
  if (!findings.length) return <p class="note">The check finds nothing to say about these rules.</p>;
  return (
    <ul class="steps">
      {findings.map((one, number) => (
        <li key={number}>
          <div>
            <span class={`kind ${one.severity === "error" ? "bad" : "some"}`}>{one.severity}</span>{" "}
            <Place place={one.place}>{one.message}</Place>
          </div>
          <div class="quiet">
            {one.place && `${one.place.path}:${one.place.line} · `}
            <button class="link" onClick={() => update({ dialog: { kind: "problem", code: one.code } })}>{one.code}</button>
            {one.hint && ` · ${one.hint}`}</div>
        </li>
      ))}
    </ul>
  );
}

const Difference = ({ pointer, expected, actual }) => (
  <li><code>{pointer || "the whole"}</code> expected <Shown value={expected} />, is <Shown value={actual} /></li>
);

function Tests() {
  const { tests } = state;
  if (!tests) return <p class="note">The golden tests have not run yet.</p>;
  if (!tests.count && !tests.running) return <p class="note">This mapping has no golden tests. Make a test of an output that is right.</p>;
  return (
    <>
      <p class="note">{tests.running ? `${tests.done} of ${tests.count} tests ran` : `${tests.passed} of ${tests.count} tests pass`}.</p>
      <ul class="steps">
        {tests.failed.map((one, number) => (
          <li key={number}>
            <div><span class="kind bad">failed</span> <Place place={{ path: one.path, line: one.line, column: 1 }}>{one.name}</Place></div>
            <ul class="notes">
              {one.differences.slice(0, 5).map((each, at) => <Difference key={at} {...each} />)}
              {one.problems.slice(0, 3).map((each, at) => <li key={`p${at}`}>{each.message}</li>)}
            </ul>
          </li>
        ))}
      </ul>
    </>
  );
}

let lastEval = "";
function Evaluate() {
  const [answer, setAnswer] = useState(null);
  const [at, setAt] = useState("");
  const run = async (text) => {
    lastEval = text;
    if (!state.sample) return;
    const found = await ask("eval", { text, sample: state.sample, ...(at ? { at } : {}) }).catch((refusal) => ({ failed: refusal.message }));
    if (text === lastEval) setAnswer(found);
  };
  useEffect(() => void run(lastEval), [state.sample, state.result?.version, at]);
  if (!state.sample) return <p class="note">Expressions are evaluated on a sample: choose one first.</p>;
  return (
    <div class="eval">
      <form onSubmit={(fired) => { fired.preventDefault(); run(lastEval); }}>
        <label class="wide-label"><span>Expression</span>
          <input defaultValue={lastEval} placeholder="JMESPath over the names below" autocomplete="off" spellcheck={false} onInput={(fired) => run(fired.target.value)} />
        </label>
        <label><span>For element</span>
          <input value={at} placeholder="such as event:0" autocomplete="off" spellcheck={false} onChange={(fired) => setAt(fired.target.value.trim())} />
        </label>
      </form>
      {answer?.failed && <p class="note bad">{answer.failed}</p>}
      {answer?.problems?.map((one, number) => <p key={number} class="note bad">{one.message}{one.hint && ` ${one.hint}`}</p>)}
      {answer && !answer.failed && lastEval && answer.rows && (
        <>
          <pre class="answer" aria-live="polite">{state.masked ? "(masked)" : written(answer.rows)}</pre>
          <Parts parts={answer.parts} />
        </>
      )}
      {answer?.names?.length > 0 && (
        <>
          <h3>Names</h3>
          <dl class="parts names">
            {answer.names.map(({ name, value }) => [
              <dt key={`n${name}`}><code>{name}</code></dt>,
              <dd key={`v${name}`}><Shown value={value} /></dd>,
            ])}
          </dl>
        </>
      )}
    </div>
  );
}

/** Rows as they are written. */
const written = (rows) =>
  rows.map(({ depth, key, value, comma }) => `${"  ".repeat(depth)}${key === null ? "" : `${key}: `}${value}${comma ? "," : ""}`).join("\n");

function Changes() {
  const [old, setOld] = useState("saved");
  const [found, setFound] = useState(null);
  useEffect(() => {
    let isCurrent = true;
    ask("compare", { old }).then(
      (answer) => isCurrent && setFound(answer),
      (refusal) => isCurrent && setFound({ failed: refusal.message }),
    );
    return () => (isCurrent = false);
  }, [old, state.result?.version]);
  const samples = state.result?.samples.filter((one) => one.changed?.length) ?? [];
  return (
    <>
      <form class="ask" onSubmit={(fired) => { fired.preventDefault(); setOld(new FormData(fired.target).get("old").trim() || "saved"); }}>
        <label><span>Compared with</span><input name="old" defaultValue={old} autocomplete="off" spellcheck={false} title="saved, or a Git revision such as HEAD or v1.2.0" /></label>
        <button>Compare</button>
      </form>
      {samples.length > 0 && (
        <>
          <h3>Samples that became something else</h3>
          <ul class="notes">
            {samples.map(({ id, changed }) => (
              <li key={id}>
                <button class="link" onClick={() => showSample(id)}>{state.project.samples.find((one) => one.id === id)?.name ?? id}</button>{" "}
                <span class="quiet">{changed.length} {changed.length === 1 ? "place" : "places"}: {changed.slice(0, 3).map(({ pointer }) => pointer).join(", ")}{changed.length > 3 && " …"}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {found?.failed && <p class="note bad">{found.failed}</p>}
      {found?.changes && (
        <>
          <h3>What the rules mean now</h3>
          {found.changes.length ? (
            <ul class="steps">
              {found.changes.map((one, number) => (
                <li key={number}><div><span class="kind">{one.effect}</span> <Place place={one.new ?? one.old}>{one.text}</Place></div></li>
              ))}
            </ul>
          ) : (
            <p class="note">The same as {found.old === "saved" ? "what is saved" : found.old}.</p>
          )}
        </>
      )}
      {!found && <p class="note">Comparing …</p>}
    </>
  );
}

const MOST_CORPUS = 8_000_000;
const FATES = { unread: "not read", read: "read, but not sent", dropped: "left out because of its name" };

function Lost() {
  const [found, setFound] = useState(null);
  const [corpus, setCorpus] = useState(null);
  useEffect(() => {
    ask("lost", corpus ? { corpus } : {}).then(setFound, (refusal) => setFound({ failed: refusal.message }));
  }, [state.result?.version, corpus]);
  const take = async (files) => {
    if ([...files].reduce((sum, { size }) => sum + size, 0) > MOST_CORPUS) return say("At most 8 MB are read here. For more: moemap lost FILES", "bad");
    if (files.length) setCorpus(await Promise.all([...files].map((file) => file.text())));
  };
  return (
    <div onDragOver={(fired) => fired.preventDefault()} onDrop={(fired) => { fired.preventDefault(); take(fired.dataTransfer.files); }}>
      <div class="drop">
        <label>
          <span class="quiet">Drop files of inputs here, or choose them</span>
          <input type="file" multiple accept=".json,.ndjson,.jsonl" onChange={(fired) => take(fired.target.files)} />
        </label>
        {corpus && <button onClick={() => setCorpus(null)}>Samples of the project</button>}
      </div>
      <Members found={found} />
    </div>
  );
}

function Members({ found }) {
  if (!found) return <p class="note">Mapping all samples …</p>;
  if (found.failed) return <p class="note bad">{found.failed}</p>;
  if (!found.members.length) return <p class="note">Of {found.batches} inputs, every value reaches an output.</p>;
  return (
    <>
      <p class="note">What {found.batches} inputs have, and no output:</p>
      <div class="wide">
        <table>
          <thead><tr><th>Place</th><th>Fate</th><th class="number">Inputs</th><th>Such as</th></tr></thead>
          <tbody>
            {found.members.map((one, number) => (
              <tr key={number}>
                <td><code>{one.path}</code></td>
                <td>{FATES[one.fate]}{one.by?.length > 0 && <div class="quiet">{one.by.join("; ")}</div>}</td>
                <td class="number">{one.batches}</td>
                <td><Shown value={one.example ?? null} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The places that values of a member reach, each once. */
const reached = ({ sent }) => [...new Set(sent.map(({ output, part, pointer }) => (output ? `${output} ${pointer || part}` : part)))];
const SOME = 4;

function Privacy() {
  const [found, setFound] = useState(null);
  useEffect(() => {
    ask("privacy").then(setFound, (refusal) => setFound({ failed: refusal.message }));
  }, [state.result?.version]);
  if (!found) return <p class="note">Following personal data through the rules …</p>;
  if (found.failed) return <p class="note bad">{found.failed}</p>;
  if (!found.members.length) return <p class="note">No member of the input is known to be personal.</p>;
  return (
    <>
      <p class="note">Where personal data of the input can go, found in the rules alone:</p>
      <div class="wide">
        <table>
          <thead><tr><th>Member</th><th>What it is</th><th>Reaches</th></tr></thead>
          <tbody>
            {found.members.map((one) => {
              const places = reached(one);
              return (
                <tr key={one.member}>
                  <td><code>{one.member}</code></td>
                  <td>{found.categories[one.category]}</td>
                  <td>
                    {places.length ? places.slice(0, SOME).map((place) => <div key={place}><code>{place}</code></div>) : "no output"}
                    {places.length > SOME && <div class="quiet">and {places.length - SOME} more</div>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
