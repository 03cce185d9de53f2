// A point of a form: found by name, clicked on our own map, or typed; all three stay equal.
import { findNames } from "./find_names.js";

const L = window.L;
const CLOSE_ZOOM = 15;

const BASE = [
  ["grids", { color: "#8b95a0", weight: 1, dashArray: "5 4", fill: false }],
  ["roads", { color: "#c9c3b8", weight: 1.5 }],
  ["waterways", { color: "#4f9fd1", weight: 2.5 }],
];

for (const box of document.querySelectorAll(".place-picker")) {
  const fold = box.closest("details[data-fold]");
  if (fold) unfold(fold, box);
  else attach(box);
}

// What is folded away is no part of the form, and a map needs a size before it is drawn.
function unfold(fold, box) {
  let drawn = false;
  const follow = () => {
    fold.querySelector("fieldset").disabled = !fold.open;
    if (!fold.open || drawn) return;
    drawn = true;
    attach(box);
  };
  fold.addEventListener("toggle", follow);
  follow();
}

function attach(box) {
  const [lon, lat] = ["lon", "lat"].map((name) => box.querySelector(`[name=${name}]`));
  const map = L.map(box.querySelector(".picker-map"), { preferCanvas: true, zoomSnap: 0.25, attributionControl: false });
  L.control.scale({ imperial: false }).addTo(map);
  const [west, south, east, north] = JSON.parse(box.dataset.extent) ?? [73, 18, 135, 54];
  map.fitBounds([[south, west], [north, east]]);
  const pin = L.circleMarker([0, 0], { radius: 9, color: "#b3261e", weight: 3, fillOpacity: 0.3 });

  const place = (point, { move = true } = {}) => {
    lon.value = point.lng.toFixed(6);
    lat.value = point.lat.toFixed(6);
    show(move);
  };
  const show = (move) => {
    const point = [Number(lat.value), Number(lon.value)];
    if (!lon.value || !lat.value || !point.every(Number.isFinite)) { pin.remove(); return; }
    pin.setLatLng(point).addTo(map);
    if (move) map.setView(point, Math.max(map.getZoom(), CLOSE_ZOOM));
  };
  map.on("click", (event) => place(event.latlng, { move: false }));
  for (const input of [lon, lat]) input.addEventListener("change", () => show(true));
  show(true);
  attachBase(box, map);
  attachSearch(box, (found) => place({ lng: found.lon, lat: found.lat }));
}

function attachBase(box, map) {
  const drawn = L.layerGroup().addTo(map);
  let asked = 0;
  const refresh = async () => {
    const turn = (asked += 1);
    const bounds = map.getBounds().pad(0.2);
    const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((v) => v.toFixed(6));
    const layers = await Promise.all(BASE.map(([key]) => read(box, `${box.dataset.features.replace("KEY", key)}?bbox=${bbox}`)));
    if (turn !== asked) return;
    drawn.clearLayers();
    layers.forEach((found, i) => {
      const layer = L.geoJSON(found, { style: BASE[i][1], interactive: false });
      drawn.addLayer(layer);
    });
    box.dataset.ready = "yes";
  };
  map.on("moveend", refresh);
  refresh();
}

function attachSearch(box, choose) {
  const input = box.querySelector("input[type=search]");
  findNames(input, {
    list: box.querySelector(".found"),
    url: box.dataset.search,
    nothing: box.dataset.nothing,
    fault: box.dataset.fault,
    choose: (found) => {
      choose(found);
      box.dispatchEvent(new CustomEvent("place-chosen", { bubbles: true, detail: found }));
    },
  });
}

async function read(box, url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    box.querySelector(".found").textContent = box.dataset.fault;
    throw new Error(`${url}: ${answer.status}`);
  }
  return answer.json();
}
