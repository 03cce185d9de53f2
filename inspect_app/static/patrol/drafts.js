// Drafts are written by themselves: a moment after the last touch, and before the page is left.

import { tell } from "./dom.js";
import { writeDraft } from "./store.js";

const SOON_MS = 200;
const LATEST_MS = 1500;
const open = new Map();

/** Write a draft soon; `value` is read when it is written. */
export function draftSoon(key, value) {
  const known = open.get(key);
  clearTimeout(known?.timer);
  const since = known?.since ?? Date.now();
  const wait = Math.max(0, Math.min(SOON_MS, since + LATEST_MS - Date.now()));
  open.set(key, { value, since, timer: setTimeout(() => flush(key), wait) });
}

/** Forget a draft that was handed in before it was written. */
export function dropDraft(key) {
  clearTimeout(open.get(key)?.timer);
  open.delete(key);
}

async function flush(key) {
  const found = open.get(key);
  dropDraft(key);
  if (!found) return;
  try {
    await writeDraft(key, found.value());
  } catch (error) {
    tell("write-failed", error);
    return;
  }
  tell("draft");
}

/** Write all that is open now. */
export const flushDrafts = () => Promise.all([...open.keys()].map(flush));

globalThis.addEventListener("pagehide", flushDrafts);
document.addEventListener("visibilitychange", () => { if (document.hidden) flushDrafts(); });
