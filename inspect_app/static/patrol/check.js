// A check form at a stop: one tap when nothing was found, else chips; a problem becomes a finding.

import { applies, asked, firstAnswers, fits, formFor, isProblem, openItems, problemsOf, withNormal } from "./answers.js";
import { control, nearest } from "./controls.js";
import { byId, el, say, tell, texts } from "./dom.js";
import { draftSoon, dropDraft } from "./drafts.js";
import { db, draft, entries, writeDraft } from "./store.js";

const dialog = byId("check-form");
let run = null;
let sheet = null; // {form, answers, raised, description}: what the draft keeps
let rows = [];
let offer = null;
let drafted = new Set();

const keyOf = (stop) => `check/${stop.id}`;
const classOf = ({ day, stop }) => day.checks?.[stop.id]?.class ?? null;

/** Read which stops have a form that was begun and not saved; answers whether that has changed. */
export async function readDrafted() {
  const before = drafted.size;
  const keys = await db.getAllKeys("drafts");
  drafted = new Set(keys.map((key) => /^check\/(\d+)$/.exec(key)?.[1]).filter(Boolean).map(Number));
  return drafted.size !== before;
}

/** The button of a stop's form: its text and what it does; null where there is no form. */
export function checkButton(context) {
  if (!formFor(context.day, context.stop)) return null;
  const label = drafted.has(context.stop.id) ? texts.check_draft : texts.check;
  return { label, open: () => openCheck(context) };
}

const sheetOf = (day, stop) => stop.sheet ?? day.checks?.[stop.id]?.sheet;

/** What a stop's newest sheet says, in words for its row; empty without one. */
export function sheetNote(day, stop) {
  const kept = sheetOf(day, stop);
  const form = kept && (day.forms ?? []).find((each) => each.key === kept.form && each.version === kept.version);
  if (!form) return kept ? texts.check_filled : "";
  const count = problemsOf(form, kept.answers).length;
  if (count) return say(texts.check_problems, { n: count });
  return kept.nothing_found ? texts.check_nothing : texts.check_filled;
}

/** Offer the form of the stop that was just ticked, until it is filled; null offers none. */
export function showOffer(context) {
  const place = byId("check-offer");
  offer = context;
  place.hidden = !context || Boolean(sheetOf(context.day, context.stop)) || !formFor(context.day, context.stop);
  // The buttons stay the same while their stop does: a tap must not fall between two drawings.
  if (place.hidden || place.dataset.stop === String(context.stop.id)) return;
  const { id, seq, name } = context.stop;
  place.dataset.stop = id;
  place.replaceChildren(
    el("strong", {}, `${seq} ${name}`),
    el("button", { type: "button", class: "action main", id: "offer-nothing", on: { click: () => saveNothingFound(offer) } }, `✓ ${texts.check_nothing}`),
    el("button", { type: "button", class: "action", id: "offer-check", on: { click: () => openCheck(offer) } }, texts.check));
}

/** Open the form of a stop, with its draft, its last sheet or what is known beforehand. */
export async function openCheck({ day, task, stop, write, raise }) {
  run = { day, task, stop, write, raise };
  sheet = (await draft(keyOf(stop))) ?? await begin();
  if (!sheet) return;
  byId("check-title").textContent = `${stop.seq} ${stop.name}`;
  byId("check-kind").textContent = sheet.form.title;
  build();
  refresh();
  dialog.showModal();
  dialog.scrollTop = 0;
}

/** Save at once that nothing was found, where no answer says otherwise. */
async function saveNothingFound({ day, task, stop, write, raise }) {
  run = { day, task, stop, write, raise };
  sheet = (await draft(keyOf(stop))) ?? await begin();
  if (!sheet) return;
  if (problemsOf(sheet.form, sheet.answers).length) return openCheck(run);
  sheet.answers = withNormal(sheet.form, sheet.answers, classOf(run));
  await save();
}

async function begin() {
  const { day, stop, task } = run;
  const form = formFor(day, stop);
  if (!form) return null;
  const kept = sheetOf(day, stop);
  if (kept?.form === form.key && kept.version === form.version) {
    return { form, answers: { ...kept.answers }, raised: [], description: stop.name };
  }
  const own = (await entries()).filter((entry) => entry.kind === "check_form" && entry.task === task.id);
  const known = { carried: day.checks?.[stop.id]?.carried, earlier: own.at(-1)?.content.answers };
  return { form, answers: firstAnswers(form, known), raised: [], description: stop.name };
}

