// The two short questions of a patrol: why a stop is left out, and how the patrol ended.

import { byId, say, texts } from "./dom.js";

/** Open a dialog and return its answer, or null when it is closed without one. */
function ask(dialog, save, read) {
  return new Promise((answer) => {
    const done = (value) => {
      save.onclick = null;
      dialog.onclose = null;
      if (dialog.open) dialog.close();
      answer(value);
    };
    save.onclick = () => {
      const value = read();
      if (value) done(value);
    };
    for (const button of dialog.querySelectorAll("[data-close]")) button.onclick = () => done(null);
    dialog.onclose = () => done(null);
    dialog.showModal();
  });
}

export function askSkip(stop) {
  const dialog = byId("skip-form");
  byId("skip-title").textContent = `${stop.seq} ${stop.name}`;
  byId("skip-reason").value = stop.result_reason ?? "";
  return ask(dialog, byId("skip-save"), () => {
    const reason = byId("skip-reason").value.trim();
    byId("skip-reason").placeholder = texts.reason_missing;
    byId("skip-reason").classList.toggle("missing", !reason);
    const result = dialog.querySelector("input[name=result]:checked").value;
    return reason ? { result, reason } : null;
  });
}

for (const button of byId("skip-reasons").children) {
  button.addEventListener("click", () => { byId("skip-reason").value = button.textContent; });
}

/** Unvisited stops warn and ask for a reason; they never keep anybody from handing in. */
export function askEnd(left) {
  const dialog = byId("end-form");
  byId("end-warning").hidden = !left;
  byId("end-warning").textContent = say(texts.short, { n: left });
  byId("end-shortfall").hidden = !left;
  byId("end-shortfall-label").hidden = !left;
  return ask(dialog, byId("end-save"), () => ({
    weather: dialog.querySelector("input[name=weather]:checked")?.value ?? "",
    remark: byId("end-remark").value.trim(),
    shortfall_reason: byId("end-shortfall").value.trim(),
  }));
}
