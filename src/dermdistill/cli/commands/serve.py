"""``dermdistill serve``: the page and a REST API."""

from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_server_parts, without_blas_threads


def serve(
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Where to listen. 0.0.0.0: on all addresses of this machine."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="N", help="Where to listen; 0 is any that is free.")
    ] = 8000,
    operating_point: options.OperatingPoint = "sensitivity_0.90",
    prevalence: options.Prevalence = None,
    model: options.ScoringModel = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Processes that decode and score. Default: OMP_NUM_THREADS, or the cores of this process.",
        ),
    ] = None,
    quiet: options.Quiet = None,
) -> None:
    """Serve the page and a REST API on this machine.

    `/` is the page of `dermdistill page`. `/v1/predict` scores photographs that are sent to it, with the
    answers of `predict --json`; `/openapi.json` describes it. Photographs are never written to a disk or a
    log. Each request is a line of JSON on standard output. If the environment has DERMDISTILL_TOKEN, clients
    need that bearer token.

    Examples:
        dermdistill serve
        dermdistill serve --model runs/first --port 9000
    """
    without_blas_threads()
    need_server_parts()
    from dermdistill.cli.serve import Scoring, serve_model

    serve_model(Scoring(model, operating_point, prevalence), host, port, workers)
