// The one uploader: records first, then photos; forgets nothing, never stops at one bad record.

import { sendPhoto } from "./blobs.js";
import { sha256 } from "./database.js";
import { Stop, words } from "./device.js";
import { hear, tell, texts } from "./dom.js";
import { checkDue, dailyCheck } from "./reconcile.js";
import { ask, send, session } from "./session.js";
import { allPhotos, bodyOf, entries, markBlob, patchEntry } from "./store.js";
import { looksOnly } from "./window.js";

export { session };

const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 5 * 60 * 1000;
const EVERY_MS = 60 * 1000;
const ASK_AGAIN_MS = 10 * 60 * 1000;
const DAMAGED_MAX = 3;
// Answers of an older server that a later attempt can turn.
const EARLY = ["record_early", "photo_missing"];

/** How the sending goes; `since` is when it last began to fail, `halted` ends it until a reload. */
export const line = { reason: null, since: null, contactAt: null, notBefore: 0, halted: false };
let failures = 0;
let timer = 0;
let queued = false;

/** Run `work` while nobody else, in this tab or another, talks to the server. */
export const alone = (work) => navigator.locks.request("patrol-sync", work);

/** Send everything that waits, after the round that may be running; plans the next by itself. */
export async function upload({ again = false } = {}) {
  if (line.halted || looksOnly() || (queued && !again)) return;
  if (!again && performance.now() < line.notBefore) return;
  queued = true;
  clearTimeout(timer);
  let wait = EVERY_MS;
  try {
    const sent = await alone(() => {
      queued = false;
      return round(again);
    });
    failures = 0;
    if (sent) tell("received");
  } catch (error) {
    wait = failed(error);
  } finally {
    clearTimeout(timer);
    if (!line.halted) timer = setTimeout(onTime, wait);
    tell("outbox");
  }
}

/** The pause is over when its own timer says so: read from a clock it may still lack a moment. */
function onTime() {
  line.notBefore = 0;
  upload();
}

/** Note why a round ended; anything but the line or the server is this tablet's own fault. */
function failed(error) {
  line.since ??= Date.now();
  if (!(error instanceof Stop)) {
    tell("write-failed", error);
    throw error;
  }
  line.reason = error.reason;
  failures += 1;
  const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** failures);
  const wait = Math.max(error.wait, BACKOFF_MIN_MS, Math.random() * most);
  // Only a busy server is spared what the person does: it asked for it. Counted from the start of
  // the page: the tablet's clock may be set back by a year meanwhile.
  line.notBefore = error.reason === "busy" ? performance.now() + wait : 0;
  return wait;
}

/** A tablet that cannot write what it is told must not go on as if it could. */
function halt() {
  clearTimeout(timer);
  Object.assign(line, { halted: true, reason: "write", since: line.since ?? Date.now() });
  tell("outbox");
}

function contact() {
  Object.assign(line, { reason: null, since: null, notBefore: 0, contactAt: Date.now() });
}

async function round(again) {
  const check = await checkDue();
  const all = await entries();
  const idle = !all.some(isDue({ again })) && !(await openPhotos(all, again)).length;
  if (idle && !check) return 0;
  if (!navigator.onLine) throw new Stop("offline");
  const person = await ask();
  contact();
  if (check) await dailyCheck();
  let sent = await sendRecords(person, isDue({ again: again || check }));
  const whole = await sendPhotos(person, again);
  if (whole.size) sent += await sendRecords(person, isDue({ whole }));
  const left = (await entries()).filter((entry) => !entry.kept && !mine(person)(entry));
  tell("other-person", left.length > 0);
  contact();
  return sent;
}

/** Which items to send now: what is new; what the server may have taken further since. */
function isDue({ again = false, whole = null }) {
  return (entry) => {
    if (["waiting", "sending"].includes(entry.state)) return true;
    if (whole) return entry.photos.some((name) => whole.has(name));
    if (entry.state === "attention") return again;
    return entry.state === "received" && (again || Math.abs(Date.now() - entry.triedAt) > ASK_AGAIN_MS);
  };
}

/** Whose items this log-in may send: an enrolled tablet vouches for the authors named inside. */
const mine = (person) => (entry) => entry.author === person.person_id
  || Boolean(person.device?.known && entry.signed);

