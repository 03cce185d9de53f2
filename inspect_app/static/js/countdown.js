// Counts down to an instant by the second, and up once it has passed; the server's clock rules.

const SECOND = 1000;

function text(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / SECOND);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function run(place) {
  const due = Date.parse(place.dataset.countdown);
  const ahead = Date.now() - Date.parse(place.dataset.now);
  function show() {
    const left = due - (Date.now() - ahead);
    place.textContent = `${left < 0 ? place.dataset.over : place.dataset.left} ${text(left)}`;
    place.closest(".promise")?.classList.toggle("promise-late", left < 0);
  }
  show();
  setInterval(show, SECOND);
}

for (const place of document.querySelectorAll("[data-countdown]")) run(place);
