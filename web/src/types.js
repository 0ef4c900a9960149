/**
 * What the parts of the page hand to each other. Types only.
 *
 * @typedef {object} OperatingPoint
 * @property {string} name as in the model's metadata
 * @property {number} threshold on P(melanoma) at the model's own prevalence
 * @property {number | null} sensitivity on the validation images
 * @property {number | null} specificity likewise
 *
 * @typedef {object} Reference how sharp training images are (see `inference/reference.py`)
 * @property {number} blurred log sharpness that one training image in a thousand falls short of
 *
 * @typedef {object} Detector above which answers a picture is taken for something else (see `inference/detector.py`)
 * @property {number} log_odds
 * @property {number} distance
 *
 * @typedef {object} Description what Python writes into the page about the model
 * @property {string} model_id architecture and digest of the file
 * @property {string[]} classes
 * @property {string[]} columns of the classes in the table; none for a binary model
 * @property {number} size side of the network's input, pixels
 * @property {number | null} halve_from short side from which a photograph is halved; null for never
 * @property {OperatingPoint[]} operating_points
 * @property {string} default_point
 * @property {number | null} prevalence share of melanomas among the validation images
 * @property {Reference | null} reference
 * @property {Detector | null} detector
 * @property {{image: string, probabilities: number[]}} self_test a JPEG, base64, and what the file says of it
 *
 * @typedef {object} Pixels RGB, three bytes a pixel, row by row, upright
 * @property {Uint8Array} data
 * @property {number} width
 * @property {number} height
 *
 * @typedef {object} Scored
 * @property {number[]} probabilities of the classes, at the model's own prevalence
 * @property {string[]} warnings
 * @property {Blob} thumbnail
 *
 * @typedef {object} Explanation
 * @property {ImageBitmap} photograph
 * @property {ImageBitmap} map of the same size
 * @property {number} window side of a place, pixels of the network's input
 * @property {number} places how many were hidden
 * @property {number} decisive how many of them change the decision
 * @property {number} largest change of the log-odds, with its sign
 * @property {number[]} views P(melanoma) of each, at the model's own prevalence
 *
 * @typedef {object} Loading
 * @property {"load"} kind
 * @property {string} runtime WebAssembly of ONNX Runtime, gzip in base64
 * @property {string} model likewise
 * @property {Description} description
 *
 * @typedef {{kind: "score", file: Blob}} Scoring
 * @typedef {{kind: "explain", file: Blob, threshold: number}} Explaining
 * @typedef {{kind: "stop"}} Stopping whatever is being explained is no longer wanted
 * @typedef {Loading | Scoring | Explaining | Stopping} Task
 * @typedef {{id: number} & Task} Request
 *
 * @typedef {object} Photograph a row of the table
 * @property {number} number in the order of adding
 * @property {File} file
 * @property {string} path as in the table of `dermdistill predict`
 * @property {"waiting" | "scored" | "refused" | "stopped"} state
 * @property {Scored} [scored]
 * @property {string} [error] with the path before it
 *
 * @typedef {object} Settings
 * @property {OperatingPoint} point
 * @property {number | null} prevalence that P is re-stated for; null for the model's own
 *
 * @typedef {object} Answer what comes back: once with a result or an error, before that any number of times with progress
 * @property {number} id
 * @property {unknown} [result]
 * @property {string} [error]
 * @property {boolean} [isRefusal] whether the error is the photograph's fault
 * @property {{done: number, total: number}} [progress]
 */
export {};
