// Near repeats in words and numbers; hot grids as a list, and on the map while the list is open.
/* global L */
import { read } from "../map/api.js";
import { TileLayer } from "../map/tiles.js";
import { byId, fill, make, sample } from "./dom.js";

const GRID_ZOOM = 12;

export class Patterns {
  constructor(map, state, configuration) {
    const { patterns, words, legend, layers } = configuration;
    Object.assign(this, { map, state, address: patterns, words });
    this.styles = Object.fromEntries(legend.rings.map((ring) => [ring.value, ring]));
    this.panel = byId("hot-grids");
    this.marks = L.layerGroup();
    this.rows = [];
    map.createPane("hot-grids").style.zIndex = 314;
    map.createPane("hot-marks").style.zIndex = 640;
    const layer = layers.hot_grids; // none for who may not see complaints on the map
    this.layer = layer && new TileLayer(map, layer, {
      state: { parameters: () => ({ week: state.asked.week }) }, configuration, pane: "hot-grids",
    });
    this.panel.addEventListener("toggle", () => this.#draw());
  }

  async refresh() {
    const found = await read(`${this.address}?week=${this.state.asked.week}`, "patterns");
    if (found === null) return;
    this.#tellRepeats(found.repeats);
    this.#tellGrids(found.grids);
    this.#draw();
  }

  // Marks a grid in the list and on the map: both know it by the same id.
  mark(id) {
    for (const row of this.panel.querySelectorAll("li")) {
      const own = row.dataset.id === String(id);
      row.classList.toggle("chosen", own);
      if (own) row.scrollIntoView({ block: "nearest" });
    }
    for (const face of document.querySelectorAll(".map-hot")) {
      face.classList.toggle("chosen", face.dataset.id === String(id));
    }
  }

  #tellRepeats({ sentence, note, rows }) {
    const host = byId("repeats");
    host.querySelector("summary span").textContent = sentence;
    host.querySelector(".clusters-note").textContent = note;
    host.querySelector("table").hidden = !rows.length;
    host.querySelector("tbody").replaceChildren(...rows.map((row) => {
      const line = make("tr");
      const head = make("th", "", row.within);
      head.scope = "row";
      line.append(head);
      for (const text of [row.observed, row.expected, row.ratio, row.p]) line.append(make("td", "", text));
      line.append(make("td", `sure ${row.class}`, row.words));
      return line;
    }));
  }

  #tellGrids({ note, rows }) {
    this.rows = rows;
    const sure = rows.filter((row) => row.class !== "could_be_chance").length;
    const number = this.panel.querySelector("summary span");
    number.textContent = rows.length ? fill(this.words.hot, { sure, shown: rows.length }) : "";
    this.panel.querySelector(".clusters-note").textContent = note;
    this.panel.querySelector("ol").replaceChildren(...rows.map((row) => this.#row(row)));
  }

  #row(row) {
    const line = make("li");
    line.dataset.id = row.id;
    const face = make("button", "clusters-ring");
    face.type = "button";
    const { colour, width, dash } = this.styles[row.class];
    const text = make("span", "what");
    text.append(make("strong", "", `${row.words} · ${row.name}`), make("small", "", row.sentence));
    face.append(sample({ stroke: colour, width, dash }), text);
    face.addEventListener("click", () => {
      this.map.setView([row.lat, row.lon], Math.max(this.map.getZoom(), GRID_ZOOM));
      this.mark(row.id);
    });
    line.append(face);
    return line;
  }

  #draw() {
    this.marks.clearLayers();
    this.layer?.hide();
    document.body.dataset.hotGrids = this.panel.open ? this.state.asked.week : "";
    if (!this.panel.open || !this.layer) return;
    this.layer.show();
    this.marks.addTo(this.map);
    this.rows.forEach((row, place) => {
      const html = make("div", `map-hot ${row.class}`, String(place + 1));
      html.dataset.id = row.id;
      const title = `${row.name} · ${row.words}`;
      const icon = L.divIcon({ html, className: "", iconSize: [22, 22] });
      const marker = L.marker([row.lat, row.lon], { icon, pane: "hot-marks", title, alt: title });
      marker.on("click keypress", ({ originalEvent }) => {
        if (originalEvent?.type !== "keypress" || originalEvent.key === "Enter") this.mark(row.id);
      });
      this.marks.addLayer(marker);
    });
  }
}
