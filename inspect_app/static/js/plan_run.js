// The progress of a plan that a worker is making: asked once a second until it ends.
const box = document.getElementById("run");
const words = box.querySelector(".words");
const SECOND = 1000;

function sentence(state) {
  const parts = [state.no_worker ? box.dataset.noWorker : box.dataset[state.stage] || box.dataset.waiting];
  if (state.missing_visits !== null) {
    parts.push(box.dataset.best.replace("{missing}", state.missing_visits).replace("{travel}", state.travel_h.toFixed(1)));
  }
  parts.push(box.dataset.seconds.replace("{seconds}", Math.round(state.seconds)));
  return parts.join(" · ");
}

async function ask() {
  const answer = await fetch(box.dataset.run, { headers: { Accept: "application/json" } });
  const state = await answer.json();
  if (!answer.ok) {
    words.textContent = state.message;
    return;
  }
  if (state.ended) {
    window.location.href = state.plan ? `${box.dataset.done}&plan=${state.plan}` : box.dataset.done;
    return;
  }
  words.textContent = sentence(state);
  box.classList.toggle("alert-warning", state.no_worker);
  box.classList.toggle("alert-info", !state.no_worker);
  setTimeout(ask, SECOND);
}

ask();
