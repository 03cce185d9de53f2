// Points and few lines as GeoJSON of the bounds; points of small scales as clusters.
/* global L */
import { address, boundsText, read, stop } from "./api.js";
import { clusterSize, lineStyle, pointStyle, swatchOf } from "./style.js";

const REACH_PX = 10;
const PAD = 0.25; // of the view, read beyond its edges

export class FeatureLayer {
  constructor(map, layer, { state, configuration, pane }) {
    Object.assign(this, { map, layer, state, pattern: configuration.features, pane });
    this.group = L.layerGroup();
    this.renderer = L.canvas({ pane, padding: PAD });
    this.drawn = [];
    this.total = null;
    this.read = null; // bounds and zoom of what is drawn
  }

  show() {
    this.group.addTo(this.map);
    return this.refresh();
  }

  hide() {
    stop(`features ${this.layer.key}`);
    this.group.clearLayers();
    this.group.remove();
    this.renderer.remove();
    this.drawn = [];
    this.read = null;
  }

  moved() {
    const { bounds, zoom } = this.read ?? {};
    const covered = zoom === this.map.getZoom() && bounds?.contains(this.map.getBounds());
    return covered ? Promise.resolve() : this.refresh();
  }

  async refresh() {
    const { layer, map } = this;
    const zoom = map.getZoom();
    if (zoom < layer.minZoom) {
      this.#draw({ features: [], count: 0, number: 0 }, zoom);
      this.read = null;
      return;
    }
    const bounds = map.getBounds().pad(PAD);
    const asked = { ...this.state.parameters(layer.key), bbox: boundsText(map, PAD), zoom };
    const found = await read(address(this.pattern, layer.key, asked), `features ${layer.key}`);
    if (found === null || !this.state.isOn(layer.key)) return;
    this.read = { bounds, zoom };
    this.#draw(found, zoom);
  }

  // What a click at a point of the screen meets: [{layer, id, name}], nearest first.
  hits(point) {
    return this.drawn
      .map(({ place, feature, radius }) => ({
        distance: this.map.latLngToContainerPoint(place).distanceTo(point) - radius, feature,
      }))
      .filter(({ distance }) => distance < REACH_PX)
      .sort((a, b) => a.distance - b.distance)
      .map(({ feature }) => ({
        layer: this.layer.key, id: feature.id, name: feature.properties.name ?? "",
      }));
  }

  get asksServer() { return this.layer.shape !== "point"; }

  #draw(found, zoom) {
    this.group.clearLayers();
    this.drawn = [];
    this.total = found;
    for (const feature of found.features) this.group.addLayer(this.#shape(feature, zoom));
  }

  #shape(feature, zoom) {
    if (feature.properties.count > 1) return this.#cluster(feature);
    if (this.layer.shape === "line") {
      const style = [lineStyle(this.layer, feature.properties.class, zoom)].flat().at(-1);
      return L.geoJSON(feature, {
        style: { ...style, opacity: 0.8 }, interactive: false, renderer: this.renderer,
      });
    }
    const [lon, lat] = feature.geometry.coordinates;
    const place = L.latLng(lat, lon);
    const style = pointStyle(this.layer, feature.properties, zoom);
    this.drawn.push({ place, feature, radius: style.radius });
    return L.circleMarker(place, { ...style, interactive: false, renderer: this.renderer });
  }

  #cluster(feature) {
    const { number, count } = feature.properties;
    const size = clusterSize(number);
    const face = document.createElement("div");
    face.className = "map-cluster";
    face.textContent = number;
    face.style.width = face.style.height = `${size}px`;
    face.style.background = swatchOf(this.layer, feature.properties.class).colour;
    face.title = `${this.layer.title}: ${this.layer.unit ? `${number} ${this.layer.unit} / ` : ""}${count}`;
    const [lon, lat] = feature.geometry.coordinates;
    const icon = L.divIcon({ html: face, className: "", iconSize: [size, size] });
    const marker = L.marker([lat, lon], { icon, pane: "clusters", keyboard: true });
    marker.on("click", () => this.map.flyTo([lat, lon], this.map.getZoom() + 2, { duration: 0.4 }));
    return marker;
  }
}
