/** The segments of a JPEG: its size, colours and orientation, and whether it is whole; as `data/decoding/jpeg.py`. */

import { ERRORS } from "../strings.js";
import { hasText, viewOf } from "./byte-reader.js";
import { exifOrientation, xmpOrientation } from "./orientation.js";
import { Refusal } from "./refusal.js";

/** @import { Header } from "./formats.js" */

const MAX_SCANS = 100;
const [SCAN, END, APP1] = [0xda, 0xd9, 0xe1];
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
/** Markers of frames, by which a JPEG says its size: C0 to CF without C4, C8 and CC. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Header} */
export function readJpeg(bytes) {
  const view = viewOf(bytes);
  const found = {
    exif: /** @type {number | null | undefined} */ (undefined),
    xmp: /** @type {number | null} */ (null),
  };
  const parts = [];
  let [width, height, channels, scans, kept] = [0, 0, 0, 0, 0];
  for (const { marker, at, start, end } of segments(bytes)) {
    if (FRAMES.has(marker) && !channels) {
      [height, width, channels] = [view.getUint16(start + 1), view.getUint16(start + 3), bytes[start + 5]];
    }
    if (marker === APP1 && !scans) {
      const content = bytes.subarray(start, end);
      if (hasText(content, EXIF) && found.exif === undefined) {
        found.exif = exifOrientation(content.subarray(EXIF.length));
      } else if (hasText(content, XMP)) {
        found.xmp = xmpOrientation(content);
      }
      parts.push(bytes.subarray(kept, at));
      kept = end;
    }
    if (marker === SCAN && ++scans > MAX_SCANS) throw new Refusal(ERRORS.manyScans(MAX_SCANS));
    if (marker === END) {
      if (!scans || !channels) break;
      parts.push(bytes.subarray(kept));
      const colours = channels === 1 ? "greyscale" : channels === 4 ? "CMYK" : "RGB";
      return { format: "JPEG", width, height, colours, orientation: found.exif ?? found.xmp ?? 1, parts };
    }
  }
  throw new Refusal(ERRORS.damaged("JPEG", ERRORS.endsEarly));
}

/**
 * Each segment of the image: its marker, where it begins, and its content.
 * In compressed data FF is followed by 00, by a restart marker, or by the marker that ends the data.
 *
 * @param {Uint8Array} bytes
 */
function* segments(bytes) {
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 1 < bytes.length; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isData = marker === 0 || (marker >= 0xd0 && marker <= 0xd7);
    const isAlone = marker === 0x01 || marker === 0xd8 || marker === END;
    const length = isData || isAlone ? 0 : Math.max(2, ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    if (!isData) yield { marker, at, start: at + 4, end: at + 2 + length };
    at = bytes.indexOf(0xff, at + 2 + length);
  }
}
