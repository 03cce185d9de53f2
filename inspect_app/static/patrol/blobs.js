// Photos go in pieces: asked first what is there, resumed after a lost answer, never sent twice.

import { sha256 } from "./database.js";
import { reach, Stop, words } from "./device.js";
import { tell, texts } from "./dom.js";
import { send } from "./session.js";
import { blob, markBlob, photoFacts } from "./store.js";

export const PIECE = 256 * 1024;
const PIECE_LEAST = 32 * 1024;
const DAMAGED_MAX = 3;
const NOT_THERE = [404, 405, 501];

/** Send what is missing of a photo. Returns true when the server holds it whole. */
export async function sendPhoto(name) {
  const photo = await photoFacts(name);
  const bytes = (await blob(name))?.bytes;
  if (!bytes || (await sha256(bytes)) !== name) return refuse(name, texts.damaged_here);
  await markBlob(name, { state: "sending", message: null });
  const piece = photo.piece ?? PIECE;
  try {
    return await sendPieces(photo, bytes, piece);
  } catch (error) {
    if (error instanceof Stop) {
      const last = (await photoFacts(name)).piece ?? PIECE;
      const smaller = error.reason === "offline" ? Math.max(PIECE_LEAST, last / 2) : last;
      await markBlob(name, { state: "waiting", piece: smaller });
    }
    throw error;
  }
}

async function sendPieces(photo, bytes, first) {
  const name = photo.sha256;
  const url = `/sync/blobs/${name}`;
  let piece = first;
  let { offset, whole } = await placeOf(url);
  while (!whole) {
    await markBlob(name, { offset });
    tell("outbox");
    const answer = await send("PATCH", url, {
      body: bytes.slice(offset, offset + piece),
      headers: {
        "Content-Type": "application/partial-upload",
        "Upload-Offset": String(offset), "Upload-Length": String(bytes.byteLength),
        "Upload-Complete": offset + piece >= bytes.byteLength ? "?1" : "?0",
      },
    });
    if (NOT_THERE.includes(answer.status)) return sendWhole(name, bytes);
    if (answer.status === 409) offset = placeIn(answer);
    else if (!answer.ok) return refused(photo, await words(answer));
    else {
      const reached = placeIn(answer);
      if (reached <= offset) throw new Stop("portal");  // a server that takes a piece is further on
      offset = reached;
      await markBlob(name, { piece });
      piece = Math.min(PIECE, piece * 2);
    }
    // The last answer may have come from anybody: only a second look says it is whole.
    if (offset >= bytes.byteLength) ({ offset, whole } = await placeOf(url, true));
  }
  return verified(name);
}

/** How far the server is; nothing there yet is zero. */
async function placeOf(url, must = false) {
  const answer = await reach(url, { method: "HEAD" });
  if (NOT_THERE.includes(answer.status) && !must) return { offset: 0, whole: false };
  if (!answer.ok) throw new Stop("portal");
  return { offset: placeIn(answer), whole: answer.headers.get("Upload-Complete") === "?1" };
}

function placeIn(answer) {
  const said = answer.headers.get("Upload-Offset");
  if (!/^\d+$/.test(said ?? "")) throw new Stop("portal");
  return Number(said);
}

/** In one piece, as an older server takes it. */
async function sendWhole(name, bytes) {
  const answer = await send("PUT", `/sync/photos/${name}`, {
    body: bytes, headers: { "Content-Type": "application/octet-stream" },
  });
  const said = await words(answer);
  if (!answer.ok) return refuse(name, said.message);
  if (said.sha256 !== name) throw new Stop("portal");
  return verified(name, Date.parse(said.now));
}

async function verified(name, at = null) {
  await markBlob(name, { state: "verified", verifiedAt: at, message: null });
  return true;
}

/** Damaged on the way, it starts anew some times; anything else is for a person. */
async function refused(photo, said) {
  const damaged = (photo.damaged ?? 0) + 1;
  if (said.problem !== "digest_mismatch" || damaged > DAMAGED_MAX) return refuse(photo.sha256, said.message);
  await markBlob(photo.sha256, { state: "waiting", offset: 0, damaged });
  return false;
}

async function refuse(name, message) {
  await markBlob(name, { state: "attention", message: message ?? texts.refused });
  return false;
}
