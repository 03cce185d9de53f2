// The map of a trace: waters up and down, numbered suspects, what must be warned.
import { arrows, text } from "./plan_layers.js";

const L = window.L;
const box = document.getElementById("trace-map");
const UP = "#a3368f";
const DOWN = "#1668b8";
const BASE = [
  ["grids", { color: "#8b95a0", weight: 1, dashArray: "5 4", fill: false }],
  ["waterways", { color: "#b9d7ea", weight: 2 }],
];
const ARROWS_PER_M = 1 / 1500;

async function read(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    box.textContent = box.dataset.fault;
    throw new Error(`${address}: ${answer.status}`);
  }
  return answer.json();
}

const map = L.map(box, { preferCanvas: true, zoomSnap: 0.25, attributionControl: false }).setView([35, 105], 4);
L.control.scale({ imperial: false }).addTo(map);
const below = L.layerGroup().addTo(map);

let asked = 0;
async function refresh() {
  const turn = (asked += 1);
  const bounds = map.getBounds().pad(0.2);
  const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((v) => v.toFixed(6));
  const layers = await Promise.all(BASE.map(([key]) => read(`${box.dataset.features.replace("KEY", key)}?bbox=${bbox}`)));
  if (turn !== asked) return;
  below.clearLayers();
  layers.forEach((found, i) => below.addLayer(L.geoJSON(found, { style: BASE[i][1], interactive: false })));
  below.eachLayer((layer) => layer.bringToBack());
  box.dataset.ready = "yes";
}

function waters(found, colour) {
  const style = (one) => ({ color: colour, weight: one.properties.certain ? 4 : 3, opacity: 0.85, dashArray: one.properties.certain ? null : "3 8", dashOffset: colour === UP ? "0" : "5.5" });
  const layer = L.geoJSON(found, { style, interactive: false }).addTo(map);
  for (const stretch of found.features.filter((one) => one.properties.certain)) {
    const line = stretch.geometry.coordinates;
    const count = Math.min(3, Math.round(length(line) * ARROWS_PER_M));
    if (count) for (const arrow of arrows({ geometry: { coordinates: [line] } }, colour, count)) map.addLayer(arrow);
  }
  return layer;
}

function length(line) {
  let total = 0;
  for (let i = 1; i < line.length; i += 1) {
    total += map.distance([line[i - 1][1], line[i - 1][0]], [line[i][1], line[i][0]]);
  }
  return total;
}

function numbered(one, number) {
  const sign = document.createElement("span");
  sign.className = "dot suspect";
  sign.textContent = number;
  return L.marker([one.place[1], one.place[0]], {
    icon: L.divIcon({ html: sign, className: "trace-sign", iconSize: [22, 22] }),
    zIndexOffset: -number,
    keyboard: false,
  }).bindTooltip(text(`${number} ${one.name}`));
}

const found = await read(box.dataset.trace);
const shown = L.featureGroup();
const [lon, lat] = found.start;
if (found.water) {
  shown.addLayer(waters(found.above, UP));
  shown.addLayer(waters(found.below, DOWN));
  const [onLon, onLat] = found.water.place;
  L.polyline([[lat, lon], [onLat, onLon]], { color: "#b3261e", weight: 2, dashArray: "2 4", interactive: false }).addTo(map);
}
const start = L.circleMarker([lat, lon], { radius: 9, color: "#b3261e", weight: 3, fillOpacity: 0.4 }).addTo(map);
shown.addLayer(start);
for (const one of found.warned.filter(({ kind }) => kind === "water_source" || kind === "station")) {
  L.circleMarker([one.place[1], one.place[0]], { radius: 7, color: "#fff", weight: 2, fillColor: DOWN, fillOpacity: 1 })
    .bindTooltip(text(`${one.label} ${one.name}`)).addTo(map);
}
found.suspects.forEach((one, i) => numbered(one, i + 1).addTo(map));
map.on("moveend", refresh);
map.fitBounds(shown.getBounds(), { padding: [24, 24], maxZoom: found.water ? 15 : 12.5, animate: false });
refresh();
