// Rules of a check form's answers, as data says them: what is asked, what is a problem, what fits.

/** The newest form for a stop, or null: a complaint's matter has none. */
export function formFor(day, stop) {
  return (day.forms ?? [])
    .filter((form) => form.object_kind === stop.object_kind)
    .sort((a, b) => b.version - a.version)[0] ?? null;
}

/** Whether a field is asked of an object of this class after these answers. */
export function applies(field, answers, objectClass) {
  if (field.classes.length && objectClass && !field.classes.includes(objectClass)) return false;
  return !field.after || field.after[1].includes(answers[field.after[0]]);
}

export const isProblem = (field, answer) =>
  field.options.some((option) => option.fault && option.value === answer);

export const problemsOf = (form, answers) =>
  form.fields.filter((field) => isProblem(field, answers[field.key]));

/** Whether a number can be true at all; one that cannot is warned about, never refused. */
export function fits(field, answer) {
  if (field.kind !== "number" || answer === undefined) return true;
  return typeof answer === "number" && answer >= field.low && answer <= field.high;
}

/** Answers with every check item that was left open set to its normal answer. */
export function withNormal(form, answers, objectClass) {
  const filled = { ...answers };
  for (const field of form.fields) {
    if (field.normal !== null && applies(field, filled, objectClass)) filled[field.key] ??= field.normal;
  }
  return filled;
}

/** Only what is asked after the other answers: a pH of an outlet that is dry is no answer. */
export function asked(form, answers, objectClass) {
  const known = form.fields.filter((field) =>
    answers[field.key] !== undefined && applies(field, answers, objectClass));
  return Object.fromEntries(known.map((field) => [field.key, answers[field.key]]));
}

/** How many check items still have no answer. */
export function openItems(form, answers, objectClass) {
  return form.fields.filter((field) =>
    field.normal !== null && answers[field.key] === undefined && applies(field, answers, objectClass)).length;
}

/** What a sheet begins with: the object's last one and, for what is alike on the way, this patrol's. */
export function firstAnswers(form, { carried, earlier }) {
  const answers = {};
  for (const field of form.fields) {
    const from = { object: carried, patrol: earlier }[field.carry];
    const value = from?.[field.key];
    if (value !== undefined && !isProblem(field, value)) answers[field.key] = value;
  }
  return answers;
}
