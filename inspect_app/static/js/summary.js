// The leader's page: repeat complaints as circles with true numbers, linked with the list beside.
/* global L */
import { FeatureLayer } from "./map/features.js";
import { TileLayer } from "./map/tiles.js";

const configuration = JSON.parse(document.getElementById("map-configuration").textContent);
const { since, until, home } = configuration.period;
const map = window[configuration.map];
const MATTER_ZOOM = 14;

// The page's period takes the place of the map page's choices.
const state = {
  isOn: () => true,
  isHidden: () => false,
  parameters: (key) => (configuration.layers[key].time ? { since, until } : {}),
};

function layerOn(key, Kind) {
  const layer = configuration.layers[key];
  if (!layer) return null;
  const pane = `layer-${key}`;
  map.createPane(pane).style.zIndex = 300 + layer.order;
  return new Kind(map, layer, { state, configuration, pane });
}

async function told(work) {
  const notice = document.getElementById("notice");
  try {
    await work;
    notice.hidden = true;
  } catch (error) {
    notice.textContent = error.message || configuration.words.failed;
    notice.hidden = false;
  }
}

function linkList() {
  for (const row of document.querySelectorAll("[data-place]")) {
    const place = row.dataset.place.split(",").map(Number);
    row.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-place]")) {
        other.classList.toggle("table-active", other === row);
      }
      map.setView(place, MATTER_ZOOM);
    });
  }
  document.getElementById("whole").addEventListener("click", () => map.fitBounds(home));
}

map.attributionControl.setPrefix(false);
L.control.zoom({ position: "topright" }).addTo(map);
L.control.scale({ position: "bottomleft", imperial: false }).addTo(map);
map.createPane("clusters").style.zIndex = 650;
if (home) map.fitBounds(home, { animate: false });
linkList();
// On paper the map has another size: it is fitted anew, or its edge would be cut off.
matchMedia("print").addEventListener("change", () => {
  map.invalidateSize({ animate: false });
  if (home) map.fitBounds(home, { animate: false });
});
const base = ["grids", "waterways"].map((key) => layerOn(key, TileLayer)).filter(Boolean);
const repeats = layerOn("repeats", FeatureLayer);
map.on("moveend", () => told(repeats.moved()));
told(Promise.all([...base, repeats].map((layer) => layer.show())));
