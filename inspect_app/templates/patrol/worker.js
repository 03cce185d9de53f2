// Keeps the shell of the patrol page on the tablet. A new version waits until it is asked for.
const VERSION = "patrol-{{ version }}";
const PAGE = "/patrol";
const FILES = {{ files|tojson }};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(VERSION).then(async (cache) => {
    await cache.addAll(FILES.map((url) => new Request(url, { cache: "reload" })));
    await keepPage(cache);
  }));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("patrol-") && name !== VERSION) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
  if (event.data === "keep-page") event.waitUntil(caches.open(VERSION).then(keepPage));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (url.pathname === PAGE) event.respondWith(page(event.request, url));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(kept(event.request));
  }
});

// The shell is answered from the tablet, so that it opens at once on a bad line too; an address
// with a question (a change of language) goes to the server first.
async function page(request, url) {
  const cache = await caches.open(VERSION);
  const shell = await cache.match(PAGE);
  if (shell && !url.search) return shell;
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put(PAGE, answer.clone());
    return answer;
  } catch (error) {
    if (shell) return shell;
    throw error;
  }
}

async function kept(request) {
  const cache = await caches.open(VERSION);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

async function keepPage(cache) {
  const answer = await fetch(PAGE, { cache: "reload", credentials: "same-origin" });
  if (answer.ok && !answer.redirected) await cache.put(PAGE, answer);
}
