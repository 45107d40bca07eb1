// Lights what belongs together: a value of a request, the lines of rules that gave it, the places of the input read.
const rows = [...document.querySelectorAll("[role=option]")];
const links = new Map(Object.entries(JSON.parse(document.getElementById("links").textContent)));
const valuesOf = new Map();
for (const [value, ids] of links) {
  for (const id of [value, ...ids]) valuesOf.set(id, [...(valuesOf.get(id) || []), value]);
}
const panelOf = (row) => row.closest("section");
const textOf = (row) => row.textContent.replace(/\s+/g, " ").trim().replace(/,$/, "");
const status = document.querySelector("[role=status]");
let lit = [];
let kept = null;

for (const row of rows) row.classList.toggle("linked", valuesOf.has(row.id));
for (const list of document.querySelectorAll("[role=listbox]")) {
  const first = list.querySelector(".linked") || list.querySelector("[role=option]");
  if (first) first.tabIndex = 0;
}

function light(row) {
  for (const one of lit) one.setAttribute("aria-selected", "false");
  lit = [];
  status.textContent = "";
  if (!row) return;
  const values = valuesOf.get(row.id) || [];
  const ids = new Set([row.id, ...values.flatMap((value) => [value, ...links.get(value)])]);
  lit = [...ids].map((id) => document.getElementById(id)).filter((one) => one && one.role === "option");
  for (const one of lit) one.setAttribute("aria-selected", "true");
  const words = [];
  for (const section of document.querySelectorAll("section")) {
    const own = lit.filter((one) => panelOf(one) === section);
    if (section === panelOf(row) || !own.length) continue;
    if (values.length === 1) own.reverse(); // the last step is the nearest
    reveal(section.querySelector(".panel"), own[0]);
    const more = own.length > 3 ? `; ${own.length - 3} more` : "";
    words.push(`${section.querySelector("h2").textContent}: ${own.slice(0, 3).map(textOf).join("; ")}${more}`);
  }
  status.textContent = words.join(" \u00b7 ") || "Nothing belongs to this line.";
}

function reveal(panel, row) {
  const [frame, box] = [panel.getBoundingClientRect(), row.getBoundingClientRect()];
  if (box.top < frame.top || box.bottom > frame.bottom) panel.scrollTop += box.top - frame.top - frame.height / 3;
}

const rowAt = (fired) => fired.target.closest("[role=option]");
document.addEventListener("mouseover", (fired) => light(rowAt(fired) || kept));
document.addEventListener("focusin", (fired) => {
  kept = rowAt(fired);
  if (!kept) return;
  for (const one of kept.parentElement.querySelectorAll("[tabindex='0']")) one.tabIndex = -1;
  kept.tabIndex = 0;
  light(kept);
});
document.addEventListener("keydown", (fired) => {
  const row = rowAt(fired);
  if (fired.key === "Escape") light((kept = null));
  if (!row || fired.ctrlKey || fired.altKey || fired.metaKey) return;
  const own = [...row.parentElement.querySelectorAll("[role=option]")];
  const at = own.indexOf(row);
  const next = { ArrowDown: own[at + 1], ArrowUp: own[at - 1], Home: own[0], End: own[own.length - 1] }[fired.key];
  if (!next) return;
  fired.preventDefault();
  next.focus();
});
