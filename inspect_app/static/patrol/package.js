// The week's package: loaded once, kept on the tablet, its tasks kept fresh while there is a line.

import { bureauDay, mondayOf, noteClock, now, shiftDay } from "./clock.js";
import { readMeta, writeMeta } from "./database.js";
import { deviceHeaders } from "./device.js";
import { tell } from "./dom.js";
import { db, readOther, readPackage, swapPackages, writeOther, writePackage } from "./store.js";
import { alone } from "./upload.js";

// A line that brings nothing for so long is as good as none.
const SILENT_MS = 30 * 1000;
const HOUR_MS = 3600 * 1000;

/** A hot spot answers 200 with a page of its own: only what was asked for comes from the server. */
const isOurs = (answer, type) => !answer.redirected
  && (!answer.ok || (answer.headers.get("Content-Type") ?? "").startsWith(type));

/** Fetch as this tablet; null without a line. The answer may come as slowly as it has to. */
async function get(url, headers = {}, type = "application/json") {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), SILENT_MS);
  try {
    const all = { ...(await deviceHeaders()), ...headers };
    const answer = await fetch(url, { headers: all, cache: "no-store", signal: control.signal });
    if (answer.status === 401) tell("login", true);
    return isOurs(answer, type) ? answer : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** What is to be loaded: bytes and small pictures, or null where it is already here or unknown. */
export async function packageSize() {
  const [answer, known] = await Promise.all([get("/sync/week?size=1"), readPackage()]);
  if (!answer?.ok) return null;
  const size = await answer.json();
  return { ...size, same: size.etag === known?.etag };
}

/** Load the week's package; returns new, same, offline or the sentence of a refusal. */
export const loadWeek = (onProgress) => alone(() => load(onProgress));

/** The coming week's package: what loading it would bring, once the county lets it be loaded. */
export async function comingWeek() {
  const week = await readPackage();
  const hours = week?.policies?.package_early_h;
  if (!week?.next_week || hours == null) return null;
  const monday = shiftDay(week.monday, 7);
  if (bureauDay(now() + hours * HOUR_MS) < monday || bureauDay() >= monday) return null;
  const [answer, kept] = await Promise.all([get(`/sync/week?week=${week.next_week}&size=1`), readOther()]);
  if (!answer?.ok) return null;
  const size = await answer.json();
  return size.tasks ? { ...size, week: week.next_week, same: size.etag === kept?.etag } : null;
}

/** Load the coming week's package beside the one in use; it takes its place on Monday. */
export const loadComing = (week, onProgress) => alone(() =>
  load(onProgress, { url: `/sync/week?week=${week}`, read: readOther, write: writeOther }));

/** Take the package that was loaded early into use when its week has begun, also without a line. */
export async function turnWeek() {
  const [week, other] = await Promise.all([readPackage(), readOther()]);
  const monday = mondayOf(bureauDay());
  if (!week || !other || week.monday === monday || other.monday !== monday) return;
  if (week.person_id !== other.person_id) return;
  await writeOther({ ...other, reload: true }); // what changed since is asked for at the next contact
  await swapPackages();
}

const IN_USE = { url: "/sync/week", read: readPackage, write: writePackage };

async function load(onProgress = () => {}, { url, read, write } = IN_USE) {
  const known = await read();
  const answer = await get(url, known?.etag ? { "If-None-Match": known.etag } : {});
  if (!answer) return "offline";
  const moment = answer.headers.get("X-Now");
  if (answer.status === 304) {
    await noteClock(moment);
    await write(stamped(known, moment));
    return "same";
  }
  if (!answer.ok) return refusal(answer);
  let text;
  try {
    text = await readText(answer, onProgress);
  } catch {
    return "offline";
  }
  const week = JSON.parse(text);
  await noteClock(moment);
  await write(stamped({
    ...week, etag: answer.headers.get("ETag"), size: new Blob([text]).size, fetched_at: moment,
  }, moment));
  return "new";
}

/** Note on the package and its tasks when the server last confirmed them. */
const stamped = (week, moment) => ({
  ...week, reload: false, checked_at: moment, tasks: week.tasks.map((task) => ({ ...task, fetched_at: moment })),
});

async function refusal(answer) {
  if (answer.status === 401) return "login";
  return (await answer.json().catch(() => ({}))).message ?? "offline";
}

async function readText(answer, onProgress) {
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  let [text, loaded] = ["", 0];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    loaded += value.byteLength;
    text += decoder.decode(value, { stream: true });
    onProgress(loaded);
  }
}

