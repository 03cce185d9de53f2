// A matter's trace in short: the first suspects upstream, the first to be warned downstream.
const SHOWN = 5;
const box = document.getElementById("matter-trace");
const state = box.querySelector(".state");
const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
const metres = (length) => (length < 1000 ? `${length} m` : `${(length / 1000).toFixed(1)} km`);

function row(list, parts) {
  const item = document.createElement("li");
  for (const [name, words] of parts.filter(([, text]) => text)) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = words;
    item.append(part, " ");
  }
  list.append(item);
}

async function show() {
  const answer = await fetch(box.dataset.trace, { headers: { Accept: "application/json" } });
  const found = await answer.json();
  if (!answer.ok || found.fault) {
    state.textContent = found.fault ?? found.message ?? box.dataset.fault;
    return;
  }
  state.textContent = fill(box.dataset.more, { suspects: found.suspects.length, warned: found.warned.length });
  const suspects = box.querySelector(".top-suspects");
  for (const one of found.suspects.slice(0, SHOWN)) {
    const doubt = one.certain ? "" : box.dataset.possible;
    const points = fill(box.dataset.points, { points: Math.round(one.points) });
    row(suspects, [["name", one.name], ["doubt", doubt], ["points", points], ["why", one.reasons.join(";")]]);
  }
  if (!found.suspects.length) row(suspects, [["why", box.dataset.none]]);
  const warned = box.querySelector(".top-warned");
  for (const one of found.warned.slice(0, SHOWN)) {
    const call = [one.keeper, one.phone].filter(Boolean).join(" ");
    row(warned, [["far", metres(one.distance_m)], ["name", `${one.label} ${one.name}`], ["doubt", one.certain ? "" : box.dataset.possible], ["why", call]]);
  }
  box.querySelector(".short").hidden = false;
}

show().catch(() => { state.textContent = box.dataset.fault; }).finally(() => { box.dataset.ready = "yes"; });
