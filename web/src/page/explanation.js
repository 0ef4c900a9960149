/** The dialog that explains an answer. */

import { EXPLANATION, NO_DIAGNOSIS, RESULT } from "../strings.js";
import { judge, shownDecision } from "./decision.js";
import { element } from "./elements.js";

/** @import { Description, Explanation, Photograph, Settings } from "../types.js" */
/** @import { Engine } from "./engine.js" */

export class ExplanationDialog {
  #dialog = element("explanation", HTMLDialogElement);
  #progress = element("explanation-progress", HTMLProgressElement);
  #status = element("explanation-status", HTMLElement);
  #pictures = element("explanation-pictures", HTMLElement);
  #text = element("explanation-text", HTMLElement);
  /** Counts the explanations, so that a late answer to an earlier one is passed over. */
  #shown = 0;

  /** @param {Engine} engine @param {Description} description */
  constructor(engine, description) {
    this.engine = engine;
    this.description = description;
    element("explanation-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      this.#shown += 1;
      engine.ask({ kind: "stop" });
    });
  }

  /** @param {Photograph} photograph @param {Settings} settings */
  async open(photograph, settings) {
    this.#shown += 1;
    const shown = this.#shown;
    this.#showAnswer(photograph, settings);
    this.#pictures.hidden = true;
    this.#progress.hidden = false;
    this.#progress.removeAttribute("value");
    this.#status.textContent = EXPLANATION.working;
    this.#text.replaceChildren();
    this.#dialog.showModal();
    try {
      const task = {
        kind: /** @type {const} */ ("explain"),
        file: photograph.file,
        threshold: settings.point.threshold,
      };
      const explanation = await this.engine.ask(task, ({ done, total }) => {
        if (shown !== this.#shown) return;
        [this.#progress.value, this.#progress.max] = [done, total];
        this.#progress.textContent = EXPLANATION.progress(done, total);
      });
      if (shown === this.#shown) this.#showExplanation(explanation, settings);
    } catch (error) {
      if (shown !== this.#shown) return;
      this.#status.textContent = `${EXPLANATION.stopped}: ${error instanceof Error ? error.message : error}`;
    }
    if (shown === this.#shown) this.#progress.hidden = true;
  }

  /** @param {Photograph} photograph @param {Settings} settings */
  #showAnswer({ path, scored }, settings) {
    if (!scored) return;
    const { probability, diagnoses, isMelanoma } = judge(scored.probabilities, this.description, settings);
    element("explanation-path", HTMLElement).textContent = path;
    element("explanation-answer", HTMLElement).textContent =
      `P(melanoma) = ${probability.toFixed(3)}. ${RESULT[shownDecision(scored, isMelanoma)]}. ${NO_DIAGNOSIS}.`;
    const list = element("explanation-warnings", HTMLElement);
    list.replaceChildren(...scored.warnings.map((warning) => textElement("li", warning)));
    const byProbability = diagnoses
      .map((value, i) => ({ value, name: this.description.classes[i] }))
      .sort((a, b) => b.value - a.value);
    element("explanation-diagnoses", HTMLElement).replaceChildren(
      ...byProbability.map(({ name, value }) => {
        const row = document.createElement("tr");
        const head = textElement("th", name);
        head.setAttribute("scope", "row");
        row.append(head, textElement("td", value.toFixed(3)));
        return row;
      }),
    );
  }

  /** @param {Explanation} explanation @param {Settings} settings */
  #showExplanation({ photograph, map, window, places, decisive, largest, views }, settings) {
    draw("explanation-photograph", photograph);
    draw("explanation-map", map);
    this.#pictures.hidden = false;
    this.#status.textContent = EXPLANATION.places(decisive, places);
    const melanoma = this.description.classes.indexOf("melanoma");
    const judged = views.map((p) => {
      const binary = this.description.classes.map((_, i) =>
        i === melanoma ? p : (1 - p) / (this.description.classes.length - 1),
      );
      return judge(binary, this.description, settings);
    });
    const shown = judged.map(({ probability }) => probability);
    const mean = shown.reduce((sum, p) => sum + p, 0) / shown.length;
    const [lowest, highest, average] = [Math.min(...shown), Math.max(...shown), mean].map((p) =>
      p.toFixed(3),
    );
    const called = judged.filter(({ isMelanoma }) => isMelanoma).length;
    const change = `${largest < 0 ? "-" : "+"}${Math.abs(largest).toFixed(2)}`;
    this.#text.replaceChildren(
      textElement("p", EXPLANATION.views(shown.length, lowest, highest, average, called)),
      textElement("p", EXPLANATION.map(window, this.description.size, change)),
    );
  }
}

/** @param {string} id @param {ImageBitmap} bitmap */
function draw(id, bitmap) {
  const canvas = element(id, HTMLCanvasElement);
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
}

/** @param {string} tag @param {string} text */
function textElement(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