async function sendRecords(person, due) {
  let sent = 0;
  for (const entry of (await entries()).filter(due).filter(mine(person))) {
    if (await sendEntry(entry)) sent += 1;
  }
  return sent;
}

async function sendEntry(entry) {
  const fresh = ["waiting", "sending"].includes(entry.state);
  await patchEntry(entry.id, { ...(fresh && { state: "sending" }), triedAt: Date.now() });
  if (fresh) tell("outbox");
  const bytes = await bodyOf(entry.id);
  const hash = bytes && await sha256(bytes);
  if (!bytes || (entry.sha256 && entry.sha256 !== hash)) {
    return settle(entry, { state: "attention", message: texts.damaged_here });
  }
  try {
    const answer = await send("PUT", entry.url, {
      body: bytes,
      headers: {
        "Content-Type": "application/json", "Content-Digest": digest(hash),
        "X-Item-Seq": String(entry.seq),
      },
    });
    return settle(entry, await judge({ ...entry, sha256: hash }, answer));
  } catch (error) {
    if (error instanceof Stop) {
      const told = { reason: error.reason, at: Date.now() };
      await patchEntry(entry.id, { ...(fresh && { state: "waiting" }), error: told });
    }
    throw error;
  }
}

async function settle(entry, facts) {
  await patchEntry(entry.id, facts);
  tell("outbox");
  return facts.kept === true;
}

/** What an answer makes of an item. Only our own server's word with our own hash counts. */
async function judge(entry, answer) {
  const said = await words(answer);
  if (answer.ok) {
    if (said.sha256 !== entry.sha256 || said.id !== entry.name) throw new Stop("portal");
    return kept(entry, said);
  }
  const message = said.message ?? texts.refused;
  if (EARLY.includes(said.problem)) return { state: "waiting", message };
  if (said.problem === "digest_mismatch" && (entry.damaged ?? 0) < DAMAGED_MAX) {
    return { state: "waiting", message, damaged: (entry.damaged ?? 0) + 1 };
  }
  if (!said.problem) throw new Stop("portal");
  return { state: "attention", message, kept: Boolean(said.quarantine), sha256: entry.sha256 };
}

async function kept(entry, said) {
  const photos = await allPhotos();
  const missing = said.missing_photos
    ?? entry.photos.filter((name) => photos.get(name)?.state !== "verified");
  for (const name of missing) {
    if (photos.get(name)?.state === "verified") await markBlob(name, { state: "waiting" });
  }
  const at = Date.parse(said.now);
  const facts = {
    kept: true, sha256: entry.sha256, missing, receivedAt: entry.receivedAt ?? at, message: null,
    early: said.state === "waiting", error: null,
  };
  if (said.state === "inbox") {
    const message = [texts.in_inbox, said.message].filter(Boolean).join(":");
    return { ...facts, state: "attention", message };
  }
  if (facts.early) return { ...facts, state: "received", message: texts.early };
  if (missing.length) return { ...facts, state: "received" };
  for (const name of entry.photos) {
    if (!photos.get(name)?.verifiedAt) await markBlob(name, { state: "verified", verifiedAt: at });
  }
  return { ...facts, state: "verified", verifiedAt: at };
}

/** Names of photos the server has not verified; a refused one is tried again only when asked to. */
async function openPhotos(items, again) {
  const facts = await allPhotos();
  const done = again ? ["verified"] : ["verified", "attention"];
  return [...new Set(items.flatMap((entry) => entry.photos))]
    .filter((name) => facts.has(name) && !done.includes(facts.get(name).state));
}

/** Send the photos of items the server has, or waits for; returns the names that are whole now. */
async function sendPhotos(person, again) {
  const whole = new Set();
  for (const name of await openPhotos((await entries()).filter(mine(person)), again)) {
    if (await sendPhoto(name)) whole.add(name);
    tell("outbox");
  }
  return whole;
}

function digest(hex) {
  const bytes = hex.match(/../g).map((pair) => Number.parseInt(pair, 16));
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}

/** Send when there is reason to: something new, the line is back, the page is seen, each minute. */
export function startUploading() {
  hear("write-failed", halt);
  hear("kept", () => upload());
  hear("window", () => upload());
  globalThis.addEventListener("online", () => { failures = 0; upload(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) upload(); });
  upload();
}
