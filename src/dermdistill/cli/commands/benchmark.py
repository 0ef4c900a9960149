"""``dermdistill benchmark``: measure size, memory and speed."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.options import (
    AsJson,
    Device,
    Overwrite,
)
from dermdistill.cli.process import need_training_parts, use_cores


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
    need_training_parts()
    use_cores(threads)
    from dermdistill.benchmark.measure import Options
    from dermdistill.cli.benchmark import measure

    options = Options(tuple(batch or (1, 8, 32)), rounds, threads, device, seed, images, count)
    measure(models, options, out=out, overwrite=overwrite, as_json=as_json)
