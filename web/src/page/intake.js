/** Photographs that are dropped, pasted or chosen, folders included. */

/**
 * @typedef {object} Taken
 * @property {{file: File, path: string}[]} photographs
 * @property {number} leftOut files of folders that are no photographs
 */

/** Endings of images, read here or named when they are refused; as `data/images.py` and `data/listing.py`. */
const ENDINGS = new Set(
  [
    ["jpg", "jpeg", "jpe", "jfif", "jif", "png", "tif", "tiff", "webp", "bmp", "dib", "gif", "dcm", "dicom"],
    [
      "heic",
      "heif",
      "hif",
      "avif",
      "jxl",
      "jp2",
      "j2k",
      "jpx",
      "jxr",
      "dng",
      "cr2",
      "cr3",
      "crw",
      "nef",
      "nrw",
    ],
    ["arw", "sr2", "orf", "rw2", "raf", "pef", "srw"],
  ].flat(),
);

/** @param {Iterable<File>} files named one by one, so that each is tried @returns {Taken} */
export function fromFiles(files) {
  return { photographs: Array.from(files, (file) => ({ file, path: file.name })), leftOut: 0 };
}

/** @param {Iterable<File>} files of a chosen folder @returns {Taken} */
export function fromFolder(files) {
  return imagesAmong(Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/** What was dropped. @param {DataTransfer} transfer @returns {Promise<Taken>} */
export async function fromTransfer(transfer) {
  // All at once: the browser empties the list when the event is over.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter((entry) => !!entry);
  if (entries.length === 0) return fromFiles(transfer.files);
  const taken = { photographs: /** @type {Taken["photographs"]} */ ([]), leftOut: 0 };
  for (const entry of entries) {
    const files = await filesOf(entry);
    const { photographs, leftOut } = entry.isFile ? { photographs: files, leftOut: 0 } : imagesAmong(files);
    taken.photographs.push(...photographs);
    taken.leftOut += leftOut;
  }
  return taken;
}

/** @param {FileSystemEntry} entry @returns {Promise<Taken["photographs"]>} */
async function filesOf(entry) {
  if (entry.isFile) {
    const { promise, resolve, reject } = withResolvers();
    /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject);
    return [{ file: await promise, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    const { promise, resolve, reject } = withResolvers();
    reader.readEntries(resolve, reject); // a hundred at a time
    const entries = /** @type {FileSystemEntry[]} */ (await promise);
    if (entries.length === 0) return found;
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const each of entries) found.push(...(await filesOf(each)));
  }
}

function withResolvers() {
  /** @type {(value: any) => void} */
  let resolve = () => {};
  /** @type {(reason: unknown) => void} */
  let reject = () => {};
  const promise = new Promise((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

/** @param {Taken["photographs"]} files @returns {Taken} */
function imagesAmong(files) {
  const photographs = files.filter(({ file: { name } }) => {
    const ending = /\.([^.]+)$/.exec(name)?.[1].toLowerCase();
    return ending && ENDINGS.has(ending) && !name.startsWith(".") && !name.startsWith("~$");
  });
  return { photographs, leftOut: files.length - photographs.length };
}
