// Two versions on one map: routes both have are grey, the others differ in colour and line.
import { arrows, base, planMap, read, text } from "./plan_layers.js";

const L = window.L;
const STYLES = {
  kept: { color: "#7b8794", weight: 2, opacity: 0.7 },
  added: { color: "#1a6fb0", weight: 5, opacity: 0.9 },
  removed: { color: "#b3261e", weight: 3, dashArray: "7 6" },
};
const ARROWS_UP_TO = 20;
const box = document.getElementById("compare-map");
const map = planMap(box);
const data = await read(box);
base(map, data);
const all = L.featureGroup().addTo(map);
for (const [name, style] of Object.entries(STYLES)) {
  for (const route of data[name].features) {
    const line = L.geoJSON(route, { style });
    line.bindTooltip(text(`${route.properties.name} ${route.properties.day}`), { sticky: true });
    all.addLayer(line);
    if (name === "kept" || data[name].features.length > ARROWS_UP_TO) continue;
    for (const arrow of arrows(route, style.color, 4)) all.addLayer(arrow);
  }
}
if (all.getBounds().isValid()) map.fitBounds(all.getBounds(), { padding: [12, 12], animate: false });
box.dataset.ready = "yes";
