// What the maps of a plan share: our own waterways, roads and borders; arrows along a route.
const L = window.L;

export function planMap(box) {
  const map = L.map(box, { preferCanvas: true, zoomSnap: 0.25, attributionControl: false });
  L.control.scale({ imperial: false }).addTo(map);
  map.setView([35, 105], 4);
  return map;
}

export async function read(box) {
  const answer = await fetch(box.dataset.routes, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    box.textContent = box.dataset.fault;
    throw new Error(`routes ${answer.status}`);
  }
  return answer.json();
}

export function text(words) {
  const element = document.createElement("span");
  element.textContent = words;
  return element;
}

export function base(map, data) {
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

// Arrows at even distances along the day say which way round it is driven.
export function arrows(route, colour, count) {
  const line = route.geometry.coordinates.flat();
  const step = (i) => Math.hypot((line[i][0] - line[i - 1][0]) * 0.86, line[i][1] - line[i - 1][1]);
  let total = 0;
  for (let i = 1; i < line.length; i += 1) total += step(i);
  const markers = [];
  let passed = 0;
  for (let i = 1; i < line.length && markers.length < count; i += 1) {
    const before = passed;
    passed += step(i);
    const next = () => ((markers.length + 0.5) * total) / count;
    // A long leg takes several.
    while (passed > before && markers.length < count && next() <= passed) {
      markers.push(arrow(line[i - 1], line[i], { share: (next() - before) / (passed - before), colour }));
    }
  }
  return markers;
}

function arrow(a, b, { share, colour }) {
  const sign = document.createElement("span");
  sign.textContent = "➤";
  sign.style.transform = `rotate(${(Math.atan2(a[1] - b[1], (b[0] - a[0]) * 0.86) * 180) / Math.PI}deg)`;
  sign.style.color = colour;
  return L.marker([a[1] + (b[1] - a[1]) * share, a[0] + (b[0] - a[0]) * share], {
    icon: L.divIcon({ html: sign, className: "route-arrow", iconSize: [16, 16] }),
    interactive: false,
    keyboard: false,
  });
}
