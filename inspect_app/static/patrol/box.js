// The outbox as a person reads it: each item with one state, what needs attention on top.

import { PIECE } from "./blobs.js";
import { byId, dayHour, el, hear, put, say, texts } from "./dom.js";
import { allPhotos, drafts, entries, markBlobs, patchEntry, readMeta } from "./store.js";
import { line, upload } from "./upload.js";

const ORDER = ["attention", "sending", "waiting", "draft", "received", "verified"];
const DRAW_MS = 300;
let chosen = "all";
let drawing = 0;

/** What is still to reach the server: its record, or a photo of it. */
const isOpen = (entry) => !entry.kept || entry.missing?.length > 0;

/** Items first that need this person, then by state, then the newest. */
function rank(entry) {
  return ORDER.indexOf(entry.state) + (entry.state === "attention" && entry.kept ? 0.5 : 0);
}

export async function showBox() {
  const [all, photos, person, written] = await Promise.all([
    entries(), allPhotos(), readMeta("person"), drafts(),
  ]);
  const own = all.filter((entry) => !person || entry.author === person.id).reverse();
  const items = [...own, ...written.map(asItem)].sort((a, b) => rank(a) - rank(b));
  showSummary(own, items);
  const shown = items.filter((item) => chosen === "all" || item.state === chosen);
  put(byId("others"), ...othersOf(all, person));
  put(byId("entries"), ...(shown.length
    ? shown.map((item) => row(item, photos)) : [el("li", { class: "empty" }, texts.empty_box)]));
}

function asItem({ key, value }) {
  return {
    id: `draft/${key}`, kind: "draft", state: "draft", photos: value.photos ?? [],
    label: (value.description ?? "").slice(0, 20), at: value.saved_at ?? null, local: true,
  };
}

function showSummary(own, items) {
  const contact = line.contactAt ? say(texts.contact_at, { time: dayHour(line.contactAt) }) : texts.no_contact;
  byId("box-summary").textContent = [
    say(texts.open_items, { n: own.filter(isOpen).length, all: own.length }), contact,
  ].join(" · ");
  const chip = (name, label, n) => el("button", {
    type: "button", class: "chip-button", "data-filter": name, "aria-pressed": String(chosen === name),
    on: { click: () => { chosen = name; showBox(); } },
  }, `${label} ${n}`);
  put(byId("box-filters"),
    chip("all", texts.all, items.length),
    ...ORDER.map((state) => [state, items.filter((item) => item.state === state).length])
      .filter(([state, n]) => n || state === chosen)
      .map(([state, n]) => chip(state, texts.sending_state[state], n)));
}

/** Another person's work is counted and named, never shown. */
function othersOf(all, person) {
  const counts = new Map();
  for (const entry of all) {
    if (!person || entry.author === person.id || !isOpen(entry)) continue;
    const name = entry.by || texts.another_person;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, n]) => el("li", { class: "warning" }, say(texts.others_wait, { name, n })));
}

function row(entry, photos) {
  const known = entry.photos.map((name) => photos.get(name));
  const facts = [
    entry.at && dayHour(entry.at),
    ...photoFacts(known),
    entry.message,
    ...known.map((photo) => photo?.message),
    entry.error && !entry.kept
      && say(texts.failed_at, { time: dayHour(entry.error.at), why: texts.stop[entry.error.reason] }),
  ].filter(Boolean);
  const again = !entry.local && entry.state !== "verified" && entry.state !== "sending";
  return el("li", { class: `entry ${entry.state}`, "data-state": entry.state, "data-id": entry.id },
    el("span", { class: "name" },
      [texts.record[entry.kind] ?? entry.kind, entry.label].filter(Boolean).join(" · "),
      el("small", {}, facts.join(" · "))),
    el("span", { class: `tag ${entry.state}` }, texts.sending_state[entry.state]),
    again && el("button", {
      type: "button", class: "action", on: { click: () => retry(entry) },
    }, texts.retry));
}

function photoFacts(known) {
  if (!known.length) return [];
  const whole = known.filter((photo) => photo?.state === "verified").length;
  const place = known.findIndex((photo) => photo?.state === "sending");
  const photo = known[place];
  return [
    say(texts.photos_sent, { done: whole, all: known.length }),
    photo && say(texts.photo_pieces, {
      n: place + 1, done: Math.floor((photo.offset ?? 0) / PIECE), all: Math.ceil(photo.size / PIECE),
    }),
  ];
}

async function retry(entry) {
  const photos = await allPhotos();
  const refused = entry.photos.filter((name) => photos.get(name)?.state === "attention");
  await markBlobs(refused.map((name) => [name, { state: "waiting", message: null }]));
  await patchEntry(entry.id, { state: "waiting", damaged: 0 });
  line.notBefore = 0;
  await upload();
}

/** How many items the server has not confirmed: counted, never guessed from a flag. */
export async function countWaiting() {
  const [all, written] = await Promise.all([entries(), drafts()]);
  return {
    waiting: all.filter(isOpen).length,
    attention: all.filter((entry) => entry.state === "attention" && !entry.kept).length,
    drafts: written.length,
  };
}

byId("send").addEventListener("click", () => { line.notBefore = 0; upload({ again: true }); });
hear("outbox", () => {
  if (byId("box").hidden || drawing) return;
  drawing = setTimeout(() => { drawing = 0; showBox(); }, DRAW_MS);
});
