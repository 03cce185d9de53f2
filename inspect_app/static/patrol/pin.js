// The tablet's own lock: four to six digits, asked after a while out of sight. It guards the screen
// alone; it erases nothing and keeps no record from being sent.

import { byId, dayTexts, hear, say, texts } from "./dom.js";
import { readMeta, writeMeta } from "./database.js";
import { readPackage } from "./store.js";
import { session } from "./session.js";

const ROUNDS = 300_000;
const FREE_TRIES = 5;
const WAIT_MS = 30 * 1000;
const WAIT_MAX_MS = 30 * 60 * 1000;
const SEEN = "patrol-seen-at";
const dialog = byId("lock");
let opened = true;

export const isPin = (text) => /^\d{4,6}$/.test(text);
export const hasPin = async () => Boolean(await readMeta("pin"));

async function hashed(pin, salt) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, key, 256);
  return new Uint8Array(bits);
}

export async function setPin(pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  await writeMeta("pin", { salt, hash: await hashed(pin, salt), wrong: 0, until: 0 });
}

export const dropPin = () => writeMeta("pin", null);

/** How long nobody may try; a clock that was set back cannot make it longer than it was. */
function waitOf({ wrong, until }) {
  const most = wrong < FREE_TRIES ? 0 : Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (wrong - FREE_TRIES));
  return Math.max(0, Math.min(most, until - Date.now()));
}

/** Try a PIN: true opens; false counts. The count outlives a reload. */
export async function tryPin(pin) {
  const kept = await readMeta("pin");
  if (!kept) return true;
  if (waitOf(kept) > 0) return false;
  const found = await hashed(pin, kept.salt);
  const right = found.every((byte, place) => byte === kept.hash[place]);
  const wrong = right ? 0 : kept.wrong + 1;
  const wait = wrong < FREE_TRIES ? 0 : Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (wrong - FREE_TRIES));
  await writeMeta("pin", { ...kept, wrong, until: Date.now() + wait });
  return right;
}

async function lock() {
  if (dialog.open || !(await hasPin())) return;
  opened = false;
  byId("lock-pin").value = "";
  byId("lock-again").hidden = true;
  dialog.showModal();
  await showWait();
}

function unlock() {
  opened = true;
  dialog.close();
}

async function showWait() {
  const kept = await readMeta("pin");
  const wait = kept ? waitOf(kept) : 0;
  byId("lock-open").disabled = wait > 0;
  byId("lock-fault").textContent = wait > 0 ? say(dayTexts.pin_wait, { s: Math.ceil(wait / 1000) })
    : kept?.wrong ? say(dayTexts.pin_wrong, { n: kept.wrong }) : "";
  if (wait > 0 && dialog.open) setTimeout(showWait, 1000);
}

async function open() {
  const right = await tryPin(byId("lock-pin").value);
  byId("lock-pin").value = "";
  return right ? unlock() : showWait();
}

/** Whoever forgot the PIN logs in again, online; the PIN is taken off, all records stay. */
async function again() {
  const body = new URLSearchParams({ login: byId("lock-login").value, password: byId("lock-password").value });
  const fault = byId("lock-fault");
  try {
    const answer = await fetch("/login", {
      method: "POST", body, redirect: "manual", headers: { "X-CSRFToken": await loginToken() },
    });
    if (answer.type !== "opaqueredirect") {
      fault.textContent = dayTexts.login_failed;
      return;
    }
  } catch {
    fault.textContent = texts.stop.offline;
    return;
  }
  byId("lock-password").value = "";
  await dropPin();
  unlock();
  await session();
}

async function loginToken() {
  const person = await session();
  if (person) return person.csrf;
  const page = new DOMParser().parseFromString(await (await fetch("/login")).text(), "text/html");
  return page.querySelector("meta[name=csrf-token]").content;
}

const seen = () => localStorage.setItem(SEEN, String(Date.now()));

async function lockIfLong() {
  const minutes = (await readPackage())?.policies?.tablet_lock_min;
  const since = Number(localStorage.getItem(SEEN) ?? 0);
  // A clock set back must not keep the screen open.
  const away = Math.abs(Date.now() - since);
  if (minutes != null && away >= minutes * 60 * 1000) await lock();
  seen();
}

export async function watchPin() {
  byId("lock-open").addEventListener("click", open);
  byId("lock-pin").addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
  byId("lock-forgot").addEventListener("click", () => { byId("lock-again").hidden = false; });
  byId("lock-relogin").addEventListener("click", again);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  // A second back gesture closes a dialog whatever the page says; then it opens again.
  dialog.addEventListener("close", () => { if (!opened) lock(); });
  document.addEventListener("visibilitychange", () => (document.hidden ? seen() : lockIfLong()));
  setInterval(() => { if (!document.hidden && !dialog.open) seen(); }, 30_000);
  hear("lock", lock);
  await lockIfLong();
}
