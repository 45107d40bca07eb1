// The little Markdown that hovers and documentation have, as elements: nothing of it is ever read as HTML.

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)/g;

function inline(text, into) {
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    into.append(text.slice(at, match.index));
    const [whole, code, strong, link] = match;
    const made = document.createElement(code ? "code" : strong ? "strong" : "span");
    made.textContent = code ?? strong ?? link;
    into.append(made);
    at = match.index + whole.length;
  }
  into.append(text.slice(at));
}

/** @param {string} text @returns {HTMLElement} */
export function markdown(text) {
  const made = document.createElement("div");
  made.className = "markdown";
  const blocks = text.split(/(^```[^\n]*\n[\s\S]*?^```)/m);
  for (const block of blocks) {
    if (block.startsWith("```")) {
      const pre = document.createElement("pre");
      pre.textContent = block.replace(/^```[^\n]*\n/, "").replace(/\n?```$/, "");
      made.append(pre);
      continue;
    }
    for (const part of block.split(/\n{2,}/)) {
      if (!part.trim()) continue;
      const lines = part.trim().split("\n");
      const isList = lines.every((line) => /^[-*] /.test(line));
      const isTitle = part.trim().startsWith("#");
      const holder = document.createElement(isList ? "ul" : isTitle ? "h3" : "p");
      if (isList) {
        for (const line of lines) {
          const item = document.createElement("li");
          inline(line.slice(2), item);
          holder.append(item);
        }
      } else inline(part.trim().replace(/^#+ +/, ""), holder);
      made.append(holder);
    }
  }
  return made;
}
