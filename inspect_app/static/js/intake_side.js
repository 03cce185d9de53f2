// Beside the form: likely same matters with reasons, and who would handle it.
const WAIT_MS = 300;
const AGAIN_MS = 4000;

async function post(form, url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

function told(form) {
  const data = new FormData(form);
  const place = data.has("no_place") ? {} : { lon: data.get("lon"), lat: data.get("lat") };
  return { ...place, types: data.getAll("types"), subtypes: data.getAll("subtypes") };
}

// Asks a little after the last key, and not twice for the same.
function debounced(ask) {
  let timer = null;
  let last = "";
  return (body) => {
    const text = JSON.stringify(body);
    if (text === last) return;
    last = text;
    clearTimeout(timer);
    timer = setTimeout(() => ask(body, () => text === last), WAIT_MS);
  };
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

export function followSame(form) {
  const box = document.getElementById("same");
  const list = box.querySelector("ol");
  const joined = document.getElementById("joined");
  const chosen = form.elements.namedItem("matter_id");
  let shown = [];

  const state = (name) => {
    for (const one of box.querySelectorAll("[data-state]")) one.hidden = one.dataset.state !== name;
  };
  const join = (matter) => {
    chosen.value = matter?.id ?? "";
    joined.hidden = !matter;
    if (matter) joined.querySelector("span").textContent = [matter.matter_no, matter.title].filter(Boolean).join(" ");
    for (const row of list.children) row.classList.toggle("chosen", row.dataset.id === chosen.value);
    form.dispatchEvent(new Event("told"));
  };
  const row = (matter, n) => {
    const item = element("li", "");
    item.dataset.id = String(matter.id);
    const facts = [
      matter.state,
      box.dataset.times.replace("{count}", matter.times),
      box.dataset.last.replace("{at}", matter.last_at),
      matter.distance_m === null ? "" : box.dataset.metres.replace("{metres}", matter.distance_m),
      box.dataset.share.replace("{pct}", matter.share_pct),
    ].filter(Boolean).join(" · ");
    const button = element("button", `${n + 1} ${box.dataset.join}`, "btn btn-sm btn-outline-primary");
    button.type = "button";
    button.tabIndex = -1;
    button.addEventListener("click", () => join(matter));
    item.append(element("strong", matter.matter_no), " ", element("span", matter.title), element("small", facts), element("small", matter.reasons.join(";"), "reasons"), button);
    item.classList.toggle("chosen", item.dataset.id === chosen.value);
    return item;
  };
  const ask = debounced(async (body, isLast) => {
    const { ready, matters } = await post(form, form.dataset.suggest, body);
    if (!isLast()) return;
    shown = matters;
    list.replaceChildren(...matters.map(row));
    state(!ready ? "waiting" : matters.length ? "" : "none");
    if (!ready) setTimeout(() => ask({ ...body, again: Date.now() }), AGAIN_MS);
  });
  box.addEventListener("keydown", (event) => {
    const matter = /^[1-5]$/.test(event.key) ? shown[Number(event.key) - 1] : null;
    if (!matter && event.key !== "Escape") return;
    event.preventDefault();
    if (matter) join(matter);
    const back = form.querySelector("[name=reporter_name]");
    (back.value ? form.querySelector("button.btn-primary") : back).focus();
  });
  joined.querySelector("button").addEventListener("click", () => join(null));
  if (chosen.value) join({ id: chosen.value, matter_no: "", title: "" });
  form.addEventListener("told", () => {
    const data = new FormData(form);
    const body = {
      ...told(form), summary: data.get("summary"), respondent: data.get("respondent"), source_id: data.get("source_id"),
      phone: data.get("reporter_phone"), name: data.get("reporter_name"),
    };
    const says = body.lon || body.summary?.trim() || body.respondent || body.phone;
    if (says) ask(body);
  });
}

export function followHandlers(form) {
  const box = document.getElementById("handlers");
  const borders = document.getElementById("borders");
  const ask = debounced(async (body, isLast) => {
    const { grids, proposals } = await post(form, form.dataset.handlers, body);
    if (!isLast()) return;
    box.querySelector("p").hidden = proposals.length > 0;
    box.querySelector("ul").replaceChildren(...proposals.map((one) => {
      const item = element("li", "");
      const who = [one.who, one.duty, one.grid].filter(Boolean).join(" · ");
      item.append(element("strong", who), element("small", one.why));
      return item;
    }));
    choice(grids);
  });
  const choice = (grids) => {
    borders.hidden = grids.length < 2;
    const group = borders.querySelector("fieldset");
    for (const old of group.querySelectorAll("label")) old.remove();
    if (borders.hidden) return;
    grids.forEach((grid, n) => {
      const label = element("label", "", "chip");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "grid_id", value: String(grid.id), checked: n === 0 });
      label.append(input, `${grid.name}${grid.distance_m ? ` (${grid.distance_m} m)` : ""}`);
      group.append(label);
    });
  };
  form.addEventListener("told", () => {
    const body = told(form);
    if ((body.lon && body.lat) || body.types.length) ask(body);
    else choice([]);
  });
}
