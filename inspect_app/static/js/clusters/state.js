// What the reader asks for: weeks and filters. The address keeps it; every answer is asked with it.

const SPAN_DEFAULT = 4;

export class State extends EventTarget {
  constructor(configuration) {
    super();
    this.asked = { ...configuration.asked };
    this.weeks = configuration.weeks; // newest first
    this.screen = configuration.screen;
    this.page = 1;
    this.cell = null;
  }

  get index() {
    return Math.max(0, this.weeks.findIndex(({ week }) => week === this.asked.week));
  }

  // The first day of the first week and the last day of the last one.
  get days() {
    const last = this.weeks[this.index];
    const span = Number(this.asked.span ?? SPAN_DEFAULT);
    const first = new Date(`${last.first}T00:00:00Z`);
    first.setUTCDate(first.getUTCDate() - 7 * (span - 1));
    return { first: first.toISOString().slice(0, 10), last: last.last, week: last.week };
  }

  set(name, value) {
    if (value) this.asked[name] = String(value);
    else delete this.asked[name];
    this.cell = null;
    this.page = 1;
    this.#write();
    this.dispatchEvent(new Event("filter"));
  }

  setIndex(index) { this.set("week", this.weeks[index].week); }

  look(cell) {
    this.cell = cell;
    this.page = 1;
    this.dispatchEvent(new Event("list"));
  }

  turn(page) {
    this.page = page;
    this.dispatchEvent(new Event("list"));
  }

  query(more = {}) {
    const asked = { ...this.asked, ...more };
    if (this.screen) asked.screen = 1;
    return new URLSearchParams(asked).toString();
  }

  #write() {
    history.replaceState(null, "", `${location.pathname}?${this.query()}`);
  }
}
