// A running patrol: map, stops to tick, and the big buttons.

import { byId, el, fault, hear, hour, length, say, showSaved, tell, texts } from "./dom.js";
import { formFor } from "./answers.js";
import { draftedStops, openCheck, sheetNote, showOffer } from "./check.js";
import { askEnd, askSkip } from "./forms.js";
import { openFinding } from "./finding.js";
import { centreOn, drawMe, drawTask, drawTrack, openMap, showStop, showWhole } from "./map.js";
import { here, startTrack, stopTrack, trackOf } from "./position.js";
import { away } from "./shapes.js";
import { isRunning, today } from "./state.js";
import { draft, keep, keepBlob, newId } from "./store.js";

let day = null;
let task = null;
let chosen = null;
let offered = null; // the stop ticked last, whose form is offered
let drafted = new Set();

/**
 * Write a record of this task; the page says 已保存 when it is on the disk. `also` writes more in
 * the same transaction.
 */
export async function write(kind, values = {}, photos = [], also = null) {
  const content = { kind, task_id: task.id, log_uid: task.log ?? newId(), ...values };
  try {
    await keep(content, { author: day.person_id, photos, label: labelOf(values), also });
  } catch (error) {
    tell("write-failed", error);
    return false;
  }
  showSaved();
  tell("kept");
  await draw();
  return true;
}

const labelOf = (values) =>
  task.stops.find((stop) => stop.id === values.stop_id)?.name ?? "";

export async function showTask(id, { begin = false, whole = true } = {}) {
  day = await today();
  task = day?.tasks.find((each) => each.id === id) ?? null;
  if (!task) return false;
  openMap(byId("map"), day.surroundings);
  if (whole) showWhole(task);
  if (begin) await write("patrol_start");
  else await draw();
  return true;
}

export function leaveTask() {
  task = null;
  chosen = null;
  offered = null;
}

async function draw() {
  day = await today();
  task = day.tasks.find((each) => each.id === task.id) ?? null;
  // A change of the plan may have given all of it to others.
  if (!task) return tell("task-gone");
  drafted = await draftedStops();
  drawTask(task, choose);
  drawMe(here.fix);
  await followTrack();
  showProposal();
  showStops();
  return showActions();
}

async function followTrack() {
  if (task.state === "in_progress") {
    await startTrack({
      log: task.log, task: task.id, author: day.person_id, next: task.next_segment,
    });
  } else await stopTrack();
  if (task.log) drawTrack(await trackOf(task.log));
}

function choose(id) {
  chosen = id;
  const stop = task.stops.find((each) => each.id === id);
  showStop(stop);
  showProposal();
  showStops();
  document.querySelector(`#stops [data-stop="${id}"]`)?.scrollIntoView({ block: "nearest" });
}

const farOf = (stop) => (here.fix ? away([here.fix.lon, here.fix.lat], stop.geometry) : Infinity);

/** The stop to propose: the nearest unticked one within the radius. */
function arrivedAt() {
  return task.stops
    .filter((stop) => stop.result === "pending" && farOf(stop) <= day.policies.stop_radius_m)
    .sort((a, b) => farOf(a) - farOf(b))[0];
}

/** What a check form needs to know; a problem opens a finding at its stop. */
const checkOf = (stop) => ({
  day, task, stop, write,
  raise: (preset) => openFinding({ day, task, write, near: stop.id, preset }),
});

function showProposal() {
  const ticked = isRunning(task) && task.stops.find((each) => each.id === offered);
  showOffer(ticked ? checkOf(ticked) : null);
  const place = byId("proposal");
  const stop = task.state === "in_progress" ? arrivedAt() : null;
  place.hidden = !stop;
  if (!stop) return;
  place.replaceChildren(
    el("strong", {}, say(texts.arrived, { name: `${stop.seq} ${stop.name}` })),
    el("button", { type: "button", class: "action main", on: { click: () => tick(stop) } }, `✓ ${texts.tick}`));
}

function position() {
  const fix = here.fix;
  return fix ? { lon: fix.lon, lat: fix.lat, accuracy_m: fix.accuracy } : {};
}

async function tick(stop) {
  offered = stop.id;
  await write("stop_result", { stop_id: stop.id, result: "done", ...position() });
}

