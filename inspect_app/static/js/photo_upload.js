// Sends the chosen photos under the hash of their bytes; the form carries the hashes only.

const token = document.querySelector('meta[name="csrf-token"]').content;

async function hashOf(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(file, place) {
  const sha256 = await hashOf(file);
  const answer = await fetch(place.dataset.upload + sha256, {
    method: "PUT",
    body: file,
    headers: { "X-CSRFToken": token, "Content-Type": file.type, Accept: "application/json" },
  });
  if (answer.ok) return sha256;
  const refusal = await answer.json().catch(() => ({}));
  throw new Error(refusal.message || place.dataset.failed);
}

function listed(place, file) {
  const entry = document.createElement("li");
  entry.textContent = file.name;
  place.querySelector(".uploaded").append(entry);
  return entry;
}

async function upload(place, file) {
  const entry = listed(place, file);
  try {
    const hidden = document.createElement("input");
    hidden.type = "hidden";
    hidden.name = "photos";
    hidden.value = await send(file, place);
    entry.textContent = `✓ ${file.name} ${place.dataset.done}`;
    entry.append(hidden);
  } catch (error) {
    entry.textContent = `✗ ${file.name}: ${error.message || place.dataset.failed}`;
    entry.className = "failed";
  }
}

for (const place of document.querySelectorAll(".photo-upload")) {
  const input = place.querySelector('input[type="file"]');
  const button = place.closest("form").querySelector("button");
  input.addEventListener("change", async () => {
    button.disabled = true;
    for (const file of input.files) await upload(place, file);
    input.value = "";
    button.disabled = false;
  });
}
