// What the tablet keeps. A write that is shown as 已保存 has been flushed to the disk.

import { openDB } from "../vendor/idb/build/index.js";

const STRICT = { durability: "strict" };
const WEEK_MS = 7 * 24 * 3600 * 1000;

export const db = await openDB("patrol", 1, {
  upgrade(database) {
    const outbox = database.createObjectStore("outbox", { keyPath: "id" });
    outbox.createIndex("seq", "seq", { unique: true });
    database.createObjectStore("blobs", { keyPath: "sha256" });
    database.createObjectStore("track", { keyPath: ["log", "number"] });
    database.createObjectStore("drafts");
    database.createObjectStore("read");
    database.createObjectStore("meta");
  },
});

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
export const writeMeta = (key, value) => db.put("meta", value, key);

async function device() {
  const known = await db.get("meta", "device");
  if (known) return known;
  const tx = db.transaction("meta", "readwrite", STRICT);
  const made = (await tx.store.get("device")) ?? newId();
  await tx.store.put(made, "device");
  await tx.done;
  return made;
}

/**
 * Freeze a record and put it into the outbox. Its number is taken in the same transaction, and the
 * bytes never change afterwards. `also` writes more rows in this transaction.
 */
export async function keep(content, { author, photos = [], label = "", also = null } = {}) {
  const from = await device();
  const id = newId();
  const tx = db.transaction(["outbox", "meta", "drafts", "track"], "readwrite", STRICT);
  const seq = ((await tx.objectStore("meta").get("seq")) ?? 0) + 1;
  await tx.objectStore("meta").put(seq, "seq");
  const at = new Date().toISOString();
  const isTrack = content.kind === "segment";
  const body = isTrack ? { fixes: content.fixes } : { ...content, device: from, seq, at };
  const entry = {
    id, seq, at, author, photos, label,
    kind: content.kind,
    task: content.task_id,
    content: isTrack ? { fixes: content.fixes.length } : body,
    url: isTrack ? `/sync/tracks/${content.log_uid}/segments/${content.number}` : `/sync/records/${id}`,
    name: isTrack ? `${content.log_uid}/${content.number}` : id,
    bytes: new TextEncoder().encode(JSON.stringify(body)),
    state: "waiting",
  };
  await tx.objectStore("outbox").add(entry);
  if (also) await also(tx);
  await tx.done;
  return entry;
}

export async function entries() {
  return db.getAllFromIndex("outbox", "seq");
}

export const updateEntry = (entry) => {
  const tx = db.transaction("outbox", "readwrite", STRICT);
  return Promise.all([tx.store.put(entry), tx.done]);
};

/** Keep a photo's bytes under their hash; they stay until a week after the server has them. */
export async function keepBlob(file) {
  const bytes = await file.arrayBuffer();
  const name = await sha256(bytes);
  const tx = db.transaction("blobs", "readwrite", STRICT);
  if (!(await tx.store.get(name))) {
    await tx.store.put({
      sha256: name, bytes, type: file.type, size: bytes.byteLength, state: "waiting",
    });
  }
  await tx.done;
  return name;
}

export const blob = (name) => db.get("blobs", name);

export async function markBlob(name, facts) {
  const tx = db.transaction("blobs", "readwrite", STRICT);
  const found = await tx.store.get(name);
  await tx.store.put({ ...found, ...facts });
  await tx.done;
}

export const readPackage = () => db.get("read", "package");
export const writePackage = (value) => db.put("read", value, "package");

export const draft = (task) => db.get("drafts", task);

export async function writeDraft(task, value) {
  const tx = db.transaction("drafts", "readwrite", STRICT);
  await Promise.all([tx.store.put(value, task), tx.done]);
}

/** Drop what the server has confirmed over a week ago; nothing else is ever deleted. */
export async function tidy() {
  const tx = db.transaction(["outbox", "blobs"], "readwrite");
  const limit = Date.now() - WEEK_MS;
  for (const name of ["outbox", "blobs"]) {
    for (const row of await tx.objectStore(name).getAll()) {
      if (row.state === "received" && row.receivedAt < limit) {
        await tx.objectStore(name).delete(row.id ?? row.sha256);
      }
    }
  }
  await tx.done;
}
