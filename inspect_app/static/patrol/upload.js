// The one uploader: sends the outbox in order, forgets nothing, never stops at one bad record.

import { hear, tell, texts } from "./dom.js";
import { blob, entries, markBlob, readMeta, sha256, updateEntry, writeMeta } from "./store.js";

const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 5 * 60 * 1000;
const EVERY_MS = 60 * 1000;
// Answers that a later attempt can turn: what the record waits for has not arrived yet.
const EARLY = ["record_early", "photo_missing"];

class Stop extends Error {
  constructor(reason, wait = 0) {
    super(reason);
    this.reason = reason;
    this.wait = wait;
  }
}

let token = null;
let failures = 0;
let timer = 0;
let queued = false;

/** Ask who is logged in; null without a network or without a session. */
export async function session() {
  let answer;
  try {
    answer = await fetch("/sync/session", { cache: "no-store" });
  } catch {
    return null;
  }
  if (answer.status === 401) tell("login", true);
  if (!answer.ok) return null;
  const found = await answer.json();
  token = found.csrf;
  await writeMeta("person", { id: found.person_id, name: found.name });
  tell("login", false);
  return found;
}

/** Run `work` while nobody else, in this tab or another, talks to the server. */
export const alone = (work) => navigator.locks.request("patrol-sync", work);

/** Send everything that waits, after the round that may be running; plans the next by itself. */
export async function upload({ again = false } = {}) {
  if (queued && !again) return;
  queued = true;
  clearTimeout(timer);
  let wait = EVERY_MS;
  try {
    const sent = await alone(() => {
      queued = false;
      return sendAll(again);
    });
    failures = 0;
    if (sent) tell("received");
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    failures += 1;
    const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** failures);
    wait = Math.max(error.wait, Math.random() * most);
  } finally {
    clearTimeout(timer);
    timer = setTimeout(upload, wait);
    tell("outbox");
  }
}

async function sendAll(again) {
  const waiting = (await entries()).filter((entry) =>
    ["waiting", "sending"].includes(entry.state) || (again && entry.state === "attention"));
  if (!waiting.length) return 0;
  if (!navigator.onLine) throw new Stop("offline");
  const person = await session();
  if (!person) throw new Stop("session");
  let sent = 0;
  for (const entry of waiting) {
    if (entry.author !== person.person_id) continue;
    if (await sendEntry(entry)) sent += 1;
  }
  tell("other-person", waiting.some((entry) => entry.author !== person.person_id));
  return sent;
}

async function sendEntry(entry) {
  entry.sha256 ??= await sha256(entry.bytes);
  entry.state = "sending";
  entry.message = null;
  await updateEntry(entry);
  tell("outbox");
  for (const name of entry.photos) {
    const refusal = await sendPhoto(name);
    if (refusal) return settle(entry, "attention", refusal);
  }
  const answer = await put(entry.url, entry.bytes, {
    "Content-Type": "application/json", "Content-Digest": digest(entry.sha256),
  });
  const said = await words(answer);
  if (answer.ok && said.sha256 === entry.sha256) {
    entry.receivedAt = Date.parse(said.now);
    return settle(entry, "received");
  }
  if (answer.ok) return settle(entry, "attention", texts.digest);
  if (EARLY.includes(said.problem)) return settle(entry, "waiting", said.message);
  return settle(entry, "attention", said.message);
}

async function settle(entry, state, message = null) {
  Object.assign(entry, { state, message });
  await updateEntry(entry);
  tell("outbox");
  return state === "received";
}

/** Send a photo; after a lost reply ask first whether it arrived. Returns a refusal's sentence. */
async function sendPhoto(name) {
  const photo = await blob(name);
  if (photo.state === "received") return null;
  const url = `/sync/photos/${name}`;
  const there = photo.tried && (await reach(url, { method: "HEAD" })).status === 200;
  if (!there) {
    await markBlob(name, { tried: true });
    const answer = await put(url, photo.bytes, { "Content-Type": "application/octet-stream" });
    const said = await words(answer);
    if (!answer.ok) return said.message;
    if (said.sha256 !== name) return texts.digest;
  }
  await markBlob(name, { state: "received", receivedAt: Date.now() });
  return null;
}

async function put(url, body, headers) {
  for (const last of [false, true]) {
    const answer = await reach(url, {
      method: "PUT", body, headers: { ...headers, "X-CSRFToken": token },
    });
    if (answer.status !== 400 || last) return answer;
    if (!(await session())) throw new Stop("session");  // the token belonged to an older session
  }
  return null;
}

/** Fetch, or stop the round where going on makes no sense: no line, no log-in, a busy server. */
async function reach(url, options) {
  let answer;
  try {
    answer = await fetch(url, { ...options, cache: "no-store", redirect: "manual" });
  } catch {
    throw new Stop("offline");
  }
  if (answer.status === 401) {
    tell("login", true);
    throw new Stop("login");
  }
  if (answer.status === 429 || answer.status >= 500) {
    throw new Stop("busy", 1000 * Number(answer.headers.get("Retry-After") ?? 0));
  }
  return answer;
}

async function words(answer) {
  try {
    return await answer.json();
  } catch {
    throw new Stop("no answer");
  }
}

function digest(hex) {
  const bytes = hex.match(/../g).map((pair) => Number.parseInt(pair, 16));
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}

/** Compare the outbox with what the server says it holds; what is missing is queued again. */
export async function compare() {
  let answer;
  try {
    answer = await fetch("/sync/receipt", { cache: "no-store" });
  } catch {
    return null;
  }
  if (!answer.ok) return null;
  const held = await answer.json();
  const names = new Map([...held.records, ...held.segments]);
  const [from, to] = [Date.parse(held.from), Date.parse(held.to)];
  const person = await readMeta("person");
  const ours = (await entries()).filter((entry) => entry.state === "received"
    && entry.author === person?.id && entry.receivedAt >= from && entry.receivedAt < to);
  const missing = ours.filter((entry) => names.get(entry.name) !== entry.sha256);
  for (const entry of missing) await settle(entry, "waiting");
  return { same: ours.length - missing.length, missing: missing.length };
}

/** Send when there is reason to: something new, the line is back, the page is seen, each minute. */
export function startUploading() {
  hear("kept", () => upload());
  globalThis.addEventListener("online", () => { failures = 0; upload(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) upload(); });
  upload();
}
