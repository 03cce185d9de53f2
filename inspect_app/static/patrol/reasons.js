// One short question with ready answers: why the patrol rests, why a stop is ticked from afar.

import { byId, dayTexts, el, texts } from "./dom.js";

/** Ask for a reason; returns it, or null when the dialog is closed without one. */
export function askReason({ title, note = "", warn = false, choices }) {
  const dialog = byId("reason-form");
  const field = byId("reason-text");
  byId("reason-title").textContent = title;
  byId("reason-note").textContent = note;
  byId("reason-note").hidden = !note;
  byId("reason-note").classList.toggle("warning", warn);
  field.value = "";
  field.placeholder = dayTexts.other_reason;
  return new Promise((answer) => {
    const done = (value) => {
      dialog.onclose = null;
      if (dialog.open) dialog.close();
      answer(value);
    };
    byId("reason-choices").replaceChildren(...choices.map((choice) => el("button", {
      type: "button", class: "chip-button", on: { click: () => done(choice) },
    }, choice)));
    byId("reason-save").onclick = () => {
      const value = field.value.trim();
      field.placeholder = texts.reason_missing;
      if (value) done(value);
    };
    byId("reason-close").onclick = () => done(null);
    dialog.onclose = () => done(null);
    dialog.showModal();
  });
}
