/** From an image file to upright RGB pixels; refuses what `dermdistill predict` refuses. */

import { ERRORS } from "../strings.js";
import { readHeader } from "./formats.js";
import { halved, oriented, toImageData } from "./pixels.js";
import { Refusal } from "./refusal.js";

/** @import { Pixels } from "../types.js" */
/** @import { Colours } from "./formats.js" */

/**
 * @typedef {object} Decoded
 * @property {Pixels} pixels upright, halved as the model begins
 * @property {number} width of the upright photograph in the file
 * @property {number} height
 * @property {Colours} colours how the file stores colour
 */

// As `data/decoding/limits.py`.
const MAX_PIXELS = 50_000_000;
const MAX_SIDE = 65_535;
const MAX_FILE_BYTES = 200_000_000;

/** So many rows are drawn at a time: a canvas of 50 megapixels would need 200 MB. */
const ROWS = 512;

/** @param {Blob} file @param {number | null} halveFrom @returns {Promise<Decoded>} */
export async function decode(file, halveFrom) {
  if (file.size > MAX_FILE_BYTES) throw new Refusal(ERRORS.largeFile(file.size, MAX_FILE_BYTES));
  const header = readHeader(await contentOf(file));
  const { width, height, format, colours, orientation, parts } = header;
  if (width * height > MAX_PIXELS) throw new Refusal(ERRORS.manyPixels(width, height, MAX_PIXELS));
  if (Math.max(width, height) > MAX_SIDE) throw new Refusal(ERRORS.longSide(width, height, MAX_SIDE));
  const bitmap = await createImageBitmap(new Blob(parts), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch(() => {
    throw new Refusal(ERRORS.damaged(format, ERRORS.undecodable));
  });
  const upright = oriented(readPixels(bitmap), orientation);
  bitmap.close();
  return { pixels: halved(upright, halveFrom), width: upright.width, height: upright.height, colours };
}

/** @param {Blob} file */
async function contentOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Refusal(ERRORS.unread); // a folder, or removed since it was chosen
  }
}

/** @param {ImageBitmap} bitmap @returns {Pixels} */
function readPixels(bitmap) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, Math.min(ROWS, height));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Refusal(ERRORS.undecodable);
  context.globalCompositeOperation = "copy";
  const data = new Uint8Array(3 * width * height);
  for (let top = 0, to = 0; top < height; top += ROWS) {
    const rows = Math.min(ROWS, height - top);
    context.drawImage(bitmap, 0, -top);
    const rgba = context.getImageData(0, 0, width, rows).data;
    for (let from = 0; from < rgba.length; from += 4) {
      if (rgba[from + 3] !== 255) throw new Refusal(ERRORS.transparent);
      data[to++] = rgba[from];
      data[to++] = rgba[from + 1];
      data[to++] = rgba[from + 2];
    }
  }
  return { data, width, height };
}

/** No larger than so many pixels a side. @param {Pixels} pixels @param {number} side */
export function scaledToFit(pixels, side) {
  const share = Math.min(1, side / Math.max(pixels.width, pixels.height));
  const [resizeWidth, resizeHeight] = [pixels.width, pixels.height].map((each) =>
    Math.max(1, Math.round(each * share)),
  );
  return createImageBitmap(toImageData(pixels), { resizeWidth, resizeHeight, resizeQuality: "high" });
}

/** A small JPEG. @param {Pixels} pixels @param {number} side */
export async function thumbnail(pixels, side) {
  const bitmap = await scaledToFit(pixels, side);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
}
