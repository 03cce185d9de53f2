// What is known about a stop's object: earlier visits, findings with pictures, whom to call, the way.

import { byId, dayHour, dayTexts, el, say, texts } from "./dom.js";
import { navigationLinks } from "./navigate.js";
import { picture } from "./package.js";
import { middle } from "./shapes.js";

const dialog = byId("thing");

export async function showThing(stop, { week, task, actions }) {
  byId("thing-title").textContent = `${stop.seq} ${stop.name}`;
  byId("thing-kind").textContent = [texts.kind[stop.object_kind], texts.result[stop.result],
    stop.result_reason].filter(Boolean).join(" · ");
  byId("thing-actions").replaceChildren(...actions);
  const way = navigationLinks(middle(stop.geometry), stop.name, week.policies);
  byId("thing-way").hidden = !way.length;
  byId("thing-links").replaceChildren(...way);
  byId("thing-contact").replaceChildren(...contactLine(stop, { week, task }));
  const known = (week.history ?? []).find((thing) =>
    thing.kind === stop.object_kind && thing.id === stop.object_id);
  byId("thing-visits").replaceChildren(...list((known?.visits ?? []).map(visitLine)));
  byId("thing-findings").replaceChildren(...list(await Promise.all((known?.findings ?? []).map(findingLine))));
  if (!dialog.open) dialog.showModal();
}

const list = (lines) => (lines.length ? lines : [el("li", { class: "quiet" }, dayTexts.nothing_known)]);

function contactLine(stop, { week, task }) {
  const found = (week.contacts ?? []).find((contact) =>
    contact.grid_id === stop.grid_id && contact.day === task.day);
  if (!found) return [dayTexts.no_contact];
  const who = say(dayTexts.contact, { grid: found.grid, name: found.name });
  if (!found.phone) return [who];
  return [who, el("a", { class: "action", href: `tel:${found.phone}` }, say(dayTexts.call, { phone: found.phone }))];
}

const visitLine = (visit) => el("li", {}, [dayHour(visit.at), visit.crew, texts.result[visit.result],
  visit.reason].filter(Boolean).join(" · "));

async function findingLine(finding) {
  const facts = [dayHour(finding.found_at), dayTexts.finding_type[finding.finding_type],
    dayTexts.severity[finding.severity], dayTexts.finding_state[finding.state]].filter(Boolean);
  const shots = await Promise.all(finding.photos.map(picture));
  return el("li", {}, el("b", {}, finding.finding_no), ` ${facts.join(" · ")}`,
    finding.description && el("span", { class: "words" }, finding.description),
    ...shots.filter(Boolean).map(shot));
}

function shot(blob) {
  const address = URL.createObjectURL(blob);
  const image = el("img", { src: address, alt: texts.photo, width: 120, height: 90 });
  image.addEventListener("load", () => URL.revokeObjectURL(address));
  return image;
}

byId("thing-close").addEventListener("click", () => dialog.close());
export const closeThing = () => dialog.close();
