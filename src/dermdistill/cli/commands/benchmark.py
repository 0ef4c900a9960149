"""``dermdistill benchmark``: measure size, memory and speed."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_training_parts, use_cores


def benchmark(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="A .onnx file, a .safetensors weights file, a run folder (one model of each architecture), "
            "or an untrained architecture and its input size, such as efficientnet_b0@224.",
        ),
    ],
    threads: Annotated[int, typer.Option(metavar="N", help="Threads of every call.")] = 1,
    rounds: Annotated[int, typer.Option(metavar="N", help="How often each model is measured.")] = 10,
    batch: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Images per call; repeat it. Default: 1, 8, 32.")
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder of images: time whole commands that predict them, too."),
    ] = None,
    count: Annotated[int, typer.Option(metavar="N", help="How many images such a command predicts.")] = 3000,
    device: options.Device = "cpu",
    seed: Annotated[int, typer.Option(metavar="N", help="Of the order of the models in each round.")] = 0,
    output: Annotated[Path | None, options.output("FILE", "Write all figures to this JSON file.")] = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = None,
) -> None:
    """Measure size, memory and speed in PyTorch and ONNX Runtime.

    Times are ratios to EfficientNet-B0 and DSNet at 224 px, measured in the same run: after warm-up, all
    models in turns. The first model is measured twice; its ratio to itself shows the noise of the run. A call
    takes pixels of the model's size in memory and gives probabilities; --images times whole commands.

    Examples:
        dermdistill benchmark runs/first resnet50@224
        dermdistill benchmark model.onnx --images photographs -o benchmark.json
    """
    need_training_parts()
    use_cores(threads)
    from dermdistill.benchmark.measure import Options
    from dermdistill.cli.benchmark import measure_and_print

    chosen = Options(tuple(batch or (1, 8, 32)), rounds, threads, device, seed, images, count)
    measure_and_print(models, chosen, out=output, overwrite=overwrite, as_json=as_json)
