// The self-check: what this tablet can and cannot do, each item with its light and its remedy.

import { clockOffset, now, span } from "./clock.js";
import { byId, dayTexts, el, say } from "./dom.js";
import { db, readMeta, STRICT } from "./database.js";
import { hasPin } from "./pin.js";
import { isOld } from "./package.js";
import { here } from "./position.js";
import { send } from "./session.js";
import { readPackage } from "./store.js";

const GB = 1024 ** 3;
const FREE_LEAST = 0.5 * GB;
const FREE_GOOD = 2 * GB;
const FIX_MS = 15_000;
const CLOCK_AMBER_S = 60;
const CLOCK_RED_S = 600;
const WRITE_AMBER_MS = 100;
const WRITE_RED_MS = 1000;
const CHROME_OLD = 110;
const WRITES = 5;
const ORDER = ["red", "amber", "green"];

const light = (good, fair) => (good ? "green" : fair ? "amber" : "red");
const answer = (level, key, facts = {}) => ({ level, value: say(dayTexts.check[key], facts) });

async function https() {
  return globalThis.isSecureContext ? answer("green", "https_yes") : answer("red", "https_no");
}

async function worker() {
  const found = await navigator.serviceWorker?.getRegistration?.("/patrol");
  if (found?.active && navigator.serviceWorker.controller) return answer("green", "worker_yes");
  return answer(found ? "amber" : "red", found ? "worker_soon" : "worker_no");
}

async function persistent() {
  const kept = (await navigator.storage?.persisted?.()) || (await navigator.storage?.persist?.());
  return kept ? answer("green", "persistent_yes") : answer("red", "persistent_no");
}

async function space() {
  const found = await navigator.storage?.estimate?.();
  if (!found) return answer("amber", "space_unknown");
  const free = found.quota - found.usage;
  const facts = { free: (free / GB).toFixed(1), used: (found.usage / 1024 ** 2).toFixed(1) };
  return answer(light(free >= FREE_GOOD, free >= FREE_LEAST), "space_value", facts);
}

async function position() {
  if (!navigator.geolocation) return answer("red", "position_none");
  // The page follows the position anyway; a fix of this moment need not be asked for again.
  const age = here.fix ? Date.now() - here.fix.at : Infinity;
  if (age < FIX_MS) return fixed(here.fix.accuracy, say(dayTexts.check.position_age, { s: Math.round(age / 1000) }));
  const began = performance.now();
  try {
    const { coords } = await new Promise((resolve, reject) => {
      navigator.geolocation.getCurrentPosition(resolve, reject,
        { enableHighAccuracy: true, maximumAge: 0, timeout: FIX_MS });
    });
    const taken = ((performance.now() - began) / 1000).toFixed(1);
    return fixed(coords.accuracy, say(dayTexts.check.position_taken, { s: taken }));
  } catch (error) {
    return answer("red", error.code === 1 ? "position_denied" : "position_none");
  }
}

const fixed = (accuracy, time) => answer(
  light(accuracy <= 10, accuracy <= 30), "position_value", { m: Math.round(accuracy), time });

async function wakeLock() {
  if (!("wakeLock" in navigator)) return answer("red", "wake_no");
  try {
    await (await navigator.wakeLock.request("screen")).release();
    return answer("green", "wake_yes");
  } catch {
    return answer("amber", "wake_refused");
  }
}

async function clock() {
  const offset = clockOffset();
  if ((await readMeta("clock_offset_ms")) === undefined) return answer("amber", "clock_unknown");
  const off = Math.abs(offset) / 1000;
  const facts = { span: off < 60 ? say(dayTexts.seconds, { s: Math.round(off) }) : span(offset) };
  return answer(light(off <= CLOCK_AMBER_S, off <= CLOCK_RED_S), offset > 0 ? "clock_fast" : "clock_slow", facts);
}

async function tasks() {
  const week = await readPackage();
  if (!week) return answer("red", "package_none");
  const facts = { week: week.week ?? "", span: span(now() - Date.parse(week.checked_at ?? week.fetched_at)) };
  return answer(isOld(week) ? "red" : "green", "package_value", facts);
}

async function browser() {
  const found = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent);
  const safari = /Version\/(\d+)/.exec(navigator.userAgent);
  if (found) return answer(light(Number(found[1]) >= CHROME_OLD, true), "browser_value", { name: `Chromium ${found[1]}` });
  return answer(safari ? "green" : "amber", "browser_value", { name: safari ? `Safari ${safari[1]}` : navigator.userAgent.slice(-40) });
}

/** Milliseconds of a write that is flushed to the disk: the one every record waits for. */
async function writing() {
  const began = performance.now();
  for (let turn = 0; turn < WRITES; turn += 1) {
    const tx = db.transaction("meta", "readwrite", STRICT);
    await Promise.all([tx.store.put(turn, "self_check"), tx.done]);
  }
  const ms = (performance.now() - began) / WRITES;
  return answer(light(ms <= WRITE_AMBER_MS, ms <= WRITE_RED_MS), "writing_value", { ms: ms.toFixed(1) });
}

async function enrolled() {
  const name = await readMeta("device_name");
  return name ? answer("green", "enrolled_yes", { name }) : answer("amber", "enrolled_no");
}

async function lock() {
  return (await hasPin()) ? answer("green", "pin_yes") : answer("amber", "pin_no");
}

const CHECKS = {
  https, worker, persistent, space, position, wake: wakeLock, clock, package: tasks, browser, writing, enrolled, pin: lock,
};

/** Run one check; one that breaks is itself a red item with what was said. */
async function run(key) {
  try {
    return { key, ...(await CHECKS[key]()) };
  } catch (error) {
    return { key, level: "red", value: say(dayTexts.check.broken, { why: String(error.message ?? error) }) };
  }
}

const row = ({ key, level, value }) => el("li", { class: `check ${level}`, "data-check": key, "data-level": level },
  el("span", { class: `light ${level}` }, dayTexts.light[level]),
  el("span", { class: "name" }, dayTexts.check_name[key], el("small", {}, value),
    level !== "green" && el("small", { class: "remedy" }, say(dayTexts.remedy, { text: dayTexts.remedies[key] }))));

let running = null;

/** Run all checks, show each as it ends, and leave the result with the server when there is one. */
export function selfCheck() {
  running ??= runAll().finally(() => { running = null; });
  return running;
}

async function runAll() {
  const list = byId("checks");
  byId("check-verdict").textContent = dayTexts.checking;
  byId("check-sent").textContent = "";
  list.replaceChildren();
  const items = [];
  await Promise.all(Object.keys(CHECKS).map(async (key) => {
    items.push(await run(key));
    items.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
    list.replaceChildren(...items.map(row));
  }));
  const count = (level) => items.filter((item) => item.level === level).length;
  byId("check-verdict").textContent = say(dayTexts.verdict, {
    red: count("red"), amber: count("amber"), green: count("green"),
  });
  byId("check-sent").textContent = await report(items);
}

async function report(items) {
  try {
    const body = JSON.stringify({ items: items.map(({ key, level, value }) => ({ key, level, value })) });
    const said = await send("POST", "/sync/check", { body, headers: { "Content-Type": "application/json" } });
    if (!said.ok) return (await said.json()).message;
    return (await said.json()).kept ? dayTexts.check_sent : dayTexts.check_not_known;
  } catch {
    return dayTexts.check_offline;
  }
}

byId("check-again").addEventListener("click", selfCheck);
