"use strict";
// Searches the entries that the page lists. It hides and orders them; it loads, keeps and sends nothing.
const page = document.getElementById("catalog");
const list = document.getElementById("entries");
const entries = Array.from(list.children);
const search = document.getElementById("search");
const selects = Array.from(document.querySelectorAll("select[data-by]"));
const shown = document.getElementById("shown");
const nothing = document.getElementById("nothing");
const place = new Map(entries.map((entry, index) => [entry, index]));

const words = () => search.value.toLowerCase().split(/\s+/).filter(Boolean);
const values = (entry, by) => JSON.parse(entry.dataset[by]);
const chosen = (entry) => selects.every((select) => !select.value || values(entry, select.dataset.by).includes(select.value));
const said = (entry, wanted) => wanted.every((word) => entry.dataset.text.includes(word));
const named = (entry, wanted) => wanted.every((word) => entry.dataset.names.includes(word));
const plural = (count, kind) => count + " " + (count === 1 ? kind : page.dataset[kind]);

function refresh() {
  const wanted = words();
  const hits = entries.filter((entry) => chosen(entry) && said(entry, wanted));
  const keep = new Set(hits);
  for (const entry of entries) entry.hidden = !keep.has(entry);
  const rank = new Map(entries.map((entry) => [entry, wanted.length && !named(entry, wanted) ? 1 : 0]));
  list.append(...entries.slice().sort((a, b) => rank.get(a) - rank.get(b) || place.get(a) - place.get(b)));
  shown.textContent = count(hits);
  nothing.hidden = hits.length > 0;
  if (!hits.length) explain(wanted);
}

function count(hits) {
  const kinds = new Map();
  for (const entry of hits) kinds.set(entry.dataset.is, (kinds.get(entry.dataset.is) || 0) + 1);
  const parts = Array.from(kinds, ([kind, number]) => plural(number, kind));
  return hits.length + " of " + entries.length + " shown" + (parts.length ? ": " + parts.join(", ") : "");
}

function explain(wanted) {
  const unfiltered = entries.filter((entry) => said(entry, wanted));
  const filtered = selects.some((select) => select.value);
  const typed = search.value.trim();
  document.getElementById("what").textContent = typed ? "Nothing here is called or says “" + typed + "”" + (filtered ? " within these filters." : ".") : "Nothing passes all of these filters.";
  const without = document.getElementById("without");
  without.hidden = !(filtered && unfiltered.length);
  without.textContent = "Show the " + unfiltered.length + " without the filters";
  const near = document.getElementById("near");
  const name = typed && !unfiltered.length ? nearest(typed.toLowerCase()) : "";
  near.hidden = !name;
  near.textContent = name;
  document.getElementById("meant").hidden = !name;
}

function nearest(typed) {
  let best = "", least = Infinity;
  for (const name of new Set(entries.flatMap((entry) => entry.dataset.names.split(" ")))) {
    const far = distance(typed, name) / Math.max(typed.length, name.length);
    if (far < least) { least = far; best = name; }
  }
  return best;
}

function distance(one, other) {  // Levenshtein's, a row at a time
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    let corner = row[0];
    row[0] = i;
    for (let j = 1; j <= other.length; j++) {
      const above = row[j];
      row[j] = Math.min(above + 1, row[j - 1] + 1, corner + (one[i - 1] === other[j - 1] ? 0 : 1));
      corner = above;
    }
  }
  return row[other.length];
}

function ask(text) {
  search.value = text;
  refresh();
  search.focus();
}

function clearFilters() {
  for (const select of selects) select.value = "";
  refresh();
}

function visit() {  // a link inside the page: the entry that it names is shown and opened
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !place.has(target)) return;
  if (target.hidden) { search.value = ""; clearFilters(); }
  const details = target.querySelector("details");
  details.open = true;
  details.querySelector("summary").focus();
  target.scrollIntoView();
}

function step(by) {  // the arrow keys go from result to result
  const stops = [search, ...entriesInOrder().map((entry) => entry.querySelector("summary"))];
  const at = stops.indexOf(document.activeElement);
  const next = stops[at + by];
  if (at < 0 || !next) return false;
  next.focus();
  return true;
}

const entriesInOrder = () => Array.from(list.children).filter((entry) => !entry.hidden);

document.addEventListener("keydown", (event) => {
  const inside = document.activeElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && inside !== search && inside.tagName !== "SELECT") { search.focus(); search.select(); event.preventDefault(); }
  if (event.key === "Escape" && (search.value || selects.some((select) => select.value))) { search.value = ""; clearFilters(); search.focus(); }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && inside.tagName !== "SELECT" && step(by)) event.preventDefault();
});
search.addEventListener("input", refresh);
for (const select of selects) select.addEventListener("change", refresh);
document.getElementById("clear").addEventListener("click", () => { search.value = ""; clearFilters(); search.focus(); });
document.getElementById("without").addEventListener("click", clearFilters);
document.getElementById("near").addEventListener("click", (event) => ask(event.target.textContent));
window.addEventListener("hashchange", visit);
document.getElementById("controls").hidden = false;
refresh();
visit();
