/** What screen readers say, and everyone sees, of the work going on. */

import { element } from "./elements.js";

/** Between two announcements of one kind: a reader cannot listen to hundreds. */
const PAUSE_MS = 4000;

let last = 0;

/** Show a message, and have it read out. @param {string} message */
export function announce(message) {
  last = performance.now();
  element("announcement", HTMLElement).textContent = message;
}

/** The same, now and then, for what changes all the time. @param {string} message */
export function announceProgress(message) {
  if (performance.now() - last >= PAUSE_MS) announce(message);
}
