// Who is logged in, and changes sent in that person's name.

import { readMeta, writeMeta } from "./database.js";
import { reach, Stop, words } from "./device.js";
import { tell } from "./dom.js";

let token = null;

/** Ask who is logged in; null without a network or without a session. */
export async function session() {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return null;
  }
}

/** As `session`, but a Stop says why there is no answer. */
export async function ask() {
  const answer = await reach("/sync/session");
  const found = await words(answer);
  if (!answer.ok || !Number.isInteger(found.person_id) || !found.csrf) throw new Stop("portal");
  token = found.csrf;
  await writeMeta("person", { id: found.person_id, name: found.name });
  await writeMeta("people", { ...(await readMeta("people")), [found.person_id]: found.name });
  tell("login", false);
  return found;
}

/** Send a change; the token is asked for anew where it belonged to an older session. */
export async function send(method, url, { body, headers = {} }) {
  for (const last of [false, true]) {
    if (!token) await ask();
    const answer = await reach(url, { method, body, headers: { ...headers, "X-CSRFToken": token } });
    if (answer.status !== 400 || last || !(await isExpired(answer))) return answer;
    token = null;
  }
  return null;
}

async function isExpired(answer) {
  return (await words(answer.clone())).problem === "form_expired";
}
