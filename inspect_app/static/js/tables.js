// Tables people can sort by a heading and narrow by words; without script they stay as they are.
function value(row, column, kind) {
  const words = row.cells[column]?.textContent.trim() ?? "";
  return kind === "number" ? Number.parseFloat(words) || 0 : words;
}

function sort(table, heading) {
  const column = heading.cellIndex;
  const kind = heading.dataset.sort;
  const up = heading.getAttribute("aria-sort") !== "ascending";
  const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [value(row, column, kind), row]);
  rows.sort(([a], [b]) => (kind === "number" ? a - b : words.compare(a, b)) * (up ? 1 : -1));
  body.append(...rows.map(([, row]) => row));
  for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const heading of table.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(table, heading));
  }
}

for (const input of document.querySelectorAll(".table-filter")) {
  const rows = [...document.getElementById(input.dataset.table).tBodies[0].rows];
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
