// The rescue file: everything the server has not confirmed, in one file only the bureau can open.

import { readMeta, sha256 } from "./database.js";
import { deviceId } from "./device.js";
import { byId, dayHour, say, texts } from "./dom.js";
import { allPhotos, blob, bodyOf, entries } from "./store.js";

const TITLE = "INSPECT-RESCUE-1\n";
// Before each part, so that a reader finds the next one behind a damaged stretch.
const MARK = [0x89, 0x52, 0x53, 0x43, 0x0d, 0x0a, 0x1a, 0x0a];
const AES = { name: "AES-GCM", length: 256 };

const text = (value) => new TextEncoder().encode(value);
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const fromBase64 = (value) => Uint8Array.from(atob(value), (each) => each.charCodeAt(0));

/**
 * Build the file part by part: each is sealed and handed to the browser's own storage of blobs at
 * once, so that hundreds of photos need the memory of one. Null where no key was ever fetched.
 */
export async function makeRescue(progress = () => {}) {
  const bureau = await readMeta("rescue_key");
  if (!bureau) return null;
  const key = await crypto.subtle.generateKey(AES, true, ["encrypt"]);
  const head = { key: bureau.id, wrapped: await wrap(key, bureau.key) };
  const pieces = [new Blob([TITLE, JSON.stringify(head), "\n"])];
  const counts = { records: 0, photos: 0, unreadable: 0 };
  const add = async (part, bytes) => { pieces.push(await seal(key, pieces.length, part, bytes)); };
  await add({ part: "device", ...(await sender()) });
  const open = (await entries()).filter((entry) => entry.state !== "verified");
  const photos = await allPhotos();
  const names = [...new Set(open.flatMap((entry) => entry.photos))]
    .filter((name) => photos.get(name)?.state !== "verified");
  for (const entry of open) {
    await put(counts, "records", async () => add(await record(entry), await present(bodyOf(entry.id))));
  }
  for (const name of names) {
    progress({ done: counts.photos, all: names.length });
    const bytes = async () => (await present(blob(name))).bytes;
    await put(counts, "photos", async () => add({ part: "photo", sha256: name }, await bytes()));
  }
  await add({ part: "end", ...counts });
  return { file: new Blob(pieces, { type: "application/octet-stream" }), counts };
}

/** One item that cannot be read any more keeps no other from being rescued. */
async function put(counts, name, write) {
  try {
    await write();
    counts[name] += 1;
  } catch {
    counts.unreadable += 1;
  }
}

async function present(read) {
  const found = await read;
  if (!found) throw new Error("the bytes are gone");
  return found;
}

async function record(entry) {
  const { name, kind, author, by, seq, at, state, label } = entry;
  const hash = entry.sha256 ?? await sha256(await bodyOf(entry.id));
  return { part: "record", name, kind, author, by, seq, at, state, label, sha256: hash };
}

async function sender() {
  const [device, token, name, person] = await Promise.all([
    deviceId(), readMeta("token"), readMeta("device_name"), readMeta("person"),
  ]);
  return { device, token: token ?? null, name: name ?? null, person, made_at: new Date().toISOString() };
}

async function wrap(key, bureau) {
  const rsa = { name: "RSA-OAEP", hash: "SHA-256" };
  const open = await crypto.subtle.importKey("spki", fromBase64(bureau), rsa, false, ["wrapKey"]);
  return base64(await crypto.subtle.wrapKey("raw", key, open, rsa));
}

async function seal(key, number, part, bytes = new Uint8Array()) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(8, number);
  const plain = await new Blob([text(`${JSON.stringify(part)}\n`), bytes]).arrayBuffer();
  const sealed = await crypto.subtle.encrypt({ name: AES.name, iv }, key, plain);
  const lead = new DataView(new ArrayBuffer(16));
  MARK.forEach((byte, place) => lead.setUint8(place, byte));
  lead.setUint32(8, number);
  lead.setUint32(12, sealed.byteLength);
  return new Blob([lead, sealed]);
}

let address = null;

byId("rescue").addEventListener("click", async () => {
  const note = byId("rescue-note");
  const link = byId("rescue-link");
  link.hidden = true;
  byId("rescue").disabled = true;
  try {
    const made = await makeRescue((facts) => { note.textContent = say(texts.rescue_working, facts); });
    note.textContent = made ? texts.rescue_what : texts.rescue_no_key;
    if (!made) return;
    if (address) URL.revokeObjectURL(address);
    address = URL.createObjectURL(made.file);
    link.href = address;
    const stamp = dayHour(Date.now()).replace(/\D/g, "");
    link.download = `${texts.rescue_name}-${(await deviceId()).slice(0, 8)}-${stamp}.rescue`;
    const size = (made.file.size / 1024 / 1024).toFixed(1);
    link.textContent = say(texts.rescue_save, { ...made.counts, size });
    link.hidden = false;
  } finally {
    byId("rescue").disabled = false;
  }
});
