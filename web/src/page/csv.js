/** The table of `dermdistill predict --output`; as `inference/rows.py` and `spreadsheet.py`. */

import { judge, thresholdOf } from "./decision.js";

/** @import { Description, Photograph, Settings } from "../types.js" */

/** @typedef {string | number | null} Value */

/** Significant, of every figure (`digits.py`). */
const DIGITS = 6;

/** @param {Photograph[]} photographs @param {Description} description @param {Settings} settings */
export function csvOf(photographs, description, settings) {
  const records = photographs
    .filter(({ state }) => state === "scored" || state === "refused")
    .map((photograph) => recordOf(photograph, description, settings));
  const columns = Object.keys(recordOf(NONE, description, settings));
  return [
    columns,
    ...records.map((record) => Object.entries(record).map(([name, value]) => cell(name, value))),
  ]
    .map((cells) => `${cells.map(quoted).join(",")}\n`)
    .join("");
}

/** Gives the columns where there is no row. @type {Photograph} */
const NONE = { number: 0, file: new File([], ""), path: "", state: "refused" };

/** @param {Photograph} photograph @param {Description} description @param {Settings} settings @returns {Record<string, Value>} */
function recordOf({ path, file, scored, error }, description, settings) {
  const { columns, model_id, prevalence } = description;
  const judged = scored && judge(scored.probabilities, description, settings);
  return {
    path,
    probability: judged?.probability ?? null,
    decision: judged ? (judged.isMelanoma ? "melanoma" : "other") : null,
    operating_point: settings.point.name,
    threshold: thresholdOf(description, settings),
    validation_sensitivity: settings.point.sensitivity,
    validation_specificity: settings.point.specificity,
    prevalence: settings.prevalence ?? prevalence,
    ...Object.fromEntries(columns.map((name, i) => [name, judged?.diagnoses[i] ?? null])),
    model: model_id,
    file_bytes: file.size,
    warnings: scored?.warnings.join("; ") ?? "",
    error: error ?? "",
  };
}

/** @param {string} column @param {Value} value */
function cell(column, value) {
  if (value === null) return "";
  if (typeof value === "number") return column === "file_bytes" ? String(value) : figure(value);
  if (column === "path") return isFormula(value) ? `./${value}` : value;
  return isFormula(value.replace(/^'+/, "")) ? `'${value}` : value;
}

/** A number of six digits as Python writes it. @param {number} value */
function figure(value) {
  const rounded = Number(value.toPrecision(DIGITS));
  const [digits, exponent] = rounded.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4) {
    const plain = String(rounded);
    return plain.includes(".") ? plain : `${plain}.0`;
  }
  return `${digits}e-${String(-power).padStart(2, "0")}`;
}

/** Whether a spreadsheet would compute it, in any of its forms. @param {string} text */
function isFormula(text) {
  if (/^[\t\r\n]/.test(text)) return true;
  const visible = text.replace(/^[\s\p{Cc}\p{Cf}]+/u, "");
  return /^[=+\-@]/.test(visible.normalize("NFKC"));
}

/** @param {string} text */
function quoted(text) {
  return /[,;"\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
