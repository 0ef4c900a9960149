"""What ``dermdistill evaluate`` does and prints."""

from collections.abc import Sequence
from pathlib import Path

from dermdistill.cli.results import decisions_text, results_json, results_text
from dermdistill.errors import UserError, printable
from dermdistill.judgement.decisions import PREVALENCES
from dermdistill.messages import inform, warn
from dermdistill.pipeline.evaluate import EvaluationOptions, evaluate_models
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.report.evaluation_words import cautions


def evaluate_and_print(
    model: Path | None, data: DataOptions, options: EvaluationOptions, *, as_json: bool
) -> None:
    """Evaluate and print the figures; arguments and errors as ``pipeline.evaluate.evaluate_models``."""
    written_to, judgement = evaluate_models(model, data, options)
    if as_json:
        print(results_json(judgement))
    else:
        print("\n\n".join(filter(None, (results_text(judgement), decisions_text(judgement)))))
    for text in cautions(judgement):
        warn(text)
    inform(f"report: {printable(str(written_to / 'report.html'))}; tables and predictions beside it")


def chosen_prevalences(given: Sequence[float] | None) -> tuple[float, ...]:
    """Those of ``--prevalence``, rising; raises UserError where one is no share."""
    for share in given or ():
        if not 0 < share < 1:
            raise UserError(f"--prevalence {share:g}: expected a share between 0 and 1, such as 0.02")
    return tuple(sorted(set(given))) if given else PREVALENCES
