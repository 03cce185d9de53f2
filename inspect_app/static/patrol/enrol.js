// Enrolment: a one-time code, from the administrator's QR or typed, makes this a known tablet.

import { byId, dayTexts, say } from "./dom.js";
import { readMeta, writeMeta } from "./database.js";
import { deviceId, noteEnrolment } from "./device.js";
import { send } from "./session.js";

/** The code of an address that a QR carries, or null. */
export function codeIn(address) {
  const found = /#enrol=([^&]+)$/.exec(address);
  return found && decodeURIComponent(found[1]);
}

export async function showEnrolment(fault = "") {
  const name = await readMeta("device_name");
  byId("enrol-state").textContent = name ? say(dayTexts.enrolled, { name }) : dayTexts.not_enrolled;
  byId("enrol-state").classList.toggle("good", Boolean(name));
  byId("enrol-fault").textContent = fault;
}

/** Hand the code in; without a line or a log-in it can be tried again. Returns whether it worked. */
export async function enrol(code) {
  byId("enrol-fault").textContent = dayTexts.enrolling;
  try {
    const body = JSON.stringify({ code, device: await deviceId(), model: model(), token: await offeredToken() });
    const answer = await send("POST", "/sync/enrol", { body, headers: { "Content-Type": "application/json" } });
    const said = await answer.json();
    if (!answer.ok) {
      await showEnrolment(said.message);
      return false;
    }
    await noteEnrolment(said);
    await writeMeta("token_offer", null);
  } catch (error) {
    await showEnrolment(dayTexts.enrol_later[error.reason] ?? dayTexts.enrol_later.other);
    return false;
  }
  await showEnrolment();
  return true;
}

/** The token this tablet has drawn: the same until there is an answer, whichever request comes last. */
async function offeredToken() {
  const known = await readMeta("token_offer");
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  await writeMeta("token_offer", token);
  return token;
}

/** What the browser tells of the machine: "Android 13; Pad X" in most cases. */
const model = () => (/\(([^)]+)\)/.exec(navigator.userAgent)?.[1] ?? navigator.platform).slice(0, 100);

byId("enrol-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = byId("enrol-code").value.trim();
  if (code) enrol(codeIn(code) ?? code);
});
