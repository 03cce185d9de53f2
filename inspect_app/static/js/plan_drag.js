// Dragging stops, crew-days and visits left out: mouse, touch and keyboard end in the same edit.
import { Card, send } from "./plan_look.js";

const words = document.getElementById("drag").dataset;
const board = document.querySelector(".board");
const scroll = document.querySelector(".board-scroll");
const list = document.querySelector("table.stops");
const card = new Card();
const SLACK = 6;
const HOLD_MS = 350;
const EDGE = 40;
const REFUSAL_MS = 4000;
let held = null;
let target = null;
let look = null;
let press = null;

function picked(element) {
  if (element.matches(".cell")) {
    const slot = element.closest(".slot");
    const name = words.whole.replace("{crew}", element.closest("tr").dataset.name).replace("{day}", slot.dataset.day.slice(5));
    return { what: "task", id: Number(element.dataset.task), name, element, crew: slot.dataset.crew, day: slot.dataset.day };
  }
  const row = element.closest("tr");
  const what = element.dataset.stop ? "stop" : "uncovered";
  const from = what === "stop" ? list.dataset : {};
  return { what, id: Number(element.dataset[what]), name: row.dataset.name, element: row, focus: element, crew: from.crew, day: from.day };
}

const others = () => [...list.tBodies[0].rows].filter((row) => row !== held.element);
const slotAt = (crew, day) => board.querySelector(`.slot[data-crew="${crew}"][data-day="${day}"]`);

function edit() {
  if (!target) return null;
  const same = target.crew === held.crew && target.day === held.day;
  if (same && (held.what === "task" || target.position === null || target.position === held.position)) return null;
  const body = { [held.what]: held.id, crew: Number(target.crew), day: target.day };
  if (held.what !== "task" && target.position !== null) body.position = target.position;
  return body;
}

function take(element) {
  held = picked(element);
  if (held.what === "stop") held.position = [...list.tBodies[0].rows].indexOf(held.element);
  held.element.classList.add("held");
  target = null;
  look = null;
  card.open(held);
}

function unmark() {
  for (const element of document.querySelectorAll(".goal, tr.before, tr.after")) element.classList.remove("goal", "refused", "before", "after");
}

function aim(wanted) {
  const key = (one) => one && `${one.crew} ${one.day} ${one.position}`;
  if (key(wanted) === key(target)) return;
  target = wanted;
  look = null;
  unmark();
  if (target) mark();
  card.ask(edit(), (found) => {
    look = found;
    slotAt(target?.crew, target?.day)?.classList.toggle("refused", !found.allowed);
  });
}

function mark() {
  slotAt(target.crew, target.day)?.classList.add("goal");
  if (target.position === null || !list || target.crew !== list.dataset.crew || target.day !== list.dataset.day) return;
  const rows = others();
  if (target.position < rows.length) rows[target.position].classList.add("before");
  else rows.at(-1)?.classList.add("after");
}

function under(x, y) {
  const element = document.elementFromPoint(x, y);
  const slot = element?.closest(".slot");
  if (slot) return { crew: slot.dataset.crew, day: slot.dataset.day, position: null };
  const row = held.what === "task" ? null : element?.closest("table.stops tbody tr");
  if (!row || row === held.element) return null;
  const box = row.getBoundingClientRect();
  const position = others().indexOf(row) + (y > box.top + box.height / 2 ? 1 : 0);
  return { crew: list.dataset.crew, day: list.dataset.day, position };
}

function creep(x, y) {
  const box = scroll.getBoundingClientRect();
  if (x < box.left || x > box.right) return;
  const pull = (at, low, high) => (at < low + EDGE ? -1 : at > high - EDGE ? 1 : 0);
  scroll.scrollBy(pull(x, box.left, box.right) * 10, y > box.top - EDGE && y < box.bottom + EDGE ? pull(y, box.top, box.bottom) * 10 : 0);
}

function release() {
  held.element.classList.remove("held");
  unmark();
  held = null;
  target = null;
}

async function drop() {
  const [wanted, refused] = [edit(), look && !look.allowed ? look : null];
  if (!wanted || refused) {
    const element = held.focus ?? held.element;
    release();
    if (refused) {
      card.refuse(`${words.refused}:${refused.faults.join(";")}`);
      setTimeout(() => { if (!held) card.close(" "); }, REFUSAL_MS);
    } else card.close();
    element.focus();
    return;
  }
  release();
  card.say(words.writing);
  const { ok, told } = await send(words.edit, wanted);
  if (!ok) {
    card.refuse(told.message);
    setTimeout(() => { if (!held) card.close(" "); }, REFUSAL_MS);
    return;
  }
  const page = new URL(told.page, window.location.href);
  for (const [name, value] of new URLSearchParams(window.location.search)) if (name.startsWith("f-")) page.searchParams.set(name, value);
  window.location.href = page;
}

