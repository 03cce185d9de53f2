// The map of a handed-in patrol: what was planned, where the track went and where it has gaps, what
// it doesn't cover, what became of each stop.

/* global L */
import { linesOf, middle } from "../patrol/shapes.js";

const LOOK = {
  waterway: { color: "#0b5cad", weight: 3 }, road: { color: "#999", weight: 1.5 },
  grid: { color: "#5b2a86", weight: 1.5, dashArray: "6 5" },
};
const place = document.getElementById("review-map");
const latLngs = (geometry) => linesOf(geometry).map((line) => line.map(([lon, lat]) => [lat, lon]));

const answer = await fetch(place.dataset.url);
if (answer.ok) {
  const { surroundings, stops, track, uncovered, gaps, outcomes } = await answer.json();
  const map = L.map(place, { preferCanvas: true, attributionControl: false });
  L.control.scale({ imperial: false }).addTo(map);
  const all = [...stops.map((stop) => stop.geometry), ...gaps.map((gap) => gap.ends)]
    .flatMap((geometry) => latLngs(geometry)).flat();
  if (all.length) map.fitBounds(all, { padding: [30, 30], maxZoom: 17 });
  for (const { properties, geometry } of surroundings) {
    L.polyline(latLngs(geometry), { ...LOOK[properties.kind], interactive: false }).addTo(map);
  }
  for (const stop of stops) {
    const lines = latLngs(stop.geometry);
    L.polyline(lines, { color: "#e69f00", weight: 9, opacity: 0.6, interactive: false }).addTo(map);
    const mark = document.createElement("span");
    mark.textContent = stop.seq;
    const icon = L.divIcon({ className: `stop-mark ${outcomes[stop.id] ?? stop.result}`, html: mark, iconSize: [28, 28] });
    const [lon, lat] = middle(stop.geometry);
    L.marker([lat, lon], { icon, title: stop.name, alt: stop.name }).addTo(map);
  }
  for (const line of uncovered) {
    L.polyline(latLngs(line), { color: "#b3261e", weight: 4, interactive: false }).addTo(map);
  }
  for (const line of track) L.polyline(latLngs(line), { color: "#c2007a", weight: 3 }).addTo(map);
  for (const { title, ends } of gaps) {
    for (const [end] of latLngs(ends)) {
      const note = document.createElement("span");
      note.textContent = title;
      const look = { radius: 8, color: "#17212b", weight: 2, dashArray: "3 3", fillOpacity: 0 };
      L.circleMarker(end, look).bindTooltip(note).addTo(map);
    }
  }
}
