// The plan's map: routes coloured by crew over our own waterways, roads and borders; no tiles.
const L = window.L;
const box = document.getElementById("plan-map");
const chosen = Number(box.dataset.task) || null;
const daySelect = document.getElementById("map-day");
const crewSelect = document.getElementById("map-crew");

// The golden angle keeps neighbours of any number of crews apart.
const crews = [...document.querySelectorAll(".swatch")].map((swatch) => Number(swatch.dataset.crew));
const colour = (crew) => {
  const place = Math.max(crews.indexOf(crew), 0);
  return `hsl(${(place * 137.508) % 360}, 70%, ${place % 2 ? 34 : 45}%)`;
};
for (const swatch of document.querySelectorAll(".swatch")) {
  swatch.style.background = colour(Number(swatch.dataset.crew));
}

const map = L.map(box, { preferCanvas: true, zoomSnap: 0.25, attributionControl: false });
L.control.scale({ imperial: false }).addTo(map);
map.setView([35, 105], 4);

function base(data) {
  L.geoJSON(data.borders, { style: { color: "#8b95a0", weight: 1, dashArray: "5 4", fill: false }, interactive: false }).addTo(map);
  L.geoJSON(data.roads, {
    style: (road) => ({ color: road.properties.closed ? "#d9a5a1" : "#c9c3b8", weight: 1.5 }),
    interactive: false,
  }).addTo(map);
  L.geoJSON(data.waterways, {
    style: (way) => ({ color: "#8cc3e6", weight: { main: 4, branch: 2.5 }[way.properties.level] || 1.5 }),
    onEachFeature: (way, layer) => layer.bindTooltip(text(way.properties.name), { sticky: true }),
  }).addTo(map);
}

function text(words) {
  const element = document.createElement("span");
  element.textContent = words;
  return element;
}

function numbered(stop, crew) {
  const icon = document.createElement("div");
  icon.textContent = stop.properties.seq;
  icon.style.color = colour(crew);
  const [lon, lat] = stop.geometry.coordinates;
  return L.marker([lat, lon], {
    icon: L.divIcon({ html: icon, className: "stop-number", iconSize: [20, 20] }),
    keyboard: false,
  }).bindTooltip(text(`${stop.properties.seq} ${stop.properties.name}`));
}

function dot(stop, crew) {
  const [lon, lat] = stop.geometry.coordinates;
  return L.circleMarker([lat, lon], { radius: 3, color: colour(crew), weight: 1, fillOpacity: 0.9 })
    .bindTooltip(text(stop.properties.name));
}

const ARROWS = 14;

// Arrows at even distances along the day say which way round it is driven.
function arrows(route) {
  const line = route.geometry.coordinates.flat();
  const step = (i) => Math.hypot((line[i][0] - line[i - 1][0]) * 0.86, line[i][1] - line[i - 1][1]);
  let total = 0;
  for (let i = 1; i < line.length; i += 1) total += step(i);
  const markers = [];
  let passed = 0;
  for (let i = 1; i < line.length; i += 1) {
    const before = passed;
    passed += step(i);
    const wanted = ((markers.length + 0.5) * total) / ARROWS;
    if (passed < wanted || passed === before) continue;
    const share = (wanted - before) / (passed - before);
    const [a, b] = [line[i - 1], line[i]];
    const angle = (Math.atan2(a[1] - b[1], (b[0] - a[0]) * 0.86) * 180) / Math.PI;
    const sign = document.createElement("span");
    sign.textContent = "➤";
    sign.style.transform = `rotate(${angle}deg)`;
    sign.style.color = colour(route.properties.crew);
    markers.push(L.marker([a[1] + (b[1] - a[1]) * share, a[0] + (b[0] - a[0]) * share], {
      icon: L.divIcon({ html: sign, className: "route-arrow", iconSize: [16, 16] }),
      interactive: false,
      keyboard: false,
    }));
  }
  return markers;
}

const shown = L.featureGroup().addTo(map);

function draw(data, task) {
  shown.clearLayers();
  const wanted = data.routes.features.filter(({ properties: one }) =>
    task ? one.task === task
      : (!daySelect.value || one.day === daySelect.value) && (!crewSelect.value || one.crew === Number(crewSelect.value)));
  const byTask = new Map(wanted.map((route) => [route.properties.task, route]));
  const single = byTask.size === 1;
  for (const route of wanted) {
    const line = L.geoJSON(route, { style: { color: colour(route.properties.crew), weight: single ? 4 : 2.5, opacity: 0.8 } });
    line.bindTooltip(text(`${route.properties.name} ${route.properties.day}`), { sticky: true });
    line.on("click", () => { window.location.search = search(route.properties.task); });
    shown.addLayer(line);
    if (single) for (const arrow of arrows(route)) shown.addLayer(arrow);
  }
  for (const stop of data.stops.features) {
    const route = byTask.get(stop.properties.task);
    if (route) shown.addLayer((single ? numbered : dot)(stop, route.properties.crew));
  }
  if (shown.getBounds().isValid()) map.fitBounds(shown.getBounds(), { padding: [12, 12] });
}

function search(task) {
  const parameters = new URLSearchParams(window.location.search);
  parameters.set("task", task);
  return parameters.toString();
}

async function start() {
  const answer = await fetch(box.dataset.routes, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`routes ${answer.status}`);
  const data = await answer.json();
  base(data);
  draw(data, chosen);
  for (const select of [daySelect, crewSelect]) select.addEventListener("change", () => draw(data, null));
  box.dataset.ready = "yes";
}

start().catch((error) => {
  box.textContent = box.dataset.fault;
  throw error;
});
