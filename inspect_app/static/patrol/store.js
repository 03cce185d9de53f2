// What the tablet keeps. A write that is shown as 已保存 has been flushed to the disk.

import { db, newId, patch, readMeta, sha256, STRICT, writeMeta } from "./database.js";
import { deviceId } from "./device.js";
import { looksOnly } from "./window.js";

export { db, newId, readMeta, sha256, writeMeta };

const DAY_MS = 24 * 3600 * 1000;
const KEEP_DAYS_MIN = 7;

/**
 * Freeze a record and put it into the outbox. Its number is taken in the same transaction, and the
 * bytes never change afterwards. `also` writes more rows in this transaction.
 */
export async function keep(content, { author, photos = [], label = "", also = null } = {}) {
  // A track goes on in the window that records it; nothing else is written beside the one in charge.
  if (looksOnly() && content.kind !== "segment") throw new Error("another window of the page is in charge");
  const device = await deviceId();
  const by = (await readMeta("people"))?.[author] ?? nameOnPage(author);
  for (;;) {
    const seq = ((await readMeta("seq")) ?? 0) + 1;
    const { bytes, ...entry } = await freeze({ ...content, author, device, seq });
    Object.assign(entry, { author, by, photos, label });
    if (await add(entry, bytes, also)) return entry;  // else another writer took the number
  }
}

/** The page was made for somebody: until the server has said who is logged in, it knows the name. */
function nameOnPage(author) {
  const { person, name } = document.querySelector("[data-person]")?.dataset ?? {};
  return person === String(author) ? name ?? "" : "";
}

/** Bytes and their hash before the transaction: one that waits for a digest would end. */
async function freeze(content) {
  const id = newId();
  const at = new Date().toISOString();
  const { author, device, seq, number } = content;
  const isTrack = content.kind === "segment";
  const body = isTrack ? { author, device, seq, fixes: content.fixes } : { ...content, at };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return {
    id, seq, at, kind: content.kind, task: content.task_id,
    content: isTrack ? { fixes: content.fixes.length } : body,
    url: isTrack ? `/sync/tracks/${content.log_uid}/segments/${number}` : `/sync/records/${id}`,
    name: isTrack ? `${content.log_uid}/${number}` : id,
    bytes, size: bytes.byteLength, sha256: await sha256(bytes), state: "waiting",
    signed: true,  // its bytes name their author
  };
}

async function add(entry, bytes, also) {
  const stores = ["outbox", "bodies", "meta", "drafts", "track"];
  const tx = db.transaction(stores, "readwrite", STRICT);
  const free = ((await tx.objectStore("meta").get("seq")) ?? 0) + 1 === entry.seq;
  if (free) {
    await tx.objectStore("meta").put(entry.seq, "seq");
    await tx.objectStore("outbox").add(entry);
    await tx.objectStore("bodies").add({ id: entry.id, bytes });
    if (also) await also(tx);
  }
  await tx.done;
  return free;
}

/** All items in the order they were made, without their bytes. */
export const entries = () => db.getAllFromIndex("outbox", "seq");

export const bodyOf = async (id) => (await db.get("bodies", id))?.bytes;

export const patchEntry = (id, facts) => patch("outbox", [[id, facts]]);
export const patchEntries = (changes) => patch("outbox", changes);

/** Keep a photo's bytes under their hash; they stay until a week after the server has them. */
export async function keepBlob(file) {
  const bytes = await file.arrayBuffer();
  const name = await sha256(bytes);
  const tx = db.transaction(["blobs", "photos"], "readwrite", STRICT);
  if (!(await tx.objectStore("photos").get(name))) {
    const size = bytes.byteLength;
    await tx.objectStore("blobs").put({ sha256: name, bytes, type: file.type, size });
    await tx.objectStore("photos").put({ sha256: name, type: file.type, size, state: "waiting" });
  }
  await tx.done;
  return name;
}

export const blob = (name) => db.get("blobs", name);
export const photoFacts = (name) => db.get("photos", name);
export const allPhotos = async () =>
  new Map((await db.getAll("photos")).map((photo) => [photo.sha256, photo]));
export const markBlob = (name, facts) => patch("photos", [[name, facts]]);
export const markBlobs = (changes) => patch("photos", changes);

export const readPackage = () => db.get("read", "package");
export const writePackage = (value) => db.put("read", value, "package");
// Another week's, beside the one in use: the coming week's, or the last one's.
export const readOther = () => db.get("read", "package/other");
export const writeOther = (value) => db.put("read", value, "package/other");

/** Change the week in use for the other one. */
export async function swapPackages() {
  const tx = db.transaction("read", "readwrite", STRICT);
  const [own, other] = await Promise.all([tx.store.get("package"), tx.store.get("package/other")]);
  await Promise.all([tx.store.put(other, "package"), tx.store.put(own, "package/other"), tx.done]);
}

export const draft = (key) => db.get("drafts", key);

export async function writeDraft(key, value) {
  const tx = db.transaction("drafts", "readwrite", STRICT);
  const written = Promise.all([tx.store.put(value, key), tx.done]);
  tx.commit();  // now, for the page may be about to end
  await written;
}

/** Drafts with their keys; what is not handed in yet is told apart from what waits to be sent. */
export async function drafts() {
  const tx = db.transaction("drafts");
  const [keys, values] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll(), tx.done]);
  return keys.map((key, place) => ({ key, value: values[place] }));
}

/**
 * Drop what the server verified and, at least `photo_keep_days` later, still said it holds with the
 * same hash. Both moments are the server's; nothing else is ever deleted.
 */
export async function tidy() {
  const days = Math.max(KEEP_DAYS_MIN, (await readPackage())?.policies?.photo_keep_days ?? 0);
  const over = (row) => row.state === "verified" && row.confirmedAt - row.verifiedAt >= days * DAY_MS;
  const tx = db.transaction(["outbox", "bodies", "blobs", "photos", "track", "drafts"], "readwrite", STRICT);
  const used = new Set((await tx.objectStore("drafts").getAll()).flatMap((value) => [...(value.photos ?? []), value.audio]));
  for (const entry of await tx.objectStore("outbox").getAll()) {
    if (over(entry)) await drop(tx, entry);
    else for (const name of entry.photos) used.add(name);
  }
  for (const photo of await tx.objectStore("photos").getAll()) {
    if (!over(photo) || used.has(photo.sha256)) continue;
    await tx.objectStore("blobs").delete(photo.sha256);
    await tx.objectStore("photos").delete(photo.sha256);
  }
  await tx.done;
}

async function drop(tx, entry) {
  await tx.objectStore("outbox").delete(entry.id);
  await tx.objectStore("bodies").delete(entry.id);
  const [log, number] = entry.name.split("/");
  if (entry.kind === "segment") await tx.objectStore("track").delete([log, Number(number)]);
}
