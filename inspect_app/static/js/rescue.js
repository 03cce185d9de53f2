// Sends a rescue file piece by piece, then hands in the form that imports it.

const form = document.getElementById("rescue-form");
const choice = document.getElementById("rescue-file");
const bar = document.getElementById("rescue-progress");
const fault = document.getElementById("rescue-fault");
const token = document.querySelector("meta[name=csrf-token]").content;

async function send(file) {
  const piece = Number(form.dataset.piece);
  for (let at = 0; at < file.size; at += piece) {
    const answer = await fetch(`${form.dataset.url}?at=${at}`, {
      method: "PUT", body: file.slice(at, at + piece), headers: { "X-CSRFToken": token },
    });
    if (!answer.ok) throw new Error(`answer ${answer.status}`);
    bar.value = Math.min(1, (at + piece) / file.size);
  }
}

form.addEventListener("submit", async (event) => {
  if (!choice) return;  // the file is at the office already
  event.preventDefault();
  const [file] = choice.files;
  if (!file) { choice.focus(); return; }
  bar.hidden = false;
  fault.hidden = true;
  try {
    await send(file);
    form.submit();
  } catch (error) {
    fault.textContent = `${fault.dataset.broken} (${error.message})`;
    fault.hidden = false;
  }
});
