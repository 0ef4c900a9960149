"""``dermdistill data``: describe a data set."""

from typing import Annotated

import typer

from dermdistill.cli import options


def data(
    paths: options.Sources,
    split: options.Split = None,
    check: Annotated[
        bool, typer.Option("--check", help="Decode every image, and name all that cannot be used.")
    ] = False,
    workers: options.Workers = None,
    label: options.Labels = None,
    positive: options.Positive = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    lesion_column: options.LesionColumn = None,
    patient_column: options.PatientColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Show how a data set, or several together, will be read.

    Its layout, its diagnoses by source and split, and what is left out and why.

    Examples:
        dermdistill data data/ham10000
        dermdistill data data/ham10000 data/isic2019 --split split.csv
        dermdistill data photographs.csv --label-column finding --check
    """
    from dermdistill.cli.data import describe
    from dermdistill.data.class_names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    describe(paths, parse_reading(label, positive, columns), split, decode=check, workers=workers)
