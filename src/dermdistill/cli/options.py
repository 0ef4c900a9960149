"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dermdistill.messages import Verbosity, set_verbosity

PACKAGED_POINTS = (
    *("youden", "sensitivity_0.80", "sensitivity_0.90", "sensitivity_0.95"),
    *("specificity_0.80", "specificity_0.90", "specificity_0.95"),
)
"""The operating points of the packaged model, whose file ``--help`` does not open; a test compares them."""

DEVICES = ("auto", "cpu", "cuda", "cuda:1", "mps")

_READING = "Reading the data"
_MESSAGES = "Messages"


def _choose_verbosity(quiet: bool | None) -> None:
    if quiet is not None:
        set_verbosity(Verbosity.QUIET if quiet else Verbosity.VERBOSE)


def _packaged_recipes() -> list[str]:
    recipes = Path(__file__).parents[1] / "recipes"
    return sorted(path.stem for path in recipes.glob("*.toml"))


def recipe(help: str) -> Any:
    """The option ``--recipe``, which completes the names of packaged recipes."""
    return typer.Option(metavar="NAME|FILE", help=help, autocompletion=_packaged_recipes)


def output(metavar: str, help: str) -> Any:
    """The option ``--output``: a FILE or a DIR."""
    return typer.Option("--output", "-o", metavar=metavar, help=help)


Quiet = Annotated[
    bool | None,
    typer.Option(
        "--quiet/--verbose",
        "-q/-v",
        callback=_choose_verbosity,
        show_default=False,
        rich_help_panel=_MESSAGES,
        help="Only errors and warnings, or also details: what is read, tracebacks of errors.",
    ),
]
Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        metavar="PATH",
        help="A folder or CSV of images, or 'synthetic'; repeat it for several sources.",
    ),
]
Split = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A CSV of image_id and split (train, val or test); other images are left out."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one entry of the recipe. Repeat it."),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="NAME=DIAGNOSIS",
        rich_help_panel=_READING,
        help="What a folder's name or a label means: melanoma, another diagnosis, or leave-out. Repeat it.",
    ),
]
Positive = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        rich_help_panel=_READING,
        help="A folder's name or a label that means melanoma; all others do not. Repeat it.",
    ),
]
ImageColumn = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", rich_help_panel=_READING, help="The column of a table with names or paths of images."
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", rich_help_panel=_READING, help="The column with the diagnoses."),
]
LesionColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", rich_help_panel=_READING, help="The column that names the lesion."),
]
PatientColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", rich_help_panel=_READING, help="The column that names the patient."),
]
Device = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        autocompletion=lambda: list(DEVICES),
        help="cpu; cuda, or cuda:1 for the second GPU; mps for an Apple GPU; auto takes cuda if there is "
        "one, else cpu.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="Images, folders, glob patterns; '-' for a list on stdin."),
]
Sources = Annotated[
    list[Path], typer.Argument(metavar="PATH", help="Folders or CSVs of images, one per source.")
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Read subfolders too.")]
OperatingPoint = Annotated[
    str,
    typer.Option(
        metavar="POINT",
        autocompletion=lambda: list(PACKAGED_POINTS),
        help="When an image is called melanoma: an operating point of the model, or a threshold on "
        f"P(melanoma). The packaged model has {', '.join(PACKAGED_POINTS)}.",
    ),
]
Prevalence = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Adjust P(melanoma) to this share of melanomas, such as 0.02. Decisions at an operating point "
        "stay the same.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Processes that decode images, and threads that compute. Default: OMP_NUM_THREADS, or the "
        "cores of this process.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")]
ScoringModel = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|RUN",
        help="A .onnx file of `dermdistill export`, or a run that holds one. Default: the packaged model.",
    ),
]
