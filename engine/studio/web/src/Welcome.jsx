// What is shown where there is nothing to show yet.
import { useEffect, useRef } from "preact/hooks";
import { Begin } from "./Dialogs.jsx";
import { state } from "./store.js";

export function Denied() {
  return (
    <main class="welcome">
      <h1>Studio opens by the address in the terminal</h1>
      <p>The address that <code>moemap studio</code> shows has a key that is good for one page. This page has none, or Studio has ended.</p>
      <pre>moemap studio</pre>
    </main>
  );
}

export function NoMapping() {
  if (state.project.mappings.length)
    return (
      <main class="welcome">
        <h2>Choose a mapping</h2>
        <p>A mapping says what of an input goes where. Choose one above.</p>
      </main>
    );
  return <First />;
}

function First() {
  const own = useRef(null);
  useEffect(() => own.current.querySelector("[data-first]").focus(), []);
  return (
    <main class="welcome" ref={own}>
      <h2>Begin with a payload</h2>
      <p>
        There is no mapping in this folder yet. Paste one message as your source sends it: Studio drafts the rules, the schemas and a first test, and
        shows what becomes of the message. All of it are files in this folder that you can change; nothing leaves this machine.
      </p>
      <Begin />
    </main>
  );
}
