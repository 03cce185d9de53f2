// The plan's map: routes coloured by crew; the chosen crew-day with numbers, times and arrows.
import { arrows, base, planMap, read, text } from "./plan_layers.js";

const L = window.L;
const box = document.getElementById("plan-map");
const NUMBERS = 20;
const TIMES_FROM_ZOOM = 11.5;
let chosen = Number(box.dataset.task) || null;
let filter = { day: "", crews: null };

// The golden angle keeps neighbours of any number of crews apart.
const crews = [...document.querySelectorAll("tbody .swatch")].map((swatch) => Number(swatch.dataset.crew));
const colour = (crew) => {
  const place = Math.max(crews.indexOf(crew), 0);
  return `hsl(${(place * 137.508) % 360}, 70%, ${place % 2 ? 34 : 45}%)`;
};
for (const swatch of document.querySelectorAll("tbody .swatch")) {
  swatch.style.background = colour(Number(swatch.dataset.crew));
}

const map = planMap(box);
const shown = L.featureGroup().addTo(map);
const times = L.layerGroup();

const clock = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: box.dataset.zone });

function numbered(stop, crew) {
  const icon = document.createElement("div");
  icon.textContent = stop.properties.seq;
  icon.style.color = colour(crew);
  const [lon, lat] = stop.geometry.coordinates;
  return L.marker([lat, lon], {
    icon: L.divIcon({ html: icon, className: "stop-number", iconSize: [NUMBERS, NUMBERS] }),
    keyboard: false,
  }).bindTooltip(text(`${stop.properties.seq} ${stop.properties.name} ${clock.format(new Date(stop.properties.arrive))}`));
}

// Times of neighbours would lie on each other: one is shown where none stands within its width.
function timeLabels(stops) {
  times.clearLayers();
  const taken = [];
  for (const stop of stops) {
    const [lon, lat] = stop.geometry.coordinates;
    const at = map.latLngToLayerPoint([lat, lon]);
    if (taken.some((other) => Math.abs(other.x - at.x) < 40 && Math.abs(other.y - at.y) < 15)) continue;
    taken.push(at);
    times.addLayer(L.marker([lat, lon], {
      icon: L.divIcon({ html: text(clock.format(new Date(stop.properties.arrive))), className: "stop-time", iconSize: null, iconAnchor: [-11, 6] }),
      interactive: false,
      keyboard: false,
    }));
  }
}

function dot(stop, crew) {
  const [lon, lat] = stop.geometry.coordinates;
  return L.circleMarker([lat, lon], { radius: 3, color: colour(crew), weight: 1, fillOpacity: 0.9 }).bindTooltip(text(stop.properties.name));
}

let labelled = [];

function draw(data) {
  shown.clearLayers();
  times.clearLayers();
  const wanted = data.routes.features.filter(({ properties: one }) =>
    chosen ? one.task === chosen : (!filter.day || one.day === filter.day) && (!filter.crews || filter.crews.has(one.crew)));
  const byTask = new Map(wanted.map((route) => [route.properties.task, route]));
  const single = byTask.size === 1;
  const few = byTask.size <= 8;
  for (const route of wanted) {
    const of = colour(route.properties.crew);
    if (single) shown.addLayer(L.geoJSON(route, { style: { color: "#fff", weight: 8, opacity: 0.9 }, interactive: false }));
    const line = L.geoJSON(route, { style: { color: of, weight: single ? 4 : 2.5, opacity: single ? 1 : 0.8 } });
    line.bindTooltip(text(`${route.properties.name} ${route.properties.day}`), { sticky: true });
    line.on("click", () => { window.location.search = search(route.properties.task); });
    shown.addLayer(line);
    if (few) for (const arrow of arrows(route, of, single ? 14 : 4)) shown.addLayer(arrow);
  }
  labelled = [];
  for (const stop of data.stops.features) {
    const route = byTask.get(stop.properties.task);
    if (!route) continue;
    shown.addLayer((single ? numbered : dot)(stop, route.properties.crew));
    if (single) labelled.push(stop);
  }
  if (shown.getBounds().isValid()) map.fitBounds(shown.getBounds(), { padding: [16, 16], animate: false });
  label();
}

function label() {
  if (labelled.length && map.getZoom() >= TIMES_FROM_ZOOM - (labelled.length < 12 ? 2 : 0)) {
    timeLabels(labelled);
    map.addLayer(times);
  } else {
    map.removeLayer(times);
  }
}

function search(task) {
  const parameters = new URLSearchParams(window.location.search);
  parameters.set("task", task);
  return parameters.toString();
}

const data = await read(box);
base(map, data);
draw(data);
map.on("zoomend", label);
document.addEventListener("plan-filter", (event) => {
  filter = event.detail;
  chosen = null;
  draw(data);
});
document.getElementById("map-week")?.addEventListener("click", () => {
  chosen = chosen ? null : Number(box.dataset.task);
  draw(data);
});
box.dataset.ready = "yes";
