// Logging out erases nothing; who does so with unsent work is told how much stays on the tablet.

import { countWaiting } from "./box.js";
import { byId, say, texts } from "./dom.js";
import { flushDrafts } from "./drafts.js";

const dialog = byId("leave-form");
const form = document.querySelector("form[action$='/logout']");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await flushDrafts();
  const { waiting, drafts } = await countWaiting();
  if (!waiting && !drafts) return form.submit();
  byId("leave-count").textContent = say(texts.leave, { n: waiting, drafts });
  dialog.showModal();
  return null;
});
byId("leave-stay").addEventListener("click", () => dialog.close());
byId("leave-go").addEventListener("click", () => form.submit());
