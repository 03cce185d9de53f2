// The list under the map: the same question as the map's, sorted and paged, linked both ways.
/* global L */
import { address, boundsText, read } from "./api.js";

export class List extends EventTarget {
  constructor(map, { state, configuration }) {
    super();
    Object.assign(this, { map, state, configuration, sort: "", page: 1, chosen: null });
    this.host = byId("list");
    this.select = byId("list-layer");
    this.body = byId("list-body");
    this.select.addEventListener("change", () => this.#ask({ sort: "", page: 1 }));
    byId("list-view").addEventListener("change", () => this.#ask({ page: 1 }));
    byId("list-before").addEventListener("click", () => this.#ask({ page: this.page - 1 }));
    byId("list-after").addEventListener("click", () => this.#ask({ page: this.page + 1 }));
    state.addEventListener("layers", () => { this.#fillSelect(); this.#ask({ page: 1 }); });
    state.addEventListener("filter", () => this.#ask({ page: 1 }));
    this.#fillSelect();
  }

  get open() { return !this.host.hidden; }

  toggle(open) {
    this.host.hidden = !open;
    if (open) this.#ask({ page: 1 });
  }

  moved() {
    if (byId("list-view").checked) this.#ask({ page: 1 });
  }

  // The map chose an object: its row is marked, after turning to its layer.
  async choose({ layer, id }) {
    this.chosen = { layer, id };
    if (!this.open) return;
    if (this.select.value !== layer && this.state.isOn(layer)) {
      this.select.value = layer;
      await this.#ask({ sort: "", page: 1 });
    }
    this.#mark();
  }

  #fillSelect() {
    const before = this.select.value;
    const layers = Object.values(this.configuration.layers)
      .filter(({ key }) => this.state.isOn(key))
      .sort((a, b) => b.order - a.order);
    this.select.replaceChildren(...layers.map(({ key, title }) => new Option(title, key)));
    if (layers.some(({ key }) => key === before)) this.select.value = before;
  }

  async #ask(change) {
    Object.assign(this, change);
    const key = this.select.value;
    if (!this.open || !key) return;
    const asked = { ...this.state.parameters(key), zoom: this.map.getZoom(), page: this.page };
    if (byId("list-view").checked) asked.bbox = boundsText(this.map);
    if (this.sort) asked.sort = this.sort;
    const found = await read(address(this.configuration.list, key, asked), "list");
    if (found !== null) this.#show(this.configuration.layers[key], found);
  }

  #show(layer, found) {
    const { words } = this.configuration;
    const head = document.createElement("tr");
    head.append(...layer.columns.map(([name, label]) => this.#heading(name, label)));
    byId("list-head").replaceChildren(head);
    this.body.replaceChildren(...found.rows.map((row) => this.#row(layer, row)));
    if (!found.rows.length) this.body.append(this.#empty(layer, words.no_rows));
    const total = words.total.replace("{count}", found.count);
    const sum = words.sum.replace("{number}", found.number).replace("{unit}", layer.unit);
    byId("list-total").textContent = layer.unit ? `${total} · ${sum}` : total;
    byId("list-page").textContent = words.page
      .replace("{page}", found.page).replace("{pages}", found.pages);
    byId("list-before").disabled = found.page <= 1;
    byId("list-after").disabled = found.page >= found.pages;
    this.#mark();
  }

  #heading(name, label) {
    const cell = document.createElement("th");
    const button = document.createElement("button");
    button.type = "button";
    const turned = this.sort === name ? " ▲" : this.sort === `-${name}` ? " ▼" : "";
    button.textContent = label + turned;
    button.addEventListener("click", () => {
      this.#ask({ sort: this.sort === name ? `-${name}` : name, page: 1 });
    });
    cell.append(button);
    return cell;
  }

  #row(layer, { id, lon, lat, cells }) {
    const row = document.createElement("tr");
    row.tabIndex = 0;
    row.dataset.id = id;
    row.append(...cells.map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      cell.title = text;
      return cell;
    }));
    const name = cells[layer.columns.findIndex(([column]) => column === "name")] ?? cells[0];
    const go = () => this.dispatchEvent(new CustomEvent("chosen", {
      detail: { layer: layer.key, id, name, place: L.latLng(lat, lon) },
    }));
    row.addEventListener("click", go);
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    return row;
  }

  #empty(layer, words) {
    const row = document.createElement("tr");
    const cell = document.createElement("td");
    cell.colSpan = layer.columns.length;
    cell.textContent = words;
    row.append(cell);
    return row;
  }

  #mark() {
    for (const row of this.body.rows) {
      const chosen = this.chosen?.layer === this.select.value && row.dataset.id === String(this.chosen.id);
      row.setAttribute("aria-selected", String(chosen));
      if (chosen) row.scrollIntoView({ block: "nearest" });
    }
  }
}

const byId = (id) => document.getElementById(id);
