// The map of a task: drawn from the package alone, so that it needs no network.

/* global L */
import { el } from "./dom.js";
import { linesOf, middleOfStop } from "./state.js";

const LOOK = {
  waterway: { color: "#0b5cad", weight: 4, opacity: 0.9 },
  road: { color: "#7a7a7a", weight: 2, opacity: 0.9 },
  grid: { color: "#5b2a86", weight: 2, dashArray: "8 6" },
};
const GPS = [[10, "#00662b"], [30, "#8a4b00"], [Infinity, "#a80000"]];

export const gpsColour = (accuracy) => GPS.find(([limit]) => accuracy <= limit)[1];

let map = null;
let layers = {};
let pick = null;
let follow = true;

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
    layers.route.addLayer(L.polyline(ways, { color: "#ffb000", weight: 5, interactive: false }));
  }
  for (const stop of task.stops) {
    if (!stop.geometry.type.endsWith("Point")) {
      const line = L.polyline(latLngs(stop.geometry), { color: "#00662b", weight: 7, interactive: false });
      layers.stops.addLayer(line);
    }
    const [lon, lat] = middleOfStop(stop);
    const label = stop.result === "done" ? "✓" : stop.result === "pending" ? stop.seq : "–";
    const icon = L.divIcon({
      className: `pin ${stop.result}`, html: el("span", {}, String(label)), iconSize: [48, 48],
    });
    const marker = L.marker([lat, lon], { icon, keyboard: true, title: stop.name, alt: stop.name });
    layers.stops.addLayer(marker.on("click", () => (pick ? pick([lon, lat]) : choose(stop.id))));
  }
}

export function showWhole(task) {
  const places = [...task.stops.map((stop) => stop.geometry), task.route].filter(Boolean);
  const all = places.flatMap(latLngs).flat();
  if (all.length) map.fitBounds(all, { padding: [40, 40], maxZoom: 17, animate: false });
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
  const [place, color] = [[fix.lat, fix.lon], gpsColour(fix.accuracy)];
  layers.me.addLayer(L.circle(place, {
    radius: fix.accuracy, color, weight: 2, fillOpacity: 0.12, interactive: false,
  }));
  layers.me.addLayer(L.circleMarker(place, {
    radius: 9, color: "#fff", weight: 3, fillColor: color, fillOpacity: 1, interactive: false,
  }));
  if (follow && !map.getBounds().pad(-0.2).contains(place)) map.panTo(place);
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
