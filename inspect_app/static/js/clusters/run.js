// How the week's scan stands, with the buttons that start and stop it; asked while one works.
import { read } from "../map/api.js";
import { byId } from "./dom.js";

const EVERY_MS = 2000;

export class Run extends EventTarget {
  constructor(state, { run }) {
    super();
    Object.assign(this, { state, address: run, form: byId("run"), works: false });
    this.waiting = 0;
  }

  // Tells "due" when it is time to ask again, and "over" when a scan that worked has ended.
  async refresh() {
    clearTimeout(this.waiting);
    const { week } = this.state.asked;
    const found = await read(`${this.address}?week=${week}`, "run");
    if (found === null) return;
    this.form.elements.week.value = week;
    this.form.querySelector("[role=status]").textContent = found.words;
    for (const name of ["start", "stop"]) {
      const button = this.form.elements[name];
      button.hidden = !found[name];
      if (found[name]) button.formAction = found[name];
    }
    if (this.works && !found.works) this.dispatchEvent(new Event("over"));
    this.works = found.works;
    if (found.works) {
      byId("rings").open = true;
      this.waiting = setTimeout(() => this.dispatchEvent(new Event("due")), EVERY_MS);
    }
  }
}
