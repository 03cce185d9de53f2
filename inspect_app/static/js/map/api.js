// Reads from our own server; a newer question of the same kind ends the older one.

const running = new Map();

export function address(pattern, key, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const path = pattern.replace("KEY", key);
  return query ? `${path}?${query}` : path;
}

export async function read(url, kind) {
  running.get(kind)?.abort();
  const control = new AbortController();
  running.set(kind, control);
  try {
    const answer = await fetch(url, {
      headers: { Accept: "application/json" }, signal: control.signal,
    });
    if (answer.status === 401) location.reload(); // the session ended: the log-in page follows
    const body = await answer.json();
    if (!answer.ok) throw new ReadFailed(body.message);
    return body;
  } catch (error) {
    if (error.name === "AbortError") return null;
    throw error;
  } finally {
    if (running.get(kind) === control) running.delete(kind);
  }
}

export function stop(kind) {
  running.get(kind)?.abort();
}

export class ReadFailed extends Error {}

export function boundsText(map, pad = 0) {
  const bounds = map.getBounds().pad(pad);
  const west = Math.max(bounds.getWest(), -180);
  const east = Math.min(bounds.getEast(), 180);
  const south = Math.max(bounds.getSouth(), -85);
  const north = Math.min(bounds.getNorth(), 85);
  return [west, south, east, north].map((value) => value.toFixed(6)).join(",");
}
