/** The map as a picture; colours and scale are those of `inference/importance_colours.py`. */

import { stretched } from "./resample.js";

const RAISES = [213, 62, 0];
const LOWERS = [0, 84, 180];
/** Change of the log-odds at which the colour is full, in every picture. */
const FULL_COLOUR = 1.5;
const MOST_COVER = 0.85;

/**
 * The photograph in grey, covered by orange where P is raised and by blue where it is lowered.
 *
 * @param {ImageData} photograph @param {Float64Array} importance of a square @param {number} step between places
 */
export function overlay({ data, width, height }, importance, step) {
  const size = Math.sqrt(importance.length);
  const cells = Math.max(1, Math.round(size / step));
  const values = stretched(boxMeans(importance, size, cells), cells, width, height);
  const picture = new ImageData(width, height);
  values.forEach((value, i) => {
    const luminance = (data[4 * i] * 19595 + data[4 * i + 1] * 38470 + data[4 * i + 2] * 7471 + 32768) >> 16;
    // Lifted shadows: a dark lesion would swallow the colours.
    const grey = 70 + luminance * (185 / 255);
    const cover = MOST_COVER * Math.min(1, Math.abs(value) / FULL_COLOUR);
    const colour = value > 0 ? RAISES : LOWERS;
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = grey * (1 - cover) + colour[c] * cover;
    picture.data[4 * i + 3] = 255;
  });
  return picture;
}

/** Means over cells; a pixel belongs to the cell that its middle lies in. @param {Float64Array} values @param {number} size @param {number} cells */
function boxMeans(values, size, cells) {
  const [sums, counts] = [new Float64Array(cells * cells), new Float64Array(cells * cells)];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const cell = Math.floor(((y + 0.5) * cells) / size) * cells + Math.floor(((x + 0.5) * cells) / size);
      sums[cell] += values[y * size + x];
      counts[cell] += 1;
    }
  }
  return sums.map((sum, i) => sum / counts[i]);
}
