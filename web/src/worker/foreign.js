/** What a file is that is not read, by its first bytes; as `data/decoding/foreign.py`. */

import { ERRORS, FOREIGN } from "../strings.js";
import { hasText, textAt, viewOf } from "./byte-reader.js";

/** @type {Record<string, string>} ISO 14496-12: brands of files that begin with a size and "ftyp" */
const BRANDS = {
  avif: FOREIGN.avif,
  avis: FOREIGN.avif,
  "crx ": FOREIGN.raw,
  mif1: FOREIGN.heic,
  msf1: FOREIGN.heic,
};
for (const brand of ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"])
  BRANDS[brand] = FOREIGN.heic;

/** @type {[string, string][]} */
const STARTS = [
  ["\x00\x00\x00\x0cJXL \r\n\x87\n", FOREIGN.jpegXl],
  ["\xff\x0a", FOREIGN.jpegXl],
  ["\x00\x00\x00\x0cjP  \r\n\x87\n", FOREIGN.jpeg2000],
  ["\xff\x4f\xff\x51", FOREIGN.jpeg2000],
  ["II\xbc\x01", FOREIGN.jpegXr],
  ["8BPS", FOREIGN.photoshop],
  ["%PDF", FOREIGN.pdf],
  ["%!PS", FOREIGN.postScript],
  ["FUJIFILMCCD-RAW", FOREIGN.raw],
  ["IIU\x00", FOREIGN.raw],
  ["IIRO", FOREIGN.raw],
  ["IIRS", FOREIGN.raw],
  ["MMOR", FOREIGN.raw],
  ["FOVb", FOREIGN.raw],
  ["\x00MRM", FOREIGN.raw],
  ["II\x1a\x00\x00\x00HEAPCCDR", FOREIGN.raw],
  ["\x00\x05\x16\x07", FOREIGN.appleDouble],
  ["\x93NUMPY", FOREIGN.numpy],
  ["version https://git-lfs", FOREIGN.gitLfs],
  ["PK\x03\x04", FOREIGN.archive],
  ["\x1f\x8b", FOREIGN.archive],
  ["7z\xbc\xaf\x27\x1c", FOREIGN.archive],
  ["Rar!", FOREIGN.archive],
  ["\x1aE\xdf\xa3", FOREIGN.video],
  ["\x00\x00\x01\xba", FOREIGN.video],
  // These are read by `dermdistill predict`, and not by browsers.
  ["II*\x00", ERRORS.elsewhere.tiff],
  ["MM\x00*", ERRORS.elsewhere.tiff],
  ["II+\x00", ERRORS.elsewhere.tiff],
  ["MM\x00+", ERRORS.elsewhere.tiff],
];

/** The end of a message, or null where the file may be an image that is read. @param {Uint8Array} bytes */
export function foreignFormat(bytes) {
  if (hasText(bytes, "ftyp", 4)) return ofBrands(bytes);
  if (hasText(bytes, "RIFF") && hasText(bytes, "AVI ", 8)) return FOREIGN.video;
  if (hasText(bytes, "DICM", 128)) return ERRORS.elsewhere.dicom;
  const found = STARTS.find(([start]) => hasText(bytes, start));
  return found?.[1] ?? ofMarkup(bytes);
}

/** @param {Uint8Array} bytes */
function ofBrands(bytes) {
  const size = Math.min(viewOf(bytes).getUint32(0), 256, bytes.length);
  const brands = [textAt(bytes, 8, 12)];
  for (let at = 16; at < size; at += 4) brands.push(textAt(bytes, at, at + 4));
  const known = brands.map((brand) => BRANDS[brand]).filter(Boolean);
  // AVIF files name the general brand of HEIF first in some programs.
  return known.find((what) => what !== FOREIGN.heic) ?? known[0] ?? FOREIGN.video;
}

/** @param {Uint8Array} bytes */
function ofMarkup(bytes) {
  const text = textAt(bytes, 0, Math.min(bytes.length, 1024))
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart()
    .toLowerCase();
  if (text.startsWith("<") && text.includes("<svg")) return FOREIGN.svg;
  return text.startsWith("<!doctype html") || text.startsWith("<html") ? FOREIGN.webPage : null;
}
