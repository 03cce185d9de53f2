// Today's tasks as cards, by time and then by distance.

import { byId, el, hear, hour, length, say, tell, texts } from "./dom.js";
import { here } from "./position.js";
import { away } from "./shapes.js";
import { today } from "./state.js";

const GO = { published: "start", missed: "start", returned: "go_on" };

export async function showToday() {
  const day = await today();
  byId("age").textContent = day ? say(texts.age, { time: hour(day.fetched_at) }) : "";
  byId("day").textContent = day?.day ?? "";
  const cards = (day?.tasks ?? []).map((task) => ({ task, far: farFrom(task) }));
  cards.sort((a, b) => a.task.starts_at.localeCompare(b.task.starts_at) || a.far - b.far);
  const empty = day ? texts.no_tasks : texts.never_loaded;
  byId("cards").replaceChildren(
    ...(cards.length ? cards.map(({ task, far }) => card(task, far)) : [el("p", { class: "empty" }, empty)]),
  );
}

function farFrom(task) {
  const next = task.stops.find((stop) => stop.result === "pending");
  return here.fix && next ? away([here.fix.lon, here.fix.lat], next.geometry) : Infinity;
}

function card(task, far) {
  const done = task.stops.filter((stop) => stop.result !== "pending").length;
  const facts = [
    say(texts.stops_done, { done, all: task.stops.length }),
    say(texts.route, { far: length(task.length_m) }),
    Number.isFinite(far) && say(texts.away, { far: length(far) }),
  ].filter(Boolean);
  const begin = GO[task.state];
  return el("article", { class: `card-task ${task.state}`, "data-task": task.id },
    el("div", { class: "when" }, `${hour(task.starts_at)}–${hour(task.ends_at)}`),
    el("div", { class: "what" },
      el("h2", {}, task.crew, el("span", { class: `tag ${task.state}` }, texts.state[task.state])),
      el("p", {}, facts.join(" · ")),
      task.changed_at && el("p", { class: "changed" },
        say(texts.changed, { time: hour(task.changed_at), reason: task.change_reason })),
      el("p", { class: "quiet" }, say(texts.crew, { names: task.members.join("、") })),
      begin && el("p", { class: "quiet" }, texts.track_note)),
    el("button", {
      type: "button", class: "action main",
      on: { click: () => tell(begin ? "begin" : "open", task) },
    }, texts[begin ?? "open"]));
}

hear("position", () => { if (!byId("today").hidden) showToday(); });
