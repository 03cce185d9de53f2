// The fast form: everything by keyboard; looks for same matters and handlers while one types.
import { findNames } from "./find_names.js";
import { keepDraft } from "./intake_draft.js";
import { followHandlers, followSame } from "./intake_side.js";

const form = document.getElementById("intake");
const field = (name) => form.elements.namedItem(name);
const changed = () => form.dispatchEvent(new Event("told"));

// --- Chips: one stop of the Tab key a group, letters and digits choose. ---
function chips(group) {
  const boxes = () => [...group.querySelectorAll("input")].filter((one) => !one.closest("[hidden]"));
  const stop = (at) => boxes().forEach((one) => { one.tabIndex = one === at ? 0 : -1; });
  const settle = () => stop(boxes().find((one) => one.checked && one.type === "radio") ?? boxes()[0]);
  group.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const all = boxes();
    const named = all.find((one) => one.dataset.key === event.key.toLowerCase());
    if (named) {
      event.preventDefault();
      named.checked = named.type === "radio" ? true : !named.checked;
      named.dispatchEvent(new Event("input", { bubbles: true }));
      stop(named);
      named.focus();
      if (named.type === "radio") next(named);
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step && event.target.type === "checkbox") {
      event.preventDefault();
      const to = all[(all.indexOf(event.target) + step + all.length) % all.length];
      stop(to);
      to.focus();
    }
  });
  group.addEventListener("change", settle);
  group.settle = settle;
  settle();
}

function stops() {
  return [...form.querySelectorAll("input, textarea, select, button.btn-primary")].filter(
    (one) => one.type !== "hidden" && !one.disabled && one.tabIndex >= 0 && one.offsetParent !== null,
  );
}

function next(from) {
  const all = stops();
  all[all.indexOf(from) + 1]?.focus();
}

// --- What belongs to a channel, a type, a place. ---
function followChannel() {
  const channel = field("channel").value;
  for (const one of form.querySelectorAll(".paper")) {
    one.hidden = !one.dataset.channels.split(" ").includes(channel);
    one.querySelector("input").disabled = one.hidden;
  }
}

function followTypes() {
  const group = form.querySelector(".subtypes");
  const types = new Set([...form.querySelectorAll("[name=types]:checked")].map((one) => one.value));
  let number = 0;
  for (const chip of group.querySelectorAll(".chip")) {
    const box = chip.querySelector("input");
    chip.hidden = !types.has(chip.dataset.type);
    box.disabled = chip.hidden;
    if (chip.hidden) continue;
    const key = "abcdefghijklmn"[number];
    number += 1;
    box.dataset.key = key;
    chip.querySelector("kbd").textContent = key.toUpperCase();
  }
  group.hidden = number === 0;
  group.settle();
}

function followPlace() {
  const none = field("no_place").checked;
  const picker = form.querySelector(".place-picker");
  picker.classList.toggle("without", none);
  for (const name of ["lon", "lat"]) field(name).disabled = none;
}

form.addEventListener("place-chosen", ({ detail }) => {
  field("no_place").checked = false;
  followPlace();
  const known = detail.within && !detail.name.startsWith(detail.within) ? `${detail.within}${detail.name}` : detail.name;
  if (!field("address").value) field("address").value = known;
  if (detail.key === "source" && !field("respondent").value) respond(detail);
  changed();
  next(form.querySelector(".place-picker input[type=search]"));
});

function respond(found) {
  field("respondent").value = found?.name ?? field("respondent").value;
  field("source_id").value = found?.id ?? "";
  document.getElementById("respondent-known").hidden = !found;
}

// --- Keys of the whole form. ---
document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Enter" && event.target.matches("#intake input, #intake select")) {
    event.preventDefault(); // a half-filled form must not go off by Enter
    next(event.target);
  } else if (event.altKey && event.key.toLowerCase() === "n") {
    event.preventDefault();
    field("no_place").click();
    field("address").focus();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "F2") return;
  event.preventDefault();
  document.getElementById("same").focus();
});
let sent = false;
form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
window.addEventListener("pageshow", () => { sent = false; });

// --- In order. ---
for (const group of form.querySelectorAll("[data-keys]")) chips(group);
for (const name of ["lon", "lat"]) {
  field(name).tabIndex = -1;
  field(name).addEventListener("change", changed);
}
for (const one of form.querySelectorAll("[data-skip]")) one.tabIndex = -1;
const finder = form.querySelector(".respondent");
findNames(field("respondent"), {
  list: finder.querySelector(".found"), url: finder.dataset.search, nothing: finder.dataset.nothing, fault: finder.dataset.fault,
  choose: (found) => { respond(found); changed(); next(field("respondent")); },
});
field("respondent").addEventListener("input", () => respond(null));
form.addEventListener("input", () => {
  followChannel();
  followTypes();
  followPlace();
  document.getElementById("phone-hint").hidden = !/1[3-9]\d{9}/.test(field("summary").value);
  changed();
});
const map = form.querySelector(".picker-map");
new MutationObserver(() => {
  for (const one of [map, ...map.querySelectorAll("a, [tabindex='0']")]) {
    if (one.tabIndex >= 0) one.tabIndex = -1; // a change tells the observer again
  }
}).observe(map, { childList: true, subtree: true, attributes: true, attributeFilter: ["tabindex"] });
map.addEventListener("click", () => { field("no_place").checked = false; followPlace(); setTimeout(changed); });

keepDraft(form);
followChannel();
followTypes();
followPlace();
document.getElementById("respondent-known").hidden = !field("source_id").value;
followSame(form);
followHandlers(form);
changed();
const alarm = document.querySelector(".alert-danger");
(alarm ?? form.querySelector("[name=channel]:checked")).focus();
form.dataset.ready = "yes";
