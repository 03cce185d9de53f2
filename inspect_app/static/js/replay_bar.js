// The bar under the map that plays a patrol: button, slider, speed, and the same by keys.

import { clockText, gapAt, placeAt } from "./replay.js";

const STEP_S = 10;
const BIG_STEP_S = 60;
const GAP_PASS_S = 1;

export class ReplayBar {
  /** `show(moment, spot, whole)` draws; `spot` is null in a gap; `whole` means nothing is hidden. */
  constructor(bar, { pieces, zone, show }) {
    Object.assign(this, { bar, pieces, zone, show, playing: false, last: null });
    this.start = pieces[0].at[0];
    this.end = Math.max(...pieces.map((piece) => piece.at.at(-1)));
    this.moment = this.end;
    [this.button, this.slider, this.speed, this.clock, this.note] =
      ["button", "input", "select", "output", ".replay-note"].map((name) => bar.querySelector(name));
    this.slider.max = Math.ceil(this.end - this.start);
    this.slider.step = 1;
    this.button.addEventListener("click", () => this.toggle());
    this.slider.addEventListener("input", () => this.go(this.start + Number(this.slider.value)));
    bar.parentElement.addEventListener("keydown", (event) => this.key(event));
    bar.hidden = false;
    this.draw(true);
  }

  toggle() {
    if (!this.playing && this.moment >= this.end) this.moment = this.start;
    this.playing = !this.playing;
    this.last = null;
    this.draw(false);
    if (this.playing) requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    if (!this.playing) return;
    const seconds = this.last === null ? 0 : Math.min((now - this.last) / 1000, 0.5);
    this.last = now;
    this.moment = Math.min(this.moment + seconds * this.pace(), this.end);
    if (this.moment >= this.end) this.playing = false;
    this.draw(false);
    if (this.playing) requestAnimationFrame((next) => this.frame(next));
  }

  /** Recorded seconds a second; a long silence passes in one. */
  pace() {
    const wanted = Number(this.speed.value);
    if (placeAt(this.pieces, this.moment)) return wanted;
    const { from, to } = gapAt(this.pieces, this.moment);
    return Math.max(wanted, (to - from) / GAP_PASS_S || 0);
  }

  go(moment) {
    this.moment = Math.max(this.start, Math.min(this.end, moment));
    this.draw(false);
  }

  key(event) {
    const own = event.target.closest("button, select, a, input[type=text]");
    const step = event.shiftKey ? BIG_STEP_S : STEP_S;
    const acts = {
      " ": own ? null : () => this.toggle(),
      ArrowLeft: own ? null : () => this.go(this.moment - step),
      ArrowRight: own ? null : () => this.go(this.moment + step),
      Home: () => this.go(this.start),
      End: () => this.go(this.end),
      "+": () => this.faster(1),
      "-": () => this.faster(-1),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  faster(by) {
    const index = this.speed.selectedIndex + by;
    this.speed.selectedIndex = Math.max(0, Math.min(this.speed.options.length - 1, index));
  }

  draw(whole) {
    const spot = placeAt(this.pieces, this.moment);
    const { play, pause, gap } = this.bar.dataset;
    const label = this.playing ? pause : play;
    if (this.button.textContent !== label) this.button.textContent = label;
    const clock = clockText(this.moment, this.zone);
    this.clock.textContent = clock;
    this.slider.value = this.moment - this.start;
    this.slider.setAttribute("aria-valuetext", clock);
    const silence = spot ? null : gapAt(this.pieces, this.moment);
    this.note.textContent = silence
      ? `${gap} ${clockText(silence.from, this.zone)}–${clockText(silence.to, this.zone)}` : "";
    this.show(this.moment, spot, whole);
  }
}
