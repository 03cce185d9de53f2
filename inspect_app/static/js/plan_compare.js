// Two plannings on one map: two versions of a plan, or a change of it before and after.
import { arrows, base, planMap, read, text } from "./plan_layers.js";

const L = window.L;
// By the name of the collection, in the order they are drawn.
const STYLES = {
  kept: { color: "#7b8794", weight: 2, opacity: 0.7 },
  before: { color: "#5c6670", weight: 3, opacity: 0.75 },
  added: { color: "#1a6fb0", weight: 5, opacity: 0.9 },
  removed: { color: "#b3261e", weight: 3, dashArray: "7 6" },
  after: { color: "#1a6fb0", weight: 3, dashArray: "7 6" },
};
const PLAIN = ["kept", "before"];
const ARROWS_UP_TO = 20;

for (const box of document.querySelectorAll(".compare-map")) draw(box);

async function draw(box) {
  const map = planMap(box);
  const data = await read(box);
  base(map, data);
  const all = L.featureGroup().addTo(map);
  for (const [name, style] of Object.entries(STYLES)) {
    if (data[name]) drawRoutes(all, data[name].features, { style, plain: PLAIN.includes(name) });
  }
  for (const visit of data.moved?.features ?? []) all.addLayer(mark(visit));
  if (all.getBounds().isValid()) map.fitBounds(all.getBounds(), { padding: [12, 12], animate: false });
  box.dataset.ready = "yes";
}

function drawRoutes(all, routes, { style, plain }) {
  for (const route of routes) {
    const line = L.geoJSON(route, { style });
    line.bindTooltip(text(`${route.properties.name} ${route.properties.day}`), { sticky: true });
    all.addLayer(line);
    if (plain || routes.length > ARROWS_UP_TO) continue;
    for (const arrow of arrows(route, style.color, 4)) all.addLayer(arrow);
  }
}

// What is asked for is filled; what moves because of it is a ring.
function mark(visit) {
  const [lon, lat] = visit.geometry.coordinates;
  const fill = visit.properties.asked ? { fillColor: "#b3261e", fillOpacity: 1 } : { fillColor: "#fff", fillOpacity: 1 };
  const point = L.circleMarker([lat, lon], { radius: 6, weight: 2, color: "#b3261e", ...fill });
  return point.bindTooltip(text(visit.properties.name));
}
