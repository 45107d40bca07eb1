// The page as a whole: what is on top, the four panes, and what lies over them.
import { Dialogs } from "./Dialogs.jsx";
import { Input } from "./Input.jsx";
import { More } from "./More.jsx";
import { Output } from "./Output.jsx";
import { Rules } from "./Rules.jsx";
import { Denied, NoMapping } from "./Welcome.jsx";
import { mapping, saveAll, selectMapping, state, toggleMask, unsaved, update } from "./store.js";

const PANES = [["input", "Input"], ["rules", "Rules"], ["output", "Output"], ["more", "Why"]];

export function App() {
  if (state.phase === "denied") return <Denied />;
  if (!state.project) return <p class="waiting" role="status">Opening the project …</p>;
  const { pane } = state;
  return (
    <>
      {mapping() && <a class="skip" href="#rules">Skip to the rules</a>}
      {mapping() && <a class="skip" href="#output">Skip to the output</a>}
      <Top />
      <Banner />
      {mapping() ? (
        <>
          <main class={`panes show-${pane}`}>
            <Input />
            <Rules />
            <Output />
            <More />
          </main>
          <nav class="switch" aria-label="Panes">
            {PANES.map(([name, label]) => (
              <button key={name} aria-current={pane === name ? "true" : undefined} onClick={() => update({ pane: name })}>
                {label}
              </button>
            ))}
          </nav>
        </>
      ) : (
        <NoMapping />
      )}
      <p class={`toast ${state.toast?.kind ?? ""} ${state.toast ? "" : "empty"}`} role="status">{state.toast?.text}</p>
      <p class="unseen" role="status">{linked()}</p>
      <Dialogs />
    </>
  );
}

/** What belongs to the value that was chosen, in words. */
function linked() {
  const { first } = state.lit;
  if (!state.kept || !first) return "";
  const rules = first.place ? `Rules: ${first.place.path.split("/").at(-1)}, line ${first.place.line}. ` : "";
  return `${rules}${first.inputs.length ? `Input: ${first.inputs.slice(0, 3).join(", ")}.` : ""}`;
}

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

function Top() {
  const own = mapping();
  const { project, result, tests, masked } = state;
  const findings = result?.findings ?? [];
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const changed = result?.samples.filter((one) => one.changed?.length).length ?? 0;
  const open = unsaved();
  const show = (panel) => () => update({ panel, pane: "more" });
  return (
    <header class="top">
      <h1>moemap <span>Studio</span></h1>
      {project.mappings.length > 0 && (
        <label class="choice">
          <span class="unseen">Mapping</span>
          <select value={state.selected.mapping ?? ""} onChange={choose}>
            {!own && <option value="">Choose a mapping</option>}
            {project.mappings.map(({ id, name, version, kind }) => (
              <option key={id} value={id}>{kind === "workspace" ? `${name} (workspace)` : `${name} ${version ?? ""}`}</option>
            ))}
            <option value="new">New mapping …</option>
          </select>
        </label>
      )}
      {own && (
        <div class="state">
          <Live />
          <button class={`chip ${errors ? "bad" : findings.length ? "some" : ""}`} onClick={show("findings")}>
            {findings.length ? count(findings.length, "finding") : "No findings"}
          </button>
          <button class={`chip ${changed ? "accent" : ""}`} onClick={show("changes")}>
            {changed ? `${count(changed, "sample")} changed` : "No changes"}
          </button>
          {tests && (tests.count > 0 || tests.running) && (
            <button class={`chip ${tests.failed.length ? "bad" : ""}`} onClick={show("tests")}>
              {tests.failed.length
                ? `${tests.failed.length} of ${count(tests.count, "test")} failed`
                : tests.running
                  ? `Tests ${tests.done} of ${tests.count}`
                  : `${count(tests.passed, "test")} passed`}
            </button>
          )}
        </div>
      )}
      <div class="tools">
        {own && (
          <button aria-pressed={masked} title="Shows the kind of each value in place of it" onClick={toggleMask}>
            {masked ? "Masked" : "Mask"}
          </button>
        )}
        {own && <button onClick={() => update({ dialog: { kind: "settings" } })}>Settings</button>}
        {own && <button onClick={() => update({ dialog: { kind: "share" } })}>Share</button>}
        <button class="help" aria-label="Help and keys" onClick={() => update({ dialog: { kind: "help" } })}>?</button>
        <button class="menu" aria-haspopup="dialog" onClick={() => update({ dialog: { kind: "menu" } })}>More</button>
        {own && (
          <button class="primary" aria-disabled={!open.length} title="Ctrl+S" onClick={saveAll}>
            {open.length > 1 ? `Save ${open.length} files` : "Save"}
          </button>
        )}
      </div>
    </header>
  );
}

/** Chooses a mapping, or begins one. */
function choose({ target }) {
  if (target.value !== "new") return selectMapping(target.value);
  target.value = state.selected.mapping;
  return update({ dialog: { kind: "begin" } });
}

function Live() {
  const { result, stale, phase } = state;
  const [kind, words] =
    phase === "lost" ? ["bad", "Offline"]
    : stale || !result ? ["", "Working"]
    : !result.usable ? ["some", "Broken"]
    : ["good", "Live"];
  return (
    <span class={`live ${kind}`} title={result ? `Evaluated in ${Math.round(result.took_ms)} ms` : undefined}>{words}</span>
  );
}

function Banner() {
  const { phase, evaluation, conflicts } = state;
  const conflict = Object.keys(conflicts)[0];
  if (phase === "lost")
    return <p class="banner bad" role="alert">The connection to Studio was lost. What you write is kept here; trying to connect again.</p>;
  if (conflict)
    return (
      <p class="banner some" role="alert">
        {conflict} changed on disk while you edited it.{" "}
        <button class="link" onClick={() => update({ dialog: { kind: "conflict", path: conflict } })}>Compare and decide</button>
      </p>
    );
  if (evaluation?.status === "stopped") return <p class="banner some" role="alert">{evaluation.message}</p>;
  return null;
}
