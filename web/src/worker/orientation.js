/** Which way up a picture is, by EXIF, else by XMP; as `data/decoding/exif.py`. */

import { hasText, viewOf } from "./byte-reader.js";

const ORIENTATION = 0x0112;
const XMP = /tiff:Orientation(?:="|>)([0-9])/;

/** @type {Record<number, [number, "getUint16" | "getUint32" | "getInt8" | "getInt16" | "getInt32"]>} size and reader by EXIF's type */
const WHOLE_NUMBERS = {
  3: [2, "getUint16"],
  4: [4, "getUint32"],
  6: [1, "getInt8"],
  8: [2, "getInt16"],
  9: [4, "getInt32"],
  13: [4, "getUint32"],
};

/** Of EXIF data that begins as a TIFF does; null where it is absent or unreadable. @param {Uint8Array} tiff */
export function exifOrientation(tiff) {
  const little = hasText(tiff, "II*\0");
  if (!little && !hasText(tiff, "MM\0*")) return null;
  const view = viewOf(tiff);
  try {
    const start = view.getUint32(4, little);
    const entries = view.getUint16(start, little);
    for (let entry = 0; entry < entries; entry++) {
      const at = start + 2 + 12 * entry;
      if (view.getUint16(at, little) !== ORIENTATION) continue;
      const [size, read] = WHOLE_NUMBERS[view.getUint16(at + 2, little)] ?? [0, "getInt8"];
      const bytes = size * view.getUint32(at + 4, little);
      return bytes > 0 && bytes <= 4 ? view[read](at + 8, little) : null;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // points beyond its end
  }
  return null;
}

/** Of an XMP packet; null where it does not say. @param {Uint8Array} xmp */
export function xmpOrientation(xmp) {
  const match = XMP.exec(new TextDecoder("latin1").decode(xmp));
  return match && Number(match[1]);
}