async function skip(stop) {
  const answer = await askSkip(stop);
  if (answer) await write("stop_result", { stop_id: stop.id, ...answer, ...position() });
}

function showStops() {
  const open = isRunning(task);
  const changed = task.changed_at && el("li", { class: "changed" },
    say(texts.changed, { time: hour(task.changed_at), reason: task.change_reason }));
  byId("stops").replaceChildren(...(changed ? [changed] : []), ...task.stops.map((stop) => {
    const far = farOf(stop);
    const facts = [
      texts.kind[stop.object_kind],
      stop.last_visit ? say(texts.last, { day: stop.last_visit.slice(5, 10) }) : texts.never,
      Number.isFinite(far) && length(far),
      stop.result_reason,
      sheetNote(day, stop),
    ].filter(Boolean);
    return el("li", { class: `stop ${stop.result}${stop.id === chosen ? " chosen" : ""}`, "data-stop": stop.id },
      el("button", { type: "button", class: "name", on: { click: () => choose(stop.id) } },
        el("b", {}, String(stop.seq)),
        el("span", {}, stop.name, el("small", {}, facts.join(" · ")))),
      stop.result !== "pending" && el("span", { class: `tag ${stop.result}` }, texts.result[stop.result]),
      open && stop.result !== "done" && el("button", { type: "button", class: "action", on: { click: () => tick(stop) } }, texts.tick),
      open && formFor(day, stop) && el("button", { type: "button", class: "action check", on: { click: () => openCheck(checkOf(stop)) } },
        drafted.has(stop.id) ? texts.check_draft : texts.check),
      open && stop.result === "pending" && el("button", { type: "button", class: "action", on: { click: () => skip(stop) } }, texts.skip),
      open && stop.result === "done" && el("button", { type: "button", class: "action", on: { click: () => skip(stop) } }, texts.undo));
  }));
}

async function showActions() {
  const button = (name, handler, look = "") =>
    el("button", { type: "button", class: `action main ${look}`, id: `do-${name}`, on: { click: handler } }, texts[name]);
  const waiting = await draft(task.id);
  const running = task.state === "in_progress";
  const buttons = {
    in_progress: ["photo", "finding", "pause", "end"], paused: ["resume", "finding", "end"],
    published: ["start"], missed: ["start"], returned: ["go_on"],
  }[task.state] ?? [];
  const act = {
    photo: () => byId("site-photo").click(),
    finding: () => openFinding({ day, task, write, near: chosen }),
    pause: () => write("patrol_pause"),
    resume: () => write("patrol_resume"),
    start: () => write("patrol_start"),
    go_on: () => write("patrol_start"),
    end,
  };
  const looks = { finding: "alarm", end: "quiet-action", pause: "quiet-action" };
  byId("actions").replaceChildren(
    ...buttons.map((name) => button(name, act[name], looks[name])),
    ...(running || buttons.length ? [] : [el("p", { class: "quiet" }, texts.state[task.state])]));
  if (waiting && byId("do-finding")) byId("do-finding").textContent = texts.draft;
}

async function end() {
  const left = task.stops.filter((stop) => stop.result === "pending").length;
  const answer = await askEnd(left);
  if (!answer) return;
  await stopTrack();
  await write("patrol_end", answer);
}

byId("site-photo").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (!file || !task) return;
  if (!file.type.startsWith("image/")) return fault(texts.not_image);
  try {
    const photo = await keepBlob(file);
    const near = arrivedAt()?.id ?? chosen;
    const { lon, lat } = position();
    await write("site_photo", { photo, stop_id: near, lon, lat }, [photo]);
  } catch (error) {
    tell("write-failed", error);
  }
  return null;
});
byId("locate").addEventListener("click", () => { if (here.fix) centreOn(here.fix); });

hear("position", async (fix) => {
  if (!task) return;
  drawMe(fix);
  showProposal();
  if (task.log) drawTrack(await trackOf(task.log));
});
hear("package", () => { if (task) draw(); });
hear("draft", async () => {
  if (!task) return;
  const now = await draftedStops();
  const changed = now.size !== drafted.size;
  drafted = now;
  if (changed) showStops();
  showActions();
});
