// What a track proves so far: gaps, distance, time spent at a stop, share of a reach covered.

import { away, distance, linesOf } from "./shapes.js";

const STEP_M = 20;

/** Fixes are [epoch ms, lon, lat, accuracy]; a gap is a silence longer than `limit_s`. */
export function gapsOf(fixes, limit_s, pauses = []) {
  const gaps = [];
  for (let place = 1; place < fixes.length; place += 1) {
    const [from, to] = [fixes[place - 1][0], fixes[place][0]];
    if (to - from <= limit_s * 1000) continue;
    if (!pauses.some(([begin, end]) => begin <= to && end >= from)) gaps.push({ from, to });
  }
  return gaps;
}

/** Lines to draw: a track does not run through what nobody saw. */
export function piecesOf(fixes, limit_s) {
  const pieces = [];
  for (const [place, fix] of fixes.entries()) {
    if (!place || fix[0] - fixes[place - 1][0] > limit_s * 1000) pieces.push([]);
    pieces.at(-1).push([fix[1], fix[2]]);
  }
  return pieces;
}

export const metresOf = (pieces) => pieces.reduce((sum, piece) => sum + piece.reduce(
  (length, place, index) => (index ? length + distance(piece[index - 1], place) : 0), 0), 0);

/** Seconds from the last arrival within reach of a place until the last fix; null when not there. */
export function stayAt(fixes, geometry, radius_m) {
  const inside = (fix) => away([fix[1], fix[2]], geometry) <= radius_m;
  let first = fixes.length;
  while (first > 0 && inside(fixes[first - 1])) first -= 1;
  return first === fixes.length ? null : Math.round((fixes.at(-1)[0] - fixes[first][0]) / 1000);
}

/** Share of lines that lie within `tolerance_m` of a fix: an estimate, the office measures exactly. */
export function coveredShare(geometries, fixes, tolerance_m) {
  const cell = 0.001; // degrees: about 100 m, more than any tolerance looked for
  const cells = new Map();
  for (const [, lon, lat] of fixes) {
    const key = `${Math.floor(lon / cell)} ${Math.floor(lat / cell)}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push([lon, lat]);
  }
  const near = ([lon, lat]) => {
    const [x, y] = [Math.floor(lon / cell), Math.floor(lat / cell)];
    return [-1, 0, 1].some((dx) => [-1, 0, 1].some((dy) =>
      cells.get(`${x + dx} ${y + dy}`)?.some((fix) => distance(fix, [lon, lat]) <= tolerance_m)));
  };
  const places = geometries.flatMap(linesOf).flatMap(sampled);
  return places.length ? places.filter(near).length / places.length : null;
}

function sampled(line) {
  const places = [];
  for (let index = 1; index < line.length; index += 1) {
    const [[lon1, lat1], [lon2, lat2]] = [line[index - 1], line[index]];
    const steps = Math.max(1, Math.round(distance(line[index - 1], line[index]) / STEP_M));
    for (let step = 0; step < steps; step += 1) {
      const share = (step + 0.5) / steps;
      places.push([lon1 + share * (lon2 - lon1), lat1 + share * (lat2 - lat1)]);
    }
  }
  return places;
}

/** What a track has come to: minutes, metres, share of the task's reaches; null where not known. */
export function proven(task, fixes, { coverage_tolerance_m: tolerance, track_gap_s: gap_s }) {
  const lines = task.stops.filter((stop) => !stop.geometry.type.endsWith("Point")).map((stop) => stop.geometry);
  return {
    minutes: fixes.length ? (fixes.at(-1)[0] - fixes[0][0]) / 60000 : 0,
    metres: metresOf(piecesOf(fixes, gap_s ?? Infinity)),
    share: tolerance == null ? null : coveredShare(lines, fixes, tolerance),
  };
}
