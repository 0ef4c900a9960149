/** The photographs that wait to be scored. */

import { RefusedError } from "./engine.js";

/** @import { Photograph } from "../types.js" */
/** @import { Engine } from "./engine.js" */

/** One is decoded while the one before it is scored. */
const AT_ONCE = 2;

export class Scoring {
  #engine;
  #onChange;
  #onIdle;
  /** @type {Photograph[]} */
  #waiting = [];
  #running = 0;

  /** @param {Engine} engine @param {(photograph: Photograph) => void} onChange @param {() => void} onIdle */
  constructor(engine, onChange, onIdle) {
    this.#engine = engine;
    this.#onChange = onChange;
    this.#onIdle = onIdle;
  }

  get isBusy() {
    return this.#running > 0 || this.#waiting.length > 0;
  }

  /** @param {Photograph[]} photographs */
  add(photographs) {
    this.#waiting.push(...photographs);
    while (this.#running < AT_ONCE && this.#waiting.length > 0) {
      this.#running += 1;
      this.#work();
    }
  }

  /** Give up what has not begun; returns how many photographs that are. */
  stop() {
    const left = this.#waiting.splice(0);
    for (const photograph of left) {
      photograph.state = "stopped";
      this.#onChange(photograph);
    }
    return left.length;
  }

  /** Forget a photograph that has not begun. @param {Photograph} photograph */
  remove(photograph) {
    this.#waiting = this.#waiting.filter((each) => each !== photograph);
  }

  async #work() {
    for (let photograph = this.#waiting.shift(); photograph; photograph = this.#waiting.shift()) {
      try {
        photograph.scored = await this.#engine.ask({ kind: "score", file: photograph.file });
        photograph.state = "scored";
      } catch (error) {
        photograph.state = "refused";
        const reason = error instanceof RefusedError ? error.message : String(error);
        photograph.error = `${photograph.path}: ${reason}`;
      }
      this.#onChange(photograph);
    }
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle();
  }
}
