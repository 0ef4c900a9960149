/** The table of photographs: a row each, sorted as wanted. */

import { RESULT } from "../strings.js";
import { judge, shownDecision, thresholdOf } from "./decision.js";
import { element, part } from "./elements.js";

/** @import { Description, Photograph, Settings } from "../types.js" */

/** @typedef {"number" | "path" | "probability"} SortKey */

export class Table {
  #body = element("rows", HTMLElement);
  #template = element("row", HTMLTemplateElement);
  /** @type {Map<Photograph, HTMLElement>} */
  #rows = new Map();
  /** @type {SortKey} */
  #key = "number";
  #isDescending = false;

  /**
   * @param {Description} description
   * @param {() => Settings} settings
   * @param {{onExplain: (photograph: Photograph) => void, onRemove: (photograph: Photograph) => void}} actions
   */
  constructor(description, settings, actions) {
    this.description = description;
    this.settings = settings;
    this.actions = actions;
  }

  /** @param {Photograph[]} photographs */
  add(photographs) {
    for (const photograph of photographs) {
      const row = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true)).firstElementChild;
      if (!(row instanceof HTMLElement)) throw new Error("no row");
      part(row, "path").textContent = photograph.path;
      const [explain, remove] = [part(row, "explain"), part(row, "remove")];
      explain.setAttribute("aria-label", RESULT.details(photograph.path));
      remove.setAttribute("aria-label", RESULT.remove(photograph.path));
      explain.addEventListener("click", () => this.actions.onExplain(photograph));
      remove.addEventListener("click", () => this.actions.onRemove(photograph));
      this.#rows.set(photograph, row);
      this.#body.append(row);
      this.show(photograph);
    }
  }

  /** @param {Photograph} photograph */
  remove(photograph) {
    const row = this.#rows.get(photograph);
    const image = row?.querySelector("img");
    if (image) URL.revokeObjectURL(image.src);
    row?.remove();
    this.#rows.delete(photograph);
  }

  /** Move the focus to the row behind this one, or before it. @param {Photograph} photograph */
  focusBeside(photograph) {
    const row = this.#rows.get(photograph);
    const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
    if (neighbour) part(neighbour, "remove").focus();
  }

  /** Show what is known of a photograph now. @param {Photograph} photograph */
  show(photograph) {
    const row = this.#rows.get(photograph);
    if (!row) return;
    const { state, scored, error, path } = photograph;
    row.dataset.state = state;
    part(row, "explain").hidden = state !== "scored";
    if (scored) {
      const image = part(row, "thumbnail");
      if (image instanceof HTMLImageElement && !image.src) {
        image.src = URL.createObjectURL(scored.thumbnail);
        image.alt = RESULT.thumbnail(path);
        image.hidden = false;
      }
      this.#showAnswer(row, photograph);
    } else {
      const words = { refused: RESULT.unread, waiting: RESULT.waiting, stopped: RESULT.notScored };
      part(row, "decision").textContent = words[/** @type {"waiting"} */ (state)];
      part(row, "warnings").textContent = error?.slice(path.length + 2) ?? "";
    }
  }

  /** @param {HTMLElement} row @param {Photograph} photograph */
  #showAnswer(row, { scored }) {
    if (!scored) return;
    const settings = this.settings();
    const { probability, isMelanoma } = judge(scored.probabilities, this.description, settings);
    const shown = shownDecision(scored, isMelanoma);
    row.dataset.called = shown;
    part(row, "probability").textContent = probability.toFixed(3);
    const bar = part(row, "bar");
    bar.hidden = false;
    bar.style.setProperty("--p", String(probability));
    bar.style.setProperty("--threshold", String(Math.min(1, thresholdOf(this.description, settings))));
    part(row, "decision").textContent = RESULT[shown];
    part(row, "no-diagnosis").hidden = false;
    part(row, "warnings").replaceChildren(
      ...(scored.warnings.length ? scored.warnings : [RESULT.noWarnings]).map((warning) => {
        const line = document.createElement("span");
        line.textContent = warning;
        line.className = scored.warnings.length ? "warning" : "none";
        return line;
      }),
    );
  }

  /** Show all anew, as after a change of the settings. */
  showAll() {
    for (const photograph of this.#rows.keys()) this.show(photograph);
  }

  /**
   * Sort by this column; a second time the other way round, a third time as added.
   *
   * @param {SortKey} key @returns {"ascending" | "descending" | "none"} how it is sorted now
   */
  sortBy(key) {
    const first = key === "probability"; // the highest P is what one looks for
    if (this.#key !== key) [this.#key, this.#isDescending] = [key, first];
    else if (this.#isDescending === first) this.#isDescending = !first;
    else [this.#key, this.#isDescending] = ["number", false];
    this.sort();
    if (this.#key === "number") return "none";
    return this.#isDescending ? "descending" : "ascending";
  }

  /** Put the rows in order; those that are in their place stay there. */
  sort() {
    const focused = document.activeElement;
    let place = this.#body.firstElementChild;
    for (const photograph of this.sorted()) {
      const row = /** @type {HTMLElement} */ (this.#rows.get(photograph));
      if (row === place) place = row.nextElementSibling;
      else this.#body.insertBefore(row, place);
    }
    if (focused instanceof HTMLElement && this.#body.contains(focused)) focused.focus();
  }

  /** The photographs as they stand in the table. @returns {Photograph[]} */
  sorted() {
    const sign = this.#isDescending ? -1 : 1;
    const melanoma = this.description.classes.indexOf("melanoma");
    /** @param {Photograph} each @returns {number | string} */
    const value = ({ scored, path, number }) => {
      if (this.#key === "path") return path;
      if (this.#key === "number") return number;
      return scored?.probabilities[melanoma] ?? sign; // what has no P comes last, either way
    };
    return [...this.#rows.keys()].sort((a, b) => {
      const [left, right] = [value(a), value(b)];
      if (left === right) return a.number - b.number;
      return (left < right ? -1 : 1) * sign;
    });
  }
}
