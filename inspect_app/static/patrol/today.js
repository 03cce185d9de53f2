// The day's tasks as cards, by time left and distance; another day of the week by its tab.

import { bureauDay, span, now, shiftDay, timeLeft } from "./clock.js";
import { byId, dayHour, dayTexts, el, hear, hour, length, megabytes, put, say, tell, texts } from "./dom.js";
import { isOld, loadPictures, loadWeek, packageSize } from "./package.js";
import { here } from "./position.js";
import { away } from "./shapes.js";
import { isRunning, today, week } from "./state.js";
import { promise } from "./stops.js";

const GO = { published: "start", missed: "start", returned: "go_on" };
const OVER = ["submitted", "completed"];
let chosen = null; // another day than today, as 2026-03-24

export async function showToday() {
  const whole = await week();
  const day = await today(chosen ?? bureauDay());
  byId("day").textContent = day?.day ?? "";
  showAge(whole);
  showDays(whole);
  const cards = (day?.tasks ?? []).map((task) => ({ task, far: farFrom(task) }));
  cards.sort((a, b) => rank(a.task) - rank(b.task) || a.far - b.far);
  const empty = !day ? texts.never_loaded : chosen ? dayTexts.no_tasks_that_day : texts.no_tasks;
  put(byId("cards"),
    ...(cards.length ? cards.map(({ task, far }) => card(task, far)) : [el("p", { class: "empty" }, empty)]),
  );
}

function showAge(whole) {
  const place = byId("age");
  const old = isOld(whole);
  place.classList.toggle("bad", old);
  const moment = whole?.checked_at ?? whole?.fetched_at;
  place.textContent = !whole ? "" : say(old ? dayTexts.age_old : dayTexts.age, {
    size: megabytes(whole.size ?? 0), time: dayHour(moment), span: span(now() - Date.parse(moment)),
  });
}

function showDays(whole) {
  const place = byId("days");
  place.hidden = !whole?.monday;
  if (!whole?.monday) return;
  const days = [0, 1, 2, 3, 4, 5, 6].map((place_) => shiftDay(whole.monday, place_));
  put(place, ...days.map((each, index) => {
    const count = whole.tasks.filter((task) => task.day === each).length;
    const isToday = each === bureauDay();
    return el("button", {
      type: "button", class: "chip-button", "data-day": each,
      "aria-pressed": String(each === (chosen ?? bureauDay())),
      on: { click: () => { chosen = isToday ? null : each; showToday(); } },
    }, isToday ? dayTexts.today : dayTexts.weekdays[index], el("small", {}, String(count)));
  }));
}

/** Running ones first, then by the time left, those handed in last. */
function rank(task) {
  if (isRunning(task)) return 0;
  return OVER.includes(task.state) ? Infinity : Date.parse(deadline(task));
}

/** Until when a task has to be got on with: its most urgent open promise, else its end. */
const deadline = (task) => [task.ends_at, ...task.stops
  .filter((stop) => stop.due_at && stop.result === "pending").map((stop) => stop.due_at)]
  .reduce((a, b) => (Date.parse(a) < Date.parse(b) ? a : b));

function farFrom(task) {
  const next = task.stops.find((stop) => stop.result === "pending");
  return here.fix && next ? away([here.fix.lon, here.fix.lat], next.geometry) : Infinity;
}

function card(task, far) {
  const done = task.stops.filter((stop) => stop.result !== "pending").length;
  const facts = [
    say(texts.stops_done, { done, all: task.stops.length }),
    say(texts.route, { far: length(task.length_m) }),
    Number.isFinite(far) && say(texts.away, { far: length(far) }),
  ].filter(Boolean);
  const begin = GO[task.state];
  const open = !OVER.includes(task.state) && task.day === bureauDay();
  const left = timeLeft(task.ends_at, task.starts_at);
  const urgent = task.stops.filter((stop) => stop.due_at && stop.result === "pending");
  return el("article", { class: `card-task ${task.state}`, "data-task": task.id },
    el("div", { class: "when" }, `${hour(task.starts_at)}–${hour(task.ends_at)}`,
      open && el("span", { class: `light ${left.light}` }, `${left.icon} ${left.words}`)),
    el("div", { class: "what" },
      el("h2", {}, task.crew, el("span", { class: `tag ${task.state}` }, texts.state[task.state])),
      el("p", {}, facts.join(" · ")),
      ...urgent.map((stop) => el("p", { class: "urgent-line" }, stop.name, promise(stop, task))),
      task.changed_at && el("p", { class: "changed" },
        say(texts.changed, { time: hour(task.changed_at), reason: task.change_reason })),
      el("p", { class: "quiet" }, say(texts.crew, { names: task.members.join("、") })),
      begin && el("p", { class: "quiet" }, texts.track_note)),
    el("button", {
      type: "button", class: "action main",
      on: { click: () => tell(begin && task.day === bureauDay() ? "begin" : "open", task) },
    }, begin && task.day === bureauDay() ? texts[begin] : texts.open));
}

/** Tell the size of the package first; the second tap loads it. */
async function offerPackage() {
  const note = byId("package-note");
  note.textContent = dayTexts.asking;
  const size = await packageSize();
  byId("package-go").hidden = !size || size.same;
  note.textContent = !size ? dayTexts.package_offline : size.same ? dayTexts.package_same
    : say(dayTexts.package_size, { size: megabytes(size.bytes), photos: size.thumbs });
  byId("package-go").onclick = () => fetchPackage(size.bytes);
}

async function fetchPackage(all) {
  const note = byId("package-note");
  const bar = byId("package-progress");
  byId("package-go").hidden = true;
  Object.assign(bar, { hidden: false, max: all, value: 0 });
  const found = await loadWeek((loaded) => { bar.value = loaded; });
  if (found === "new") {
    await loadPictures((done, count) => Object.assign(bar, { max: count, value: done }));
    tell("package");
  }
  bar.hidden = true;
  note.textContent = { new: dayTexts.package_done, same: dayTexts.package_same, offline: dayTexts.package_offline,
    login: texts.login }[found] ?? found;
  await showToday();
}

byId("package-ask").addEventListener("click", offerPackage);
hear("position", () => { if (!byId("today").hidden && !document.activeElement?.closest("#cards")) showToday(); });
