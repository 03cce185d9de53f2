// The map page: finds the map folium built, adds our layers, links tree, list, pop-up and address.
/* global L */
import { address, read } from "./api.js";
import { FeatureLayer } from "./features.js";
import { Labels } from "./labels.js";
import { List } from "./list.js";
import { Popup } from "./popup.js";
import { State } from "./state.js";
import { TileLayer } from "./tiles.js";
import { Tree } from "./tree.js";

const configuration = JSON.parse(document.getElementById("map-configuration").textContent);
const map = window[configuration.map];
const state = new State(configuration);
const shared = { state, configuration };
const byId = (id) => document.getElementById(id);

function openView() {
  const [zoom, lat, lon] = state.view ?? [];
  if (state.view) map.setView([lat, lon], zoom, { animate: false });
  else if (configuration.extent) map.fitBounds(configuration.extent, { animate: false });
}

function addControls() {
  map.attributionControl.setPrefix(false);
  const { zoom_in: zoomInTitle, zoom_out: zoomOutTitle } = configuration.words;
  L.control.zoom({ position: "topright", zoomInTitle, zoomOutTitle }).addTo(map);
  L.control.scale({ position: "bottomleft", imperial: false }).addTo(map);
  map.on("mousemove", ({ latlng }) => {
    byId("coordinates").textContent = `${latlng.lng.toFixed(5)}°E  ${latlng.lat.toFixed(5)}°N`;
  });
  map.on("mouseout", () => { byId("coordinates").textContent = ""; });
  const { url, credit } = configuration.base_map;
  if (url) {
    const attribution = document.createElement("span");
    attribution.textContent = credit;
    map.createPane("outside").style.zIndex = 150;
    L.tileLayer(url, { pane: "outside", maxZoom: 19, attribution: attribution.innerHTML }).addTo(map);
  }
}

function makeLayers() {
  map.createPane("clusters").style.zIndex = 650;
  return new Map(Object.values(configuration.layers).map((layer) => {
    const pane = `layer-${layer.key}`;
    map.createPane(pane).style.zIndex = 300 + layer.order;
    const Kind = layer.delivery === "tiles" ? TileLayer : FeatureLayer;
    return [layer.key, new Kind(map, layer, { ...shared, pane })];
  }));
}

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

// Runs work and says so when the server cannot be read; programming faults go to the console.
async function told(work) {
  try {
    await work;
    notice("");
  } catch (error) {
    notice(error.message || configuration.words.failed);
    console.warn("map", error);
  }
}

const layers = makeLayers();
const labels = new Labels(map, shared);
const popup = new Popup(map, shared);
const tree = new Tree(byId("layers"), shared);
const list = new List(map, shared);
const shown = () => [...layers].filter(([key]) => state.isOn(key));

function tellTotals() {
  for (const [key, layer] of layers) tree.tell(key, map.getZoom(), layer.total ?? null);
}

async function moved() {
  state.moved(map);
  if (list.open) list.moved();
  await told(Promise.all([...shown().map(([, layer]) => layer.moved()), labels.refresh()]));
  tellTotals();
}

async function turned(keys, refresh) {
  for (const key of keys.filter((each) => !state.isOn(each))) layers.get(key).hide();
  const on = keys.filter((key) => state.isOn(key)).map((key) => layers.get(key));
  await told(Promise.all([...on.map((layer) => refresh(layer)), labels.refresh()]));
  tellTotals();
}

async function clicked({ latlng, containerPoint }) {
  const above = shown().reverse();
  const hits = above.flatMap(([, layer]) => layer.hits(containerPoint));
  const zoom = map.getZoom();
  const asked = above
    .filter(([, layer]) => layer.asksServer && zoom >= layer.layer.minZoom)
    .map(([key]) => key);
  if (asked.length) {
    // Window and week are the same for all layers, classes are each layer's own.
    const filters = Object.assign({}, ...asked.map((key) => {
      const { classes, ...rest } = state.parameters(key);
      return classes === undefined ? rest : { ...rest, [`classes_${key}`]: classes };
    }));
    const parameters = { ...filters, lon: latlng.lng, lat: latlng.lat, zoom, layers: asked.join(",") };
    const found = await read(address(configuration.identify, "", parameters), "identify");
    hits.push(...(found?.hits ?? []));
  }
  if (hits.length) await popup.open(hits.slice(0, 12), latlng);
}

function pointerAt({ containerPoint }) {
  const over = shown().some(([, layer]) => layer.hits(containerPoint).length > 0);
  map.getContainer().classList.toggle("map-point", over);
}

function wire() {
  map.on("moveend", moved);
  map.on("zoomstart", () => labels.clear());
  map.on("click", (event) => told(clicked(event)));
  map.on("mousemove", L.Util.throttle(pointerAt, 80));
  state.addEventListener("layers", ({ detail }) => turned(detail, (layer) => layer.show()));
  state.addEventListener("filter", ({ detail }) => turned(detail, (layer) => layer.refresh()));
  popup.addEventListener("opened", ({ detail }) => list.choose(detail));
  list.addEventListener("chosen", ({ detail }) => {
    if (!map.getBounds().pad(-0.1).contains(detail.place)) map.panTo(detail.place);
    told(popup.open([detail]));
  });
  byId("window").value = String(state.days);
  byId("window").addEventListener("change", ({ target }) => state.setDays(Number(target.value)));
  byId("week").value = state.week;
  byId("week").addEventListener("change", ({ target }) => {
    if (target.value) state.setWeek(target.value);
  });
  addEventListener("hashchange", () => location.reload()); // another address was pasted
  panel("tree", (open) => { byId("tree").hidden = !open; });
  panel("list", (open) => list.toggle(open));
}

function panel(name, show) {
  const button = byId(`${name}-toggle`);
  const set = (open) => {
    button.setAttribute("aria-expanded", String(open));
    show(open);
    map.invalidateSize({ animate: false });
  };
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  if (name === "tree" && matchMedia("(max-width: 900px)").matches) set(false);
}

addControls();
openView();
wire();
await turned([...state.on], (layer) => layer.show());
performance.mark("map-drawn");
document.documentElement.dataset.map = "drawn";
