// The coming week's package, offered from the evening before on: Monday begins without a network.

import { byId, dayTexts, hear, megabytes, say, texts } from "./dom.js";
import { comingWeek, loadComing, loadPictures } from "./package.js";

// The server puts a whole package together to tell its size: not at every refresh.
const ASK_AGAIN_MS = 10 * 60 * 1000;
let askedAt = -Infinity;

/** Offer what is published and not here yet; the size is told, so that one tap is enough. */
async function offer() {
  if (Date.now() - askedAt < ASK_AGAIN_MS) return;
  const found = await comingWeek();
  if (found) askedAt = Date.now();
  byId("early").hidden = !found;
  if (!found) return;
  byId("early-go").hidden = found.same;
  byId("early-note").textContent = found.same ? dayTexts.early_same : say(dayTexts.early_offer, {
    size: megabytes(found.bytes), tasks: found.tasks,
  });
  byId("early-go").onclick = () => fetchComing(found);
}

async function fetchComing({ week, bytes }) {
  const bar = byId("package-progress");
  byId("early-go").hidden = true;
  Object.assign(bar, { hidden: false, max: bytes, value: 0 });
  const found = await loadComing(week, (loaded) => { bar.value = loaded; });
  bar.hidden = true;
  const said = { new: dayTexts.early_same, same: dayTexts.early_same, offline: dayTexts.package_offline };
  byId("early-note").textContent = said[found] ?? (found === "login" ? texts.login : found);
  byId("early-go").hidden = found === "new" || found === "same";
  if (found === "new") await loadPictures();
}

hear("package", offer);
