// The controls of a check form: chips, a number with steps, words, a day, an object near by.

import { el, length, texts } from "./dom.js";
import { distance, middle } from "./shapes.js";

const NEAREST = 4;

/** Make the control of a field; `set` is told each answer, `undefined` takes it back. */
export function control(field, { answers, set, near }) {
  return MAKERS[field.kind](field, answers[field.key], set, near);
}

/** Objects of a kind around a stop, nearest first. */
export function nearest(objects, stop, kind) {
  const from = middle(stop.geometry);
  return objects
    .filter((thing) => thing.kind === kind)
    .map((thing) => ({ ...thing, far: distance(from, [thing.lon, thing.lat]) }))
    .sort((a, b) => a.far - b.far);
}

function chips(options, answer, set) {
  const buttons = options.map(({ value, label, fault, small }) => {
    const button = el("button", {
      type: "button", class: `chip-button${fault ? " bad" : ""}`, "aria-pressed": String(value === answer),
    }, label, small && el("small", {}, small));
    button.addEventListener("click", () => {
      const chosen = button.getAttribute("aria-pressed") !== "true";
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button && chosen));
      set(chosen ? value : undefined);
    });
    return button;
  });
  return el("div", { class: "chips" }, ...buttons);
}

function number(field, answer, set) {
  const input = el("input", {
    type: "text", inputmode: "decimal", autocomplete: "off", value: answer ?? "", "aria-label": field.label,
  });
  const read = () => {
    const text = input.value.trim().replace(/[,,。]/, ".");
    // What is no number is sent as it stands: the office sees what was meant.
    set(text === "" ? undefined : Number.isFinite(Number(text)) ? Number(text) : text);
  };
  const places = (String(field.step).split(".")[1] ?? "").length;
  const move = (by) => {
    const from = Number(input.value) || 0;
    input.value = Math.min(field.high, Math.max(field.low, from + by)).toFixed(places);
    read();
  };
  input.addEventListener("input", read);
  const step = (sign, by) => el("button", {
    type: "button", class: "action step", "aria-label": `${field.label} ${sign}${field.step}`,
    on: { click: () => move(by) },
  }, sign);
  return el("div", { class: "number" }, step("−", -field.step), input, step("+", field.step), el("span", {}, field.unit));
}

function text(field, answer, set) {
  const area = el("textarea", { rows: 1, maxlength: 2000, "aria-label": field.label });
  area.value = answer ?? "";
  area.addEventListener("input", () => set(area.value.trim() === "" ? undefined : area.value));
  return area;
}

function day(field, answer, set) {
  const input = el("input", { type: "date", value: answer ?? "", "aria-label": field.label });
  input.addEventListener("change", () => set(input.value || undefined));
  return input;
}

function object(field, answer, set, near) {
  const things = near(field.of_kind);
  const shown = things.slice(0, NEAREST);
  const chosen = things.find((thing) => thing.id === answer);
  if (chosen && !shown.includes(chosen)) shown.push(chosen);
  if (answer !== undefined && !chosen) shown.push({ id: answer, name: `№ ${answer}`, far: NaN });
  if (!shown.length) return el("p", { class: "quiet" }, texts.none);
  return chips(shown.map(({ id, name, far }) => ({
    value: id, label: name, small: Number.isFinite(far) ? ` ${length(far)}` : "",
  })), answer, set);
}

const MAKERS = {
  yes_no: (field, answer, set) => chips(field.options, answer, set),
  choice: (field, answer, set) => chips(field.options, answer, set),
  number, text, date: day, object,
};
