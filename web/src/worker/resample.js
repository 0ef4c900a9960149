/** Resizing as Pillow does it, rounding included, so that an explanation is that of `dermdistill explain`. */

/** @import { Pixels } from "../types.js" */

/**
 * @typedef {{support: number, at: (distance: number) => number}} Filter
 * @typedef {{first: number, weights: number[]}} Window which source pixels make a pixel, and how much
 */

/** @type {Filter} */
export const BILINEAR = { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };

/** @type {Filter} */
export const BICUBIC = {
  support: 2,
  at: (distance) => {
    const [x, a] = [Math.abs(distance), -0.5];
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  },
};

// Pillow's weights are whole numbers of so many bits, and its results bytes.
const BITS = 22;

/** @param {number} before @param {number} after @param {Filter} filter @returns {Window[]} */
function windows(before, after, filter) {
  const scale = before / after;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  return Array.from({ length: after }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(before, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: last - first }, (_, k) =>
      filter.at((first + k - centre + 0.5) / stretch),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/**
 * Stretched to a square with an antialiased bilinear filter.
 *
 * @param {Pixels} pixels @param {number} size @returns {Pixels}
 */
export function resized({ data, width, height }, size) {
  const across =
    width === size
      ? data
      : linesResized(data, { lines: height, length: width, size, step: 3, line: 3 * width });
  const down =
    height === size
      ? across
      : transposed(
          linesResized(across, { lines: size, length: height, size, step: 3 * size, line: 3 }),
          size,
        );
  return { data: down, width: size, height: size };
}

/** @param {Uint8Array} data @param {{lines: number, length: number, size: number, step: number, line: number}} layout */
function linesResized(data, { lines, length, size, step, line }) {
  const fixed = windows(length, size, BILINEAR).map(({ first, weights }) => ({
    first,
    weights: weights.map((weight) => Math.trunc(weight * 2 ** BITS + 0.5)),
  }));
  const result = new Uint8Array(3 * lines * size);
  for (let y = 0, to = 0; y < lines; y++) {
    for (const { first, weights } of fixed) {
      for (let c = 0; c < 3; c++) {
        let sum = 2 ** (BITS - 1);
        let from = y * line + first * step + c;
        for (const weight of weights) {
          sum += data[from] * weight;
          from += step;
        }
        result[to++] = sum >> BITS;
      }
    }
  }
  return result;
}

/** Columns, one after the other, as rows. @param {Uint8Array} columns @param {number} size */
function transposed(columns, size) {
  const rows = new Uint8Array(columns.length);
  for (let x = 0, from = 0; x < size; x++) {
    for (let y = 0; y < size; y++) for (let c = 0; c < 3; c++) rows[3 * (y * size + x) + c] = columns[from++];
  }
  return rows;
}

/**
 * A square of numbers stretched to a rectangle.
 *
 * @param {Float64Array} values @param {number} side @param {number} width @param {number} height
 */
export function stretched(values, side, width, height) {
  const [columns, rows] = [windows(side, width, BICUBIC), windows(side, height, BICUBIC)];
  const across = new Float64Array(side * width);
  for (let y = 0; y < side; y++) {
    columns.forEach(({ first, weights }, x) => {
      across[y * width + x] = weights.reduce(
        (sum, weight, k) => sum + weight * values[y * side + first + k],
        0,
      );
    });
  }
  const result = new Float64Array(width * height);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * across[(first + k) * width + x];
      result[y * width + x] = sum;
    }
  });
  return result;
}
