// Setting and taking off the tablet's PIN, on the page of the self-check.

import { byId, dayTexts, say, tell } from "./dom.js";
import { dropPin, hasPin, isPin, setPin, tryPin } from "./pin.js";
import { readPackage } from "./store.js";

export async function showPinForm(note = "") {
  const known = await hasPin();
  const minutes = (await readPackage())?.policies?.tablet_lock_min;
  byId("pin-state").textContent = !known ? dayTexts.pin_none
    : minutes == null ? dayTexts.pin_never_asked : say(dayTexts.pin_set, { m: minutes });
  byId("pin-old-field").hidden = !known;
  byId("pin-drop").hidden = !known;
  byId("pin-lock").hidden = !known;
  byId("pin-said").textContent = note;
}

function clear() {
  for (const name of ["pin-old", "pin-new"]) byId(name).value = "";
}

/** The old PIN opens the way to another one; wrong tries count as on the lock itself. */
const mayChange = async () => !(await hasPin()) || tryPin(byId("pin-old").value);

byId("pin-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const wanted = byId("pin-new").value;
  if (!isPin(wanted)) return showPinForm(dayTexts.pin_digits);
  if (!(await mayChange())) return showPinForm(dayTexts.pin_old_wrong);
  await setPin(wanted);
  clear();
  return showPinForm(dayTexts.pin_saved);
});
byId("pin-drop").addEventListener("click", async () => {
  if (!(await mayChange())) return showPinForm(dayTexts.pin_old_wrong);
  await dropPin();
  clear();
  return showPinForm(dayTexts.pin_dropped);
});
byId("pin-lock").addEventListener("click", () => tell("lock"));
