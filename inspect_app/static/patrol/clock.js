// The bureau's day by the server's clock: the tablet remembers how far its own is off.

import { dayTexts, say, zoneName } from "./dom.js";
import { readMeta, writeMeta } from "./database.js";

const DAY_MS = 24 * 3600 * 1000;
const MINUTE_MS = 60 * 1000;
let offset = 0;

/** Take up what the last contact told; without one the tablet's own clock is believed. */
export async function readClock() {
  offset = (await readMeta("clock_offset_ms")) ?? 0;
}

/** Note the server's clock; it only chooses which day is shown. */
export async function noteClock(moment) {
  const server = Date.parse(moment);
  if (Number.isNaN(server)) return;
  offset = Date.now() - server;
  await writeMeta("clock_offset_ms", offset);
}

export const clockOffset = () => offset;

/** Milliseconds now as the server counts them. */
export const now = () => Date.now() - offset;

const calendar = new Intl.DateTimeFormat("en-CA", { timeZone: zoneName });

/** The bureau's calendar day as 2026-03-24. */
export const bureauDay = (moment = now()) => calendar.format(new Date(moment));

export const shiftDay = (day, days) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

export function mondayOf(day) {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return shiftDay(day, -weekday);
}

/** Hours and minutes in words. */
export function span(milliseconds) {
  const minutes = Math.round(Math.abs(milliseconds) / MINUTE_MS);
  const facts = { h: Math.floor(minutes / 60), m: minutes % 60 };
  return say(facts.h ? dayTexts.hours_minutes : dayTexts.minutes, facts);
}

/** How much time is left until a moment: words, a sign, and a light (green, amber in the last third, red). */
export function timeLeft(until, since) {
  const left = Date.parse(until) - now();
  if (left < 0) return { words: say(dayTexts.over, { span: span(left) }), icon: "▲", light: "red" };
  const whole = Date.parse(until) - Date.parse(since);
  const short = left <= whole / 3;
  return {
    words: say(dayTexts.left, { span: span(left) }), icon: short ? "◆" : "●", light: short ? "amber" : "green",
  };
}
