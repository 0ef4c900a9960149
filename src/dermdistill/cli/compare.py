"""What ``dermdistill compare`` says at its end."""

import sys
from pathlib import Path

from dermdistill.cli.table import results_text
from dermdistill.config import Recipe
from dermdistill.messages import inform
from dermdistill.pipeline.compare import Outcome, compare
from dermdistill.pipeline.environment import choose_device
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.pipeline.run import comparisons_of, failures_of, results_of
from dermdistill.pipeline.workload import Part


def run_comparison(
    recipe: Recipe, data: DataOptions, out: Path, *, device: str, part: str, command: str
) -> bool:
    """Run the comparison, print its figures, say what is missing; returns whether a model failed.

    A model whose training stopped early counts as failed too, though its last good weights are judged.
    """
    outcome = compare(
        recipe,
        data,
        out,
        device=choose_device(device),
        command=command,
        part=Part.parse(part),
    )
    stopped = []
    if outcome.complete:
        run = outcome.run
        stopped = failures_of(run)
        print(results_text(results_of(run), comparisons_of(run), synthetic=data.synthetic))
        inform(f"report: {run.report}")
    for line in (*(f"stopped early: {line}" for line in stopped), *_missing(outcome)):
        print(line, file=sys.stderr)
    return bool(outcome.failed or stopped)


def _missing(outcome: Outcome) -> list[str]:
    lines = [f"failed: {name}: {reason}" for name, reason in outcome.failed.items()]
    if outcome.elsewhere:
        lines.append(
            f"another process is training {', '.join(outcome.elsewhere)}; it will judge and report, or "
            "start the same command again"
        )
    if outcome.other_parts:
        lines.append(
            f"{len(outcome.other_parts)} models belong to other parts; when their folders lie in "
            f"{outcome.run.path / 'models'}, the same command without --part judges and reports"
        )
    return lines
