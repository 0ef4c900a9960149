"""``dermdistill card``: the evidence of a model, for a repository or a paper."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_card_parts, without_blas_threads


def card(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN|MODEL",
            help="A run folder that holds an exported model, or a .onnx file. Default: the packaged model.",
        ),
    ] = None,
    output: Annotated[Path | None, options.output("DIR", "The folder to write.")] = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="A folder of `dermdistill evaluate`. One in the run or beside the file need not be named."
            " Repeat it for several.",
        ),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(metavar="REPO", help="Upload the folder to this repository on the Hugging Face Hub."),
    ] = None,
    quiet: options.Quiet = None,
) -> None:
    """Write a model card, checklists and all evidence into a folder.

    The folder can be published on the Hugging Face Hub or Zenodo. TRIPOD+AI, CLAIM and MI-CLAIM are filled in
    from recorded facts, each with its source; what is not recorded is unanswered. To answer it, edit the
    files; then `dermdistill card DIR --push REPO` uploads them.

    Examples:
        dermdistill card -o card
        dermdistill card runs/first -o card --evaluation runs/first/evaluations/clinic
        dermdistill card card --push NAME/REPO
    """
    need_card_parts()
    without_blas_threads()
    from dermdistill.cli.card import write_card

    write_card(model, output, evaluations=evaluation or (), repository=push)
