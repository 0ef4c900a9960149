/** The worker that computes, behind promises. */

/** @import { Answer, Task } from "../types.js" */

/** A photograph's own fault, as against a fault of the page. */
export class RefusedError extends Error {}

/**
 * @typedef {object} Open
 * @property {(result: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {(progress: {done: number, total: number}) => void} [onProgress]
 */

export class Engine {
  #worker;
  #last = 0;
  /** @type {Map<number, Open>} */
  #open = new Map();

  /** @param {string} source of the worker */
  constructor(source) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(url);
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = ({ message }) => {
      for (const { reject } of this.#open.values()) reject(new Error(message));
      this.#open.clear();
    };
  }

  /**
   * The worker's result; what it is depends on the task (see `types.js`).
   *
   * @param {Task} task @param {(progress: {done: number, total: number}) => void} [onProgress] @returns {Promise<any>}
   */
  ask(task, onProgress) {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ ...task, id });
    });
  }

  /** @param {Answer} answer */
  #receive({ id, result, error, isRefusal, progress }) {
    const open = this.#open.get(id);
    if (progress) {
      open?.onProgress?.(progress);
      return;
    }
    this.#open.delete(id);
    if (error === undefined) open?.resolve(result);
    else open?.reject(isRefusal ? new RefusedError(error) : new Error(error));
  }
}
