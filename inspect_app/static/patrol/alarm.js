// No failure stays silent: what keeps the outbox from being sent is said within a minute.

import { countWaiting } from "./box.js";
import { byId, hear, hour, say, texts } from "./dom.js";
import { line } from "./upload.js";

const SILENT_MS = 45 * 1000;
const LOOK_MS = 10 * 1000;
const AT_ONCE = ["portal", "revoked", "write"];

async function look() {
  const { reason, since } = line;
  const { waiting } = await countWaiting();
  // Without a line the state bar says so; a log-in that has ended has a notice of its own.
  const known = reason === null || reason === "login" || (reason === "offline" && !navigator.onLine);
  const due = AT_ONCE.includes(reason) || Math.abs(Date.now() - since) > SILENT_MS;
  const shown = !known && due && (waiting > 0 || reason === "write");
  const place = byId("sync-note");
  place.hidden = !shown;
  place.textContent = shown
    ? say(texts.not_sent, { n: waiting, time: hour(since), why: texts.stop[reason] }) : "";
}

/** Begin to watch how the sending goes. */
export function watchLine() {
  hear("outbox", look);
  setInterval(look, LOOK_MS);
}
