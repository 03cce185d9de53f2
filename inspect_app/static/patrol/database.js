// The tablet's database: its stores, and how an older one is brought up to date with every row kept.

import { openDB } from "../vendor/idb/build/index.js";
import { fault, texts } from "./dom.js";

export const STRICT = { durability: "strict" };

/**
 * Version 2 keeps bytes apart from what is said about them, so that a new state never rewrites a
 * record or a photo: `bodies` beside `outbox`, `photos` (facts) beside `blobs` (bytes).
 */
export const db = await openDB("patrol", 2, {
  async upgrade(database, from, _to, tx) {
    if (from < 1) {
      const outbox = database.createObjectStore("outbox", { keyPath: "id" });
      outbox.createIndex("seq", "seq", { unique: true });
      database.createObjectStore("blobs", { keyPath: "sha256" });
      database.createObjectStore("track", { keyPath: ["log", "number"] });
      database.createObjectStore("drafts");
      database.createObjectStore("read");
      database.createObjectStore("meta");
    }
    if (from < 2) {
      database.createObjectStore("bodies", { keyPath: "id" });
      database.createObjectStore("photos", { keyPath: "sha256" });
      await splitRecords(tx);
      await splitPhotos(tx);
    }
  },
  blocked: () => fault(texts.close_others),
  blocking: (_from, _to, event) => event.target.close(),
});

// Version 1 sent a record after its photos: what it calls received was whole.
async function splitRecords(tx) {
  const outbox = tx.objectStore("outbox");
  for (let at = await outbox.openCursor(); at; at = await at.continue()) {
    const { bytes, state, ...entry } = at.value;
    await tx.objectStore("bodies").put({ id: entry.id, bytes });
    const whole = state === "received";
    await at.update({
      ...entry, size: bytes.byteLength, kept: whole,
      state: whole ? "verified" : state === "sending" ? "waiting" : state,
      verifiedAt: whole ? entry.receivedAt : null,
    });
  }
}

async function splitPhotos(tx) {
  for (let at = await tx.objectStore("blobs").openCursor(); at; at = await at.continue()) {
    const { sha256: name, type, size, state } = at.value;
    await tx.objectStore("photos").put({
      sha256: name, type, size, state: state === "received" ? "verified" : "waiting",
    });
  }
}

/** Time-ordered id (UUID version 7). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Date.now();
  for (let place = 5; place >= 0; place -= 1) {
    bytes[place] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export async function sha256(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const readMeta = (key) => db.get("meta", key);

export async function writeMeta(key, value) {
  const tx = db.transaction("meta", "readwrite", STRICT);
  await Promise.all([tx.store.put(value, key), tx.done]);
}

/** Write some fields of rows, given as [key, fields]; their other fields stay as they are now. */
export async function patch(store, changes) {
  const tx = db.transaction(store, "readwrite", STRICT);
  for (const [key, facts] of changes) {
    const found = await tx.store.get(key);
    if (found) await tx.store.put({ ...found, ...facts });
  }
  await tx.done;
}
