"""What ``dermdistill evaluate`` does and prints."""

from pathlib import Path

import torch

from dermdistill.cli.results import results_json, results_text
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
    written_to, judgement = evaluate_models(
        model, data, split=split, out=out, device=device, replicates=replicates
    )
    show = results_json if as_json else results_text
    print(show(judgement))
    inform(f"predictions and figures: {written_to}")
