// What was done on the spot: chips that write into a line of words; the last used stand first.

import { byId } from "./dom.js";

const chips = byId("measure-chips");
const line = byId("finding-measure");
const SEPARATOR = "、";

export const measuresIn = (text) => text.split(SEPARATOR).map((part) => part.trim()).filter(Boolean);

/** Show which chips the line already says. */
export function showMeasures() {
  const said = measuresIn(line.value);
  for (const chip of chips.children) chip.setAttribute("aria-pressed", String(said.includes(chip.textContent)));
}

const used = () => JSON.parse(localStorage.getItem("patrol-measures") ?? "[]");

function lastFirst() {
  for (const name of used().reverse()) {
    const chip = [...chips.children].find((each) => each.textContent === name);
    if (chip) chips.prepend(chip);
  }
}

export function rememberMeasures(text) {
  const known = [...chips.children].map((chip) => chip.textContent);
  const now = measuresIn(text ?? "").filter((name) => known.includes(name));
  localStorage.setItem("patrol-measures", JSON.stringify([...new Set([...now, ...used()])]));
  lastFirst();
}

for (const chip of chips.children) {
  chip.addEventListener("click", () => {
    const said = measuresIn(line.value);
    const rest = said.filter((name) => name !== chip.textContent);
    line.value = (rest.length < said.length ? rest : [...said, chip.textContent]).join(SEPARATOR);
    line.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
lastFirst();
