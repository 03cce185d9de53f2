// Where the tablet is, and the track it leaves while a patrol runs.

import { tell } from "./dom.js";
import { distance } from "./shapes.js";
import { db, keep } from "./store.js";

const FIXES_MAX = 300;
const SEGMENT_MS = 5 * 60 * 1000;
const STEP_M = 3;
const STILL_MS = 10 * 1000;

export const here = { fix: null, denied: false };
let recording = null;
let awake = null;
let queue = Promise.resolve();

export function watchPosition() {
  if (!("geolocation" in navigator)) return;
  navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => {
      here.fix = { lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy, at: timestamp };
      here.denied = false;
      record(here.fix);
      tell("position", here.fix);
    },
    (error) => {
      here.denied = error.code === error.PERMISSION_DENIED;
      if (here.denied) here.fix = null;
      tell("position", here.fix);
    },
    { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 },
  );
}

/** Begin or go on recording for a log; unfinished segments of a killed page are handed in first. */
export async function startTrack({ log, task, author, next, gap_s = null }) {
  if (recording?.log === log || !(await onlyRecorder())) return;
  await stopTrack();
  await handInOpen();
  const known = await db.getAllKeys("track", IDBKeyRange.bound([log, 0], [log, Infinity]));
  const number = Math.max(next, ...known.map(([, each]) => each + 1));
  recording = { log, task, author, number, fixes: [], gap: gap_s === null ? Infinity : 1000 * gap_s };
  stayAwake();
}

export async function stopTrack() {
  if (!recording) return;
  await queue;
  const last = recording;
  recording = null;
  await awake?.release().catch(() => null);
  awake = null;
  await handIn(last);
}

function record(fix) {
  const run = recording;
  if (!run) return;
  const last = run.fixes.at(-1);
  const moved = !last || distance([last[1], last[2]], [fix.lon, fix.lat]) >= STEP_M;
  const waited = !last || fix.at - last[0] >= STILL_MS;
  if (last && (fix.at - last[0] < 1000 || !(moved || waited))) return;
  // After a silence a new piece begins: what nobody saw is no track.
  if (last && fix.at - last[0] > run.gap) closePiece(run);
  run.fixes.push([
    Math.round(fix.at), round(fix.lon, 7), round(fix.lat, 7), round(fix.accuracy, 1),
  ]);
  queue = queue.then(() => writeOpen(run)).catch((error) => tell("write-failed", error));
}

function closePiece(run) {
  const piece = { ...run, fixes: run.fixes.splice(0) };
  run.number += 1;
  queue = queue.then(() => handIn(piece)).catch((error) => tell("write-failed", error));
}

async function writeOpen(run) {
  if (!run.fixes.length) return;
  const full = run.fixes.length >= FIXES_MAX || run.fixes.at(-1)[0] - run.fixes[0][0] >= SEGMENT_MS;
  const piece = { log: run.log, number: run.number, task: run.task, author: run.author, fixes: run.fixes, open: true };
  if (!full) {
    await db.put("track", piece);
    return;
  }
  run.number += 1;
  await handIn({ ...piece, fixes: run.fixes.splice(0, FIXES_MAX) });
}

/** Freeze a segment: into the outbox and marked closed in one transaction. */
async function handIn({ log, number, task, author, fixes }) {
  if (!fixes.length) return;
  const content = { kind: "segment", task_id: task, log_uid: log, number, fixes };
  await keep(content, {
    author,
    also: (tx) => tx.objectStore("track").put({ log, number, task, author, fixes, open: false }),
  });
  tell("kept");
}

let recorder = null;

/** Whether this tab records; a second tab of the page must not write the same segments. */
function onlyRecorder() {
  recorder ??= new Promise((decide) => {
    navigator.locks.request("patrol-track", { ifAvailable: true }, (lock) => {
      decide(Boolean(lock));
      return lock ? new Promise(() => {}) : null;  // held until the page is closed
    });
  });
  return recorder;
}

async function handInOpen() {
  for (const piece of await db.getAll("track")) if (piece.open) await handIn(piece);
}

/** All fixes of a log on this tablet in their order, as [epoch ms, lon, lat, accuracy]. */
export async function fixesOf(log) {
  const pieces = await db.getAll("track", IDBKeyRange.bound([log, 0], [log, Infinity]));
  return pieces.flatMap((piece) => piece.fixes);
}

/** Whether the screen is kept on by us; the browser takes it back whenever the page is hidden. */
export const isAwake = () => Boolean(awake && !awake.released);

/** Ask again for a screen that stays on; it is asked for by itself whenever the page is seen. */
export const keepAwake = () => (recording && !isAwake() ? stayAwake() : null);

async function stayAwake() {
  if (!("wakeLock" in navigator) || document.hidden) return;
  awake = await navigator.wakeLock.request("screen").catch(() => null);
}

document.addEventListener("visibilitychange", keepAwake);

const round = (value, digits) => Number(value.toFixed(digits));
