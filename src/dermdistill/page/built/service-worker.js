/** Keeps the served page for when there is no network; all other requests go their own way. */

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (self);
const CACHE = "dermdistill-page";
const FILES = ["./", "manifest.webmanifest", "icon.svg"];
const KEPT = new Set(FILES.map((file) => new URL(file, worker.location.href).href));

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
  worker.skipWaiting();
});

worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && KEPT.has(event.request.url))
    event.respondWith(newestOf(event.request));
});

/** From the server, so that a new model arrives at once; without it, what was kept. @param {Request} request */
async function newestOf(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}
