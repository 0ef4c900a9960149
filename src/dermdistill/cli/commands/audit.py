"""``dermdistill audit``: what is wrong with a data set."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options


def audit(
    paths: options.Sources,
    split: options.Split = None,
    output: Annotated[
        Path, options.output("FILE", "The page; a table of all findings is written beside it as .csv.")
    ] = Path("audit.html"),
    left_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a split file without the images at fault."),
    ] = None,
    model: options.ScoringModel = None,
    workers: options.Workers = None,
    label: options.Labels = None,
    positive: options.Positive = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    lesion_column: options.LesionColumn = None,
    patient_column: options.PatientColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Find what is wrong with a data set before a network learns it.

    Copies and lesions within and across splits, contradicting labels, images that are damaged, blank, tiny,
    blurred or not dermoscopic, suspicious labels, shortcuts, and images that the model learned from. All of
    it is a suggestion, shown with the pictures; no image is changed.

    Examples:
        dermdistill audit data/ham10000 -o ham10000.html
        dermdistill audit data/mine --split split.csv --left-out clean.csv
    """
    from dermdistill.cli.audit import Outputs, audit_data
    from dermdistill.data.class_names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    audit_data(
        paths,
        Outputs(output, left_out),
        split=split,
        model=model,
        reading=parse_reading(label, positive, columns),
        workers=workers,
    )
