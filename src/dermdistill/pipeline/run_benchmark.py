"""The speed of a comparison's networks, measured on photographs of its test split."""

import tempfile
from pathlib import Path

import torch
from PIL import Image

from dermdistill.benchmark.measure import Options, measure_models
from dermdistill.benchmark.measurements import Benchmark
from dermdistill.benchmark.subjects import find_models
from dermdistill.config import CompareRecipe, Recipe
from dermdistill.json_files import read_json, write_json
from dermdistill.pipeline.environment import describe_environment
from dermdistill.pipeline.plan import RunContext
from dermdistill.runs import RunFolder

_PHOTOGRAPHS = 100
"""Different images among those whose prediction is timed; more would only cost disk."""


def measure_speed(context: RunContext, recipe: CompareRecipe) -> None:
    """Measure one model of each network, unless that was done; deleting the file repeats it."""
    run = context.run
    if run.benchmark.exists() and _is_of(read_json(run.benchmark, Benchmark), run, recipe):
        return
    torch.cuda.empty_cache()  # the processes that measure need the memory that training had
    with tempfile.TemporaryDirectory() as folder:
        _write_photographs(context, Path(folder))
        options = Options(
            rounds=recipe.benchmark_rounds,
            device=context.device.type,
            images=Path(folder),
            count=recipe.benchmark_images,
        )
        write_json(
            run.benchmark, measure_models([str(run.path)], options, describe_environment(context.device))
        )


def measuring_seconds(recipe: Recipe) -> float:
    """About how long ``measure_speed`` takes: starts of processes, bursts of calls, whole commands."""
    if recipe.compare is None:
        return 0
    networks = 4 + len(recipe.compare.networks)  # with teacher, student and two references
    rounds, images = recipe.compare.benchmark_rounds, recipe.compare.benchmark_images
    return 2 * networks * (rounds * 5 + min(rounds, 3) * (6 + images / 100))


def _is_of(found: Benchmark, run: RunFolder, recipe: CompareRecipe) -> bool:
    """Whether these models were measured, as often and on as many images as the recipe says."""
    names = {named.name for named in find_models([str(run.path)])}
    return (
        names == {each.model for each in found.measured}
        and found.rounds == recipe.benchmark_rounds
        and {each.images for each in found.from_disk} == {recipe.benchmark_images}
    )


def _write_photographs(context: RunContext, folder: Path) -> None:
    """Test images as JPEG files, as a clinic would have them."""
    for i, row in enumerate(context.assigned.rows("test")[:_PHOTOGRAPHS]):
        pixels = context.assigned.dataset.records[row].image.decode()
        Image.fromarray(pixels).save(folder / f"{i:04}.jpg", quality=95)
