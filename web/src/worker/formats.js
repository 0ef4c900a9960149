/** What an image file says of itself before it is decoded, and the file without what says which way up it is. */

import { ERRORS } from "../strings.js";
import { hasText, viewOf } from "./byte-reader.js";
import { foreignFormat } from "./foreign.js";
import { readJpeg } from "./jpeg.js";
import { exifOrientation, xmpOrientation } from "./orientation.js";
import { Refusal } from "./refusal.js";

/**
 * @typedef {"RGB" | "greyscale" | "palette" | "CMYK"} Colours
 *
 * @typedef {object} Header
 * @property {string} format
 * @property {number} width as stored
 * @property {number} height
 * @property {Colours} colours
 * @property {number} orientation EXIF's, 1 to 8
 * @property {Uint8Array<ArrayBuffer>[]} parts the file without EXIF and XMP, so that no browser turns the picture
 */

const MAX_PNG_CHUNKS = 50_000;

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Header} */
export function readHeader(bytes) {
  if (bytes.length === 0) throw new Refusal(ERRORS.empty);
  try {
    if (hasText(bytes, "\xff\xd8")) return readJpeg(bytes);
    if (hasText(bytes, "\x89PNG\r\n\x1a\n")) return readPng(bytes);
    if (hasText(bytes, "RIFF") && hasText(bytes, "WEBP", 8)) return readWebP(bytes);
    if (hasText(bytes, "GIF87a") || hasText(bytes, "GIF89a")) return readGif(bytes);
    if (hasText(bytes, "BM")) return readBmp(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(ERRORS.damaged("image", ERRORS.endsEarly));
    throw error;
  }
  throw new Refusal(foreignFormat(bytes) ?? ERRORS.unknown);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Header} */
function readPng(bytes) {
  const view = viewOf(bytes);
  /** @type {Colours} */
  const colours = bytes[25] === 3 ? "palette" : bytes[25] === 0 || bytes[25] === 4 ? "greyscale" : "RGB";
  const found = { exif: /** @type {number | null} */ (null), xmp: /** @type {number | null} */ (null) };
  const parts = [bytes.subarray(0, 8)];
  for (let at = 8, chunks = 0; ; chunks++) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length || chunks > MAX_PNG_CHUNKS) throw new RangeError();
    const content = bytes.subarray(at + 8, end - 4);
    if (hasText(bytes, "acTL", at + 4) && view.getUint32(at + 8) > 1) throw new Refusal(ERRORS.frames);
    if (hasText(bytes, "eXIf", at + 4)) found.exif = exifOrientation(content);
    else if (hasText(bytes, "iTXtXML:com.adobe.xmp\0", at + 4)) found.xmp = xmpOrientation(content);
    else parts.push(bytes.subarray(at, end));
    if (hasText(bytes, "IEND", at + 4)) break;
    at = end;
  }
  const orientation = found.exif ?? found.xmp ?? 1;
  return {
    format: "PNG",
    width: view.getUint32(16),
    height: view.getUint32(20),
    colours,
    orientation,
    parts,
  };
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Header} */
function readWebP(bytes) {
  const view = viewOf(bytes);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw new RangeError();
  const copy = bytes.slice();
  let size = { width: 0, height: 0 };
  const found = { exif: /** @type {number | null} */ (null), xmp: /** @type {number | null} */ (null) };
  for (let at = 12; at + 8 <= end; ) {
    const length = view.getUint32(at + 4, true);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (hasText(bytes, "ANIM", at)) throw new Refusal(ERRORS.frames);
    if (hasText(bytes, "EXIF", at)) found.exif = exifOrientation(withoutPrefix(content));
    if (hasText(bytes, "XMP ", at)) found.xmp = xmpOrientation(content);
    // An unknown chunk, which decoders pass over; the flags that announce them go too.
    if (hasText(bytes, "EXIF", at) || hasText(bytes, "XMP ", at)) copy.set([0x58, 0x58, 0x58, 0x58], at);
    if (hasText(bytes, "VP8X", at)) copy[at + 8] &= ~0x0c;
    if (hasText(bytes, "VP8 ", at)) {
      size = {
        width: view.getUint16(at + 14, true) & 0x3fff,
        height: view.getUint16(at + 16, true) & 0x3fff,
      };
    } else if (hasText(bytes, "VP8L", at)) {
      const bits = view.getUint32(at + 9, true);
      size = { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    at += 8 + length + (length % 2);
  }
  return {
    format: "WebP",
    ...size,
    colours: "RGB",
    orientation: found.exif ?? found.xmp ?? 1,
    parts: [copy],
  };
}

/** EXIF data with the prefix that it has in a JPEG, which some programs write elsewhere too. @param {Uint8Array} exif */
function withoutPrefix(exif) {
  return hasText(exif, "Exif\0\0") ? exif.subarray(6) : exif;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Header} */
function readGif(bytes) {
  const view = viewOf(bytes);
  const shared = paletteBytes(bytes[10]);
  let palette = bytes.subarray(13, 13 + shared);
  let images = 0;
  let at = 13 + shared;
  const skipBlocks = () => {
    while (view.getUint8(at) !== 0) at += 1 + bytes[at];
    at += 1;
  };
  while (at < bytes.length && bytes[at] !== 0x3b) {
    if (bytes[at] === 0x21) {
      at += 2;
    } else if (bytes[at] === 0x2c) {
      images += 1;
      const own = paletteBytes(view.getUint8(at + 9));
      if (own && images === 1) palette = bytes.subarray(at + 10, at + 10 + own);
      at += 11 + own;
    } else {
      break;
    }
    skipBlocks();
  }
  if (images > 1) throw new Refusal(ERRORS.frames);
  const colours = isGreyRamp(palette, 3) ? "greyscale" : "palette";
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  return { format: "GIF", width, height, colours, orientation: 1, parts: [bytes] };
}

/** @param {number} flags */
function paletteBytes(flags) {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Header} */
function readBmp(bytes) {
  const view = viewOf(bytes);
  const [pixelsAt, headerBytes] = [view.getUint32(10, true), view.getUint32(14, true)];
  const isOld = headerBytes === 12;
  const width = isOld ? view.getUint16(18, true) : Math.abs(view.getInt32(18, true));
  const height = isOld ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const isCompressed = !isOld && ![0, 3].includes(view.getUint32(30, true));
  const rowBytes = 4 * Math.ceil((width * bits) / 32);
  if (!isCompressed && pixelsAt + rowBytes * height > bytes.length) throw new RangeError();
  const palette = bytes.subarray(14 + headerBytes, pixelsAt);
  const colours = bits > 8 ? "RGB" : isGreyRamp(palette, isOld ? 3 : 4) ? "greyscale" : "palette";
  return { format: "BMP", width, height, colours, orientation: 1, parts: [bytes] };
}

/** Whether entry i of a palette is the grey level i. @param {Uint8Array} palette @param {number} step bytes an entry */
function isGreyRamp(palette, step) {
  for (let i = 0; i * step + 2 < palette.length; i++) {
    for (let channel = 0; channel < 3; channel++) if (palette[i * step + channel] !== i) return false;
  }
  return true;
}
