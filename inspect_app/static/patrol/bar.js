// The state bar: line, position, what waits to be sent; always there, always true.

import { countWaiting } from "./box.js";
import { byId, hear, say, texts } from "./dom.js";
import { quality } from "./map.js";
import { here } from "./position.js";

let asked = 0;

export async function showBar() {
  asked += 1;
  const own = asked;
  const { waiting, attention } = await countWaiting();
  if (own !== asked) return; // counted before the last news: a later count is on its way
  const box = byId("open-box");
  box.textContent = waiting ? say(texts.waiting, { n: waiting }) : texts.all_sent;
  box.classList.toggle("bad", attention > 0);
  const line = byId("line");
  line.textContent = navigator.onLine ? texts.online : texts.offline;
  line.classList.toggle("bad", !navigator.onLine);
  const gps = byId("gps");
  const fix = here.fix;
  gps.textContent = fix ? say(texts.gps, { m: Math.round(fix.accuracy) })
    : here.denied ? texts.gps_denied : texts.gps_none;
  gps.dataset.quality = fix ? quality(fix.accuracy) : "poor";
}

for (const news of ["outbox", "kept", "position"]) hear(news, showBar);
for (const news of ["online", "offline"]) globalThis.addEventListener(news, showBar);
