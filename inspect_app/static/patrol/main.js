// Boots the page: loads the week, shows one view at a time, keeps tasks and log-in true.

import { watchLine } from "./alarm.js";
import { showBar } from "./bar.js";
import { showBox } from "./box.js";
import { readClock } from "./clock.js";
import { byId, fault, hear, tell, texts } from "./dom.js";
import { codeIn, enrol, showEnrolment } from "./enrol.js";
import { startLook } from "./look.js";
import { freshen, loadPictures, loadWeek, turnWeek } from "./package.js";
import { watchPin } from "./pin.js";
import { showPinForm } from "./pin_form.js";
import { watchPosition } from "./position.js";
import { selfCheck } from "./selfcheck.js";
import { installWorker, promiseStorage } from "./shell.js";
import { isRunning, today } from "./state.js";
import { readPackage } from "./store.js";
import "./early.js";
import "./leave.js";
import "./receipt.js";
import "./rescue.js";
import { leaveTask, showTask } from "./task.js";
import { showToday } from "./today.js";
import { session, startUploading } from "./upload.js";
import { watchUrgent } from "./urgent.js";
import { claimWindow } from "./window.js";

const VIEWS = ["today", "task", "box", "check"];
// A changed plan must reach the crew within minutes: an urgent visit is promised in two hours.
const REFRESH_MS = 2 * 60 * 1000;
const NO_FAULT = ["new", "same", "offline", "login"];
let taskId = null;

async function show(view, options) {
  if (view !== "task") leaveTask();
  for (const name of VIEWS) byId(name).hidden = name !== view;
  document.body.dataset.view = view;
  byId("back").hidden = view === "today";
  if (view === "today") await showToday();
  if (view === "box") await showBox();
  if (view === "check") await showCheck();
  if (view === "task" && !(await showTask(taskId, options))) await show("today");
  history.replaceState(null, "", view === "task" ? `#task=${taskId}` : `#${view}`);
}

async function showCheck() {
  await showEnrolment();
  await showPinForm();
  selfCheck();
}

async function open(task, options) {
  taskId = task.id;
  await show("task", options);
}

/** Fetch what changed; never while something is being sent, so that no record falls between. */
async function refresh(load = freshen) {
  const found = await load();
  if (!NO_FAULT.includes(found)) fault(found);
  tell("package");
  if (!byId("today").hidden) await showToday();
  if (found !== "offline") loadPictures(); // in the background: nobody waits for old pictures
}

/** Take over what the server says about the log-in; a kept page may be another person's. */
async function meet() {
  const person = await session();
  if (!person) return;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = person.csrf;
  const shown = document.querySelector("[data-person]").dataset.person;
  if (shown !== String(person.person_id)) navigator.serviceWorker?.controller?.postMessage("keep-page");
}

byId("back").addEventListener("click", () => {
  if (byId("today").hidden && byId("task").hidden && taskId !== null) show("task", { whole: false });
  else { taskId = null; show("today"); }
});
byId("open-box").addEventListener("click", () => show("box"));
byId("open-check").addEventListener("click", () => show("check"));
byId("refresh").addEventListener("click", async ({ target }) => {
  target.disabled = true;
  await refresh(loadWeek).finally(() => { target.disabled = false; });
});
globalThis.addEventListener("hashchange", async () => {
  const fresh = codeIn(location.hash);
  if (!fresh) return;
  await show("check");
  await enrol(fresh);
});
hear("begin", (task) => open(task, { begin: true }));
hear("open", (task) => open(task));
hear("go", ({ task, stop }) => open(task, { stop }));
hear("received", () => refresh());
hear("task-gone", () => { taskId = null; show("today"); });
hear("login", (needed) => { byId("notice").hidden = !needed; byId("notice").firstElementChild.textContent = texts.login; });
hear("other-person", (found) => { if (found) fault(texts.other_person); });
hear("write-failed", () => fault(texts.write_failed));

await readClock();
startLook();
await promiseStorage();
await claimWindow();
watchLine();
watchPosition();
const asked = /^#task=(\d+)$/.exec(location.hash);
const code = codeIn(location.hash);
await turnWeek();
if (!(await readPackage())) await refresh(loadWeek);
const running = (await today())?.tasks.find(isRunning);
if (code || location.hash === "#check") await show("check");
else if (asked) await open({ id: Number(asked[1]) });
else if (running) await open(running);
else await show("today");
await showBar();
await watchPin();
installWorker();
await meet();
if (code) await enrol(code);
await refresh();
watchUrgent();
setInterval(() => { if (!document.hidden && navigator.onLine) refresh(); }, REFRESH_MS);
startUploading();
