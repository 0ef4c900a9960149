/** From the model's probabilities to what is shown: re-stated P, and the decision; as `inference/model.py`. */

import { POINTS, WARNINGS } from "../strings.js";

/** @import { Description, OperatingPoint, Scored, Settings } from "../types.js" */

/**
 * @typedef {object} Judged
 * @property {number} probability P(melanoma), re-stated where that was asked for
 * @property {number[]} diagnoses probabilities of all classes, likewise
 * @property {boolean} isMelanoma
 */

/** @param {number[]} probabilities @param {Description} description @param {Settings} settings @returns {Judged} */
export function judge(probabilities, description, settings) {
  const diagnoses = restated(probabilities, description, settings.prevalence);
  const probability = diagnoses[description.classes.indexOf("melanoma")];
  return { probability, diagnoses, isMelanoma: probability >= thresholdOf(description, settings) };
}

/** The operating point on the scale that P is stated on. @param {Description} description @param {Settings} settings */
export function thresholdOf({ prevalence: trained }, { point, prevalence }) {
  // Just above 1 stands for "call nothing melanoma", on every scale.
  if (prevalence === null || trained === null || point.threshold > 1) return point.threshold;
  return shifted(point.threshold, trained, prevalence);
}

/**
 * By Bayes' rule P(melanoma) moves, and the others share the rest in their old proportions.
 *
 * @param {number[]} probabilities @param {Description} description @param {number | null} prevalence
 */
function restated(probabilities, { classes, prevalence: trained }, prevalence) {
  if (prevalence === null || trained === null) return probabilities;
  const melanoma = classes.indexOf("melanoma");
  const moved = shifted(probabilities[melanoma], trained, prevalence);
  const others = probabilities.reduce((sum, p, i) => (i === melanoma ? sum : sum + p), 0);
  return probabilities.map((p, i) => {
    if (i === melanoma) return moved;
    return others > 0 ? (p * (1 - moved)) / others : (1 - moved) / Math.max(classes.length - 1, 1);
  });
}

/** @param {number} probability @param {number} trained prevalence @param {number} wanted prevalence */
function shifted(probability, trained, wanted) {
  return expit(logOdds(probability) + logOdds(wanted) - logOdds(trained));
}

/** @param {number} probability */
export function logOdds(probability) {
  return Math.log(probability) - Math.log1p(-probability);
}

/** @param {number} value */
export function expit(value) {
  return 1 / (1 + Math.exp(-value));
}

/** What an operating point is, in words. @param {OperatingPoint} point */
export function pointInWords({ name }) {
  if (name === "youden") return POINTS.youden;
  const goal = /^(sensitivity|specificity)_(0?\.\d+)$/.exec(name);
  return goal ? POINTS.goal(goal[1], Number(goal[2])) : name;
}

/**
 * What to show people: no decision where the picture may be something else. The table of all scores has it.
 *
 * @param {Scored} scored @param {boolean} isMelanoma @returns {"melanoma" | "other" | "withheld"}
 */
export function shownDecision({ warnings }, isMelanoma) {
  if (warnings.includes(WARNINGS.notDermoscopic)) return "withheld";
  return isMelanoma ? "melanoma" : "other";
}
