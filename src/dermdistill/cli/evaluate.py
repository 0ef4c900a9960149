"""What ``dermdistill evaluate`` does and prints."""

from pathlib import Path

import torch

from dermdistill.cli.table import results_json, results_text
from dermdistill.messages import inform
from dermdistill.pipeline.evaluate import evaluate_models
from dermdistill.pipeline.prepare import DataOptions


def evaluate_and_print(
    model: Path,
    data: DataOptions,
    *,
    split: str | None,
    out: Path | None,
    device: torch.device,
    replicates: int,
    as_json: bool,
) -> None:
    """Evaluate and print the figures; arguments and errors as ``pipeline.evaluate.evaluate_models``."""
    done = evaluate_models(model, data, split=split, out=out, device=device, replicates=replicates)
    figures = (done.results, done.comparisons, done.means)
    print(
        results_json(*figures, synthetic=done.synthetic, notes=done.notes)
        if as_json
        else results_text(*figures, synthetic=done.synthetic)
    )
    inform(f"predictions and metrics: {done.out}")
