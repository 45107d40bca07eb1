// The samples, each with how it fares, and the input of the one that is shown.
import { Tree } from "./Tree.jsx";
import { choose, part, point, resultOf, sampleOf, selectSamples, showSample, state, update } from "./store.js";

const WORDS = { ok: "maps", skipped: "gives no request", problems: "has problems", error: "cannot be read" };

/** How a sample fares, as a mark and in words. */
export function fate(result) {
  if (!result) return ["", "not evaluated yet"];
  if (result.test && !result.test.passed) return ["bad", "its test fails"];
  if (result.status === "error" || result.status === "problems") return ["bad", WORDS[result.status]];
  if (result.changed?.length) return ["accent", "changed since it was saved"];
  if (result.status === "skipped") return ["some", WORDS.skipped];
  return ["good", result.test ? "its test passes" : WORDS.ok];
}
const MARKS = { good: "\u2713", bad: "\u2715", some: "\u2013", accent: "\u2260", "": "\u00b7" };

export function Input() {
  const { selected, sample, input, lit, reveal, masked } = state;
  const marks = input?.id === sample ? unreadMarks() : undefined;
  return (
    <section id="input" class="pane" aria-labelledby="input-title" tabIndex={-1}>
      <header>
        <h2 id="input-title">Input</h2>
        <button onClick={() => update({ dialog: { kind: "samples" } })}>Samples</button>
        <button onClick={() => update({ dialog: { kind: "paste" } })}>Paste</button>
      </header>
      {selected.samples.length > 0 && (
        <ul class="samples" aria-label="Samples">
          {selected.samples.map((id) => {
            const [kind, words] = fate(resultOf(id));
            return (
              <li key={id} class={id === sample ? "current" : ""}>
                <button aria-current={id === sample ? "true" : undefined} title={words} onClick={() => showSample(id)}>
                  <span class={`mark-of ${kind}`} aria-hidden="true">{MARKS[kind]}</span>
                  <span class="name">{sampleOf(id)?.name ?? id}</span>
                  <span class="unseen">, {words}</span>
                </button>
                {selected.samples.length > 1 && (
                  <button class="remove" aria-label={`Leave out ${sampleOf(id)?.name ?? id}`} onClick={() => selectSamples(selected.samples.filter((one) => one !== id))}>
                    ×
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <div class="scroll">
        {input && input.id === sample ? (
          <>
            <Tree
              key={input.id}
              id="in"
              label="Input"
              rows={input.rows}
              lit={lit.inputs}
              reveal={reveal?.pane !== "input" ? (reveal?.input ?? null) : null}
              marks={marks}
              masked={masked}
              more={(row, count) => part(null, row, count)}
              onPoint={(pointer) => point(pointer === null ? null : { pane: "input", pointer })}
              onChoose={(pointer) => choose({ pane: "input", pointer })}
            />
            {input.rows.some(({ kind }) => kind === "more") && <p class="note">This input is large: a part of it is shown. The rules see all of it.</p>}
          </>
        ) : sample ? (
          <p class={`note ${resultOf(sample)?.error ? "bad" : ""}`}>
            {resultOf(sample)?.error ? `This input cannot be read: ${resultOf(sample).error}.` : "Reading the sample …"}
          </p>
        ) : (
          <div class="empty">
            <h3>Begin with a payload</h3>
            <p>Paste a message as the source sends it, or choose samples of the project. It stays on this machine.</p>
            <p><button class="primary" onClick={() => update({ dialog: { kind: "paste" } })}>Paste a payload</button></p>
          </div>
        )}
      </div>
    </section>
  );
}

let lastMarks = { links: null, marks: undefined };
/** Marks what a rule read. */
function unreadMarks() {
  if (lastMarks.links === state.links) return lastMarks.marks;
  const marks = new Map();
  for (const pointer of state.links.read.keys()) marks.set(pointer, { kind: "linked" });
  lastMarks = { links: state.links, marks };
  return marks;
}
