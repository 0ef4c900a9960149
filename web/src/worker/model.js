/** The model on ONNX Runtime Web. */

import * as ort from "onnxruntime-web/wasm";

/** @import { Description, Pixels } from "../types.js" */

/** The smallest normal number of 32 bits: below it nothing is known of a probability. */
const TINY = 2 ** -126;

/**
 * @typedef {object} Said
 * @property {number[]} probabilities of the classes
 * @property {number[]} statistics the seven
 * @property {number[]} answers of the detector: log-odds and distance; empty where the file has none
 */

export class Model {
  #session;
  /** @type {Promise<unknown>} the run before; the runtime takes one at a time */
  #before = Promise.resolve();

  /** @param {ort.InferenceSession} session @param {Description} description */
  constructor(session, description) {
    this.#session = session;
    this.description = description;
    this.melanoma = description.classes.indexOf("melanoma");
  }

  /** @param {ArrayBuffer} runtime WebAssembly @param {Uint8Array} content of the model file @param {Description} description */
  static async load(runtime, content, description) {
    ort.env.wasm.wasmBinary = runtime;
    // More threads would want memory that a page from a disk cannot share.
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    const session = await ort.InferenceSession.create(content, { executionProviders: ["wasm"] });
    return new Model(session, description);
  }

  /** What the model says of a photograph. @param {Pixels} pixels @returns {Promise<Said>} */
  async run({ data, width, height }) {
    const pixels = new ort.Tensor("uint8", data, [1, height, width, 3]);
    const run = this.#before.then(() => this.#session.run({ pixels }));
    this.#before = run.catch(() => {});
    const outputs = await run;
    const [probabilities, statistics, answers] = ["probabilities", "statistics", "detector/answers"].map(
      (name) => Array.from(/** @type {Float32Array} */ (outputs[name]?.data ?? [])),
    );
    return { probabilities, statistics, answers };
  }

  /** Calibrated ln(P / (1 - P)) of melanoma, finite. @param {Pixels} pixels */
  async logOdds(pixels) {
    const probabilities = (await this.run(pixels)).probabilities.map((p) => Math.max(p, TINY));
    // From both sides: in 32 bits, 1 - P is lost where P is near 1.
    const others = probabilities.reduce((sum, p, i) => (i === this.melanoma ? sum : sum + p), 0);
    return Math.log(probabilities[this.melanoma] / others);
  }
}
