"use strict";
// Searches the entries that the page lists. It hides and orders them; it loads, keeps and sends nothing.
// What is asked for and what is open stand in the address after #, so that a link leads to the same view.
const page = document.getElementById("catalog");
const lists = Array.from(document.querySelectorAll("ul.entries"));
const entries = lists.flatMap((list) => Array.from(list.children));
const search = document.getElementById("search");
const selects = Array.from(document.querySelectorAll("select[data-by]"));
const shown = document.getElementById("shown");
const nothing = document.getElementById("nothing");
const place = new Map(entries.map((entry, index) => [entry, index]));
const values = new Map(entries.map((entry) => [entry, new Map(selects.map((select) => [select, JSON.parse(entry.dataset[select.dataset.by])]))]));
let open = "";  // the address of the entry that was opened last

const words = () => search.value.toLowerCase().split(/\s+/).filter(Boolean);
const chosen = (entry) => selects.every((select) => !select.value || values.get(entry).get(select).includes(select.value));
const said = (entry, wanted) => wanted.every((word) => entry.dataset.text.includes(word));
const named = (entry, wanted) => wanted.every((word) => entry.dataset.names.includes(word));
const plural = (count, kind) => count + " " + (count === 1 ? kind : page.dataset[kind]);
const visible = () => lists.flatMap((list) => Array.from(list.children)).filter((entry) => !entry.hidden);

function refresh() {
  const wanted = words();
  const hits = entries.filter((entry) => chosen(entry) && said(entry, wanted));
  const keep = new Set(hits);
  for (const entry of entries) entry.hidden = !keep.has(entry);
  for (const list of lists) {
    order(list, wanted);
    list.closest("section").hidden = !Array.from(list.children).some((entry) => keep.has(entry));
  }
  shown.textContent = count(hits);
  nothing.hidden = hits.length > 0;
  if (!hits.length) explain(wanted);
}

function order(list, wanted) {
  const before = Array.from(list.children);
  const rank = new Map(before.map((entry) => [entry, wanted.length && !named(entry, wanted) ? 1 : 0]));
  const after = before.slice().sort((a, b) => rank.get(a) - rank.get(b) || place.get(a) - place.get(b));
  if (after.some((entry, index) => entry !== before[index])) list.append(...after);
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
  change();
  search.focus();
}

function clearFilters() {
  for (const select of selects) select.value = "";
  change();
}

function change() {
  refresh();
  remember();
}

function remember() {  // #name?search=words&owner=..., as much of it as is not empty
  const asked = new URLSearchParams();
  if (search.value.trim()) asked.set("search", search.value.trim());
  for (const select of selects) if (select.value) asked.set(select.dataset.by, select.value);
  const rest = asked.toString();
  history.replaceState(null, "", "#" + encodeURIComponent(open) + (rest ? "?" + rest : ""));
}

function visit() {  // a link, within the page or from elsewhere: it sets the filters that it has, and opens what it names
  const [name, ...rest] = location.hash.slice(1).split("?");
  if (rest.length) {
    const asked = new URLSearchParams(rest.join("?"));
    search.value = asked.get("search") || "";
    for (const select of selects) select.value = asked.get(select.dataset.by) || "";
    for (const select of selects) if (select.selectedIndex < 0) select.value = "";
    refresh();
  }
  if (name) reveal(decodeURIComponent(name));
}

function reveal(name) {
  const called = (entry, word) => entry.dataset.names.split(" ").includes(word.toLowerCase());
  const [, group, column] = name.match(/^(.*[.])?([^.]*)$/);
  const target = entries.find((entry) => entry.id === name) || entries.find((entry) => called(entry, name))
    || entries.find((entry) => group && entry.id.startsWith(group) && called(entry, column));
  if (!target && !document.getElementById(name)) ask(name);  // it was renamed, or is gone: what is nearest
  if (!target) return;
  if (target.hidden) { search.value = ""; clearFilters(); }
  const details = target.querySelector("details");
  details.open = true;
  details.querySelector("summary").focus();
  target.scrollIntoView();
}

function step(by) {  // the arrow keys go from result to result
  const stops = [search, ...visible().map((entry) => entry.querySelector("summary"))];
  const at = stops.indexOf(document.activeElement);
  const next = stops[at + by];
  if (at < 0 || !next) return false;
  next.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  const inside = document.activeElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && inside !== search && inside.tagName !== "SELECT") { search.focus(); search.select(); event.preventDefault(); }
  if (event.key === "Escape" && (search.value || selects.some((select) => select.value))) { search.value = ""; clearFilters(); search.focus(); }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && inside.tagName !== "SELECT" && step(by)) event.preventDefault();
});
page.addEventListener("toggle", (event) => {
  const entry = event.target.closest("li");
  if (!place.has(entry)) return;
  if (event.target.open) open = entry.id;
  else if (open === entry.id) open = "";
  remember();
}, true);
search.addEventListener("input", change);
for (const select of selects) select.addEventListener("change", change);
document.getElementById("clear").addEventListener("click", () => { search.value = ""; clearFilters(); search.focus(); });
document.getElementById("without").addEventListener("click", clearFilters);
document.getElementById("near").addEventListener("click", (event) => ask(event.target.textContent));
window.addEventListener("hashchange", visit);
document.getElementById("controls").hidden = false;
refresh();
visit();
