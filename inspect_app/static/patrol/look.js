// Sun or night: two looks of the page, switched by hand; and how full the battery is.

import { byId, dayTexts, say, tell } from "./dom.js";

const KEY = "patrol-look";
const LOW = 0.2;

export const look = () => (localStorage.getItem(KEY) === "night" ? "night" : "sun");

function show() {
  document.body.dataset.look = look();
  byId("look").textContent = dayTexts.look[look()];
  byId("look").setAttribute("aria-pressed", String(look() === "night"));
}

export function startLook() {
  show();
  byId("look").addEventListener("click", () => {
    localStorage.setItem(KEY, look() === "sun" ? "night" : "sun");
    show();
    tell("look");
  });
  watchBattery();
}

async function watchBattery() {
  const battery = await navigator.getBattery?.().catch(() => null);
  if (!battery) return;
  const lamp = byId("battery");
  const draw = () => {
    const text = battery.charging ? dayTexts.charging : dayTexts.battery;
    lamp.textContent = say(text, { share: Math.round(battery.level * 100) });
    lamp.classList.toggle("bad", battery.level <= LOW && !battery.charging);
    lamp.hidden = false;
  };
  draw();
  battery.addEventListener("levelchange", draw);
  battery.addEventListener("chargingchange", draw);
}
