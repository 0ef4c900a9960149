/** Operating point and prevalence, as chosen on the page. */

import { POINTS, PREVALENCE } from "../strings.js";
import { expit, logOdds, pointInWords, thresholdOf } from "./decision.js";
import { element } from "./elements.js";

/** @import { Description, Settings } from "../types.js" */

/** The slider's ends; between them it moves the log-odds evenly. */
const [LOWEST, HIGHEST] = [0.001, 0.9];
const STEPS = 1000;

/** @param {Description} description @param {() => void} onChange @returns {() => Settings} what is chosen now */
export function wireSettings(description, onChange) {
  const { operating_points: points, prevalence: trained } = description;
  const select = element("point", HTMLSelectElement);
  const slider = element("prevalence", HTMLInputElement);
  const number = element("prevalence-percent", HTMLInputElement);
  const reset = element("prevalence-reset", HTMLButtonElement);
  /** @type {number | null} */
  let prevalence = null;

  for (const point of points) {
    const option = new Option(`${point.name}: ${pointInWords(point)}`, point.name);
    option.selected = option.defaultSelected = point.name === description.default_point;
    select.add(option);
  }
  const settings = () => ({ point: points[select.selectedIndex], prevalence });

  const show = () => {
    const { point } = settings();
    const threshold = thresholdOf(description, settings());
    element("point-rates", HTMLElement).textContent = POINTS.headline(
      point.name,
      threshold,
      POINTS.rates(point),
    );
    if (trained === null) return;
    const share = prevalence ?? trained;
    slider.value = String(Math.round(STEPS * position(share)));
    number.value = String(Number((100 * share).toPrecision(3)));
    reset.disabled = prevalence === null;
    const words = prevalence === null ? PREVALENCE.asTrained(trained) : PREVALENCE.restated(prevalence);
    element("prevalence-words", HTMLElement).textContent = words;
    slider.setAttribute("aria-valuetext", words);
  };
  /** @param {number | null} share */
  const restate = (share) => {
    prevalence = share;
    show();
    onChange();
  };

  if (trained === null) {
    for (const control of [slider, number, reset]) control.disabled = true;
    element("prevalence-words", HTMLElement).textContent = PREVALENCE.unknown;
  }
  select.addEventListener("change", () => {
    show();
    onChange();
  });
  slider.addEventListener("input", () => restate(shareAt(Number(slider.value) / STEPS)));
  number.addEventListener("change", () => {
    const share = Number(number.value) / 100;
    if (share > 0 && share < 1) restate(share);
    else show();
  });
  reset.addEventListener("click", () => {
    restate(null);
    slider.focus();
  });
  show();
  return settings;
}

/** Where a share stands on the slider, 0 to 1. @param {number} share */
function position(share) {
  return (logOdds(share) - logOdds(LOWEST)) / (logOdds(HIGHEST) - logOdds(LOWEST));
}

/** A share of two digits. @param {number} place */
function shareAt(place) {
  const share = expit(logOdds(LOWEST) + place * (logOdds(HIGHEST) - logOdds(LOWEST)));
  return Number(share.toPrecision(2));
}
