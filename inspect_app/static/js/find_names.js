// A search field with a list below it: arrows choose, Enter takes, Escape closes.
const WAIT_MS = 150;

export function findNames(input, { list, url, nothing, fault, choose }) {
  let timer = null;
  let asked = 0;
  let aim = 0;
  const buttons = () => [...list.querySelectorAll("button")];
  const close = () => { list.hidden = true; list.replaceChildren(); };
  const take = (found) => { asked += 1; clearTimeout(timer); input.value = found.name; close(); choose(found); };
  const point = (to) => {
    const all = buttons();
    if (!all.length) return;
    aim = (to + all.length) % all.length;
    all.forEach((one, n) => one.classList.toggle("aimed", n === aim));
    all[aim].scrollIntoView({ block: "nearest" });
  };
  const fill = (places) => {
    list.replaceChildren(...places.map((found) => {
      const entry = document.createElement("button");
      entry.type = "button";
      entry.tabIndex = -1;
      entry.textContent = [found.name, found.kind, found.within].filter(Boolean).join(" · ");
      entry.addEventListener("click", () => take(found));
      const row = document.createElement("li");
      row.append(entry);
      return row;
    }));
    if (!places.length) list.textContent = nothing;
    list.hidden = false;
    point(0);
  };
  const ask = async () => {
    const turn = (asked += 1);
    const text = input.value.trim();
    if (!text) { close(); return; }
    const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}text=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
    if (turn !== asked) return;
    if (!answer.ok) { list.textContent = fault; list.hidden = false; return; }
    const { places } = await answer.json();
    if (turn === asked) fill(places);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", async (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!buttons().length) return;
      event.preventDefault();
      point(aim + (event.key === "ArrowDown" ? 1 : -1));
    }
    if (event.key === "Enter" && input.value.trim() && !event.ctrlKey) {
      event.preventDefault();
      event.stopPropagation();
      // Typed faster than the list came: what was typed decides, not what stood there before.
      if (list.hidden || !buttons().length) { clearTimeout(timer); await ask(); }
      buttons()[aim]?.click();
    }
    if (event.key === "Escape") close();
  });
  input.addEventListener("blur", () => setTimeout(() => { if (!list.contains(document.activeElement)) close(); }, 200));
}
