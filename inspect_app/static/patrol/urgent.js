// An urgent stop that arrives while a crew is out: seen, heard, with its deadline counted down.

import { span, now } from "./clock.js";
import { byId, dayTexts, hear, hour, say, tell } from "./dom.js";
import { readMeta, writeMeta } from "./database.js";
import { today } from "./state.js";

const EVERY_MS = 15 * 1000;
const KEPT = 200; // ids of stops somebody has taken note of
const OPEN = ["published", "in_progress", "paused", "returned"];
const rung = new Set();
let shown = null;

async function look() {
  const seen = new Set((await readMeta("urgent_seen")) ?? []);
  const day = await today();
  const found = (day?.tasks ?? []).filter((task) => OPEN.includes(task.state))
    .flatMap((task) => task.stops.map((stop) => ({ task, stop })))
    .filter(({ stop }) => stop.due_at && stop.result === "pending" && !seen.has(stop.id))
    .sort((a, b) => Date.parse(a.stop.due_at) - Date.parse(b.stop.due_at));
  [shown = null] = found;
  byId("urgent").hidden = !shown;
  if (!shown) return;
  const { stop } = shown;
  const left = Date.parse(stop.due_at) - now();
  byId("urgent-text").textContent = say(left < 0 ? dayTexts.urgent_over : dayTexts.urgent, {
    name: stop.name, time: hour(stop.due_at), span: span(left),
  });
  byId("pocket-urgent").textContent = byId("urgent-text").textContent;
  if (!rung.has(stop.id)) {
    rung.add(stop.id);
    ring();
  }
}

/** Three tones and a long shake; a page nobody has touched yet may stay silent. */
function ring() {
  navigator.vibrate?.([400, 200, 400, 200, 800]);
  const Sound = globalThis.AudioContext;
  if (!Sound) return;
  const sound = new Sound();
  [0, 0.5, 1].forEach((at) => {
    const tone = sound.createOscillator();
    tone.frequency.value = 880;
    tone.connect(sound.destination);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.3);
  });
  setTimeout(() => sound.close(), 3000);
}

async function take({ go }) {
  const { task, stop } = shown;
  const seen = (await readMeta("urgent_seen")) ?? [];
  await writeMeta("urgent_seen", [...seen, stop.id].slice(-KEPT));
  byId("pocket-urgent").textContent = "";
  await look();
  if (go) tell("go", { task, stop: stop.id });
}

export function watchUrgent() {
  byId("urgent-go").addEventListener("click", () => take({ go: true }));
  byId("urgent-seen").addEventListener("click", () => take({ go: false }));
  hear("package", look);
  hear("kept", look);
  setInterval(look, EVERY_MS);
  look();
}
