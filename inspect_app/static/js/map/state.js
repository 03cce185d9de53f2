// What the reader chose: layers, hidden classes, time window, week. The address keeps all of it.

export class State extends EventTarget {
  constructor(configuration) {
    super();
    this.layers = configuration.layers;
    this.days = configuration.days;
    this.week = configuration.week;
    this.on = new Set(Object.values(this.layers).filter((layer) => layer.on).map((l) => l.key));
    this.hidden = new Map(); // layer key → set of hidden classes
    this.view = null; // [zoom, lat, lon]
    this.#standard = this.#text();
    this.#read(location.hash.slice(1));
  }

  #standard;

  isOn(key) { return this.on.has(key); }

  turn(keys, on) {
    for (const key of keys) on ? this.on.add(key) : this.on.delete(key);
    this.#changed("layers", keys);
  }

  toggleClass(key, value) {
    const hidden = this.hidden.get(key) ?? new Set();
    hidden.has(value) ? hidden.delete(value) : hidden.add(value);
    this.hidden.set(key, hidden);
    this.#changed("filter", [key]);
  }

  isHidden(key, value) { return this.hidden.get(key)?.has(value) ?? false; }

  setDays(days) {
    this.days = days;
    this.#changed("filter", Object.keys(this.layers).filter((key) => this.layers[key].time));
  }

  setWeek(week) {
    this.week = week;
    this.#changed("filter", Object.keys(this.layers).filter((key) => this.layers[key].week));
  }

  moved(map) {
    const { lat, lng } = map.getCenter();
    this.view = [map.getZoom(), lat.toFixed(5), lng.toFixed(5)];
    this.#write();
  }

  // The question's filters as query parameters: the same for map, tile, list and count.
  parameters(key) {
    const layer = this.layers[key];
    const asked = {};
    if (layer.time) asked.days = this.days;
    if (layer.week) asked.week = this.week;
    const hidden = this.hidden.get(key);
    if (hidden?.size) {
      asked.classes = layer.legend.map((s) => s.value).filter((v) => !hidden.has(v)).join(",");
    }
    return asked;
  }

  #changed(kind, keys) {
    this.#write();
    this.dispatchEvent(new CustomEvent(kind, { detail: keys }));
  }

  #text() {
    const hash = new URLSearchParams();
    hash.set("on", [...this.on].sort().join(","));
    hash.set("days", this.days);
    hash.set("week", this.week);
    for (const [key, values] of this.hidden) {
      if (values.size) hash.append("hide", `${key}:${[...values].sort().join(",")}`);
    }
    return hash.toString();
  }

  #write() {
    const choice = this.#text();
    const parts = [];
    if (this.view) parts.push(`at=${this.view.join("/")}`);
    if (choice !== this.#standard) parts.push(choice);
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname);
  }

  #read(text) {
    const hash = new URLSearchParams(text);
    const view = (hash.get("at") ?? "").split("/").map(Number);
    if (view.length === 3 && view.every(Number.isFinite)) this.view = view;
    if (hash.has("on")) {
      this.on = new Set(hash.get("on").split(",").filter((key) => key in this.layers));
    }
    const days = Number(hash.get("days"));
    if (hash.has("days") && Number.isInteger(days) && days >= 0 && days <= 3660) this.days = days;
    if (/^\d{4}-W\d{2}$/.test(hash.get("week") ?? "")) this.week = hash.get("week");
    for (const entry of hash.getAll("hide")) {
      const [key, values = ""] = entry.split(":");
      const known = this.layers[key]?.legend.map((s) => s.value) ?? [];
      this.hidden.set(key, new Set(values.split(",").filter((v) => known.includes(v))));
    }
  }
}
