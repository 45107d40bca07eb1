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

const PLACES = { 1: ["input", "[role=tree]"], 2: ["rules", ".cm-content"], 3: ["output", "[role=tree]"], 4: ["more", "[role=tab][tabindex='0']"] };

/** The digit on a key, also where Alt writes something else with it. */
const digitOf = ({ code }) => code.replace("Digit", "");

/** Moves the focus into a pane. */
function focusPane([pane, inside]) {
  update({ pane });
  setTimeout(() => (document.querySelector(`#${pane} ${inside}`) ?? document.getElementById(pane))?.focus(), 50);
}

document.addEventListener("keydown", (fired) => {
  const mod = fired.ctrlKey || fired.metaKey;
  if (mod && !fired.altKey && !fired.shiftKey && fired.key === "s") {
    fired.preventDefault();
    saveAll();
  } else if (fired.altKey && !mod && PLACES[digitOf(fired)]) {
    fired.preventDefault();
    focusPane(PLACES[digitOf(fired)]);
  } else if (fired.key === "F1" || (fired.key === "?" && !fired.target.closest("input, textarea, .cm-editor"))) {
    fired.preventDefault();
    update({ dialog: { kind: "help" } });
  } else if (fired.key === "Escape" && state.dialog) {
    update({ dialog: null });
  }
});

// A file that is dropped elsewhere must not take the place of the page.
for (const name of ["dragover", "drop"])
  window.addEventListener(name, (fired) => fired.dataTransfer?.types.includes("Files") && fired.preventDefault());

window.addEventListener("beforeunload", (fired) => {
  if (unsaved().length) fired.preventDefault();
});
