/** Exact changes of pixels: turning, halving, cutting. */

/** @import { Pixels } from "../types.js" */

/**
 * The picture as the EXIF orientation, 1 to 8, turns it upright; other values leave it alone.
 *
 * @param {Pixels} pixels @param {number} orientation @returns {Pixels}
 */
export function oriented({ data, width: w, height: h }, orientation) {
  if (!(orientation >= 2 && orientation <= 8)) return { data, width: w, height: h };
  // Where the first pixel comes from, and how far the source moves with each column and row.
  const [first, column, row] = {
    2: [w - 1, -1, w],
    3: [w * h - 1, -1, -w],
    4: [w * (h - 1), 1, -w],
    5: [0, w, 1],
    6: [w * (h - 1), -w, 1],
    7: [w * h - 1, -w, -1],
    8: [w - 1, w, -1],
  }[/** @type {2} */ (orientation)];
  const [width, height] = orientation >= 5 ? [h, w] : [w, h];
  const turned = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = 3 * (first + y * row); x < width; x++, from += 3 * column) {
      turned[to++] = data[from];
      turned[to++] = data[from + 1];
      turned[to++] = data[from + 2];
    }
  }
  return { data: turned, width, height };
}

/**
 * Halved while the short side is at least `halveFrom` pixels; null for never. As `data/decoding/halving.py`:
 * the mean of 2 x 2 pixels rounded half up, the last row or column of an odd side counted twice.
 *
 * @param {Pixels} pixels @param {number | null} halveFrom @returns {Pixels}
 */
export function halved(pixels, halveFrom) {
  let result = pixels;
  while (halveFrom !== null && Math.min(result.width, result.height) >= halveFrom) result = half(result);
  return result;
}

/** @param {Pixels} pixels @returns {Pixels} */
function half({ data, width: w, height: h }) {
  const [width, height] = [(w + 1) >> 1, (h + 1) >> 1];
  const small = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const above = 3 * 2 * y * w;
    const below = 3 * Math.min(2 * y + 1, h - 1) * w;
    for (let x = 0; x < width; x++) {
      const left = 6 * x;
      const right = 3 * Math.min(2 * x + 1, w - 1);
      for (let c = 0; c < 3; c++) {
        const sum =
          data[above + left + c] + data[above + right + c] + data[below + left + c] + data[below + right + c];
        small[to++] = (sum + 2) >> 2;
      }
    }
  }
  return { data: small, width, height };
}

/** What is left when as many pixels are cut from each side. @param {Pixels} pixels @param {number} left @param {number} top @returns {Pixels} */
export function cropped({ data, width: w, height: h }, left, top) {
  const [width, height] = [w - 2 * left, h - 2 * top];
  const kept = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((y + top) * w + left);
    kept.set(data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { data: kept, width, height };
}

/** As the browser draws it. @param {Pixels} pixels */
export function toImageData({ data, width, height }) {
  const image = new ImageData(width, height);
  const rgba = image.data;
  for (let from = 0, to = 0; from < data.length; to += 4) {
    rgba[to] = data[from++];
    rgba[to + 1] = data[from++];
    rgba[to + 2] = data[from++];
    rgba[to + 3] = 255;
  }
  return image;
}