/** Bring the tasks up to date by the feed of changes; a plan that changed brings all of it again. */
export const freshen = () => alone(async () => {
  await turnWeek();
  const week = await readPackage();
  if (!week || week.reload || week.monday !== mondayOf(bureauDay())) return load();
  return follow(week);
});

async function follow(week) {
  let fresh = week;
  for (;;) {
    const cursor = (await readMeta("cursor")) ?? "";
    const answer = await get(`/sync/changes?cursor=${encodeURIComponent(cursor)}`);
    if (!answer) return "offline";
    if (!answer.ok) return refusal(answer);
    const page = await answer.json();
    const moment = answer.headers.get("X-Now");
    await noteClock(moment);
    fresh = page.reset ? { ...fresh, reload: true } : applied(fresh, page, moment);
    // First what came, then how far it reaches: a page that is applied twice changes nothing.
    await writePackage(fresh);
    await writeMeta("cursor", page.cursor);
    if (page.reset) return load();
    if (!page.more) break;
  }
  return plan(fresh.tasks) === plan(week.tasks) ? "same" : load();
}

// What a change of the plan touches: who visits what; results and states change all day long.
const plan = (tasks) => JSON.stringify(tasks.map((task) =>
  [task.id, task.changed_at, task.stops.map((stop) => [stop.id, stop.due_at])]).sort());

function applied(week, { rows, gone }, moment) {
  const last = shiftDay(week.monday, 6);
  const cards = rows.filter(({ kind, card }) => kind === "task" && card.day >= week.monday && card.day <= last)
    .map(({ card }) => ({ ...card, fetched_at: moment }));
  const names = new Set([...rows, ...gone].map(({ kind, id }) => `${kind}/${id}`));
  const things = new Map(rows.map(({ kind, id, card }) => [`${kind}/${id}`, card]));
  const missing = new Set(gone.map(({ kind, id }) => `${kind}/${id}`));
  return {
    ...week,
    checked_at: moment,
    // The stamp is that of the package as it was loaded: with other tasks in it, it is another one.
    etag: names.size ? null : week.etag,
    tasks: [...week.tasks.filter((task) => !names.has(`task/${task.id}`)), ...cards],
    objects: week.objects.filter((thing) => !missing.has(`${thing.kind}/${thing.id}`))
      .map((thing) => things.get(`${thing.kind}/${thing.id}`) ?? thing),
  };
}

/** Whether the package was last confirmed longer ago than the county allows. */
export function isOld(week) {
  const hours = week?.policies?.package_age_max_h;
  return hours != null && now() - Date.parse(week.checked_at ?? week.fetched_at) > hours * HOUR_MS;
}

const picturesOf = (week) => new Set((week?.history ?? []).flatMap((thing) =>
  thing.findings.flatMap((finding) => finding.photos)));

const refused = new Set();

/** Load the small pictures that are missing, drop those no longer named; returns how many miss. */
export async function loadPictures(onProgress = () => {}) {
  const named = new Set([...picturesOf(await readPackage()), ...picturesOf(await readOther())]);
  const kept = new Set((await db.getAllKeys("read")).filter((key) => key.startsWith("thumb/")));
  for (const key of kept) if (!named.has(key.slice(6))) await db.delete("read", key);
  const missing = [...named].filter((name) => !kept.has(`thumb/${name}`) && !refused.has(name));
  for (const [place, name] of missing.entries()) {
    const answer = await get(`/photos/${name}?size=thumb`, {}, "image/");
    if (!answer) return missing.length - place;
    if (answer.ok) await db.put("read", await answer.blob(), `thumb/${name}`);
    else refused.add(name); // not again before the page is opened anew
    onProgress(place + 1, missing.length);
  }
  return 0;
}

export const picture = (name) => db.get("read", `thumb/${name}`);
