// The progress of a plan that a worker is making: asked once a second until it ends; its curve.
const box = document.getElementById("run");
const words = box.querySelector(".words");
const chart = box.querySelector(".run-chart");
const SECOND = 1000;
const SIZE = { width: 440, height: 100, left: 44, bottom: 18, top: 8, right: 8 };

function sentence(state) {
  const parts = [state.no_worker ? box.dataset.noWorker : box.dataset[state.stage] || box.dataset.waiting];
  if (state.cancelled) parts.unshift(box.dataset.stopping);
  if (state.missing_visits !== null) {
    parts.push(box.dataset.best.replace("{missing}", state.missing_visits).replace("{travel}", state.travel_h.toFixed(1)));
  }
  parts.push(box.dataset.seconds.replace("{seconds}", Math.round(state.seconds)));
  return parts.join(" · ");
}

function part(name, attributes, content) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (content) element.textContent = content;
  return element;
}

// Points: seconds, iteration, missing visits, hours of travel of the best plan so far.
function draw(points) {
  if (points.length < 2) return;
  const range = (column) => [Math.min, Math.max].map((pick) => pick(...points.map((point) => point[column])));
  const [low, high] = range(3);
  const [from, until] = [points[0][0], points.at(-1)[0]];
  const x = (seconds) => SIZE.left + ((seconds - from) / (until - from || 1)) * (SIZE.width - SIZE.left - SIZE.right);
  // Travel may rise while fewer visits are missing: both are drawn, each from its least to its most.
  const line = (column) => {
    const [least, most] = range(column);
    const y = (value) => SIZE.top + ((most - value) / (most - least || 1)) * (SIZE.height - SIZE.top - SIZE.bottom);
    return points.map((point, place) => `${place ? `H${x(point[0]).toFixed(1)}V` : `M${x(point[0]).toFixed(1)} `}${y(point[column]).toFixed(1)}`).join("");
  };
  const svg = part("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img", "aria-label": box.dataset.axis });
  svg.append(
    part("path", { d: `M${SIZE.left} ${SIZE.top}V${SIZE.height - SIZE.bottom}H${SIZE.width - SIZE.right}`, fill: "none", stroke: "#8b95a0" }),
    part("path", { d: line(2), fill: "none", stroke: "#b3261e", "stroke-width": 1.5, "stroke-dasharray": "5 4" }),
    part("path", { d: line(3), fill: "none", stroke: "#1a6fb0", "stroke-width": 2 }),
    part("text", { x: SIZE.left - 4, y: SIZE.top + 8, "text-anchor": "end" }, high.toFixed(1)),
    part("text", { x: SIZE.left - 4, y: SIZE.height - SIZE.bottom, "text-anchor": "end" }, low.toFixed(1)),
    part("text", { x: SIZE.left, y: SIZE.height - 3 }, box.dataset.axis),
    part("text", { x: SIZE.width - SIZE.right, y: SIZE.height - 3, "text-anchor": "end" }, `${until.toFixed(0)} s`),
  );
  chart.replaceChildren(svg);
  chart.hidden = false;
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
  draw(state.points);
  box.classList.toggle("alert-warning", state.no_worker);
  box.classList.toggle("alert-info", !state.no_worker);
  setTimeout(ask, SECOND);
}

ask();
