// Draws the page, and listens to the keys that hold everywhere.
import { render } from "preact";
import { App } from "./App.jsx";
import { begin, onDraw, saveAll, state, unsaved, update } from "./store.js";

const root = document.createElement("div");
root.className = "app";
document.body.replaceChildren(root);

const draw = () => render(<App />, root);
onDraw(draw);
draw();
begin();

const PLACES = { 1: "input", 2: "rules", 3: "output", 4: "more" };

/** Moves the focus into a pane. */
export function focusPane(name) {
  update({ pane: name });
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector(`#${name} :is([role=tree], .cm-content, [role=tab][tabindex="0"])`)?.focus()),
  );
}

document.addEventListener("keydown", (fired) => {
  const mod = fired.ctrlKey || fired.metaKey;
  if (mod && !fired.altKey && !fired.shiftKey && fired.key === "s") {
    fired.preventDefault();
    saveAll();
  } else if (fired.altKey && !mod && PLACES[fired.key]) {
    fired.preventDefault();
    focusPane(PLACES[fired.key]);
  } else if (fired.key === "F1" || (fired.key === "?" && !fired.target.closest("input, textarea, .cm-editor"))) {
    fired.preventDefault();
    update({ dialog: { kind: "help" } });
  } else if (fired.key === "Escape" && state.dialog) {
    update({ dialog: null });
  }
});

window.addEventListener("beforeunload", (fired) => {
  if (unsaved().length) fired.preventDefault();
});
