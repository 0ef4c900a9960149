/** Why to distrust an answer; as `Model.score_decoded` and `inference/reference.py`. */

import { WARNINGS } from "../strings.js";

/** @import { Description, Reference } from "../types.js" */
/** @import { Decoded } from "./decode.js" */

/** @param {Decoded} photograph @param {number[]} statistics @param {Description} description */
export function warningsOf({ width, height, colours }, statistics, { size, reference }) {
  const found = [];
  if (colours !== "RGB") found.push(WARNINGS.colours(colours));
  if (Math.min(width, height) < size) found.push(WARNINGS.small(width, height, size));
  if (reference && statistics[statistics.length - 1] < reference.blurred) found.push(WARNINGS.blurred);
  if (reference && distance(statistics, reference) > reference.far) found.push(WARNINGS.unusual);
  return found;
}

/** Mahalanobis distance from the training images. @param {number[]} statistics @param {Reference} reference */
function distance(statistics, { mean, precision }) {
  const offset = statistics.map((value, i) => value - mean[i]);
  const squared = offset.reduce(
    (sum, own, i) => sum + own * precision[i].reduce((inner, weight, j) => inner + weight * offset[j], 0),
    0,
  );
  return Math.sqrt(Math.max(squared, 0));
}
