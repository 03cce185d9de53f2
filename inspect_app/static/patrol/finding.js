// A finding: photo first, place and object filled in, kept as a draft until it is saved.

import { byId, el, fault, length, put, say, tell, texts } from "./dom.js";
import { draftSoon, dropDraft } from "./drafts.js";
import { drawPin, pickPlace } from "./map.js";
import { rememberMeasures, showMeasures } from "./onsite.js";
import { here } from "./position.js";
import { away, distance } from "./shapes.js";
import { blob, draft, keepBlob, writeDraft } from "./store.js";

const NEAR_M = 500;
const CHOICES = 4;
const dialog = byId("finding-form");
let run = null;
let current = null;

const BLANK = {
  photos: [], finding_type: null, severity: "normal", description: "", measure: "", place: null, object: null,
};

/**
 * Open the form, with the draft of a form that was left or killed, else with what a check form
 * `preset`; the camera opens over a form without photos. Answers whether the finding was saved.
 */
export async function openFinding({ day, task, write, near, preset = null }) {
  const closed = new Promise((done) => { run = { day, task, write, near, done }; });
  current = (await draft(task.id)) ?? { ...BLANK, ...(preset && startOf(preset)) };
  if (current.place?.how !== "pin") current.place = measured() ?? current.place;
  lastTypesFirst();
  byId("finding-crew").textContent = task.members.join("、");
  byId("finding-alone").hidden = task.members.length > 1;
  byId("finding-measure").value = current.measure ?? "";
  showMeasures();
  choose("finding_type", current.finding_type);
  choose("severity", current.severity);
  byId("finding-text").value = current.description;
  byId("finding-fault").hidden = true;
  await showShots();
  showPlace();
  dialog.showModal();
  // Photo first: the camera opens at once; who comes back without a picture finds the form.
  if (!current.photos.length) byId("finding-photo").click();
  return closed;
}

/** What a problem of a check form says about its finding; a point without a fix is its place. */
function startOf({ finding_type, stop, description }) {
  const [lon, lat] = stop.geometry.type === "Point" ? stop.geometry.coordinates : [];
  const place = lon === undefined || here.fix ? null : { how: "pin", lon, lat, accuracy_m: null };
  return { finding_type, description, place, object: `${stop.object_kind}/${stop.object_id}` };
}

function close(kept) {
  dialog.close();
  drawPin(null);
  run.done(kept);
}

function measured() {
  const fix = here.fix;
  return fix ? { how: "position", lon: fix.lon, lat: fix.lat, accuracy_m: fix.accuracy } : null;
}

const remember = async () => {
  await writeDraft(run.task.id, current);
  tell("draft");
};

function choose(name, value) {
  for (const input of dialog.querySelectorAll(`input[name=${name}]`)) input.checked = input.value === value;
}

/** The types used last stand first; they are what a person meets on this reach. */
function lastTypesFirst() {
  const last = JSON.parse(localStorage.getItem("patrol-types") ?? "[]");
  for (const value of [...last].reverse()) {
    const chip = dialog.querySelector(`input[name=finding_type][value="${CSS.escape(value)}"]`);
    if (chip) byId("finding-types").prepend(chip.parentElement);
  }
}

function rememberType(value) {
  const last = JSON.parse(localStorage.getItem("patrol-types") ?? "[]");
  const next = [value, ...last.filter((each) => each !== value)].slice(0, CHOICES);
  localStorage.setItem("patrol-types", JSON.stringify(next));
}

/** Show the photos; without one, warn: verification asks for it, saving does not. */
async function showShots() {
  byId("finding-no-photo").hidden = current.photos.length > 0;
  const drawn = current.photos;
  const shots = await Promise.all(drawn.map(blob));
  if (drawn !== current.photos) return; // another photo came meanwhile, and is drawn with these
  byId("finding-shots").replaceChildren(...shots.filter(Boolean).map((photo) => {
    const address = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
    const image = el("img", { src: address, alt: texts.photo, width: 96, height: 96 });
    image.addEventListener("load", () => URL.revokeObjectURL(address));
    return image;
  }));
}

function showPlace() {
  const place = current.place;
  const text = {
    position: () => say(texts.place_gps, { m: Math.round(place.accuracy_m) }),
    pin: () => texts.place_pin,
  }[place?.how] ?? (() => texts.place_none);
  byId("finding-place").textContent = text();
  byId("finding-place").classList.toggle("missing", !place);
  byId("finding-where").textContent = text();
  byId("finding-where").classList.toggle("missing", !place);
  drawPin(place && [place.lon, place.lat]);
  showNear();
}

