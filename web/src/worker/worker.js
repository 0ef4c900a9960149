/** The worker's requests: load the model, score a photograph, explain an answer (see `types.js`). */

import { decode, scaledToFit, thumbnail } from "./decode.js";
import { occlude, placesOf, scoreViews, VIEWS } from "./explain.js";
import { Model } from "./model.js";
import { overlay } from "./overlay.js";
import { Refusal } from "./refusal.js";
import { warningsOf } from "./warnings.js";

/** @import { Answer, Explaining, Explanation, Loading, Request, Scored, Scoring } from "../types.js" */

const THUMBNAIL = 192;
const PICTURE = 480;
const RUNS_A_PROGRESS = 10;

/** @type {Promise<Model>} */
let model;
/** The request that is being explained, if any. */
let explaining = 0;

/** @param {Loading} request @returns {Promise<number>} the largest difference of a probability in the self-test */
async function load({ runtime, model: content, description }) {
  model = Promise.all([unpacked(runtime), unpacked(content)]).then(([wasm, onnx]) =>
    Model.load(wasm, new Uint8Array(onnx), description),
  );
  const { image, probabilities } = description.self_test;
  const photograph = await decode(new Blob([bytesOf(image)]), description.halve_from);
  const said = await (await model).run(photograph.pixels);
  return Math.max(...said.probabilities.map((p, i) => Math.abs(p - probabilities[i])));
}

/** @param {string} content gzip in base64 */
function unpacked(content) {
  const packed = new Blob([bytesOf(content)]);
  return new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {Scoring} request @returns {Promise<Scored>} */
async function score({ file }) {
  const { description } = await model;
  const photograph = await decode(file, description.halve_from);
  const said = await (await model).run(photograph.pixels);
  return {
    probabilities: said.probabilities,
    warnings: warningsOf(photograph, said, description),
    thumbnail: await thumbnail(photograph.pixels, THUMBNAIL),
  };
}

/** @param {number} id @param {Explaining} request @returns {Promise<Explanation>} */
async function explain(id, { file, threshold }) {
  explaining = id;
  const loaded = await model;
  const { pixels } = await decode(file, loaded.description.halve_from);
  const total = VIEWS + 1 + placesOf(loaded.description.size);
  let done = 0;
  const onRun = async () => {
    done += 1;
    if (done % RUNS_A_PROGRESS && done < total) return;
    post({ id, progress: { done, total } });
    await otherRequests();
    if (explaining !== id) throw new Refusal();
  };
  const views = await scoreViews(loaded, pixels, onRun);
  const { importance, window, places, decisive } = await occlude(loaded, pixels, threshold, onRun);
  const photograph = await scaledToFit(pixels, PICTURE);
  const map = await createImageBitmap(overlay(imageData(photograph), importance, window / 2));
  const largest = importance.reduce((far, each) => (Math.abs(each) > Math.abs(far) ? each : far), 0);
  return { photograph, map, window, places, decisive, largest, views };
}

/** Let what has arrived meanwhile begin. */
function otherRequests() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** @param {ImageBitmap} bitmap */
function imageData(bitmap) {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  if (!context) throw new Error("no canvas");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** @param {Request} request */
async function answer(request) {
  if (request.kind === "load") return load(request);
  if (request.kind === "score") return score(request);
  if (request.kind === "explain") return explain(request.id, request);
  explaining = 0;
  return null;
}

/** @param {Answer} message */
const post = (message) => self.postMessage(message);

self.onmessage = async ({ data: request }) => {
  const { id } = request;
  try {
    post({ id, result: await answer(request) });
  } catch (error) {
    const isRefusal = error instanceof Refusal;
    post({ id, error: error instanceof Error ? error.message : String(error), isRefusal });
  }
};
