"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Data = Annotated[
    list[str],
    typer.Option("--data", help="A folder or CSV of images, or 'synthetic'; repeat it for several sources."),
]
Split = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A CSV of image_id and split (train, val, test; all else is left out) to use."
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="NAME=DIAGNOSIS",
        help="What a folder's name or a label means: melanoma, another diagnosis, or leave-out. Repeat it.",
    ),
]
Positive = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="A folder's name or a label that means melanoma, where others do not. Repeat it."
    ),
]
ImageColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column of a table with the images' names or paths.")
]
LabelColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column of a table with the diagnoses.")
]
LesionColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column of a table that names the lesion.")
]
PatientColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column of a table that names the patient.")
]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where the networks run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Threshold = Annotated[
    str, typer.Option(help="An operating point of the model, or a number: melanoma from there on.")
]
Prevalence = Annotated[
    float | None, typer.Option(help="Re-state P(melanoma) for people of whom this share has melanoma.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many processes decode images, and how many threads compute. Default: OMP_NUM_THREADS, or "
        "one a core of this process.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what is in the file already, whatever it is.")
]
ScoringModel = Annotated[
    Path | None,
    typer.Option(
        help="A .onnx file of `dermdistill export`, or a run that holds one. Default: the packaged model."
    ),
]
