"""The commands and their options; each hands over to the module that does the work."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    help="Distil a large network into a small melanoma classifier, and prove honestly how good it is. "
    "Research software, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

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


@app.command()
def run(
    data: Data,
    recipe: Annotated[
        str, typer.Option(help="A packaged recipe (demo, paper, ...) or a TOML file.")
    ] = "paper",
    split: Split = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder; a folder begun before resumes. Default: runs/<recipe>-<data>."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one entry of the recipe.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="The teacher's first weights: imagenet, none or a file.")
    ] = None,
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    device: Device = "auto",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Train teacher and students, judge them, report."""
    _need_training_parts()
    from dermdistill.cli.table import results_json, results_text
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    of_teacher = [] if weights is None else [f"teacher.weights={weights}"]
    chosen = load_recipe(recipe, [*(changes or []), *of_teacher])
    _use_cores(workers)
    from dermdistill.errors import UserError
    from dermdistill.pipeline.environment import choose_device
    from dermdistill.pipeline.prepare import DataOptions
    from dermdistill.pipeline.run import comparisons_of, failures_of, results_of
    from dermdistill.pipeline.run import run as start

    options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = out or Path("runs") / f"{chosen.name}-{options.label}"
    try:
        finished = start(chosen, options, folder, device=choose_device(device), command=_command())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    show = results_json if as_json else results_text
    print(show(results_of(finished), comparisons_of(finished), synthetic=options.synthetic))
    print(f"report: {finished.report}", file=sys.stderr)
    if failures := failures_of(finished):
        raise UserError("; ".join(failures))


