// What was typed survives a reload, except who reported: that never enters the browser's storage.
const PREFIX = "intake-draft-";

const isPrivate = (one) => one.hasAttribute("data-private") || one.name.startsWith("reporter_") || one.name === "csrf_token";

export function forgetDraft(person) {
  localStorage.removeItem(PREFIX + person);
}

export function keepDraft(form) {
  const key = PREFIX + form.dataset.person;
  const kept = () => [...form.elements].filter((one) => one.name && !isPrivate(one) && one.name !== "received_at");
  const note = document.getElementById("draft-note");
  if (form.dataset.typed === "no") restore();
  form.addEventListener("told", save);
  document.getElementById("clear").addEventListener("click", () => {
    forgetDraft(form.dataset.person);
    location.assign(location.pathname);
  });

  function save() {
    const told = kept().filter((one) => (["checkbox", "radio"].includes(one.type) ? one.checked : one.value))
      .map((one) => [one.name, one.value]);
    localStorage.setItem(key, JSON.stringify(told));
  }

  function restore() {
    let told = [];
    try { told = JSON.parse(localStorage.getItem(key) ?? "[]"); } catch { forgetDraft(form.dataset.person); }
    if (!told.some(([name]) => ["summary", "lon", "address", "types", "respondent"].includes(name))) return;
    for (const one of kept()) {
      const values = told.filter(([name]) => name === one.name).map(([, value]) => value);
      if (["checkbox", "radio"].includes(one.type)) one.checked = values.includes(one.value);
      else if (values.length) one.value = values[0];
    }
    note.hidden = false;
    for (const name of ["lon", "lat"]) form.elements.namedItem(name).dispatchEvent(new Event("change"));
  }
}
