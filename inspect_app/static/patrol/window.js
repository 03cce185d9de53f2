// One window of the page is in charge; another one may look.

import { byId, tell } from "./dom.js";

const NAME = "patrol-window";
// A page that is loaded again waits this long for its former self to let go.
const PATIENCE_MS = 1500;
let inCharge = true;

export const looksOnly = () => !inCharge;

function setCharge(value) {
  const changed = value !== inCharge;
  inCharge = value;
  byId("elsewhere").hidden = value;
  document.body.dataset.window = value ? "first" : "second";
  // What is open stays readable; nothing can be started, ticked or written.
  for (const part of document.querySelectorAll("#cards, #task .panel, #send")) part.inert = !value;
  if (changed) tell("window", value);
}

async function hold(options, granted = () => {}) {
  try {
    await navigator.locks.request(NAME, options, () => {
      setCharge(true);
      granted();
      return new Promise(() => {});  // until the page is closed or another window takes over
    });
  } catch {
    setCharge(false);
    hold({});
  }
}

/** Become the window in charge, or one that looks until the other is closed. */
export function claimWindow() {
  if (!navigator.locks) return Promise.resolve();  // no secure page: nothing is kept at all
  return new Promise((decided) => {
    const tooLong = setTimeout(() => { setCharge(false); decided(); }, PATIENCE_MS);
    hold({}, () => { clearTimeout(tooLong); decided(); });
  });
}

byId("take-over").addEventListener("click", () => hold({ steal: true }));
