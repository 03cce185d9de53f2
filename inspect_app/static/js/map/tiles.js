// Lines and areas as vector tiles on canvas.
/* global L */
import { address } from "./api.js";
import { lineStyle, polygonStyle } from "./style.js";

// VectorGrid calls a function that Leaflet dropped in 1.8.
L.DomEvent.fakeStop ??= (event) => L.DomEvent.stop(event.originalEvent ?? event);

const TILE_PX = 512;
const PATIENCE_MS = 5000;

export class TileLayer {
  constructor(map, layer, { state, configuration, pane }) {
    Object.assign(this, { map, layer, state, pattern: configuration.tiles, pane });
    this.extent = configuration.extent ? L.latLngBounds(configuration.extent).pad(0.1) : undefined;
    this.grid = null;
  }

  // Resolves when the visible tiles are drawn.
  show() {
    this.hide();
    const style = this.layer.shape === "line" ? lineStyle : polygonStyle;
    const asked = this.state.parameters(this.layer.key);
    const url = `${address(this.pattern, this.layer.key, { ...asked, zoom: "" })}{z}`;
    this.grid = L.vectorGrid.protobuf(url, {
      rendererFactory: L.canvas.tile,
      interactive: false,
      pane: this.pane,
      tileSize: TILE_PX,
      level: ({ z }) => z - 1, // a tile of 512 px holds what four of the next level hold
      bounds: this.layer.everyone ? undefined : this.extent, // nothing of ours lies beyond
      minZoom: this.layer.minZoom,
      maxZoom: this.layer.maxZoom,
      vectorTileLayerStyles: {
        [this.layer.key]: (properties, zoom) => style(this.layer, properties.class, zoom),
      },
    });
    const visible = this.map.getZoom() >= this.layer.minZoom;
    // A tile that failed never loads: nobody waits for it longer than this.
    const drawn = visible
      ? new Promise((done) => { this.grid.once("load remove", done); setTimeout(done, PATIENCE_MS); })
      : Promise.resolve();
    this.grid.addTo(this.map);
    return drawn;
  }

  refresh() { return this.show(); }

  moved() { return Promise.resolve(); } // Leaflet asks for new tiles by itself

  hide() {
    this.grid?.remove();
    this.grid = null;
  }

  hits() { return []; } // clicks on tiles are answered by the server

  get asksServer() { return true; }
}
