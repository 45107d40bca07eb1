// Finds what has all words of the search: rows of tables, and sections by their title. The page itself is the index.
const search = document.getElementById("search");
const found = document.getElementById("found");
const parts = [...document.querySelectorAll("[data-find]")].map((section) => ({
  section,
  title: section.querySelector("h2").textContent.toLowerCase(),
  rows: [...section.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]),
  links: [...document.querySelectorAll("nav a")].filter((one) => one.hash === `#${section.querySelector("h2").id}`),
  text: section.textContent.toLowerCase(),
}));

function find() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text) => words.every((word) => text.includes(word));
  document.body.classList.toggle("finding", words.length > 0);
  let count = 0;
  for (const part of parts) {
    const isWhole = fits(part.title) || !part.rows.some(([, text]) => fits(text));
    const isShown = fits(part.text);
    count += isShown ? 1 : 0;
    part.section.hidden = !isShown;
    for (const link of part.links) link.parentElement.hidden = !isShown;
    for (const [row, text] of part.rows) row.hidden = !isWhole && !fits(text);
  }
  const summary = count ? `${count} of ${parts.length} sections` : "Nothing has all of these words.";
  found.textContent = words.length ? summary : "";
}

search.addEventListener("input", find);
document.addEventListener("keydown", (fired) => {
  if (fired.key === "/" && document.activeElement !== search) {
    fired.preventDefault();
    search.focus();
  } else if (fired.key === "Escape" && search.value) {
    search.value = "";
    find();
  }
});
const contents = document.querySelector(".contents");
const isNarrow = window.matchMedia("(max-width: 60rem)");
const fold = () => { contents.open = !isNarrow.matches; };
isNarrow.addEventListener("change", fold);
fold();
window.addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details.example")) one.open = true;
});
