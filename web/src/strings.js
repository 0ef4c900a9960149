/** All English of the page. Warnings and errors are those of `dermdistill predict`, word for word, where it has them. */

/** @import { OperatingPoint } from "./types.js" */

export const NO_DIAGNOSIS = "Research result, not a diagnosis";

/** @param {number} value @returns {string} */
const percent = (value) => `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)} %`;
/** @param {number} count @param {string} what */
const counted = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
const AS_JPEG = "which is not read here; save it as JPEG or PNG";

/** What stands in `page.html`, where `{{name}}` is; the build puts it there. */
export const PAGE = {
  title: "dermdistill: P(melanoma) of photographs",
  name: "dermdistill",
  purpose: "P(melanoma) of dermoscopic photographs, computed on this device",
  disclaimer: "Research software, not a medical device. Its answers must not decide about a person.",
  noScript: "This page computes with JavaScript, which is switched off in this browser.",
  addHeading: "Photographs",
  drop: "Drop photographs or folders here, paste them, or",
  choose: "Choose photographs",
  chooseFolder: "Choose a folder",
  useCamera: "Use the camera",
  private: "Photographs stay on this device: the page can neither send nor fetch anything.",
  settings: "Decision",
  point: "Operating point",
  prevalence: "Prevalence of melanoma that P is stated for",
  prevalencePercent: "Prevalence, %",
  asTrained: "As trained",
  results: "Results",
  stop: "Stop",
  saveCsv: "Save as CSV",
  print: "Print",
  removeAll: "Remove all",
  caption: "Scored photographs",
  columnPhotograph: "Photograph",
  columnProbability: "P(melanoma)",
  columnDecision: "Decision",
  columnWarnings: "Warnings",
  columnActions: "Actions",
  explanationHeading: "Explanation",
  diagnoses: "Probability of each diagnosis",
  close: "Close",
  cameraHeading: "Camera",
  takePhotograph: "Take the photograph",
  about: "About",
  aboutModel: "Model",
  aboutDecision:
    "The model looks at one dermoscopic photograph. Its probabilities are calibrated on its validation images and hold for images like them; warnings say when a photograph is not like the training images, not when a lesion is of a kind that the model never saw.",
  aboutLicence:
    "dermdistill: Apache-2.0. A model trained on HAM10000, as the packaged one, inherits the licence of its images, CC BY-NC 4.0: no commercial use.",
  aboutRuntime: "Computed by ONNX Runtime Web, whose licence follows.",
};

export const POINTS = {
  youden: "best sum of sensitivity and specificity",
  /** @param {string} kind @param {number} share */
  goal: (kind, share) => `${percent(share)} ${kind} aimed at`,
  /** @param {OperatingPoint} point */
  rates: (point) =>
    point.sensitivity === null || point.specificity === null
      ? "of unknown sensitivity and specificity"
      : `sensitivity ${point.sensitivity.toFixed(2)}, specificity ${point.specificity.toFixed(2)} on validation images`,
  /** @param {string} name @param {number} threshold @param {string} rates */
  headline: (name, threshold, rates) =>
    `Melanoma from P = ${Number(threshold.toPrecision(3))} on (${name}: ${rates}).`,
};

export const PREVALENCE = {
  /** @param {number} share */
  asTrained: (share) => `${percent(share)}, as in the model's validation images`,
  /** @param {number} share */
  restated: (share) => `${percent(share)}; P is re-stated for it, decisions stay the same`,
  unknown: "The model file does not say at which prevalence it was calibrated.",
};

export const STATUS = {
  loading: "Preparing the model…",
  /** @param {number} difference */
  ready: (difference) =>
    `Self-test passed: this browser gives the model's answer to a test photograph (largest difference of a probability ${difference.toExponential(0)}).`,
  /** @param {number} difference */
  differs: (difference) =>
    `Self-test failed: this browser changes probabilities of the test photograph by ${difference.toPrecision(2)}. Do not use these results; a browser that protects against fingerprinting by changing pixels may do this.`,
  /** @param {string} reason */
  failed: (reason) =>
    `The model does not run in this browser (${reason}). Use a current Chrome, Edge, Firefox or Safari.`,
  /** @param {number} done @param {number} total */
  progress: (done, total) => `${done} of ${counted(total, "photograph")} scored`,
  /** @param {number} total @param {number} melanoma @param {number} errors */
  done: (total, melanoma, errors) =>
    `${counted(total, "photograph")}: ${melanoma} called melanoma` +
    (errors ? `, ${errors} could not be read` : ""),
  /** @param {number} left */
  stopped: (left) => `Stopped; ${counted(left, "photograph")} not scored`,
  /** @param {number} files */
  leftOut: (files) => `${counted(files, "other file")} of folders left out, which are no photographs`,
  nothing: "There is no file in what was dropped or pasted.",
  /** @param {string} what */
  sorted: (what) => `Sorted by ${what}`,
};

export const RESULT = {
  waiting: "waiting",
  notScored: "not scored",
  melanoma: "Called melanoma",
  other: "Called not melanoma",
  withheld: "No decision",
  unread: "Could not be read",
  noWarnings: "none",
  /** @param {string} name */
  details: (name) => `Explain ${name}`,
  /** @param {string} name */
  remove: (name) => `Remove ${name}`,
  /** @param {string} name */
  thumbnail: (name) => `Photograph ${name}`,
  explain: "Explain",
  removeShort: "Remove",
};

