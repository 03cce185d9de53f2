// The minutes a one-time code still has; then it is hidden, because it is worth nothing.

const box = document.getElementById("invitation");
const left = box.querySelector(".left");
const clock = left.querySelector("output");
const end = performance.now() + (Number(box.dataset.expires) - Number(box.dataset.now)) * 1000;

function tick() {
  const seconds = Math.ceil((end - performance.now()) / 1000);
  if (seconds <= 0) {
    left.textContent = left.dataset.over;
    box.classList.add("over");
    return;
  }
  const rest = String(seconds % 60).padStart(2, "0");
  clock.textContent = `${Math.floor(seconds / 60)}:${rest}`;
  setTimeout(tick, 250);
}
tick();
