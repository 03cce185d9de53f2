// The kept shell and its new versions: taken over by a tap only, and never in the middle of work.

import { byId, dayTexts, fault, texts } from "./dom.js";
import { hasDraft } from "./state.js";

/** Whether something is being sent right now, by this tab or another. */
async function isSending() {
  const { held } = await navigator.locks.query();
  return held.some((lock) => lock.name === "patrol-sync");
}

async function update(registration) {
  const busy = (await hasDraft()) || document.querySelector("dialog[open]") ? dayTexts.update_draft
    : (await isSending()) ? dayTexts.update_sending : null;
  if (busy) return fault(busy);
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting?.postMessage("activate");
  return null;
}

export async function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker
    .register("/patrol/worker.js", { scope: "/patrol" }).catch(() => null);
  if (!registration) return;
  const offer = () => { byId("update").hidden = !(registration.waiting && navigator.serviceWorker.controller); };
  offer();
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", offer));
  byId("update").addEventListener("click", () => update(registration));
}

export async function promiseStorage() {
  if (!globalThis.isSecureContext) return fault(texts.insecure);
  const kept = (await navigator.storage?.persist?.()) ?? false;
  document.body.dataset.persistent = String(kept);
  return null;
}