function begin(event) {
  take(press.element);
  clearTimeout(press.timer);
  press.dragging = true;
  press.element.setPointerCapture?.(press.pointer);
  card.place(event.clientX, event.clientY);
}

document.addEventListener("pointerdown", (event) => {
  const element = event.target.closest(".grip, .board[data-editable] .cell");
  if (!element || held || event.button !== 0) return;
  press = { element, pointer: event.pointerId, x: event.clientX, y: event.clientY, dragging: false };
  // A finger on the board scrolls it; resting there picks the crew-day up.
  press.waits = event.pointerType === "touch" && element.matches(".cell");
  if (press.waits) press.timer = setTimeout(() => begin(event), HOLD_MS);
});

document.addEventListener("pointermove", (event) => {
  if (!press || event.pointerId !== press.pointer) return;
  const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > SLACK;
  if (!press.dragging && far) {
    if (press.waits) {
      clearTimeout(press.timer);
      press = null;
      return;
    }
    begin(event);
  }
  if (!press.dragging) return;
  card.place(event.clientX, event.clientY);
  creep(event.clientX, event.clientY);
  aim(under(event.clientX, event.clientY));
});

function finish(event) {
  if (!press || event.pointerId !== press.pointer) return;
  clearTimeout(press.timer);
  const dragged = press.dragging;
  press = null;
  if (!dragged || !held) return;
  // The click that ends a drag opens nothing.
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, { capture: true }), 50);
  if (event.type === "pointercancel") {
    release();
    card.close();
  } else drop();
}

function stop(event) {
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("pointerup", finish);
document.addEventListener("pointercancel", finish);
document.addEventListener("dragstart", (event) => { if (event.target.closest(".cell, .grip")) event.preventDefault(); });
document.addEventListener("contextmenu", (event) => { if (press || held) event.preventDefault(); });
document.addEventListener("touchmove", (event) => { if (press?.dragging) event.preventDefault(); }, { passive: false });

const days = [...board.querySelectorAll("thead [data-day]")].map((heading) => heading.dataset.day);
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [-1, 0], PageDown: [1, 0] };

function step(key) {
  const crews = [...board.querySelectorAll("tbody tr[data-crew]:not([hidden])")].map((row) => row.dataset.crew);
  const now = target ?? { crew: held.crew ?? crews[0], day: held.day ?? days[0], position: held.position ?? null };
  const home = held.what === "stop" && now.crew === held.crew && now.day === held.day;
  if (home && (key === "ArrowUp" || key === "ArrowDown")) {
    const position = now.position ?? held.position;
    return { ...now, position: Math.max(0, Math.min(others().length, position + STEPS[key][0])) };
  }
  const [rows, columns] = STEPS[key];
  const within = (values, value, by) => values[Math.max(0, Math.min(values.length - 1, values.indexOf(value) + by))];
  const first = !target && held.what === "uncovered";
  return { crew: within(crews, now.crew, first ? 0 : rows), day: within(days, now.day, first ? 0 : columns), position: null };
}

document.addEventListener("keydown", (event) => {
  if (!held) {
    const element = event.target.closest?.(".grip, .board[data-editable] .cell");
    const picks = event.key === " " || (event.key === "Enter" && element?.matches(".grip"));
    if (!element || !picks) return;
    event.preventDefault();
    take(element);
    const box = element.getBoundingClientRect();
    card.place(box.left, box.bottom);
    return;
  }
  if (event.key === "Escape") {
    const element = held.focus ?? held.element;
    press = null;
    release();
    card.close();
    element.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    drop();
  } else if (STEPS[event.key]) {
    aim(step(event.key));
    const at = (target.position === null ? slotAt(target.crew, target.day) : others()[Math.min(target.position, others().length - 1)]) ?? held.element;
    at.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = at.getBoundingClientRect();
    card.place(box.left, box.bottom);
  } else return;
  event.preventDefault();
});
// The server builds the week when it is first asked: better before the first drag than in it. A
// draft that is out of date says so at once.
const answer = await fetch(words.ready, { headers: { Accept: "application/json" } });
if (!answer.ok) {
  const help = document.getElementById("drag-help");
  help.textContent = (await answer.json()).message;
  help.classList.add("bad");
}
board.dataset.ready = "yes";