/** Stops and objects around the place, nearest first; the nearest within reach is proposed. */
function showNear() {
  const place = current.place && [current.place.lon, current.place.lat];
  const stops = run.task.stops.map((stop) => ({
    kind: stop.object_kind, id: stop.object_id, name: stop.name,
    far: place ? away(place, stop.geometry) : Infinity,
  }));
  const things = run.day.objects.map((thing) => ({
    ...thing, far: place ? distance(place, [thing.lon, thing.lat]) : Infinity,
  }));
  const seen = new Set();
  const near = [...stops, ...things]
    .filter(({ kind, id, far }) => (far <= NEAR_M || `${kind}/${id}` === current.object) && !seen.has(`${kind}/${id}`) && seen.add(`${kind}/${id}`))
    .sort((a, b) => a.far - b.far).slice(0, CHOICES);
  current.object ??= near[0] ? `${near[0].kind}/${near[0].id}` : "";
  byId("finding-near-field").hidden = !near.length;
  showAbout(near);
  const chip = (value, ...label) => el("label", { class: "chip" },
    el("input", { type: "radio", name: "object", value, checked: current.object === value }),
    el("span", {}, ...label));
  put(byId("finding-near"),
    ...near.map((thing) => chip(`${thing.kind}/${thing.id}`, thing.name, el("small", {}, ` ${length(thing.far)}`))),
    chip("", texts.none));
}

/** Say on top which object is meant: it was proposed, and may be seen without scrolling. */
function showAbout(near) {
  const thing = near.find(({ kind, id }) => `${kind}/${id}` === current.object);
  byId("finding-about").textContent = thing ? thing.name : "";
}

function record() {
  const [kind, id] = (current.object ?? "").split("/");
  const { how, lon, lat, accuracy_m } = current.place;
  const stop = run.task.stops.find((each) => each.object_kind === kind && each.object_id === Number(id))
    ?? run.task.stops.find((each) => each.id === run.near);
  return {
    finding_type: current.finding_type, severity: current.severity,
    description: current.description, measure: current.measure ?? "", place: how, lon, lat, accuracy_m,
    photos: current.photos, stop_id: stop?.id ?? null,
    object_kind: kind || null, object_id: id ? Number(id) : null,
  };
}

async function save() {
  const missing = !current.finding_type ? texts.type_missing : !current.place ? texts.place_none : null;
  byId("finding-fault").hidden = !missing;
  byId("finding-fault").textContent = missing ?? "";
  if (missing) return;
  byId("finding-save").disabled = true;
  try {
    dropDraft(run.task.id);
    const done = (tx) => tx.objectStore("drafts").delete(run.task.id);
    if (!(await run.write("finding", record(), current.photos, done))) return;
    rememberType(current.finding_type);
    rememberMeasures(current.measure);
    tell("draft");
    close(true);
  } finally {
    byId("finding-save").disabled = false;
  }
}

byId("finding-photo").addEventListener("change", async ({ target }) => {
  const files = [...target.files];
  target.value = "";
  try {
    for (const file of files) {
      if (!file.type.startsWith("image/")) fault(texts.not_image);
      else current.photos = [...new Set([...current.photos, await keepBlob(file)])];
    }
    await remember();
  } catch (error) {
    tell("write-failed", error);
  }
  await showShots();
});
dialog.addEventListener("change", async ({ target }) => {
  if (!["finding_type", "severity", "object"].includes(target.name)) return;
  current[target.name] = target.value;
  if (target.name === "object") byId("finding-about").textContent = target.value && target.nextElementSibling.textContent;
  await remember();
});
byId("finding-text").addEventListener("input", ({ target }) => {
  current.description = target.value;
  draftSoon(run.task.id, () => current);
});
byId("finding-measure").addEventListener("input", ({ target }) => {
  current.measure = target.value;
  showMeasures();
  draftSoon(run.task.id, () => current);
});
byId("finding-pin").addEventListener("click", () => {
  dialog.close();
  byId("pin-note").hidden = false;
  pickPlace(async ([lon, lat]) => {
    current.place = { how: "pin", lon, lat, accuracy_m: null };
    current.object = null;
    endPick();
    await remember();
  });
});
byId("pin-cancel").addEventListener("click", endPick);
byId("finding-save").addEventListener("click", save);
byId("finding-close").addEventListener("click", () => close(false));
dialog.addEventListener("cancel", (event) => {
  if (event.target !== dialog) return; // a camera that was left says "cancel" as well
  event.preventDefault();
  close(false);
});

function endPick() {
  pickPlace(null);
  byId("pin-note").hidden = true;
  showPlace();
  dialog.showModal();
}
