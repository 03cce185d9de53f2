// What an edit would do: asked of the server, shown on a card beside what is held, and said aloud.
const card = document.getElementById("drag");
const say = document.getElementById("drag-say");
const token = document.querySelector("meta[name=csrf-token]").content;
const STOPS_SHOWN = 9;
const PAUSE_MS = 60;
const words = card.dataset;
const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
const signed = (number) => `${number > 0 ? "+" : ""}${number}`;

export async function send(address, body, signal) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
    signal,
  });
  return { ok: answer.ok, told: await answer.json() };
}

function line(content, name) {
  const element = document.createElement("span");
  element.className = name ?? "";
  element.textContent = content;
  return element;
}

function sentences(look) {
  const told = [look.allowed ? `✓ ${words.fine}` : `✗ ${words.refused}`, ...look.faults];
  told.push(fill(words.travel, { minutes: signed(Math.round(look.travel_minutes)) }));
  if (look.served) told.push(fill(words.served, { count: look.served }));
  for (const day of look.days) {
    told.push(fill(words.day, { crew: day.crew, day: day.day.slice(5), before: day.hours_before.toFixed(1), after: day.hours.toFixed(1), shift: day.shift_hours.toFixed(1) }));
  }
  return told;
}

function stopList(look, held) {
  const list = document.createElement("ol");
  const stops = look.days.at(-1)?.stops ?? [];
  const place = Math.max(stops.findIndex((stop) => stop.name === held.name), 0);
  const first = Math.max(0, Math.min(place - 4, stops.length - STOPS_SHOWN));
  list.start = first + 1;
  for (const stop of stops.slice(first, first + STOPS_SHOWN)) {
    const item = document.createElement("li");
    const of = document.createElement(stop.name === held.name ? "b" : "span");
    of.textContent = `${stop.arrive} ${stop.name}`;
    item.append(of);
    list.append(item);
  }
  return list;
}

export class Card {
  #answers = new Map();
  #asking = null;
  #timer = 0;

  open(held) {
    this.held = held;
    this.#answers.clear();
    card.querySelector(".drag-name").textContent = held.name;
    card.querySelector(".drag-look").replaceChildren();
    card.classList.remove("refused");
    card.hidden = false;
    this.say(fill(words.held, { name: held.name }));
  }

  say(content) {
    say.textContent = content;
  }

  close(content) {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    card.hidden = true;
    this.say(content ?? words.dropped);
  }

  place(x, y) {
    const [width, height] = [card.offsetWidth, card.offsetHeight];
    card.style.left = `${Math.min(x + 16, window.innerWidth - width - 8)}px`;
    card.style.top = `${y + 20 + height > window.innerHeight ? Math.max(8, y - height - 12) : y + 20}px`;
  }

  // Tells `done` what is known of the edit; a newer question ends an older one.
  ask(edit, done) {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (!edit) {
      card.querySelector(".drag-look").replaceChildren();
      return;
    }
    const key = JSON.stringify(edit);
    if (this.#answers.has(key)) {
      this.#show(this.#answers.get(key), done);
      return;
    }
    card.querySelector(".drag-look").replaceChildren(line(words.wait));
    this.#timer = setTimeout(async () => {
      this.#asking = new AbortController();
      try {
        const { ok, told } = await send(words.preview, edit, this.#asking.signal);
        const look = ok ? told : { allowed: false, faults: [told.message], travel_minutes: 0, served: 0, days: [] };
        this.#answers.set(key, look);
        this.#show(look, done);
      } catch (error) {
        if (error.name !== "AbortError") this.refuse(words.fault);
      }
    }, PAUSE_MS);
  }

  #show(look, done) {
    const told = sentences(look);
    card.classList.toggle("refused", !look.allowed);
    card.dataset.shown = look.allowed ? "allowed" : "refused";
    card.querySelector(".drag-look").replaceChildren(
      ...told.map((content, place) => {
        const element = line(content, place === 0 ? `verdict ${look.allowed ? "good" : "bad"}` : "");
        element.style.display = "block";
        return element;
      }),
      stopList(look, this.held),
    );
    this.say(told.join("。"));
    done(look);
  }

  refuse(content) {
    card.classList.add("refused");
    card.hidden = false;
    card.querySelector(".drag-look").replaceChildren(line(content, "verdict bad"));
    this.say(content);
  }
}
