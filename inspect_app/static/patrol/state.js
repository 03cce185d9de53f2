// What a task looks like now: the server's last word, then this tablet's own records on top.

import { db, entries, readPackage } from "./store.js";

const STEPS = {
  patrol_start: "in_progress", patrol_pause: "paused", patrol_resume: "in_progress",
  patrol_end: "submitted",
};

/** Return the package with each task folded, or null where none was ever loaded. */
export async function today() {
  const day = await readPackage();
  if (!day) return null;
  const own = await entries();
  const since = Date.parse(day.fetched_at);
  const tasks = day.tasks.map((task) => fold(task, own.filter((entry) => entry.task === task.id), since));
  return { ...day, tasks };
}

/** Apply records the package cannot know yet; records it was made with are already in it. */
export function fold(task, own, since) {
  const stops = new Map(task.stops.map((stop) => [stop.id, { ...stop }]));
  const folded = { ...task, stops: [...stops.values()], log: task.log_uid };
  for (const entry of own) {
    if (entry.kind === "patrol_start") folded.log ??= entry.content.log_uid;
    if (entry.kept && !entry.early && entry.receivedAt < since) continue;
    if (entry.state === "attention") continue;
    folded.state = STEPS[entry.kind] ?? folded.state;
    const stop = entry.kind === "stop_result" && stops.get(entry.content.stop_id);
    if (stop) {
      stop.result = entry.content.result;
      stop.result_reason = entry.content.reason;
    }
    const checked = entry.kind === "check_form" && stops.get(entry.content.stop_id);
    if (checked) checked.sheet = entry.content;
  }
  folded.findings = own.filter((entry) => entry.kind === "finding").length;
  return folded;
}

export const isRunning = (task) => ["in_progress", "paused"].includes(task.state);

export const hasDraft = async () => (await db.count("drafts")) > 0;
