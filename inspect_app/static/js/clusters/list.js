// The list beside the map: the same matters with the same numbers; a row opens to its complaints.
import { read } from "../map/api.js";
import { byId, fill, make } from "./dom.js";

export class List extends EventTarget {
  constructor(state, { rows, complaints, words, legend }) {
    super();
    Object.assign(this, { state, address: rows, complaints, words });
    this.colours = Object.fromEntries(legend.kinds.map(({ value, colour }) => [value, colour]));
    this.host = byId("rows");
    this.chosen = null;
    byId("before")?.addEventListener("click", () => state.turn(state.page - 1));
    byId("after")?.addEventListener("click", () => state.turn(state.page + 1));
    byId("here")?.querySelector("button").addEventListener("click", () => state.look(null));
  }

  async refresh() {
    const { cell, page } = this.state;
    const more = cell ? { page, cell: cell.key } : { page };
    const found = await read(`${this.address}?${this.state.query(more)}`, "rows");
    if (found === null) return;
    this.#tell(found);
    this.host.replaceChildren(...found.rows.map((row) => this.#row(row)));
    if (!found.rows.length) this.host.append(make("li", "clusters-none", this.words.no_rows));
    this.mark(this.chosen);
    this.dispatchEvent(new Event("shown"));
  }

  // Marks a matter; its row comes into view where it is on the page.
  mark(id) {
    this.chosen = id === null ? null : String(id);
    for (const row of this.host.children) {
      const own = row.dataset.id !== undefined && row.dataset.id === this.chosen;
      row.classList.toggle("chosen", own);
      row.querySelector("button")?.setAttribute("aria-pressed", String(own));
      if (own && !this.state.screen) row.scrollIntoView({ block: "nearest" });
    }
  }

  has(id) { return [...this.host.children].some((row) => row.dataset.id === String(id)); }

  async open(id) {
    const row = [...this.host.children].find((one) => one.dataset.id === String(id));
    if (!row) return;
    for (const other of this.host.querySelectorAll(".clusters-complaints")) other.remove();
    const found = await read(`${this.complaints}${id}?${this.state.query()}`, "complaints");
    if (found === null) return;
    const box = make("div", "clusters-complaints");
    box.append(make("h3", "", fill(this.words.complaints, { count: found.count })));
    if (found.complaints.length < found.count) {
      box.append(make("p", "clusters-note", fill(this.words.first_only, { shown: found.complaints.length })));
    }
    const lines = make("ol");
    for (const one of found.complaints) {
      const line = make("li");
      line.append(make("span", "when", `${one.at} · ${one.channel} · ${one.no}`), make("span", "", one.summary));
      lines.append(line);
    }
    box.append(lines);
    if (row.dataset.page) {
      const link = make("a", "btn btn-sm btn-outline-secondary", this.words.open_page);
      link.href = row.dataset.page;
      box.append(link);
    }
    row.append(box);
    row.scrollIntoView({ block: "nearest" });
  }

  #tell({ totals, page }) {
    const { cell } = this.state;
    const sum = fill(this.words.sum, totals);
    const here = byId("here");
    if (here) {
      here.hidden = !cell;
      if (cell) here.querySelector("span").textContent = fill(this.words.here, totals);
    }
    if (!cell) {
      byId("totals").textContent = sum;
      byId("totals").dataset.complaints = totals.complaints;
      byId("without-place").textContent = totals.without_place
        ? fill(this.words.without_place, { count: totals.without_place }) : "";
    }
    if (!byId("page")) return;
    byId("page").textContent = fill(this.words.page, { page, pages: totals.pages });
    byId("before").disabled = page <= 1;
    byId("after").disabled = page >= totals.pages;
  }

  #row(found) {
    const row = make("li");
    row.dataset.id = found.id;
    if (found.page) row.dataset.page = found.page;
    const face = make(this.state.screen ? "div" : "button", "clusters-row");
    if (!this.state.screen) face.type = "button";
    const number = make("strong", "number", found.complaints);
    number.style.borderColor = this.colours[found.class];
    const text = make("span", "what");
    text.append(make("span", "title", found.title));
    if (found.words) text.append(make("small", `sure ${found.ring}`, found.words));
    const facts = [found.facts, fill(this.words.in_all, { count: found.in_all }), found.last, found.state];
    text.append(make("small", "", facts.filter(Boolean).join(" · ")));
    face.append(number, text);
    if (!this.state.screen) {
      face.addEventListener("click", () => this.dispatchEvent(new CustomEvent("chosen", { detail: found })));
    }
    row.append(face);
    return row;
  }
}
