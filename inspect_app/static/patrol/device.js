// Which tablet this is, and the one way it speaks to the server.

import { db, newId, readMeta, STRICT, writeMeta } from "./database.js";
import { tell } from "./dom.js";

// At one kilobyte a second the smallest piece of a photo needs half of this.
const PATIENCE_MS = 60 * 1000;
const CLOCK_STEP_MS = 1000;

/** Why a round of sending ends: offline, portal, login, revoked, busy, session; `wait` in ms. */
export class Stop extends Error {
  constructor(reason, wait = 0) {
    super(reason);
    this.reason = reason;
    this.wait = wait;
  }
}

/** The tablet's own id, made once. */
export async function deviceId() {
  const known = await readMeta("device");
  if (known) return known;
  const tx = db.transaction("meta", "readwrite", STRICT);
  const made = (await tx.store.get("device")) ?? newId();
  await tx.store.put(made, "device");
  await tx.done;
  return made;
}

/** Keep what enrolment gave: the token all later requests carry, and the tablet's name. */
export async function noteEnrolment({ token, name }) {
  await writeMeta("token", token);
  await writeMeta("device_name", name);
}

let version = null;

// The older of two kept shells is the one that runs; the newer waits for its turn.
async function appVersion() {
  version ??= globalThis.caches
    ? (await caches.keys()).find((name) => name.startsWith("patrol-"))?.slice("patrol-".length)
    : null;
  return version ?? "";
}

/** What every request says about the tablet; the server notes the clock and decides nothing by it. */
export async function deviceHeaders() {
  const device = await deviceId();
  const [token, seq] = await Promise.all([readMeta("token"), readMeta("seq")]);
  return {
    "X-Device": device,
    ...(token ? { "X-Device-Token": token } : {}),
    "X-Device-Seq": String(seq ?? 0),
    "X-Device-Clock": String(Date.now()),
    "X-App-Version": await appVersion(),
  };
}

/** Fetch as this tablet, or stop where going on makes no sense. */
export async function reach(url, options = {}) {
  const headers = { ...(await deviceHeaders()), ...options.headers };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(url, { ...options, headers, signal, cache: "no-store", redirect: "manual" });
  } catch {
    throw new Stop("offline");
  }
  // We never redirect: somebody between us and the server wants a log-in of their own.
  if (answer.type === "opaqueredirect" || answer.status === 511) throw new Stop("portal");
  if (answer.status === 401) throw await stranger(answer, options.method);
  if (answer.status === 429 || answer.status >= 500) throw new Stop("busy", pause(answer));
  return answer;
}

async function stranger(answer, method) {
  const { problem } = method === "HEAD" ? {} : await words(answer);  // a HEAD's answer has no words
  const revoked = problem === "device_revoked";
  tell("revoked", revoked);
  if (!revoked) tell("login", true);
  return new Stop(revoked ? "revoked" : "login");
}

/** Milliseconds the server asks us to wait: `Retry-After` as seconds or as a date. */
function pause(answer) {
  const asked = answer.headers.get("Retry-After");
  if (!asked) return 0;
  const seconds = Number(asked);
  return Math.max(0, Number.isNaN(seconds) ? (Date.parse(asked) || 0) - Date.now() : 1000 * seconds);
}

let offset = null;

/** The object an answer says; a page where JSON was due is not our server speaking. */
export async function words(answer) {
  let said;
  try {
    said = await answer.json();
  } catch {
    throw new Stop("portal");
  }
  if (said === null || typeof said !== "object") throw new Stop("portal");
  if (said.now) await noteClock(Date.parse(said.now));
  return said;
}

/** Note how far the tablet's clock is off; nothing is ordered, refused or ended by it. */
async function noteClock(server) {
  const found = Date.now() - server;
  if (offset !== null && Math.abs(found - offset) < CLOCK_STEP_MS) return;
  offset = found;
  await writeMeta("clock_offset_ms", found);
}
