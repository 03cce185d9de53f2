// What a task looks like now: the server's last word, then this tablet's own records on top.

import { bureauDay, now, shiftDay } from "./clock.js";
import { db, entries, readPackage } from "./store.js";

const STEPS = {
  patrol_start: "in_progress", patrol_pause: "paused", patrol_resume: "in_progress",
  patrol_end: "submitted",
};

// A night patrol of the day before stays on the list so long after its planned end.
const NIGHT_GRACE_MS = 6 * 3600 * 1000;

/** Return the week's package with each task folded, or null where none was ever loaded. */
export async function week() {
  const found = await readPackage();
  if (!found) return null;
  const own = await entries();
  const tasks = found.tasks.map((task) => fold(
    task, own.filter((entry) => entry.task === task.id), Date.parse(task.fetched_at ?? found.fetched_at)));
  return { ...found, tasks };
}

/** Return the package with the tasks of one day, by the bureau's clock today's. */
export async function today(day = bureauDay()) {
  const found = await week();
  return found && { ...found, day, tasks: found.tasks.filter((task) => isOn(task, day)) };
}

function isOn(task, day) {
  if (task.day === day || !task.day) return true;
  return task.day === shiftDay(day, -1) && day === bureauDay()
    && Date.parse(task.starts_at) <= now() && Date.parse(task.ends_at) + NIGHT_GRACE_MS > now();
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

/** The stops in the order to take them: what is urgent and open first, the earliest promise on top. */
export function inOrder(stops) {
  const urgent = (stop) => (stop.due_at && stop.result === "pending" ? Date.parse(stop.due_at) : Infinity);
  return [...stops].sort((a, b) => (urgent(a) === urgent(b) ? a.seq - b.seq : urgent(a) - urgent(b)));
}
