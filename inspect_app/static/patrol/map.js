// The map of a task: drawn from the package alone, so that it needs no network.

/* global L */
import { el } from "./dom.js";
import { linesOf, middle } from "./shapes.js";

const LOOK = {
  waterway: { color: "#0b5cad", weight: 4, opacity: 0.9 },
  road: { color: "#7a7a7a", weight: 2, opacity: 0.9 },
  grid: { color: "#5b2a86", weight: 2, dashArray: "8 6" },
};
const GPS = [[10, "good"], [30, "fair"], [Infinity, "poor"]];
const RING = { good: "#00662b", fair: "#8a4b00", poor: "#a80000" };

/** How good a fix is: green to 10 m, amber to 30 m, red above. */
export const quality = (accuracy) => GPS.find(([limit]) => accuracy <= limit)[0];

let map = null;
let layers = {};
let pick = null;
let follow = true;
let whole = null; // bounds of the task
const STOP = { pending: "#ffb000", done: "#00662b", skipped: "#a80000", unreachable: "#a80000" };

const latLngs = (geometry) => linesOf(geometry).map((line) => line.map(([lon, lat]) => [lat, lon]));

export function openMap(place, surroundings) {
  if (!map) {
    map = L.map(place, { preferCanvas: true, zoomSnap: 0.5, attributionControl: false, maxZoom: 19 });
    L.control.scale({ imperial: false }).addTo(map);
    for (const name of ["around", "route", "track", "stops", "pin", "me"]) {
      layers[name] = L.layerGroup().addTo(map);
    }
    map.on("dragstart", () => { follow = false; });
    map.on("click", ({ latlng }) => pick?.([latlng.lng, latlng.lat]));
  }
  layers.around.clearLayers();
  for (const { properties, geometry } of surroundings) {
    const line = L.polyline(latLngs(geometry), { ...LOOK[properties.kind], interactive: false });
    layers.around.addLayer(line);
  }
  map.invalidateSize();
}

/** Draw route and stops; `choose` is told the stop that was tapped. */
export function drawTask(task, choose) {
  layers.route.clearLayers();
  layers.stops.clearLayers();
  if (task.route) {
    const ways = latLngs(task.route);
    layers.route.addLayer(L.polyline(ways, { color: "#000", weight: 9, interactive: false }));
    layers.route.addLayer(L.polyline(ways, { color: "#fff", weight: 5, interactive: false }));
  }
  for (const stop of task.stops) {
    if (!stop.geometry.type.endsWith("Point")) {
      for (const [color, weight] of [["#000", 11], [STOP[stop.result], 7]]) {
        layers.stops.addLayer(L.polyline(latLngs(stop.geometry), { color, weight, interactive: false }));
      }
    }
    const [lon, lat] = middle(stop.geometry);
    const label = stop.result === "done" ? "✓" : stop.result === "pending" ? stop.seq : "–";
    const icon = L.divIcon({
      className: `pin ${stop.result}${stop.due_at && stop.result === "pending" ? " urgent" : ""}`, html: el("span", {}, String(label)), iconSize: [48, 48],
    });
    // The list beside the map names every stop; pins that lie over each other are no second one.
    const marker = L.marker([lat, lon], { icon, keyboard: false, title: stop.name });
    layers.stops.addLayer(marker.on("click", () => (pick ? pick([lon, lat]) : choose(stop.id))));
  }
}

export function showWhole(task) {
  const places = [...task.stops.map((stop) => stop.geometry), task.route].filter(Boolean);
  const all = places.flatMap(latLngs).flat();
  whole = all.length ? L.latLngBounds(all) : null;
  if (whole) map.fitBounds(whole, { padding: [40, 40], maxZoom: 17, animate: false });
}

export function showStop(stop) {
  follow = false;
  const all = latLngs(stop.geometry).flat();
  map.fitBounds(all, { padding: [60, 60], maxZoom: 17 });
}

/** Draw the own position with its accuracy ring; keeps it in view until the map is moved. */
export function drawMe(fix) {
  if (!map) return;
  layers.me.clearLayers();
  if (!fix) return;
  const [place, color] = [[fix.lat, fix.lon], RING[quality(fix.accuracy)]];
  layers.me.addLayer(L.circle(place, {
    radius: fix.accuracy, color, weight: 2, fillOpacity: 0.12, interactive: false,
  }));
  const icon = L.divIcon({ className: `me ${quality(fix.accuracy)}`, html: el("span"), iconSize: [26, 26] });
  layers.me.addLayer(L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset: 1000 }));
  if (!follow || map.getBounds().contains(place)) return;
  // On the way to a far route an empty map helps nobody: show the person and the route.
  if (whole && !whole.pad(0.5).contains(place)) {
    map.fitBounds(L.latLngBounds(whole.getSouthWest(), whole.getNorthEast()).extend(place), { padding: [40, 40] });
  } else map.panTo(place);
}

export function centreOn(fix) {
  follow = true;
  map.setView([fix.lat, fix.lon], Math.max(map.getZoom(), 16));
}

export function drawTrack(pieces) {
  layers.track.clearLayers();
  for (const piece of pieces) {
    const places = piece.map(([lon, lat]) => [lat, lon]);
    layers.track.addLayer(L.polyline(places, { color: "#c2007a", weight: 4, interactive: false }));
  }
}

/** Let the next tap on the map choose a place; null ends it. */
export function pickPlace(handler) {
  pick = handler;
  map.getContainer().classList.toggle("picking", Boolean(handler));
}

export function drawPin(place) {
  layers.pin.clearLayers();
  if (!place) return;
  const icon = L.divIcon({ className: "pin problem", html: el("span", {}, "!"), iconSize: [48, 48] });
  layers.pin.addLayer(L.marker([place[1], place[0]], { icon, interactive: false }));
}
