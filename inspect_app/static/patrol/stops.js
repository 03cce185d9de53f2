// The stops of a running patrol: their list, the one just reached, and what each still needs.

import { span, timeLeft } from "./clock.js";
import { byId, dayTexts, el, hour, length, put, say, texts } from "./dom.js";
import { here } from "./position.js";
import { away } from "./shapes.js";
import { inOrder } from "./state.js";

export const farOf = (stop) => (here.fix ? away([here.fix.lon, here.fix.lat], stop.geometry) : Infinity);

/** Whether the tablet can be at a stop: within reach, allowing for what the fix itself may be off. */
export function isThere(stop, policies) {
  const doubt = Math.min(here.fix?.accuracy ?? 0, policies.fix_accuracy_max_m ?? 0);
  return farOf(stop) <= (policies.stop_radius_m ?? Infinity) + doubt;
}

/** The stop to propose: the nearest unticked one within the radius. */
export function arrivedAt(task, policies) {
  return task.stops
    .filter((stop) => stop.result === "pending" && farOf(stop) <= policies.stop_radius_m)
    .sort((a, b) => farOf(a) - farOf(b))[0];
}

let hint = null;

/** Say which stop has been reached; a stay shorter than asked for is told, never forbidden. */
export function showProposal(stop, { stay_s, min_s, tick }) {
  const place = byId("proposal");
  place.hidden = !stop;
  if (!stop) return;
  if (place.dataset.stop !== String(stop.id)) {
    place.dataset.stop = stop.id;
    hint = el("small", { class: "hint" });
    put(place,
      el("strong", {}, say(texts.arrived, { name: `${stop.seq} ${stop.name}` }), hint),
      el("button", { type: "button", class: "action main", on: { click: () => tick(stop.id) } }, `✓ ${texts.tick}`));
  }
  const short = stay_s !== null && min_s != null && stay_s < min_s;
  hint.textContent = short ? say(dayTexts.stay_short, { s: stay_s, min: min_s }) : "";
}

/** Bring distances and times that are left up to date, touching nothing that may be tapped. */
export function refreshStops(task) {
  for (const row of document.querySelectorAll("#stops .stop")) {
    const stop = task.stops.find((each) => each.id === Number(row.dataset.stop));
    if (stop) row.querySelector("small").textContent = facts(stop);
    const light = row.querySelector(".light");
    if (stop && light) light.replaceWith(promise(stop, task));
  }
}

let drawn = "";

/** Draw the list; one that would look the same stays, so that no tap is lost between two drawings. */
export function showStops(task, { stamp, chosen, open, choose, tick, skip, check }) {
  const bare = task.stops.map(({ geometry: _, ...stop }) => stop);
  const forms = task.stops.map((stop) => open && check(stop)?.label);
  const wanted = JSON.stringify([stamp, task.id, task.changed_at, chosen, open, bare, forms]);
  if (wanted === drawn && byId("stops").childElementCount) return refreshStops(task);
  drawn = wanted;
  const changed = task.changed_at && el("li", { class: "changed" },
    say(texts.changed, { time: hour(task.changed_at), reason: task.change_reason }));
  const button = (text, handler, look = "") =>
    el("button", { type: "button", class: `action ${look}`, on: { click: handler } }, text);
  put(byId("stops"), ...(changed ? [changed] : []), ...inOrder(task.stops).map((stop) => {
    const form = open && check(stop);
    const urgent = stop.due_at && stop.result === "pending";
    return el("li", {
      class: `stop ${stop.result}${stop.id === chosen ? " chosen" : ""}${urgent ? " urgent" : ""}`, "data-stop": stop.id,
    },
    el("button", { type: "button", class: "name", on: { click: () => choose(stop.id) } },
      el("b", {}, String(stop.seq)),
      el("span", {}, stop.name, urgent && promise(stop, task), el("small", {}, facts(stop)))),
    stop.result !== "pending" && el("span", { class: `tag ${stop.result}` }, texts.result[stop.result]),
    open && stop.result !== "done" && button(texts.tick, () => tick(stop)),
    form && button(form.label, form.open, "check"),
    open && stop.result === "pending" && button(texts.skip, () => skip(stop)),
    open && stop.result === "done" && button(texts.undo, () => skip(stop)));
  }));
  return null;
}

function facts(stop) {
  const far = farOf(stop);
  return [
    texts.kind[stop.object_kind],
    stop.last_visit ? say(texts.last, { day: stop.last_visit.slice(5, 10) }) : texts.never,
    Number.isFinite(far) && length(far),
    stop.result_reason,
    stop.note,
  ].filter(Boolean).join(" · ");
}

/** Until when an urgent stop is to be reached, and how much of it is left. */
export function promise(stop, task) {
  const left = timeLeft(stop.due_at, task.changed_at ?? task.starts_at);
  return el("span", { class: `light ${left.light}` },
    `${left.icon} ${say(dayTexts.promise, { time: hour(stop.due_at), left: left.words })}`);
}

/** What falls short of the county's minimums, in words; it is told before handing in. */
export function shortfalls(found, policies) {
  const { minutes, metres, share } = found;
  const low = (value, least) => value !== null && least != null && value < least;
  return [
    low(minutes, policies.patrol_min_minutes)
      && say(dayTexts.short_time, { time: span(minutes * 60000), min: policies.patrol_min_minutes }),
    low(metres, policies.patrol_min_metres)
      && say(dayTexts.short_way, { far: length(metres), min: length(policies.patrol_min_metres) }),
    low(share, policies.coverage_share_min) && say(dayTexts.short_coverage, {
      share: Math.floor(share * 100), min: Math.round(policies.coverage_share_min * 100),
    }),
  ].filter(Boolean);
}
