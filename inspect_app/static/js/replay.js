// Time along a recorded track: where the crew was at a moment, and when nobody knows.

const SOURCES = ["device", "gpx"];

/** The recorded way as pieces in order of time; only what the crew itself recorded has a clock. */
export function timeline(track) {
  const pieces = track
    .filter((piece) => SOURCES.includes(piece.source) && piece.at.length > 1)
    .map(({ source, at, geometry }) => ({ source, at, line: geometry.coordinates }));
  const own = pieces.filter((piece) => piece.source === "device");
  const silent = (piece) => own.every((one) => piece.at.at(-1) <= one.at[0] || piece.at[0] >= one.at.at(-1));
  const used = pieces.filter((piece) => piece.source === "device" || silent(piece));
  return used.sort((one, other) => one.at[0] - other.at[0]);
}

/** Where the crew was: the piece, the index of the last fix passed and the place; null in a gap. */
export function placeAt(pieces, moment) {
  const number = pieces.findIndex((piece) => piece.at[0] <= moment && moment <= piece.at.at(-1));
  if (number < 0) return null;
  const { at, line } = pieces[number];
  let low = 0;
  let high = at.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at[middle] <= moment) low = middle; else high = middle;
  }
  const share = at[high] > at[low] ? (moment - at[low]) / (at[high] - at[low]) : 0;
  const place = line[low].map((value, axis) => value + share * (line[high][axis] - value));
  return { number, index: low, place };
}

/** The silence around a moment that lies in no piece: from when to when. */
export function gapAt(pieces, moment) {
  const before = pieces.filter((piece) => piece.at.at(-1) < moment).map((piece) => piece.at.at(-1));
  const after = pieces.filter((piece) => piece.at[0] > moment).map((piece) => piece.at[0]);
  return { from: Math.max(...before), to: Math.min(...after) };
}

/** When each stop was first come to within the radius; stops that never were are not among them. */
export function visits(pieces, stops, { radius, away }) {
  const found = new Map();
  for (const stop of stops) {
    const moments = pieces.map(({ at, line }) => {
      const index = line.findIndex((place) => away(place, stop.geometry) <= radius);
      return index < 0 ? Infinity : at[index];
    });
    const first = Math.min(...moments);
    if (Number.isFinite(first)) found.set(stop.id, first);
  }
  return found;
}

/** What the clock on the wall of the bureau showed at a moment. */
export function clockText(moment, zoneSeconds) {
  return new Date((moment + zoneSeconds) * 1000).toISOString().slice(11, 19);
}