@app.command()
def compare(
    data: Data,
    recipe: Annotated[
        str, typer.Option(help="A packaged recipe (demo, comparison, paper) or a TOML file with a [compare].")
    ] = "paper",
    split: Split = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder; one begun before resumes. Default: runs/compare-<recipe>-<data>."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one entry of the recipe.")
    ] = None,
    part: Annotated[
        str, typer.Option(metavar="K/N", help="Train the K-th of N parts, on a machine of its own.")
    ] = "1/1",
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    device: Device = "auto",
    workers: Workers = None,
) -> None:
    """Compare networks, objectives, temperatures and batch sizes: the paper's tables, with controls.

    One run folder holds all models; the teacher is trained once. Stopped by whatever, it goes on with the
    same command; started twice on one folder, each process takes the next free model. A model that fails is
    listed with its reason, the others go on, and the exit code is 1.
    """
    _need_training_parts()
    from dermdistill.cli.compare import run_comparison
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    chosen = load_recipe(recipe, changes or [])
    _use_cores(workers)
    options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = out or Path("runs") / f"compare-{chosen.name}-{options.label}"
    try:
        failed = run_comparison(chosen, options, folder, device=device, part=part, command=_command())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder, one weights file, or a .onnx file.")],
    data: Data,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Score only this split (train, val or test), or the test images of a split file.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where predictions and metrics go.")] = None,
    replicates: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of every interval.")] = 2000,
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    device: Device = "auto",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Judge trained models on other data.

    Thresholds are those of each model's own validation images; nothing is fitted to the new data. Images that
    the model learned from, saved again or resized, are named first and marked in the predictions table.
    """
    _need_training_parts()
    _use_cores(workers)
    from dermdistill.cli.table import results_json, results_text
    from dermdistill.data.sources.names import parse_reading
    from dermdistill.pipeline.environment import choose_device
    from dermdistill.pipeline.external import judge_elsewhere
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    file = Path(split) if split is not None and Path(split).is_file() else None
    judged = judge_elsewhere(
        model,
        DataOptions(tuple(data), file, parse_reading(label, positive, columns)),
        split="test" if file else split,
        out=out,
        device=choose_device(device),
        replicates=replicates,
    )
    figures = (judged.results, judged.comparisons, judged.means)
    print(
        results_json(*figures, synthetic=judged.synthetic, notes=judged.notes)
        if as_json
        else results_text(*figures, synthetic=judged.synthetic)
    )
    print(f"predictions and metrics: {judged.out}", file=sys.stderr)


@app.command()
def benchmark(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="A .onnx file, a .safetensors weights file, a run folder (one model of each architecture), "
            "or an architecture and its input size, untrained, such as efficientnet_b0@224.",
        ),
    ],
    threads: Annotated[int, typer.Option(help="Of every call.")] = 1,
    rounds: Annotated[int, typer.Option(help="How often each model has its turn.")] = 10,
    batch: Annotated[
        list[int] | None, typer.Option(help="Images a call; repeat it. Default: 1, 8, 32.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="A folder of images: time whole commands that predict them, too.")
    ] = None,
    count: Annotated[int, typer.Option(help="How many images such a command predicts.")] = 3000,
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(help="Of the order of turns.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write all figures to this JSON file.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Measure size, memory and speed, as ratios to EfficientNet-B0 and DSNet at 224 px, measured along.

    PyTorch and ONNX Runtime, after warm-up, all models in turns. The first model is measured twice: how far
    its two times differ is the noise of the run, and is printed. Pixels of the model's size in memory go
    in, probabilities come out; --images times the whole way from files.
    """
    _need_training_parts()
    _use_cores(threads)
    from dermdistill.benchmark.measure import Options
    from dermdistill.cli.benchmark import measure

    options = Options(tuple(batch or (1, 8, 32)), rounds, threads, device, seed, images, count)
    measure(models, options, out=out, overwrite=overwrite, as_json=as_json)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    to: Annotated[Literal["onnx"], typer.Option(help="Format of the file.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="Write an 8-bit file too.")] = False,
    model: Annotated[
        str | None, typer.Option(help="Which model; the student best on validation unless given.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Where the run's images are, if they moved since; repeat it for several sources."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the files. Default: RUN/export.")] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="Largest change of P(melanoma) that int8 may make.")
    ] = 0.1,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Write a model as one file that scores photographs without PyTorch, and prove that it says the same."""
    _need_training_parts()
    _use_cores(workers)
    from dermdistill.cli.table import parity_json, parity_text
    from dermdistill.pipeline.deploy import export as write
    from dermdistill.runs import RunFolder

    written = write(
        RunFolder(run), model=model, data=data or (), int8=int8, int8_tolerance=tolerance, out=out
    )
    show = parity_json if as_json else parity_text
    print(show([(str(each.path), each.parity) for each in written]))


@app.command()
def predict(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATHS...", help="Images, folders, glob patterns; '-' for a list on stdin."),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go into the folders of folders.")
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write a table, or go on with it: after a kill, with new photographs. '-' prints it.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    threshold: Threshold = "sensitivity_0.90",
    prevalence: Prevalence = None,
    model: ScoringModel = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Images scored side by side. Default: OMP_NUM_THREADS, or one a core of this process.",
        ),
    ] = None,
) -> None:
    """Score photographs: P(melanoma), a decision, and warnings.

    Exit code 1 says that some files could not be scored; each is a row with its error.
    """
    _without_blas_threads()
    from dermdistill.cli.predict import Answers, score

    failed = score(
        paths,
        recursive=recursive,
        model=model,
        threshold=threshold,
        prevalence=prevalence,
        answers=Answers(csv, as_json, overwrite),
        workers=workers,
    )
    if failed:
        raise typer.Exit(1)


@app.command()
def explain(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATHS...", help="Images, folders, glob patterns; '-' for a list on stdin."),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go into the folders of folders.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The picture of one photograph (.png), or a folder for <IMAGE>-explained.png. Default: this "
            "folder for one photograph, else explained/."
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Draw a contact sheet too (.png): every photograph with its map, P and decision."),
    ] = None,
    order: Annotated[
        Literal["input", "probability"],
        typer.Option(help="Of the sheet: as given, or the highest P(melanoma) first."),
    ] = "input",
    overwrite: Overwrite = False,
    frame: Annotated[
        int | None,
        typer.Option(min=1, help="Which image of a DICOM file that holds several; all unless given."),
    ] = None,
    threshold: Threshold = "sensitivity_0.90",
    prevalence: Prevalence = None,
    model: ScoringModel = None,
    as_json: AsJson = False,
) -> None:
    """Show where the model looked: pictures with P(melanoma), its range over views, and a map.

    The map says which places raise P(melanoma) and which lower it; the views are mirrored, turned and closer
    ones. Exit code 1 says that some files could not be explained; each is a line with its error.
    """
    _without_blas_threads()
    from dermdistill.cli.explain import Pictures, explain_files
    from dermdistill.inference.inputs import Inputs

    inputs = Inputs(tuple(paths), recursive)
    failed = explain_files(
        inputs,
        Pictures.of(inputs, out, sheet, order, overwrite=overwrite),
        frame=frame,
        model=model,
        threshold=threshold,
        prevalence=prevalence,
        as_json=as_json,
    )
    if failed:
        raise typer.Exit(1)


@app.command()
def page(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The page.")] = Path(
        "dermdistill.html"
    ),
    model: ScoringModel = None,
    overwrite: Overwrite = False,
) -> None:
    """Write one HTML file that scores photographs in a browser, without a network.

    Model and runtime are inside; photographs never leave the browser.
    """
    from dermdistill.cli.page import write_page

    write_page(model, output, overwrite=overwrite)


@app.command()
def report(run: Annotated[Path, typer.Argument(help="A run folder.")]) -> None:
    """Build a run's report.html anew."""
    _need_training_parts()
    from dermdistill.errors import printable
    from dermdistill.report.build import build_report
    from dermdistill.runs import RunFolder

    print(printable(str(build_report(RunFolder(run)))))


@app.command()
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


@app.command()
def download(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of a data set; without it all are listed.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A new folder, or one that a download began.")
    ] = None,
) -> None:
    """Download a published data set from its official host, and check that it is complete.

    For example: dermdistill download ham10000 data/ham10000. Stopped at any moment, it goes on with the same
    command. Repeated on a complete folder, it reads all files and fetches those that are missing or damaged.
    """
    from importlib.util import find_spec

    from dermdistill.errors import UserError

    if find_spec("pooch") is None:
        raise UserError("this command needs pooch: pip install 'dermdistill[download]'")
    from dermdistill.cli.download import fetch, list_published
    from dermdistill.download.client import Client
    from dermdistill.download.published import Hosts
    from dermdistill.progress import say

    if name is None:
        print(list_published())
        return
    if folder is None:
        raise UserError(f"no folder given; say where the images shall lie: dermdistill download {name} DIR")
    try:
        complete = fetch(name, folder, Hosts(), Client(say))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    if not complete:
        raise typer.Exit(1)


def _need_training_parts() -> None:
    """One line instead of a traceback where only the light half is installed."""
    from importlib.util import find_spec

    from dermdistill.errors import UserError

    if find_spec("torch") is None:
        raise UserError("this command needs PyTorch: pip install 'dermdistill[train]'")


def _use_cores(workers: int | None) -> None:
    """Compute and decode on the cores of this process, not on all that the machine has."""
    from dermdistill.cores import default_workers

    threads = workers or default_workers()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))
    import torch

    torch.set_num_threads(threads)


def _without_blas_threads() -> None:
    """Scoring multiplies no large matrices; starting NumPy's threads costs a quarter of the first answer."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _command() -> str:
    return shlex.join(["dermdistill", *sys.argv[1:]])
