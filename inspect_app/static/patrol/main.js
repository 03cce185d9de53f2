// Boots the page: loads the day, shows one view at a time, keeps the state bar true.

import { watchLine } from "./alarm.js";
import { countWaiting, showBox } from "./box.js";
import { byId, fault, hear, say, tell, texts } from "./dom.js";
import { quality } from "./map.js";
import { here, watchPosition } from "./position.js";
import { hasDraft, isRunning, today } from "./state.js";
import { readPackage, writePackage } from "./store.js";
import "./leave.js";
import "./receipt.js";
import "./rescue.js";
import { leaveTask, showTask } from "./task.js";
import { showToday } from "./today.js";
import { alone, session, startUploading } from "./upload.js";
import { claimWindow } from "./window.js";

const VIEWS = ["today", "task", "box"];
// A changed plan must reach the crew within minutes: an urgent visit is promised in two hours.
const REFRESH_MS = 2 * 60 * 1000;
let taskId = null;

async function show(view, options) {
  if (view !== "task") leaveTask();
  for (const name of VIEWS) byId(name).hidden = name !== view;
  document.body.dataset.view = view;
  byId("back").hidden = view === "today";
  if (view === "today") await showToday();
  if (view === "box") await showBox();
  if (view === "task" && !(await showTask(taskId, options))) await show("today");
  history.replaceState(null, "", view === "task" ? `#task=${taskId}` : `#${view}`);
}

async function open(task, options) {
  taskId = task.id;
  await show("task", options);
}

/** Fetch the day's tasks; never while something is being sent, so that no record falls between. */
async function refresh() {
  await alone(async () => {
    let answer;
    try {
      answer = await fetch("/sync/tasks", { cache: "no-store" });
    } catch {
      return;
    }
    if (answer.ok) await writePackage(await answer.json());
    else if (answer.status !== 401) fault((await answer.json()).message);
  });
  tell("package");
  if (!byId("today").hidden) await showToday();
}

async function showBar() {
  const { waiting, attention } = await countWaiting();
  const box = byId("open-box");
  box.textContent = waiting ? say(texts.waiting, { n: waiting }) : texts.all_sent;
  box.classList.toggle("bad", attention > 0);
  const line = byId("line");
  line.textContent = navigator.onLine ? texts.online : texts.offline;
  line.classList.toggle("bad", !navigator.onLine);
  const gps = byId("gps");
  const fix = here.fix;
  gps.textContent = fix ? say(texts.gps, { m: Math.round(fix.accuracy) })
    : here.denied ? texts.gps_denied : texts.gps_none;
  gps.dataset.quality = fix ? quality(fix.accuracy) : "poor";
}

/** Take over what the server says about the log-in; a kept page may be another person's. */
async function meet() {
  const person = await session();
  if (!person) return;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = person.csrf;
  const shown = document.querySelector("[data-person]").dataset.person;
  if (shown !== String(person.person_id)) navigator.serviceWorker?.controller?.postMessage("keep-page");
}

async function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker
    .register("/patrol/worker.js", { scope: "/patrol" }).catch(() => null);
  if (!registration) return;
  const offer = () => { byId("update").hidden = !(registration.waiting && navigator.serviceWorker.controller); };
  offer();
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", offer));
  byId("update").addEventListener("click", async () => {
    const { waiting } = await countWaiting();
    if ((waiting && navigator.onLine) || (await hasDraft())) return;
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    registration.waiting?.postMessage("activate");
  });
}

async function promiseStorage() {
  if (!globalThis.isSecureContext) return fault(texts.insecure);
  const kept = (await navigator.storage?.persist?.()) ?? false;
  document.body.dataset.persistent = String(kept);
  return null;
}

byId("back").addEventListener("click", () => {
  if (!byId("box").hidden && taskId !== null) show("task", { whole: false });
  else { taskId = null; show("today"); }
});
byId("open-box").addEventListener("click", () => show("box"));
byId("refresh").addEventListener("click", refresh);
hear("begin", (task) => open(task, { begin: true }));
hear("open", (task) => open(task));
hear("outbox", showBar);
hear("kept", showBar);
hear("position", showBar);
hear("received", refresh);
hear("task-gone", () => { taskId = null; show("today"); });
hear("login", (needed) => { byId("notice").hidden = !needed; byId("notice").firstElementChild.textContent = texts.login; });
hear("other-person", (found) => { if (found) fault(texts.other_person); });
hear("write-failed", () => fault(texts.write_failed));
for (const name of ["online", "offline"]) globalThis.addEventListener(name, showBar);

await promiseStorage();
await claimWindow();
watchLine();
watchPosition();
const asked = /^#task=(\d+)$/.exec(location.hash);
const running = (await today())?.tasks.find(isRunning);
if (!(await readPackage())) await refresh();
if (asked) await open({ id: Number(asked[1]) });
else if (running) await open(running);
else await show("today");
await showBar();
installWorker();
await meet();
await refresh();
setInterval(() => { if (!document.hidden && navigator.onLine) refresh(); }, REFRESH_MS);
startUploading();