export const EXPLANATION = {
  working: "The model looks at the photograph with one place after the other hidden.",
  /** @param {number} done @param {number} total */
  progress: (done, total) => `${done} of ${total} runs of the network`,
  /** @param {number} decisive @param {number} places */
  places: (decisive, places) =>
    decisive === 0
      ? `No single place explains this decision: it stays the same whichever of ${places} places is hidden.`
      : `${decisive} of ${places} places ${decisive === 1 ? "changes" : "change"} this decision when hidden, each by itself.`,
  /** @param {number} count @param {string} lowest @param {string} highest @param {string} mean @param {number} called */
  views: (count, lowest, highest, mean, called) =>
    `Over ${count} views (mirrored, turned, up to 1.2 times closer) P is ${lowest} to ${highest}, mean ${mean}; ${called} of them are called melanoma. The range shows how much the answer depends on how the photograph was held; it is no confidence interval of the diagnosis.`,
  /** @param {number} window @param {number} size @param {string} largest */
  map: (window, size, largest) =>
    `Orange places raise P(melanoma), blue places lower it, by what its log-odds change when the place is hidden. A place is a window of ${window} of ${size} pixels a side; it is hidden by blurring it. All maps have one scale, with full colour from 1.5 on; the largest change in this one is ${largest}. The map shows what this model reacts to, not where a melanoma is.`,
  photograph: "The photograph",
  picture: "Where the model looked: orange raises P(melanoma), blue lowers it",
  lowers: "lowers P: -1.5 and beyond",
  raises: "raises P: +1.5 and beyond",
  stopped: "The explanation could not be computed",
};

export const CAMERA = {
  /** @param {string} reason */
  refused: (reason) => `The camera cannot be used (${reason}).`,
};

export const WARNINGS = {
  notDermoscopic: "not a dermoscopic photograph?",
  /** @param {string} colours */
  colours: (colours) => `not in colour as photographed: ${colours}`,
  /** @param {number} width @param {number} height @param {number} size */
  small: (width, height, size) => `small: ${width} x ${height} pixels, the model looks at ${size} x ${size}`,
  blurred: "blurred: less sharp than 99.9 % of the training images",
};

export const ERRORS = {
  empty: "the file is empty; copy or download it again",
  /** @param {number} bytes @param {number} limit */
  largeFile: (bytes, limit) =>
    `${(bytes / 1e6).toFixed(0)} MB is above the limit of ${(limit / 1e6).toFixed(0)} MB for one image; save it compressed or scaled down`,
  /** @param {number} width @param {number} height @param {number} limit */
  manyPixels: (width, height, limit) =>
    `${width} x ${height} is above the limit of ${(limit / 1e6).toFixed(0)} megapixels; scale it down`,
  /** @param {number} width @param {number} height @param {number} limit */
  longSide: (width, height, limit) =>
    `${width} x ${height} is above the limit of ${limit} pixels a side; scale it down`,
  transparent: "has transparent pixels, which have no colour; flatten it onto a background",
  frames: "holds several frames; save the one that is meant as a still image",
  /** @param {string} format @param {string} reason */
  damaged: (format, reason) => `damaged ${format} (${reason}); copy or download it again`,
  endsEarly: "it ends too early",
  undecodable: "this browser cannot decode it",
  /** @param {number} scans */
  manyScans: (scans) => `more than ${scans} scans, which no camera writes; save it as an ordinary JPEG`,
  unread: "the file cannot be read; is it still there?",
  unknown:
    "not an image that this page reads; expected JPEG, PNG, WebP, BMP or GIF, whatever its name ends in",
  elsewhere: {
    tiff: "a TIFF, which browsers do not read; `dermdistill predict` does, or save it as PNG",
    dicom: "a DICOM file, which browsers do not read; `dermdistill predict` does, or save it as PNG",
  },
};

/** Formats that are named when they are refused. */
export const FOREIGN = {
  avif: `AVIF, ${AS_JPEG}`,
  heic: `HEIC (HEIF), ${AS_JPEG}; an iPhone takes JPEG under Settings, Camera, Formats, Most Compatible`,
  jpegXl: `JPEG XL, ${AS_JPEG}`,
  jpeg2000: `JPEG 2000, ${AS_JPEG}`,
  jpegXr: `JPEG XR, ${AS_JPEG}`,
  photoshop: `a Photoshop file, ${AS_JPEG}`,
  pdf: "a PDF document; save the photograph in it as JPEG or PNG",
  postScript: `PostScript, ${AS_JPEG}`,
  raw: `a camera's RAW file, ${AS_JPEG}`,
  video: "a video; save the frame that is meant as JPEG or PNG",
  archive: "an archive; unpack it",
  appleDouble: "not the photograph but what macOS keeps beside it; name the file without '._'",
  numpy: "a NumPy array; save each image as PNG",
  gitLfs: "a pointer of Git LFS, not the image; fetch it with `git lfs pull`",
  svg: `an SVG drawing, ${AS_JPEG}`,
  webPage: "a web page: the download went wrong; download the image again",
};
