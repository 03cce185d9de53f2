// Ticks all rows of the page, and says how many are ticked.

const all = document.getElementById("choose-all");
const boxes = [...document.querySelectorAll('input[name="chosen"]')];
const bar = document.querySelector("#bulk .bulk-bar");

function show() {
  const count = boxes.filter((box) => box.checked).length;
  const place = document.getElementById("chosen-count");
  if (place) place.textContent = String(count);
  if (bar && count > 0) bar.open = true;
  if (all) all.checked = count > 0 && count === boxes.length;
}

all?.addEventListener("change", () => {
  for (const box of boxes) box.checked = all.checked;
  show();
});
for (const box of boxes) box.addEventListener("change", show);
show();
