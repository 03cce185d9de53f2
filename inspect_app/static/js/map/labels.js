// Names on the map: written as text, the important first, none over another.
/* global L */
import { address, boundsText, read } from "./api.js";

const GAP_PX = 4;

export class Labels {
  constructor(map, { state, configuration }) {
    Object.assign(this, { map, state, configuration });
    map.createPane("names").style.zIndex = 640;
    map.getPane("names").style.pointerEvents = "none";
    this.pane = map.getPane("names");
    // Areas come before lines: a town is looked for first.
    this.layers = Object.values(configuration.layers)
      .filter((layer) => layer.labelFrom > 0)
      .sort((a, b) => (b.shape === "polygon") - (a.shape === "polygon") || b.order - a.order);
    this.turn = 0;
  }

  async refresh() {
    const turn = ++this.turn;
    const zoom = this.map.getZoom();
    const wanted = this.layers.filter((l) => this.state.isOn(l.key) && zoom >= l.labelFrom);
    const bbox = boundsText(this.map);
    const answers = await Promise.all(wanted.map(({ key }) => read(
      address(this.configuration.labels, key, { ...this.state.parameters(key), bbox, zoom }),
      `labels ${key}`,
    )));
    if (turn !== this.turn) return;
    this.pane.replaceChildren();
    const taken = [];
    answers.forEach((answer, n) => {
      for (const label of answer?.labels ?? []) this.#write(label, wanted[n], taken);
    });
  }

  #write(label, layer, taken) {
    const swatch = layer.legend.find((entry) => entry.value === label.class);
    const zoom = this.map.getZoom();
    if (swatch && (zoom < Math.max(swatch.fromZoom, swatch.labelFrom) || zoom > swatch.labelTo)) return;
    const element = document.createElement("span");
    element.className = `map-name ${layer.key}`;
    element.textContent = label.name;
    const place = L.latLng(label.lat, label.lon);
    const at = this.map.latLngToLayerPoint(place);
    element.style.left = `${at.x}px`;
    element.style.top = `${at.y}px`;
    this.pane.append(element);
    const { width, height } = element.getBoundingClientRect();
    const box = [at.x - width / 2 - GAP_PX, at.y - height / 2 - 2, at.x + width / 2 + GAP_PX, at.y + height / 2 + 2];
    const meets = (other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1];
    if (taken.some(meets)) element.remove();
    else taken.push(box);
  }

  // While the zoom moves the names stand at wrong places; they come back after it.
  clear() {
    this.pane.replaceChildren();
  }
}
