"""``dermdistill data``: describe a data set."""

import sys
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
    Split,
    Workers,
)


def data(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATHS...", help="Folders or CSVs of images, one a source.")
    ],
    split: Split = None,
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    check: Annotated[
        bool, typer.Option("--check", help="Decode every image, and name all that cannot be used.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Say what the program makes of a data set, or of several together.

    Its layout, its diagnoses by source and split, and what is left out and why.
    """
    from dermdistill.cli.data import check_images
    from dermdistill.data.counts import counts_table
    from dermdistill.data.fixed_split import check_leaks, read_fixed_split, with_split
    from dermdistill.data.sources import read_sources
    from dermdistill.data.sources.names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    dataset = read_sources(paths, parse_reading(label, positive, columns))
    if split is not None:
        fixed = read_fixed_split(split)
        dataset = with_split(dataset, fixed)
        check_leaks(dataset, fixed)
    for note in dataset.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"layout: {dataset.layout}; {len(dataset.records)} images")
    print(counts_table(dataset.records, [record.split for record in dataset.records]))
    check_images(dataset, decode=check, workers=workers)