/** Build every row once; `refresh` shows and hides them, so that no word or focus is lost. */
function build() {
  const near = (kind) => nearest(run.day.objects, run.stop, kind);
  rows = sheet.form.fields.map((field) => {
    const raise = el("button", { type: "button", class: "action alarm", on: { click: () => raiseProblem(field) } });
    const warning = el("p", { class: "warning", role: "status", hidden: true },
      say(texts.check_range, { low: field.low ?? "", high: field.high ?? "", unit: field.unit }));
    const row = el("div", { class: "question", "data-field": field.key },
      el("span", { class: "label" }, field.label, field.help && el("small", {}, field.help)),
      control(field, { answers: sheet.answers, set: (answer) => answerIs(field, answer), near }),
      warning, raise);
    return { field, row, raise, warning };
  });
  const sections = [...new Set(sheet.form.fields.map((field) => field.section))];
  byId("check-fields").replaceChildren(...sections.map((section) =>
    el("fieldset", {}, el("legend", {}, section),
      ...rows.filter(({ field }) => field.section === section).map(({ row }) => row))));
}

function refresh() {
  const objectClass = classOf(run);
  const { form, answers, raised } = sheet;
  for (const { field, row, raise, warning } of rows) {
    const answer = answers[field.key];
    const problem = isProblem(field, answer);
    row.hidden = !applies(field, answers, objectClass);
    row.classList.toggle("bad", problem);
    warning.hidden = fits(field, answer);
    raise.hidden = !problem;
    raise.disabled = raised.includes(field.key);
    raise.textContent = raised.includes(field.key) ? `✓ ${texts.check_raised}` : texts.check_raise;
  }
  for (const section of byId("check-fields").children) {
    section.hidden = ![...section.querySelectorAll(".question")].some((row) => !row.hidden);
  }
  const problems = problemsOf(form, answers).length;
  const open = openItems(form, answers, objectClass);
  const button = byId("check-nothing");
  button.hidden = problems > 0 && !open;
  button.classList.toggle("main", !problems);
  button.textContent = problems ? texts.check_rest : `✓ ${texts.check_nothing}`;
  byId("check-state").textContent = [
    problems && say(texts.check_problems, { n: problems }), open && say(texts.check_open, { n: open }),
  ].filter(Boolean).join(" · ");
}

function answerIs(field, answer) {
  const mine = sheet;
  if (answer === undefined) delete mine.answers[field.key];
  else mine.answers[field.key] = answer;
  refresh();
  if (["text", "number"].includes(field.kind)) draftSoon(keyOf(run.stop), () => mine);
  else remember();
}

async function remember() {
  dropDraft(keyOf(run.stop));
  try {
    await writeDraft(keyOf(run.stop), sheet);
  } catch (error) {
    tell("write-failed", error);
  }
  tell("draft");
}

/** Leave the form for a finding with its type and object set, and come back to it. */
async function raiseProblem(field) {
  await remember();
  dialog.close();
  const [mine, { stop, raise }] = [sheet, run];
  const { label } = field.options.find(({ value }) => value === mine.answers[field.key]);
  const kept = await raise({ finding_type: field.finding, stop, description: `${field.label}:${label}` });
  if (kept) {
    mine.raised.push(field.key);
    await writeDraft(keyOf(stop), mine);
  }
  // While a place was picked on the map another stop's form may have been opened.
  if (sheet !== mine || dialog.open) return;
  refresh();
  dialog.showModal();
}

async function save() {
  const objectClass = classOf(run);
  const { form } = sheet;
  const answers = asked(form, sheet.answers, objectClass);
  const whole = !problemsOf(form, answers).length && !openItems(form, answers, objectClass);
  const { stop } = run;
  dropDraft(keyOf(stop));
  const kept = await run.write("check_form", {
    stop_id: stop.id, object_kind: stop.object_kind, object_id: stop.object_id,
    form: form.key, version: form.version, answers, nothing_found: whole,
  }, [], (tx) => tx.objectStore("drafts").delete(keyOf(stop)));
  if (!kept) return;
  if (dialog.open) dialog.close();
  tell("draft");
}

byId("check-nothing").addEventListener("click", async () => {
  sheet.answers = withNormal(sheet.form, sheet.answers, classOf(run));
  if (!problemsOf(sheet.form, sheet.answers).length) return save();
  build();  // beside a problem the rest is only filled in: a person looks at it and saves
  refresh();
  return remember();
});
byId("check-save").addEventListener("click", save);
byId("check-close").addEventListener("click", () => dialog.close());
