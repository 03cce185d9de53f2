// Today's receipt: what lies here and what lies there, item by item.

import { byId, dayHour, el, say, texts } from "./dom.js";
import { receipt } from "./reconcile.js";
import { upload } from "./upload.js";

const CODE_LENGTH = 8;
const code = (hash) => (hash ?? "").slice(0, CODE_LENGTH);

async function show() {
  const found = await receipt();
  byId("verdict").textContent = verdict(found);
  byId("receipt").hidden = !found;
  if (!found) return;
  byId("receipt-day").textContent = found.day;
  byId("receipt-lines").replaceChildren(
    ...found.lines.map(line),
    ...found.elsewhere.map(([name, hash]) => cells("", texts.elsewhere_item, name.slice(-CODE_LENGTH), code(hash), "—")));
  if (found.lost) upload();
}

function verdict(found) {
  if (!found) return texts.verdict_offline;
  const open = found.lines.filter(({ entry }) => !entry.kept).length;
  if (found.lost) return say(texts.verdict_missing, { n: found.lost });
  if (open) return say(texts.verdict_open, { n: open });
  return say(texts.verdict_same, { n: found.lines.length });
}

function line({ entry, same }) {
  const what = [texts.record[entry.kind] ?? entry.kind, entry.label].filter(Boolean).join(" · ");
  return cells(dayHour(entry.at), what, code(entry.sha256), texts.sending_state[entry.state], same ? "✓" : "✗");
}

const cells = (...values) => el("tr", {}, ...values.map((value) => el("td", {}, value)));

byId("compare").addEventListener("click", show);
byId("receipt-print").addEventListener("click", () => globalThis.print());
