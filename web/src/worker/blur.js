/** Gaussian blur as Pillow computes it: three box blurs in each direction, rounded to bytes in between. */

/** @import { Pixels } from "../types.js" */

const PASSES = 3;
const ONE = 2 ** 24;

/** @param {Pixels} pixels @param {number} radius standard deviation, pixels @returns {Pixels} */
export function blurred({ data, width, height }, radius) {
  const box = boxRadius(radius);
  const result = data.slice();
  for (let pass = 0; pass < PASSES; pass++) blurLines(result, height, 3 * width, width, 3, box);
  for (let pass = 0; pass < PASSES; pass++) blurLines(result, width, 3, height, 3 * width, box);
  return { data: result, width, height };
}

/** Of boxes that together have this standard deviation (Gwosdek et al. 2011). @param {number} sigma */
function boxRadius(sigma) {
  const variance = (sigma * sigma) / PASSES;
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const share = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  return whole + share / (6 * (variance - (whole + 1) * (whole + 1)));
}

/**
 * One box blur along each line, in place; beyond its ends a line goes on with its first and last pixel.
 *
 * @param {Uint8Array} data @param {number} lines @param {number} line bytes from a line to the next
 * @param {number} length @param {number} step bytes from a pixel of a line to the next @param {number} radius
 */
function blurLines(data, lines, line, length, step, radius) {
  const whole = Math.floor(radius);
  const inner = Math.floor(ONE / (2 * radius + 1));
  const edge = Math.floor((ONE - (2 * whole + 1) * inner) / 2);
  const before = new Uint8Array(length);
  /** @param {number} i */
  const at = (i) => before[Math.min(Math.max(i, 0), length - 1)];
  for (let start = 0, number = 0; number < lines; number++, start = number * line) {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < length; i++) before[i] = data[start + c + i * step];
      let sum = 0;
      for (let i = -whole - 1; i < whole; i++) sum += at(i);
      for (let i = 0; i < length; i++) {
        sum += at(i + whole) - at(i - whole - 1);
        const weighted = sum * inner + (at(i - whole - 1) + at(i + whole + 1)) * edge;
        data[start + c + i * step] = Math.floor((weighted + ONE / 2) / ONE);
      }
    }
  }
}
