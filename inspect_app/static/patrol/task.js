// A running patrol: map, stops to tick, and the big buttons.

import { byId, dayTexts, el, fault, hear, length, put, say, showSaved, tell, texts } from "./dom.js";
import { checkButton, readDrafted, sheetNote, showOffer } from "./check.js";
import { askEnd, askSkip } from "./forms.js";
import { openFinding } from "./finding.js";
import { centreOn, drawMe, drawTask, drawTrack, openMap, showStop, showWhole } from "./map.js";
import { piecesOf, proven, stayAt } from "./measure.js";
import { openPocket } from "./pocket.js";
import { fixesOf, here, startTrack, stopTrack } from "./position.js";
import { askReason } from "./reasons.js";
import { isRunning, week } from "./state.js";
import { arrivedAt, farOf, isThere, refreshStops, shortfalls, showProposal, showStops } from "./stops.js";
import { draft, keep, keepBlob, newId } from "./store.js";
import { closeThing, showThing } from "./thing.js";

const TRACK_EVERY_MS = 5000;
let day = null;
let task = null;
let chosen = null;
let offered = null; // the stop ticked last, whose form is offered
let fixes = [];
let readAt = 0;

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

export async function showTask(id, { begin = false, whole = true, stop = null } = {}) {
  day = await week();
  task = day?.tasks.find((each) => each.id === id) ?? null;
  if (!task) return false;
  openMap(byId("map"), day.surroundings);
  if (whole) showWhole(task);
  if (begin) await write("patrol_start");
  else await draw();
  if (stop !== null) choose(stop);
  return true;
}

export function leaveTask() {
  task = null;
  chosen = null;
  offered = null;
}

async function draw() {
  day = await week();
  task = day.tasks.find((each) => each.id === task.id) ?? null;
  // A change of the plan may have given all of it to others.
  if (!task) return tell("task-gone");
  await readDrafted();
  drawTask(task, choose);
  drawMe(here.fix);
  await followTrack();
  drawStops();
  return showActions();
}

async function followTrack() {
  if (task.state === "in_progress") {
    await startTrack({
      log: task.log, task: task.id, author: day.person_id, next: task.next_segment, gap_s: day.policies.track_gap_s,
    });
  } else await stopTrack();
  await readTrack();
}

async function readTrack() {
  readAt = Date.now();
  fixes = task.log ? await fixesOf(task.log) : [];
  drawTrack(piecesOf(fixes, day.policies.track_gap_s ?? Infinity));
}

function drawStops() {
  drawProposal();
  for (const stop of task.stops) stop.note = sheetNote(day, stop);
  const check = (stop) => checkButton(checkOf(stop));
  const stamp = [day.fetched_at, day.policies];
  showStops(task, { stamp, chosen, open: isRunning(task), choose: openStop, tick, skip, check });
}

/** What a check form needs to know; a problem opens a finding at its stop. */
const checkOf = (stop) => ({
  day, task, stop, write,
  raise: (preset) => openFinding({ day, task, write, near: stop.id, preset }),
});

function drawProposal() {
  const ticked = isRunning(task) && task.stops.find((stop) => stop.id === offered && stop.result === "done");
  showOffer(ticked ? checkOf(ticked) : null);
  const arrived = task.state === "in_progress" ? arrivedAt(task, day.policies) : null;
  const stay_s = arrived && stayAt(fixes, arrived.geometry, day.policies.stop_radius_m);
  showProposal(arrived, {
    stay_s, min_s: day.policies.stop_stay_min_s,
    tick: (id) => tick(task.stops.find((stop) => stop.id === id)),
  });
}

function choose(id) {
  chosen = id;
  showStop(task.stops.find((each) => each.id === id));
  drawStops();
  document.querySelector(`#stops [data-stop="${id}"]`)?.scrollIntoView({ block: "nearest" });
}

