// What a task looks like now: the server's last word, then this tablet's own records on top.

import { db, entries, readPackage } from "./store.js";
import { distance } from "./position.js";

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
    if (entry.state === "received" && entry.receivedAt < since) continue;
    if (entry.state === "attention") continue;
    folded.state = STEPS[entry.kind] ?? folded.state;
    const stop = entry.kind === "stop_result" && stops.get(entry.content.stop_id);
    if (stop) {
      stop.result = entry.content.result;
      stop.result_reason = entry.content.reason;
    }
  }
  folded.findings = own.filter((entry) => entry.kind === "finding").length;
  return folded;
}

export const isRunning = (task) => ["in_progress", "paused"].includes(task.state);

/** Lines of a geometry as lists of [lon, lat]; a point is a line of one place. */
export function linesOf(geometry) {
  switch (geometry?.type) {
    case "Point": return [[geometry.coordinates]];
    case "LineString": return [geometry.coordinates];
    case "MultiPoint": return geometry.coordinates.map((place) => [place]);
    case "MultiLineString":
    case "Polygon": return geometry.coordinates;
    case "MultiPolygon": return geometry.coordinates.flat();
    default: return [];
  }
}

/** Metres from a place to a geometry. */
export function away(place, geometry) {
  let least = Infinity;
  for (const line of linesOf(geometry)) {
    least = Math.min(least, distance(place, line[0]));
    for (let index = 1; index < line.length; index += 1) {
      least = Math.min(least, distance(place, nearestOn(place, line[index - 1], line[index])));
    }
  }
  return least;
}

function nearestOn([lon, lat], [lon1, lat1], [lon2, lat2]) {
  const shrink = Math.cos(lat * (Math.PI / 180));
  const [x, y] = [(lon2 - lon1) * shrink, lat2 - lat1];
  const length = x * x + y * y;
  const along = length ? ((lon - lon1) * shrink * x + (lat - lat1) * y) / length : 0;
  const share = Math.max(0, Math.min(1, along));
  return [lon1 + share * (lon2 - lon1), lat1 + share * (lat2 - lat1)];
}

/** The middle vertex of a geometry, where its number is drawn. */
export function middle(geometry) {
  const line = linesOf(geometry)[0];
  return line[Math.floor((line.length - 1) / 2)];
}

export const middleOfStop = (stop) => middle(stop.geometry);

export const hasDraft = async () => (await db.count("drafts")) > 0;
