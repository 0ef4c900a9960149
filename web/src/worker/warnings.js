/** Why to distrust an answer; as `Model.score_decoded` of `inference/model.py`. */

import { WARNINGS } from "../strings.js";

/** @import { Description } from "../types.js" */
/** @import { Decoded } from "./decode.js" */
/** @import { Said } from "./model.js" */

/** @param {Decoded} photograph @param {Said} said @param {Description} description */
export function warningsOf(
  { width, height, colours },
  { statistics, answers },
  { size, reference, detector },
) {
  const found = [];
  if (detector && (answers[0] > detector.log_odds || answers[1] > detector.distance)) {
    found.push(WARNINGS.notDermoscopic);
  }
  if (colours !== "RGB") found.push(WARNINGS.colours(colours));
  if (Math.min(width, height) < size) found.push(WARNINGS.small(width, height, size));
  if (reference && statistics[statistics.length - 1] < reference.blurred) found.push(WARNINGS.blurred);
  return found;
}
