// The outbox as a person reads it: each item with one state, what needs attention on top.

import { byId, dayHour, el, hear, say, texts } from "./dom.js";
import { blob, entries } from "./store.js";
import { compare, upload } from "./upload.js";

const ORDER = ["attention", "sending", "waiting", "received"];

export async function showBox() {
  const all = (await entries()).reverse();
  all.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const rows = await Promise.all(all.slice(0, 300).map(row));
  byId("entries").replaceChildren(
    ...(rows.length ? rows : [el("li", { class: "empty" }, texts.empty_box)]));
}

async function row(entry) {
  const photos = await Promise.all(entry.photos.map(blob));
  const sent = photos.filter((photo) => photo?.state === "received").length;
  const facts = [
    dayHour(entry.at),
    photos.length && say(texts.photos_sent, { done: sent, all: photos.length }),
    entry.message,
  ].filter(Boolean);
  return el("li", { class: `entry ${entry.state}`, "data-state": entry.state },
    el("span", { class: "name" }, [texts.record[entry.kind], entry.label].filter(Boolean).join(" · "), el("small", {}, facts.join(" · "))),
    el("span", { class: `tag ${entry.state}` }, texts.sending_state[entry.state]),
    entry.state === "attention" && el("button", {
      type: "button", class: "action", on: { click: () => upload({ again: true }) },
    }, texts.retry));
}

/** How many items the server has not confirmed: counted, never guessed from a flag. */
export async function countWaiting() {
  const all = await entries();
  return {
    waiting: all.filter((entry) => entry.state !== "received").length,
    attention: all.filter((entry) => entry.state === "attention").length,
  };
}

byId("send").addEventListener("click", () => upload({ again: true }));
byId("compare").addEventListener("click", async () => {
  const found = await compare();
  byId("verdict").textContent = !found ? texts.verdict_offline
    : found.missing ? say(texts.verdict_missing, { n: found.missing })
      : say(texts.verdict_same, { n: found.same });
  if (found?.missing) upload();
});
hear("outbox", () => { if (!byId("box").hidden) showBox(); });
