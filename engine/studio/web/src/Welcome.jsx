// What is shown where there is nothing to show yet.
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
  return (
    <main class="welcome">
      <h2>{state.project.mappings.length ? "Choose a mapping" : "There is no mapping in this folder yet"}</h2>
      {state.project.mappings.length ? (
        <p>A mapping says what of an input goes where. Choose one above.</p>
      ) : (
        <>
          <p>A first draft is made of a payload as your source sends it. In a terminal:</p>
          <pre>moemap new my-mapping --from-sample payload.json</pre>
          <p>It shows up here as soon as it is written.</p>
        </>
      )}
    </main>
  );
}
