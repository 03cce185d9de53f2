// Compare, don't trust: what this tablet holds against what the server says it holds.

import { readMeta, writeMeta } from "./database.js";
import { deviceId, reach, Stop, words } from "./device.js";
import { send } from "./session.js";
import { allPhotos, entries, markBlobs, patchEntries, tidy } from "./store.js";

const HALF_DAY_MS = 12 * 3600 * 1000;

/** Whether today's comparison is still to come. */
export async function checkDue() {
  const last = await readMeta("checked");
  const now = new Date();
  return !last || new Date(last).toDateString() !== now.toDateString()
    || Math.abs(now - last) > HALF_DAY_MS;
}

/** The day's first contact: compare everything, then drop what may go. */
export async function dailyCheck() {
  await fetchRescueKey();
  if (await compareAll()) await tidy();
  await writeMeta("checked", Date.now());
}

/** The key only the bureau can open: with it a rescue file can be made without a network. */
async function fetchRescueKey() {
  const answer = await reach("/sync/rescue-key");
  if (!answer.ok) return;
  const said = await words(answer);
  if (said.key) await writeMeta("rescue_key", { id: said.id, key: said.key });
}

/**
 * Tell the server the names and hashes of all it should hold; what it lacks is queued again.
 * Returns whether there was an answer: an older server knows no such comparison.
 */
export async function compareAll() {
  const told = (await entries()).filter((entry) => entry.kept);
  const sent = [...(await allPhotos()).values()].filter((photo) => photo.state === "verified");
  const items = [...told.map((entry) => [entry.name, entry.sha256]),
    ...sent.map((photo) => [photo.sha256, photo.sha256])];
  const answer = await send("POST", "/sync/manifest", {
    body: JSON.stringify({ device: await deviceId(), items }),
    headers: { "Content-Type": "application/json" },
  });
  if ([404, 405].includes(answer.status)) return false;
  const said = await words(answer);
  const lists = [said.missing, said.different, said.incomplete];
  if (!answer.ok || !lists.every(Array.isArray)) throw new Stop("portal");
  const [missing, different, incomplete] = lists.map((list) => new Map(list.map((each) => [each.id ?? each, each])));
  const verdict = { missing, different, incomplete, at: Date.parse(said.now) };
  await patchEntries(told.map((entry) => [entry.id, entryAfter(entry, verdict)]));
  const lacking = new Set([...incomplete.values()].flatMap((each) => each.missing_photos));
  await markBlobs(sent.map((photo) => [photo.sha256, photoAfter(photo, verdict, lacking)]));
  return true;
}

function entryAfter(entry, { missing, different, incomplete, at }) {
  // One that differs is sent again: its bytes are then kept beside the others, for a person.
  const gone = missing.has(entry.name) || (different.has(entry.name) && entry.state !== "attention");
  if (gone) return { state: "waiting", kept: false, confirmedAt: null };
  const lacks = incomplete.get(entry.name)?.missing_photos ?? [];
  if (!lacks.length) return { confirmedAt: at };
  return { confirmedAt: null, missing: lacks, state: entry.state === "verified" ? "received" : entry.state };
}

function photoAfter(photo, { missing, different, at }, lacking) {
  const gone = [missing, different, lacking].some((names) => names.has(photo.sha256));
  return gone ? { state: "waiting", confirmedAt: null, offset: 0 }
    : { verifiedAt: photo.verifiedAt ?? at, confirmedAt: at };
}

/**
 * Today's receipt, line by line: each item of this person as it lies here and there. Null without
 * an answer.
 */
export async function receipt() {
  let held;
  try {
    const answer = await reach("/sync/receipt");
    if (!answer.ok) return null;
    held = await words(answer);
  } catch (error) {
    if (error instanceof Stop) return null;
    throw error;
  }
  if (!Array.isArray(held.records) || !Array.isArray(held.segments)) return null;
  const there = new Map([...held.records, ...held.segments]);
  const [from, to] = [Date.parse(held.from), Date.parse(held.to)];
  const person = await readMeta("person");
  const own = (await entries()).filter((entry) => entry.author === person?.id);
  const names = new Set(own.map((entry) => entry.name));
  const lines = own
    .filter((entry) => (entry.kept ? entry.receivedAt >= from && entry.receivedAt < to : true))
    .map((entry) => ({ entry, same: there.get(entry.name) === entry.sha256 }));
  const lost = lines.filter(({ entry, same }) => entry.kept && !same && entry.state !== "attention");
  await patchEntries(lost.map(({ entry }) => [entry.id, { state: "waiting", kept: false }]));
  return {
    day: held.day, lines, lost: lost.length,
    elsewhere: [...there].filter(([name]) => !names.has(name)),
  };
}
