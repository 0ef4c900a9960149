/** What made the model say so: an occlusion map and views; as `inference/explain.py`. */

import { blurred } from "./blur.js";
import { cropped, halved, oriented } from "./pixels.js";
import { resized } from "./resample.js";

/** @import { Pixels } from "../types.js" */
/** @import { Model } from "./model.js" */

const ZOOMS = [1, 1.1, 1.2];
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8];
const WINDOWS_A_SIDE = 8;
const HALVING = 3;

export const VIEWS = ZOOMS.length * ORIENTATIONS.length;

/** P(melanoma) of the mirrored, turned and closer views, the photograph as it is first. @param {Model} model @param {Pixels} pixels @param {() => Promise<void>} onRun */
export async function scoreViews(model, pixels, onRun) {
  const scored = [];
  for (const zoom of ZOOMS) {
    const [left, top] = [pixels.width, pixels.height].map((side) =>
      roundHalfEven((side * (1 - 1 / zoom)) / 2),
    );
    const centre = cropped(pixels, left, top);
    for (const orientation of ORIENTATIONS) {
      const { probabilities } = await model.run(oriented(centre, orientation));
      scored.push(probabilities[model.melanoma]);
      await onRun();
    }
  }
  return scored;
}

/** As Python rounds. @param {number} value */
function roundHalfEven(value) {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** Side of a place, even, for an input of this size. @param {number} size */
function windowOf(size) {
  return Math.max(2, 2 * roundHalfEven(size / WINDOWS_A_SIDE / 2));
}

/** Where places begin; the first and last overhang, so that every pixel is covered equally often. @param {number} size */
function corners(size) {
  const half = windowOf(size) / 2;
  const found = [];
  for (let at = -half; at < size; at += half) found.push(at);
  return found;
}

/** How many places an input of this size has. @param {number} size */
export function placesOf(size) {
  return corners(size).length ** 2;
}

/**
 * How far the log-odds of melanoma fall when a place is blurred; a pixel's value is the mean over its places.
 *
 * @param {Model} model @param {Pixels} pixels @param {number} threshold on P(melanoma) @param {() => Promise<void>} onRun
 */
export async function occlude(model, pixels, threshold, onRun) {
  const { size } = model.description;
  const whole = resized(halved(pixels, HALVING * size), size);
  const window = windowOf(size);
  const filling = blurred(whole, window);
  const logOdds = await model.logOdds(whole);
  await onRun();
  const [total, covered] = [new Float64Array(size * size), new Float64Array(size * size)];
  let decisive = 0;
  for (const row of corners(size)) {
    for (const column of corners(size)) {
      const place = placeAt(row, column, window, size);
      const without = await model.logOdds(withPlace(whole, filling, place));
      if (isCalled(without, threshold) !== isCalled(logOdds, threshold)) decisive += 1;
      share(place, size, logOdds - without, total, covered);
      await onRun();
    }
  }
  return { importance: total.map((sum, i) => sum / covered[i]), window, places: placesOf(size), decisive };
}

/** @typedef {{top: number, left: number, bottom: number, right: number}} Place */

/** @param {number} row @param {number} column @param {number} window @param {number} size @returns {Place} */
function placeAt(row, column, window, size) {
  return {
    top: Math.max(row, 0),
    left: Math.max(column, 0),
    bottom: Math.min(row + window, size),
    right: Math.min(column + window, size),
  };
}

/** @param {Pixels} pixels @param {Pixels} filling @param {Place} place @returns {Pixels} */
function withPlace({ data, width, height }, filling, { top, left, bottom, right }) {
  const changed = data.slice();
  for (let y = top; y < bottom; y++) {
    const [from, to] = [3 * (y * width + left), 3 * (y * width + right)];
    changed.set(filling.data.subarray(from, to), from);
  }
  return { data: changed, width, height };
}

/** @param {Place} place @param {number} size @param {number} fall @param {Float64Array} total @param {Float64Array} covered */
function share({ top, left, bottom, right }, size, fall, total, covered) {
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      total[y * size + x] += fall;
      covered[y * size + x] += 1;
    }
  }
}

/** @param {number} logOdds @param {number} threshold */
function isCalled(logOdds, threshold) {
  return 1 / (1 + Math.exp(-logOdds)) >= threshold;
}
