"""``dermdistill audit``: what is wrong with a data set."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.options import (
    ImageColumn,
    LabelColumn,
    Labels,
    LesionColumn,
    PatientColumn,
    Positive,
    ScoringModel,
    Split,
    Workers,
)


def audit(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATHS...", help="Folders or CSVs of images, one a source.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The page; the table of all findings lies beside it as .csv.")
    ] = Path("audit.html"),
    split: Split = None,
    left_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a split file without the offenders.")
    ] = None,
    model: ScoringModel = None,
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    workers: Workers = None,
) -> None:
    """Say what is wrong with a data set, before a network learns it.

    Copies and lesions within and across splits, contradicting labels, images that are damaged, blank, tiny,
    blurred or not dermoscopic, suspicious labels, shortcuts, and images that the model learned from.
    Suggestions, with pictures side by side; no image is changed.
    """
    from dermdistill.cli.audit import Outputs, audit_data
    from dermdistill.data.sources.names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    audit_data(
        paths,
        Outputs(out, left_out),
        split=split,
        model=model,
        reading=parse_reading(label, positive, columns),
        workers=workers,
    )
