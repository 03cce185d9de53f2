// Circles with the true number of complaints, and rings around what is hardly chance.
/* global L */
import { make } from "./dom.js";

const LEAST_RADIUS_M = 150;
const AREA_ZOOM = 12; // from here on a cluster's extent is wider than its circles

export class Circles extends EventTarget {
  constructor(map, { legend, words, screen }) {
    super();
    Object.assign(this, { map, words, screen });
    this.colours = Object.fromEntries(legend.kinds.map(({ value, colour }) => [value, colour]));
    this.styles = Object.fromEntries(legend.rings.map((ring) => [ring.value, ring]));
    map.createPane("rings").style.zIndex = 620;
    map.createPane("circles").style.zIndex = 650;
    this.renderer = L.svg({ pane: "rings" });
    this.rings = L.layerGroup().addTo(map);
    this.circles = L.layerGroup().addTo(map);
    this.faces = new Map(); // id of the one matter, or the cell's key → face
    this.chosen = null;
  }

  draw({ cells, rings }) {
    this.circles.clearLayers();
    this.rings.clearLayers();
    this.faces.clear();
    if (this.map.getZoom() >= AREA_ZOOM) {
      for (const ring of rings) if (ring.lon !== null) this.#area(ring);
    }
    for (const cell of cells) this.#circle(cell);
    this.mark(this.chosen);
  }

  mark(key) {
    this.chosen = key;
    for (const [own, face] of this.faces) face.classList.toggle("chosen", own === key);
  }

  #circle(cell) {
    const size = sizeOf(cell.complaints, this.screen);
    const face = make("div", cell.id === null ? "map-cluster" : "map-cluster one", cell.complaints);
    face.style.width = face.style.height = `${size}px`;
    face.style.background = this.colours[cell.class];
    const key = cell.id === null ? cell.key : String(cell.id);
    face.dataset.key = key;
    if (cell.ring) face.classList.add("ring", cell.ring);
    if (cell.ring && cell.ring !== "could_be_chance") face.append(make("span", "ring-label", cell.words));
    this.faces.set(key, face);
    const icon = L.divIcon({ html: face, className: "", iconSize: [size, size] });
    const name = cell.title ?? this.words.here
      .replace("{complaints}", cell.complaints).replace("{matters}", cell.matters);
    const sure = cell.words ? ` · ${cell.words}` : "";
    const title = cell.title ? `${name} · ${this.words.count.replace("{count}", cell.complaints)}` : name;
    const marker = L.marker([cell.lat, cell.lon], {
      icon, pane: "circles", keyboard: !this.screen, interactive: !this.screen, title: title + sure,
      zIndexOffset: Math.round(20000 / cell.complaints), // small circles lie above large ones
      alt: title + sure,
    });
    marker.on("click keypress", ({ originalEvent }) => {
      if (originalEvent?.type === "keypress" && originalEvent.key !== "Enter") return;
      this.dispatchEvent(new CustomEvent("chosen", { detail: cell }));
    });
    this.circles.addLayer(marker);
  }

  #area(ring) {
    const style = this.styles[ring.class];
    const width = this.screen ? style.width * 1.5 : style.width;
    this.rings.addLayer(L.circle([ring.lat, ring.lon], {
      radius: Math.max(ring.radius, LEAST_RADIUS_M), color: style.colour, weight: width,
      dashArray: style.dash || null, fill: true, fillOpacity: 0.06, interactive: false,
      renderer: this.renderer, pane: "rings",
    }));
  }
}

// Four times the complaints, twice the width: the area tells the number.
function sizeOf(number, screen) {
  const base = screen ? 15 : 10;
  return Math.round(Math.min(screen ? 84 : 58, (screen ? 26 : 20) + base * Math.sqrt(number) * 0.6));
}
