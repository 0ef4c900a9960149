/** The page: photographs in, a table of answers out. */

import { STATUS } from "../strings.js";
import { announce, announceProgress } from "./announce.js";
import { wireCamera } from "./camera.js";
import { csvOf } from "./csv.js";
import { judge, shownDecision } from "./decision.js";
import { element } from "./elements.js";
import { Engine } from "./engine.js";
import { ExplanationDialog } from "./explanation.js";
import { fromFiles, fromFolder, fromTransfer } from "./intake.js";
import { Scoring } from "./scoring.js";
import { wireSettings } from "./settings.js";
import { Table } from "./table.js";

/** @import { Description, Photograph } from "../types.js" */
/** @import { Taken } from "./intake.js" */
/** @import { SortKey } from "./table.js" */

/** Of the self-test, as between the files of `dermdistill export` and their runtimes. */
const TOLERANCE = 1e-4;
const REFRESH_MS = 250;

/** The worker's code; the build puts it there. @type {string} */
const WORKER = WORKER_SOURCE;

/** @type {Description} */
const description = JSON.parse(takeText("description"));
const engine = new Engine(WORKER);
/** @type {Photograph[]} */
let photographs = [];
let added = 0;
let refreshing = 0;

const settings = wireSettings(description, () => {
  table.showAll();
  showSummary();
});
const explanation = new ExplanationDialog(engine, description);
const table = new Table(description, settings, {
  onExplain: (photograph) => explanation.open(photograph, settings()),
  onRemove: (photograph) => {
    table.focusBeside(photograph);
    remove([photograph]);
  },
});
const scoring = new Scoring(engine, onScored, onIdle);

/** What the file holds for this page, once; the text is not kept. @param {string} id */
function takeText(id) {
  const holder = element(id, HTMLScriptElement);
  const text = holder.textContent ?? "";
  holder.remove();
  return text;
}

async function start() {
  const status = element("status", HTMLElement);
  status.textContent = STATUS.loading;
  element("model-id", HTMLElement).textContent = description.model_id;
  try {
    const content = { runtime: takeText("runtime"), model: takeText("model"), description };
    const difference = await engine.ask({ kind: "load", ...content });
    const isRight = difference <= TOLERANCE;
    status.dataset.state = isRight ? "ready" : "failed";
    status.textContent = isRight ? STATUS.ready(difference) : STATUS.differs(difference);
  } catch (error) {
    status.dataset.state = "failed";
    status.textContent = STATUS.failed(error instanceof Error ? error.message : String(error));
  }
}

/** @param {Taken} taken */
function add({ photographs: taken, leftOut }) {
  const fresh = taken.map(({ file, path }) => {
    added += 1;
    return /** @type {Photograph} */ ({ number: added, file, path, state: "waiting" });
  });
  photographs.push(...fresh);
  table.add(fresh);
  const note = leftOut ? STATUS.leftOut(leftOut) : fresh.length ? "" : STATUS.nothing;
  element("note", HTMLElement).textContent = note;
  if (note) announce(note);
  scoring.add(fresh);
  showSummary();
}

/** @param {Photograph[]} gone */
function remove(gone) {
  for (const photograph of gone) {
    scoring.remove(photograph);
    table.remove(photograph);
  }
  const left = new Set(photographs);
  for (const photograph of gone) left.delete(photograph);
  photographs = [...left];
  showSummary();
  if (photographs.length === 0) element("choose", HTMLButtonElement).focus();
}

/** @param {Photograph} photograph */
function onScored(photograph) {
  table.show(photograph);
  // Laying out hundreds of rows for each answer would take longer than the answer.
  refreshing ||= setTimeout(refresh, REFRESH_MS);
}

function refresh() {
  clearTimeout(refreshing);
  refreshing = 0;
  table.sort();
  showSummary();
}

function onIdle() {
  refresh();
  announce(summary());
}

function summary() {
  const { length: errors } = photographs.filter(({ state }) => state === "refused");
  const { length: melanoma } = photographs.filter(
    ({ scored }) =>
      scored &&
      shownDecision(scored, judge(scored.probabilities, description, settings()).isMelanoma) === "melanoma",
  );
  return STATUS.done(photographs.length, melanoma, errors);
}

function showSummary() {
  const done = photographs.filter(({ state }) => state !== "waiting").length;
  const progress = element("progress", HTMLProgressElement);
  element("results", HTMLElement).hidden = photographs.length === 0;
  element("working", HTMLElement).hidden = !scoring.isBusy;
  [progress.max, progress.value] = [Math.max(photographs.length, 1), done];
  const message = STATUS.progress(done, photographs.length);
  element("progress-words", HTMLElement).textContent = message;
  element("summary", HTMLElement).textContent = scoring.isBusy ? "" : summary();
  if (scoring.isBusy) announceProgress(message);
}

function saveCsv() {
  const text = csvOf(table.sorted(), description, settings());
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "scores.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function wireIntake() {
  for (const [button, id, take] of /** @type {const} */ ([
    ["choose", "files", fromFiles],
    ["choose-folder", "folder", fromFolder],
  ])) {
    const input = element(id, HTMLInputElement);
    element(button, HTMLButtonElement).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files?.length) add(take(input.files));
      input.value = ""; // so that the same file can be chosen again
    });
  }
  wireCamera(
    (file) => add(fromFiles([file])),
    (message) => {
      element("note", HTMLElement).textContent = message;
      announce(message);
    },
  );
  wireDrop();
  document.addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData?.files.length) add(fromFiles(clipboardData.files));
  });
}

/** The whole page takes what is dropped: beside its target a browser would open the file in its place. */
function wireDrop() {
  const target = element("drop", HTMLElement);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    target.dataset.over = "";
  });
  for (const kind of ["dragleave", "drop"]) {
    document.addEventListener(kind, () => delete target.dataset.over);
  }
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    if (event.dataTransfer) add(await fromTransfer(event.dataTransfer));
  });
}

function wireResults() {
  element("save-csv", HTMLButtonElement).addEventListener("click", saveCsv);
  element("print", HTMLButtonElement).addEventListener("click", () => print());
  element("remove-all", HTMLButtonElement).addEventListener("click", () => {
    scoring.stop();
    remove([...photographs]);
  });
  element("stop", HTMLButtonElement).addEventListener("click", () => {
    announce(STATUS.stopped(scoring.stop()));
    showSummary();
  });
  for (const button of document.querySelectorAll("button[data-sort]")) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener("click", () => {
      const order = table.sortBy(/** @type {SortKey} */ (button.dataset.sort));
      for (const header of document.querySelectorAll("th[aria-sort]"))
        header.setAttribute("aria-sort", "none");
      button.closest("th")?.setAttribute("aria-sort", order);
      announce(STATUS.sorted(order === "none" ? "order of adding" : `${button.textContent}, ${order}`));
    });
  }
}

/** Where a server gives this page, it can be installed as an app; a file on a disk cannot. */
function wireInstallation() {
  if (document.querySelector("link[rel=manifest]")) navigator.serviceWorker?.register("service-worker.js");
}

wireIntake();
wireResults();
wireInstallation();
start();
