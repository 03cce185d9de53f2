// Pocket mode: a dim black screen that stays on, so that the track goes on; nothing in it by accident.

import { countWaiting } from "./box.js";
import { byId, dayTexts, el, hour, say, texts } from "./dom.js";
import { gapsOf } from "./measure.js";
import { fixesOf, here, isAwake, keepAwake } from "./position.js";
import { entries } from "./store.js";

const EVERY_MS = 5000;
const OPEN_AT = 95;
const SURE_MS = 4000;
const GAPS_SHOWN = 3;
const dialog = byId("pocket");
const slide = byId("pocket-slide");
let timer = 0;
let run = null;

export async function openPocket(patrol) {
  run = patrol;
  slide.value = 0;
  calm();
  dialog.showModal();
  await keepAwake();
  await draw();
  timer = setInterval(draw, EVERY_MS);
}

async function draw() {
  byId("pocket-time").textContent = hour(Date.now());
  byId("pocket-gps").textContent = here.fix ? say(texts.gps, { m: Math.round(here.fix.accuracy) }) : texts.gps_none;
  byId("pocket-waiting").textContent = say(texts.waiting, { n: (await countWaiting()).waiting });
  byId("pocket-awake").hidden = isAwake();
  const silent = run.gap_s == null ? [] : gapsOf([...await fixesOf(run.log), [Date.now()]], run.gap_s, await pauses());
  byId("pocket-gaps").replaceChildren(...silent.slice(-GAPS_SHOWN).map(({ from, to }) => el("li", {},
    say(dayTexts.gap, { m: Math.round((to - from) / 60000), from: hour(from), to: hour(to) }))));
}

/** The patrol's rests as [from, to]: they are no gaps. */
async function pauses() {
  const own = (await entries()).filter((entry) => entry.task === run.task);
  const found = [];
  for (const { kind, at } of own) {
    if (kind === "patrol_pause") found.push([Date.parse(at), Infinity]);
    if (kind === "patrol_resume" && found.length) found.at(-1)[1] = Date.parse(at);
  }
  return found;
}

const close = () => dialog.close();

/** Without dragging: one tap asks, a second one elsewhere within four seconds opens. */
function ask() {
  byId("pocket-sure").hidden = false;
  byId("pocket-tap").hidden = true;
  setTimeout(calm, SURE_MS);
}

function calm() {
  byId("pocket-sure").hidden = true;
  byId("pocket-tap").hidden = false;
}

slide.addEventListener("input", () => { if (Number(slide.value) >= OPEN_AT) close(); });
slide.addEventListener("change", () => { slide.value = 0; });
byId("pocket-tap").addEventListener("click", ask);
byId("pocket-sure").addEventListener("click", close);
dialog.addEventListener("close", () => clearInterval(timer));
dialog.addEventListener("cancel", (event) => event.preventDefault());
