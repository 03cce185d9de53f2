// The layer tree with its legend; a click on a class hides it everywhere: map, list and count.
import { symbol } from "./style.js";

export class Tree {
  constructor(host, { state, configuration }) {
    Object.assign(this, { host, state, configuration, rows: new Map() });
    for (const group of configuration.groups) host.append(this.#group(group));
    state.addEventListener("layers", () => this.refresh());
    state.addEventListener("filter", () => this.refresh());
    this.refresh();
  }

  refresh() {
    for (const [key, row] of this.rows) {
      const on = this.state.isOn(key);
      row.box.checked = on;
      row.legend.hidden = !on;
      for (const [value, button] of row.classes) {
        button.setAttribute("aria-pressed", String(!this.state.isHidden(key, value)));
      }
    }
    for (const { box, keys } of this.groups) {
      const on = keys.filter((key) => this.state.isOn(key)).length;
      box.checked = on === keys.length;
      box.indeterminate = on > 0 && on < keys.length;
    }
  }

  groups = [];

  // Beside the title: the true number in view, or that the scale is too small.
  tell(key, zoom, total) {
    const row = this.rows.get(key);
    const layer = this.configuration.layers[key];
    const tooFar = zoom < layer.minZoom;
    row.element.classList.toggle("out-of-zoom", tooFar);
    const on = this.state.isOn(key);
    const number = layer.unit ? `${total?.number} ${layer.unit}` : total?.count;
    row.count.textContent = !on ? "" : tooFar ? this.configuration.words.zoom_in_to_see
      : total ? number : "";
  }

  #group({ title, keys }) {
    const group = element("fieldset", "layer-group");
    const legend = element("legend");
    const label = element("label");
    const box = checkbox();
    box.addEventListener("change", () => this.state.turn(keys, box.checked));
    label.append(box, title);
    legend.append(label);
    group.append(legend, ...keys.map((key) => this.#layer(this.configuration.layers[key])).flat());
    this.groups.push({ box, keys });
    return group;
  }

  #layer(layer) {
    const row = element("div", "layer-row");
    const label = element("label");
    const box = checkbox();
    box.addEventListener("change", () => this.state.turn([layer.key], box.checked));
    label.append(box, layer.title);
    const count = element("span", "layer-count");
    row.append(label, count);
    const legend = element("ul", "layer-legend");
    if (layer.legend.some((swatch) => swatch.label.length > 8)) legend.classList.add("single");
    const classes = new Map();
    for (const swatch of layer.legend) {
      const button = element("button");
      button.type = "button";
      button.append(symbol(layer, swatch), swatch.label);
      button.addEventListener("click", () => this.state.toggleClass(layer.key, swatch.value));
      classes.set(swatch.value, button);
      const item = element("li");
      item.append(button);
      legend.append(item);
    }
    this.rows.set(layer.key, { element: row, box, count, legend, classes });
    return [row, legend];
  }
}

function element(tag, className = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}

function checkbox() {
  const box = element("input");
  box.type = "checkbox";
  return box;
}
