// What a click shows: one object as a table of text, the others of the place as buttons.
/* global L */
import { address, read } from "./api.js";
import { swatchOf, symbol } from "./style.js";

const HIGHLIGHT = { color: "#ffb300", weight: 5, opacity: 0.9, fill: false, interactive: false };

export class Popup extends EventTarget {
  constructor(map, { state, configuration }) {
    super();
    Object.assign(this, { map, state, configuration });
    map.createPane("highlight").style.zIndex = 630;
    this.renderer = L.canvas({ pane: "highlight" });
    this.mark = L.layerGroup().addTo(map);
    this.popup = L.popup({ maxWidth: 340, maxHeight: 360, autoPanPadding: [20, 60] });
    map.on("popupclose", () => this.mark.clearLayers());
  }

  // Shows the first of `hits` ({layer, id, name}); at its own place when none is given.
  async open(hits, place = null) {
    const [first] = hits;
    const found = await read(this.#address(first), "popup");
    if (found === null) return;
    const at = place ?? L.latLng(found.lat, found.lon);
    this.popup.setLatLng(at).setContent(this.#content(found, hits, at)).openOn(this.map);
    this.#highlight(found);
    this.dispatchEvent(new CustomEvent("opened", { detail: { layer: found.layer, id: found.id } }));
  }

  #address({ layer, id }) {
    return address(`${this.configuration.feature}${id}`, layer);
  }

  #content(found, hits, at) {
    const layer = this.configuration.layers[found.layer];
    const box = make("div", "popup");
    const [first] = hits;
    box.append(make("h2", "", first.name || found.rows[0].text || layer.title));
    const kind = make("p", "popup-layer");
    const swatch = swatchOf(layer, found.class);
    kind.append(symbol(layer, swatch), `${layer.title} · ${swatch.label}`);
    box.append(kind);
    const table = make("dl");
    for (const { label, text } of found.rows.filter((row) => row.text)) {
      table.append(make("dt", "", label), make("dd", "", text));
    }
    box.append(table);
    if (found.page) {
      const link = make("a", "popup-page", this.configuration.words.open_page);
      link.href = found.page;
      box.append(link);
    }
    const others = hits.slice(1);
    if (others.length) box.append(this.#others(others, hits, at));
    return box;
  }

  #others(others, hits, at) {
    const list = make("div", "popup-others");
    list.append(make("span", "", this.configuration.words.also_here));
    for (const hit of others) {
      const title = this.configuration.layers[hit.layer].title;
      const button = make("button", "", hit.name ? `${title}: ${hit.name}` : title);
      button.type = "button";
      button.addEventListener("click", () => {
        this.open([hit, ...hits.filter((other) => other !== hit)], at);
      });
      list.append(button);
    }
    return list;
  }

  #highlight(found) {
    this.mark.clearLayers();
    this.mark.addLayer(L.geoJSON(found.geometry, {
      style: { ...HIGHLIGHT, renderer: this.renderer },
      pointToLayer: (_, place) => L.circleMarker(place, {
        ...HIGHLIGHT, radius: 11, weight: 4, renderer: this.renderer,
      }),
    }));
  }
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text; // never markup: names come from people
  return element;
}
