// The map of repeat complaints: circles, rings, list, weeks and filters ask the same question.
/* global L */
import { TileLayer } from "../map/tiles.js";
import { read } from "../map/api.js";
import { Circles } from "./circles.js";
import { byId, fill, make, sample } from "./dom.js";
import { List } from "./list.js";
import { Patterns } from "./patterns.js";
import { Run } from "./run.js";
import { State } from "./state.js";

const configuration = JSON.parse(byId("map-configuration").textContent);
const { words, legend, screen } = configuration;
const map = window[configuration.map];
const MATTER_ZOOM = 15;
const DRAG_MS = 150;
const STEP_MS = 1800;
const state = new State(configuration);
const circles = new Circles(map, configuration);
const list = new List(state, configuration);
const patterns = screen ? null : new Patterns(map, state, configuration);
const run = screen ? null : new Run(state, configuration);

async function told(work) {
  const notice = byId("notice");
  try {
    await work;
    notice.hidden = true;
  } catch (error) {
    notice.textContent = error.message || words.failed;
    notice.hidden = false;
  }
}

async function draw() {
  const found = await read(`${configuration.cells}?${state.query({ zoom: map.getZoom() })}`, "cells");
  if (found === null) return;
  circles.draw(found);
  tellRings(found);
  document.body.dataset.drawn = `${state.asked.week}/${map.getZoom()}`;
}

function tellRings({ rings, scan }) {
  const host = byId("rings");
  host.querySelector("span").textContent = rings.length ? `(${rings.length})` : "";
  host.querySelector(".clusters-note").textContent = scan.words;
  const styles = Object.fromEntries(legend.rings.map((ring) => [ring.value, ring]));
  host.querySelector("ol").replaceChildren(...rings.slice(0, screen ? 3 : 10).map((ring) => {
    const row = make("li");
    const face = make(screen ? "div" : "button", "clusters-ring");
    const { colour, width, dash } = styles[ring.class];
    const text = make("span", "what");
    text.append(make("strong", "", `${ring.words} · ${ring.grid}`), make("small", "", ring.sentence));
    for (const title of ring.matters) text.append(make("small", "about", title));
    face.append(sample({ stroke: colour, width, dash }), text);
    if (!screen) {
      face.type = "button";
      face.disabled = ring.lon === null;
      face.addEventListener("click", () => {
        map.fitBounds(L.latLng(ring.lat, ring.lon).toBounds(Math.max(ring.radius * 3, 1500)));
      });
    }
    row.append(face);
    return row;
  }));
}

function tellWeeks() {
  const { first, last, week } = state.days;
  byId("weeks").textContent = `${week} · ${fill(words.weeks, { first, last })}`;
  for (const link of document.querySelectorAll("[data-export]")) {
    link.href = `${configuration.export.replace("FORM", link.dataset.export)}?${state.query()}`;
  }
  for (const link of document.querySelectorAll("[data-table]")) {
    link.href = `${link.href.split("?")[0]}?week=${week}`;
  }
  const slider = byId("slider");
  if (!slider) return;
  slider.value = slider.max - state.index;
  slider.setAttribute("aria-valuetext", byId("weeks").textContent);
}

function drawLegend() {
  const kinds = make("ul");
  for (const { label, colour } of legend.kinds) {
    const item = make("li");
    item.append(sample({ fill: colour }), label);
    kinds.append(item);
  }
  const rings = make("ul");
  for (const { label, colour, width, dash } of legend.rings) {
    const item = make("li");
    item.append(sample({ stroke: colour, width, dash }), label);
    rings.append(item);
  }
  byId("legend").append(kinds, rings);
}

function linkControls() {
  for (const field of byId("filter").querySelectorAll("select")) {
    field.addEventListener("change", () => state.set(field.name, field.value));
  }
  const slider = byId("slider");
  let waiting = 0;
  slider.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => state.setIndex(slider.max - slider.value), DRAG_MS);
  });
  const play = byId("play");
  let playing = 0;
  play.addEventListener("click", () => {
    if (playing) {
      clearInterval(playing);
      playing = 0;
    } else {
      if (state.index === 0) state.setIndex(Math.min(12, Number(slider.max)));
      playing = setInterval(() => {
        if (state.index > 0) state.setIndex(state.index - 1);
        if (state.index === 0) play.click();
      }, STEP_MS);
    }
    play.textContent = playing ? words.pause : words.play;
  });
}

async function choose(id) {
  circles.mark(String(id));
  list.mark(id);
  await list.open(id);
}

circles.addEventListener("chosen", ({ detail: cell }) => told((async () => {
  if (cell.id !== null && list.has(cell.id)) return choose(cell.id);
  state.look(cell);
  circles.mark(cell.id === null ? cell.key : String(cell.id));
  await list.refresh();
  return cell.id === null ? null : choose(cell.id);
})()));
list.addEventListener("chosen", ({ detail: found }) => {
  if (found.lon !== null) map.setView([found.lat, found.lon], Math.max(map.getZoom(), MATTER_ZOOM));
  told(choose(found.id));
});
state.addEventListener("filter", () => { tellWeeks(); told(Promise.all([draw(), list.refresh(), patterns?.refresh(), run?.refresh()])); });
run?.addEventListener("due", () => told(run.refresh()));
run?.addEventListener("over", () => told(Promise.all([draw(), list.refresh(), patterns.refresh()])));
state.addEventListener("list", () => told(list.refresh()));

map.attributionControl.setPrefix(false);
if (!screen) L.control.zoom({ position: "topright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
L.control.scale({ position: "bottomleft", imperial: false }).addTo(map);
if (configuration.extent) map.fitBounds(configuration.extent, { animate: false });
const plain = { isOn: () => true, isHidden: () => false, parameters: () => ({}) };
const base = ["grids", "waterways"].filter((key) => configuration.layers[key]).map((key) => {
  const layer = configuration.layers[key];
  const pane = `layer-${key}`;
  map.createPane(pane).style.zIndex = 300 + layer.order;
  return new TileLayer(map, layer, { state: plain, configuration, pane });
});
drawLegend();
tellWeeks();
map.on("zoomend", () => told(draw()));
if (screen) {
  const clock = () => { byId("clock").textContent = new Date().toLocaleString(document.documentElement.lang, {
    dateStyle: "medium", timeStyle: "short", timeZone: configuration.time_zone,
  }); };
  clock();
  setInterval(() => { clock(); told(Promise.all([draw(), list.refresh()])); }, configuration.refresh_s * 1000);
} else {
  linkControls();
}
told(Promise.all([draw(), list.refresh(), patterns?.refresh(), run?.refresh(), ...base.map((layer) => layer.show())]));