/** From the list: the stop on the map, and all that is known about it. */
function openStop(id) {
  choose(id);
  const stop = task.stops.find((each) => each.id === id);
  const act = (text, look, handler) => el("button", {
    type: "button", class: `action main ${look}`, on: { click: () => { closeThing(); handler(stop); } },
  }, text);
  const actions = isRunning(task) && stop.result !== "done"
    ? [act(`✓ ${texts.tick}`, "", tick), act(texts.skip, "quiet-action", skip)] : [];
  showThing(stop, { week: day, task, actions });
}

function position() {
  const fix = here.fix;
  return fix ? { lon: fix.lon, lat: fix.lat, accuracy_m: fix.accuracy } : {};
}

/** Tick a stop; from farther away than the radius the record carries why. */
async function tick(stop) {
  const facts = { stop_id: stop.id, result: "done", ...position() };
  offered = stop.id;
  if (isThere(stop, day.policies)) return write("stop_result", facts);
  const far = farOf(stop);
  const known = Number.isFinite(far);
  const reason = await askReason({
    title: say(dayTexts.far_title, { name: `${stop.seq} ${stop.name}` }),
    note: known ? say(dayTexts.far_note, { far: length(far), radius: length(day.policies.stop_radius_m) })
      : dayTexts.far_unknown,
    warn: true,
    choices: dayTexts.far_reasons,
  });
  if (!reason) return null;
  return write("stop_result", { ...facts, reason, far_m: known ? Math.round(far) : null });
}

async function skip(stop) {
  const answer = await askSkip(stop);
  if (answer) await write("stop_result", { stop_id: stop.id, ...answer, ...position() });
}

async function pause() {
  const reason = await askReason({ title: dayTexts.pause_title, note: dayTexts.pause_note, choices: dayTexts.pause_reasons });
  if (reason) await write("patrol_pause", { reason });
}

async function showActions() {
  const button = (name, handler, look = "") =>
    el("button", { type: "button", class: `action main ${look}`, id: `do-${name}`, on: { click: handler } },
      name === "finding" && waiting ? texts.draft : texts[name] ?? dayTexts[name]);
  const waiting = await draft(task.id);
  const wanted = JSON.stringify([task.id, task.state, Boolean(waiting)]);
  if (byId("actions").dataset.drawn === wanted) return;  // a tap must not fall between two drawings
  byId("actions").dataset.drawn = wanted;
  const running = task.state === "in_progress";
  const buttons = {
    in_progress: ["photo", "finding", "pocket", "pause", "end"], paused: ["resume", "finding", "end"],
    published: ["start"], missed: ["start"], returned: ["go_on"],
  }[task.state] ?? [];
  const act = {
    photo: () => byId("site-photo").click(),
    finding: () => openFinding({ day, task, write, near: chosen }),
    pocket: () => openPocket({ log: task.log, task: task.id, gap_s: day.policies.track_gap_s }),
    pause,
    resume: () => write("patrol_resume"),
    start: () => write("patrol_start"),
    go_on: () => write("patrol_start"),
    end,
  };
  const looks = { finding: "alarm", end: "quiet-action", pause: "quiet-action", pocket: "quiet-action" };
  put(byId("actions"),
    ...buttons.map((name) => button(name, act[name], looks[name])),
    ...(running || buttons.length ? [] : [el("p", { class: "quiet" }, texts.state[task.state])]));
}

async function end() {
  const left = task.stops.filter((stop) => stop.result === "pending").length;
  const short = shortfalls(proven(task, fixes, day.policies), day.policies);
  byId("end-minimums").replaceChildren(...short.map((text) => el("li", {}, text)));
  byId("end-minimums").hidden = !short.length;
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
    const near = arrivedAt(task, day.policies)?.id ?? chosen;
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
  if (Date.now() - readAt > TRACK_EVERY_MS) await readTrack();
  if (!task) return;
  drawProposal();
  refreshStops(task);
});
hear("package", () => { if (task) draw(); });
hear("draft", async () => {
  if (!task) return;
  const changed = await readDrafted();
  if (task && changed) drawStops();
  if (task) showActions();
});
