// The map of a handed-in patrol: what was planned, where the track went and where it has gaps, what
// it doesn't cover, what became of each stop; and its replay, with stops and photos as they came.

/* global L */
import { away, linesOf, middle } from "../patrol/shapes.js";
import { timeline, visits } from "./replay.js";
import { ReplayBar } from "./replay_bar.js";

const LOOK = {
  waterway: { color: "#0b5cad", weight: 3 }, road: { color: "#999", weight: 1.5 },
  grid: { color: "#5b2a86", weight: 1.5, dashArray: "6 5" },
};
const TRACK = {
  device: { color: "#c2007a", weight: 3 },
  gpx: { color: "#5b2a86", weight: 3 },
  drone: { color: "#0b6e4f", weight: 3, dashArray: "8 6" },
  manual: { color: "#4a5866", weight: 3, dashArray: "2 6" },
};
const FAINT = 0.35;
const place = document.getElementById("review-map");
const latLngs = (geometry) => linesOf(geometry).map((line) => line.map(([lon, lat]) => [lat, lon]));

function textMark(text, className, size) {
  const mark = document.createElement("span");
  mark.textContent = text;
  return L.divIcon({ className, html: mark, iconSize: [size, size] });
}

function drawGround(map, { surroundings, stops, uncovered, gaps }) {
  for (const { properties, geometry } of surroundings) {
    L.polyline(latLngs(geometry), { ...LOOK[properties.kind], interactive: false }).addTo(map);
  }
  for (const stop of stops) {
    const look = { color: "#e69f00", weight: 9, opacity: 0.6, interactive: false };
    L.polyline(latLngs(stop.geometry), look).addTo(map);
  }
  for (const line of uncovered) {
    L.polyline(latLngs(line), { color: "#b3261e", weight: 4, interactive: false }).addTo(map);
  }
  for (const { title, ends } of gaps) {
    for (const [end] of latLngs(ends)) {
      const note = document.createElement("span");
      note.textContent = title;
      const look = { radius: 8, color: "#17212b", weight: 2, dashArray: "3 3", fillOpacity: 0 };
      L.circleMarker(end, look).bindTooltip(note).addTo(map);
    }
  }
}

function drawStops(map, { stops, outcomes }) {
  return stops.map((stop) => {
    const outcome = outcomes[stop.id] ?? stop.result;
    const [lon, lat] = middle(stop.geometry);
    const icon = textMark(stop.seq, `stop-mark ${outcome}`, 28);
    const mark = L.marker([lat, lon], { icon, title: stop.name, alt: stop.name }).addTo(map);
    return { id: stop.id, mark };
  });
}

function drawPhotos(map, photos) {
  return photos.map(({ sha256, at, place: [lon, lat], title, finding }) => {
    const icon = textMark(finding ? "!" : "▣", `photo-mark${finding ? " finding" : ""}`, 22);
    const mark = L.marker([lat, lon], { icon, title, alt: title, zIndexOffset: 500 }).addTo(map);
    mark.on("click", () => {
      const card = document.querySelector(`[data-photo="${sha256}"]`);
      card?.scrollIntoView({ block: "center" });
      card?.querySelector("a, button")?.focus();
    });
    return { at, mark };
  });
}

function drawTrack(map, track) {
  return track.map(({ source, geometry }) =>
    L.polyline(latLngs(geometry), { ...TRACK[source], interactive: false }).addTo(map));
}

/** Return what draws a moment of the replay: the way so far, stops come to, photos taken. */
function player(map, { pieces, lines, stops, photos, moments }) {
  const here = L.marker([0, 0], { icon: textMark("", "here-mark", 22), zIndexOffset: 1000, keyboard: false });
  const trail = pieces.map(({ source }) => L.polyline([], { ...TRACK[source], weight: 5, interactive: false }).addTo(map));
  return (moment, spot, whole) => {
    for (const line of lines) line.setStyle({ opacity: whole ? 1 : FAINT });
    pieces.forEach(({ at, line }, number) => {
      let done = [];
      if (!whole && at.at(-1) <= moment) done = line;
      else if (!whole && spot?.number === number) done = [...line.slice(0, spot.index + 1), spot.place];
      trail[number].setLatLngs(done.map(([lon, lat]) => [lat, lon]));
    });
    for (const { id, mark } of stops) {
      const unlit = !whole && !((moments.get(id) ?? Infinity) <= moment);
      mark.getElement()?.classList.toggle("unlit", unlit);
    }
    for (const { at, mark } of photos) {
      mark.getElement()?.classList.toggle("not-yet", !whole && at > moment);
    }
    if (!spot || whole) here.remove();
    else here.setLatLng([spot.place[1], spot.place[0]]).addTo(map);
  };
}

const answer = await fetch(place.dataset.url);
if (answer.ok) {
  const patrol = await answer.json();
  const { stops, gaps, track, photos, radius_m: radius, zone_s: zone } = patrol;
  const map = L.map(place, { preferCanvas: true, attributionControl: false });
  L.control.scale({ imperial: false }).addTo(map);
  const all = [...stops.map((stop) => stop.geometry), ...track.map((piece) => piece.geometry), ...gaps.map((gap) => gap.ends)]
    .flatMap((geometry) => latLngs(geometry)).flat();
  if (all.length) map.fitBounds(all, { padding: [30, 30], maxZoom: 17 });
  drawGround(map, patrol);
  const lines = drawTrack(map, track);
  const marks = { stops: drawStops(map, patrol), photos: drawPhotos(map, photos) };
  const pieces = timeline(track);
  if (pieces.length) {
    const moments = visits(pieces, stops, { radius, away });
    const show = player(map, { pieces, lines, ...marks, moments });
    new ReplayBar(document.getElementById("replay"), { pieces, zone, show });
  }
  const look = L.circleMarker([0, 0], { radius: 16, color: "#b3261e", weight: 3, fillOpacity: 0.1, interactive: false });
  for (const button of document.querySelectorAll("[data-lon]")) {
    button.addEventListener("click", () => {
      const spot = [Number(button.dataset.lat), Number(button.dataset.lon)];
      look.setLatLng(spot).addTo(map);
      map.setView(spot, Math.max(map.getZoom(), 16));
      place.scrollIntoView({ block: "center" });
    });
  }
  place.dataset.ready = "yes";
}

const reason = document.querySelector("#step-return input[name=reason]");
for (const button of document.querySelectorAll("[data-ask]")) {
  if (!reason) button.remove();
  button.addEventListener("click", () => {
    const parts = [reason.value.trim(), button.dataset.ask].filter(Boolean);
    reason.value = parts.join(" ");
    reason.scrollIntoView({ block: "center" });
    reason.focus();
  });
}
