// The board's filters (kept in the address), its place after a change, and the panel's tabs.
const scroll = document.querySelector(".board-scroll");
const rows = [...document.querySelectorAll(".board tbody tr[data-crew]")];
const fields = Object.fromEntries(["crew", "day", "town", "load"].map((name) => [name, document.getElementById(`board-${name}`)]));
const count = document.querySelector(".board-count");

function matches(slot, wanted) {
  if (wanted.day && slot.dataset.day !== wanted.day) return false;
  if (wanted.town && !slot.dataset.towns.split(" ").includes(wanted.town)) return false;
  return !wanted.load || slot.dataset.load === wanted.load;
}

function apply(tell) {
  const wanted = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim()]));
  const narrowed = wanted.town || wanted.load;
  const crews = new Set();
  for (const row of rows) {
    const slots = [...row.querySelectorAll(".slot")];
    const hits = slots.filter((slot) => matches(slot, wanted));
    for (const slot of slots) slot.classList.toggle("unmatched", Boolean(narrowed || wanted.day) && !hits.includes(slot));
    const fits = hits.length > 0 || (wanted.load && !wanted.day && !wanted.town && row.dataset.load === wanted.load);
    row.hidden = !row.dataset.name.includes(wanted.crew) || Boolean(narrowed && !fits);
    if (!row.hidden) crews.add(Number(row.dataset.crew));
  }
  for (const heading of document.querySelectorAll(".board thead [data-day]")) {
    heading.classList.toggle("chosen", heading.dataset.day === wanted.day);
  }
  count.textContent = count.dataset.text.replace("{shown}", crews.size).replace("{all}", rows.length);
  if (!tell) return;
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries(wanted)) {
    if (value) address.searchParams.set(`f-${name}`, value);
    else address.searchParams.delete(`f-${name}`);
  }
  window.history.replaceState(null, "", address);
  document.dispatchEvent(new CustomEvent("plan-filter", { detail: { day: wanted.day, crews } }));
}

const asked = new URLSearchParams(window.location.search);
for (const [name, field] of Object.entries(fields)) {
  field.value = asked.get(`f-${name}`) ?? "";
  field.addEventListener("input", () => apply(true));
}
apply(false);

// Links of the board and forms of the page come back to the same filters.
for (const link of document.querySelectorAll(".board a.cell")) {
  link.addEventListener("click", () => {
    const address = new URL(link.href);
    for (const [name, field] of Object.entries(fields)) if (field.value) address.searchParams.set(`f-${name}`, field.value);
    link.href = address;
  });
}

const PLACE = `board ${window.location.pathname}`;
const [left, top] = (window.sessionStorage.getItem(PLACE) ?? "0 0").split(" ").map(Number);
scroll.scrollTo(left, top);
scroll.addEventListener("scroll", () => window.sessionStorage.setItem(PLACE, `${scroll.scrollLeft} ${scroll.scrollTop}`));
if (!window.sessionStorage.getItem(PLACE)) document.querySelector(".cell[aria-current]")?.scrollIntoView({ block: "nearest" });

const tabs = [...document.querySelectorAll(".panel-tabs [role=tab]")];
const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

function choose(tab) {
  for (const one of tabs) {
    one.setAttribute("aria-selected", one === tab);
    one.tabIndex = one === tab ? 0 : -1;
    panel(one).hidden = one !== tab;
  }
}

document.querySelector(".panel-tabs").hidden = false;
for (const [place, tab] of tabs.entries()) {
  panel(tab).setAttribute("role", "tabpanel");
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = tabs[(place + 1) % tabs.length];
    choose(other);
    other.focus();
  });
}
choose(window.location.hash === "#uncovered" || (!asked.get("task") && document.querySelector("[data-uncovered]")) ? tabs[1] : tabs[0]);

for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
