/** Whether text, one byte a character, stands at a place. @param {Uint8Array} bytes @param {string} text @param {number} [at] */
export function hasText(bytes, text, at = 0) {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Text of one byte a character. @param {Uint8Array} bytes @param {number} start @param {number} end */
export function textAt(bytes, start, end) {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 65_536)));
}

/** Reads numbers at places; beyond the end it throws a RangeError. @param {Uint8Array} bytes */
export function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
