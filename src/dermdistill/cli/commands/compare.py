"""``dermdistill compare``: train and judge the networks and objectives of a comparison."""

from pathlib import Path
from typing import Annotated

from dermdistill.cli import options
from dermdistill.cli.startup import need_training_parts, use_cores


def compare(
    data: options.Data,
    recipe: Annotated[
        str, options.recipe("A packaged recipe (demo, comparison, paper) or a TOML file with a [compare].")
    ] = "paper",
    output: Annotated[
        Path | None,
        options.output(
            "DIR", "The run folder; one that was begun is continued. Default: runs/compare-RECIPE-DATA."
        ),
    ] = None,
    split: options.Split = None,
    changes: options.Changes = None,
    device: options.Device = "auto",
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    storage: options.Storage = None,
    label: options.Labels = None,
    positive: options.Positive = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    lesion_column: options.LesionColumn = None,
    patient_column: options.PatientColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Compare networks, objectives, temperatures and batch sizes.

    One run folder holds all models; the teacher is trained once. Stopped at any moment, it continues with
    the same command. A model that fails is listed with its reason, the others are trained, and the exit code
    is 1.

    Examples:
        dermdistill compare --data synthetic --recipe demo
        dermdistill compare --data data/ham10000 --recipe comparison -o runs/all
        dermdistill compare --data data/ham10000 -o /shared/all --cluster auto
    """
    need_training_parts()
    from dermdistill.config import load_recipe
    from dermdistill.data.class_names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    chosen = load_recipe(recipe, changes or [])
    use_cores(workers)
    from dermdistill.cli.train import Where, train, with_comparison
    from dermdistill.pipeline.prepare import DataOptions

    sources = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = output or Path("runs") / f"compare-{chosen.name}-{sources.label}"
    train(with_comparison(chosen), sources, folder, Where(device, cluster, storage))
