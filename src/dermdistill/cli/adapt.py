"""What ``dermdistill adapt`` does; imports nothing of PyTorch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.adaptation.adaptation import adapt_model, is_adapted_file, open_model
from dermdistill.adaptation.report import as_markdown, as_page, as_text
from dermdistill.cores import default_workers
from dermdistill.data.sources import read_sources
from dermdistill.digits import rounded
from dermdistill.errors import UserError, printable
from dermdistill.inference.model import model_file
from dermdistill.messages import inform, note, warn
from dermdistill.outputs import Output, open_output
from dermdistill.reading import Reading
from dermdistill.signed_page import is_unedited, sign


@dataclass(frozen=True, slots=True)
class _Outputs:
    """The files of an adaptation: the model, and its card and report beside it."""

    model: Output
    card: Output
    page: Output

    @classmethod
    def checked(cls, model: Path, reads: Sequence[Path]) -> "_Outputs":
        """Raise UserError unless all of them may be written; ``reads`` are files that the command reads."""
        if model.suffix != ".onnx":
            raise UserError(f"{printable(str(model))}: expected a name such as local.onnx for --output")
        card, page = model.with_suffix(".md"), model.with_suffix(".html")
        return cls(
            open_output(model, "--output", expected="an adapted model", is_ours=is_adapted_file, reads=reads),
            open_output(card, "--output", expected="the card of one", is_ours=is_unedited, reads=reads),
            open_output(page, "--output", expected="the report of one", is_ours=is_unedited, reads=reads),
        )


def adapt_and_print(
    data: Sequence[Path],
    output: Path,
    *,
    sensitivity: float,
    model: Path | None,
    reading: Reading,
    workers: int | None,
    as_json: bool,
) -> None:
    """Adapt a model to labelled photographs, write it with card and report, and print the figures.

    Raises:
        UserError: see ``adaptation.adapt_model``; or a file may not be written.
    """
    if not 0 < sensitivity < 1:
        raise UserError(f"--sensitivity {sensitivity:g}: expected a share between 0 and 1, such as 0.95")
    path = model_file(model)
    outputs = _Outputs.checked(output, [path, *(each for each in data if each.is_file())])
    opened = open_model(path)
    dataset = read_sources(data, reading)
    inform(f"data: {len(dataset.records)} images, layout {dataset.layout}")
    for text in dataset.notes:
        note(text)
    new = adapt_model(dataset, path, opened, sensitivity=sensitivity, workers=workers or default_workers())
    outputs.model.write(new.content)
    outputs.card.write(sign(as_markdown(new.result, output.name)).encode())
    outputs.page.write(sign(as_page(new.result, output.name)).encode())
    print(
        json.dumps(rounded(new.result.model_dump(mode="json")), indent=2) if as_json else as_text(new.result)
    )
    if not new.result.threshold.promised:
        warn(f"no sensitivity is promised: {new.result.threshold.needed} independent melanomas are needed")
    inform(f"model: {output}; card: {outputs.card.path}; report: {outputs.page.path}")
