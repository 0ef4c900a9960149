"""What ``dermdistill serve`` does; imports nothing of PyTorch."""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dermdistill import __version__
from dermdistill.cli.scoring_model import introduce
from dermdistill.cores import default_workers
from dermdistill.errors import UserError
from dermdistill.inference.decision import OperatingPointUsed, names_of_points
from dermdistill.inference.model import Model, load, model_file
from dermdistill.messages import inform, warn
from dermdistill.page.assemble import site
from dermdistill.server.app import Served, make_app
from dermdistill.server.limits import Limits
from dermdistill.server.listen import address_of, bind, serve
from dermdistill.server.metrics import Metrics
from dermdistill.server.observe import log
from dermdistill.server.pool import Pool
from dermdistill.server.service import Service

TOKEN = "DERMDISTILL_TOKEN"
"""The environment variable: a token on a command line could be read by other users of the machine."""

_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Scoring:
    """Which model answers, and how.

    Attributes:
        model: a file of ``export`` or a run; None for the packaged model.
        point: operating point; None for the model's own default.
        prevalence: to re-state P(melanoma) for.
    """

    model: Path | None
    point: str | None
    prevalence: float | None

    def load(self, point: str | None = None) -> Model:
        """The model at this operating point, or another."""
        return load(self.model, operating_point=point or self.point, prevalence=self.prevalence)


def serve_model(
    scoring: Scoring, host: str, port: int, workers: int | None, limits: Limits | None = None
) -> None:
    """Serve page and API until the process is told to stop.

    Raises:
        UserError: no such model or operating point, an address that cannot be had, a useless token.
    """
    limits, metrics = limits or Limits(), Metrics()
    token = token_of(os.environ)
    model = scoring.load()
    bound = bind(host, port)
    pool = Pool(model, workers or default_workers(), limits.image_memory, _ended(metrics))
    service = Service(model, pool, limits, scoring.prevalence)
    served = Served(service, site(model_file(scoring.model)), _points(scoring, model), __version__, token)
    introduce(model, scoring.model)
    try:
        pool.start()
        inform(f"serving {address_of(bound)} with {pool.size} worker processes; Ctrl-C ends it")
        if token is None and not _is_own(bound.getsockname()[0]):
            warn(f"whoever reaches this address can use it: {TOKEN} is not set; see docs/deploy.md")
        serve(make_app(served, metrics), bound, limits)
    finally:
        pool.close()
        bound.close()
    inform("stopped; all requests in progress were answered")


def token_of(environment: Mapping[str, str]) -> str | None:
    """The bearer token; None where there is none.

    Raises:
        UserError: it is too short to be secret.
    """
    token = environment.get(TOKEN)
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise UserError(
            f"{TOKEN}: has {len(token)} characters; give at least {_SHORTEST_TOKEN}, or unset it; "
            "`openssl rand -hex 32` makes one"
        )
    return token


def _points(scoring: Scoring, model: Model) -> list[OperatingPointUsed]:
    return [scoring.load(name).operating_point for name in names_of_points(model.info)]


def _ended(metrics: Metrics) -> Callable[[int], None]:
    def tell(code: int) -> None:
        metrics.worker_ends.inc()
        log({"event": "worker_replaced", "exit_code": code})

    return tell


def _is_own(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    return ipaddress.ip_address(host).is_loopback
