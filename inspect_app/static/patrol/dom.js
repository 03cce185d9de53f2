// Small pieces for building the page; user text only ever enters as text.

export const texts = JSON.parse(document.getElementById("texts").textContent);

export const dayTexts = JSON.parse(document.getElementById("day-texts").textContent);

export const byId = (id) => document.getElementById(id);

/** Fill `{name}` places of a text. */
export function say(text, facts = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
}

/** Make an element: attributes, `on` handlers, children (strings become text). */
export function el(tag, { on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const held = new Map();
let touched = false;

/**
 * Put children in a place. While a finger or a mouse is down they wait until it is up: a button
 * that changes between the two would not be pressed.
 */
export function put(place, ...children) {
  if (touched) held.set(place, children);
  else place.replaceChildren(...children);
}

function release() {
  touched = false;
  for (const [place, children] of held) place.replaceChildren(...children);
  held.clear();
}

document.addEventListener("pointerdown", () => { touched = true; }, true);
// After the click, which follows in the same turn; a touch that became scrolling is cancelled.
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(release), true);
globalThis.addEventListener("blur", release);

export function length(metres) {
  return metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(1)} km`;
}

export const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);

// The bureau's time, whatever zone the tablet is set to.
export const zoneName = document.querySelector("[data-zone]").dataset.zone;
const zone = { timeZone: zoneName, hour12: false };
const clock = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat("zh-CN", {
  ...zone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
});

export const hour = (moment) => clock.format(new Date(moment));
export const dayHour = (moment) => dayAndClock.format(new Date(moment));

/** Show one line of the notice area, or hide it. */
export function fault(message) {
  const place = byId("fault");
  place.hidden = !message;
  place.textContent = message ?? "";
}

let savedTimer = 0;

/** Say 已保存; called only after the write is on the disk. */
export function showSaved() {
  byId("saved").hidden = false;
  clearTimeout(savedTimer);
  savedTimer = setTimeout(() => { byId("saved").hidden = true; }, 4000);
}

export const bus = new EventTarget();
export const tell = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export const hear = (name, handler) => bus.addEventListener(name, (event) => handler(event.detail));
