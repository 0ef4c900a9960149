"""What ``dermdistill run`` and ``dermdistill compare`` do, and what they say at their end."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import typer

from dermdistill.cli.results import results_json, results_text
from dermdistill.cli.startup import command_line
from dermdistill.cluster.connection import check_cluster, need_ray
from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.judgement.judge import judgement_of
from dermdistill.messages import inform
from dermdistill.pipeline.environment import choose_device
from dermdistill.pipeline.executor import Executor, one_by_one
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.pipeline.run import failures_of, run
from dermdistill.storage import open_storage
from dermdistill.training.job import assist
from dermdistill.training.processes import device_of_rank, joined, leave, says_it, started_by_torchrun
from dermdistill.training.ranks import ALONE, RankDiedError, Ranks


@dataclass(frozen=True, slots=True)
class Where:
    """Where the models are trained.

    Attributes:
        device: as the user gives it.
        cluster: of Ray; None trains in this process.
        storage: a URL that all nodes of the cluster reach; None where they share a disk.

    Raises:
        UserError: a storage without a cluster, or a cluster that is none.
    """

    device: str
    cluster: str | None = None
    storage: str | None = None

    def __post_init__(self) -> None:
        if self.cluster is None:
            if self.storage is not None:
                raise UserError("--storage: is where the nodes of a cluster meet; give --cluster too")
            return
        need_ray("--cluster")
        check_cluster(self.cluster)
        if self.storage is not None:
            open_storage(self.storage)

    def executor(self) -> Executor:
        """Who trains; imports Ray where the user asks for a cluster."""
        if self.cluster is None:
            return one_by_one
        from dermdistill.cluster.training import RayExecutor

        return RayExecutor(self.cluster, self.device, self.storage)

    def device_here(self) -> torch.device:
        """The device of this process, which measures and judges; that of a cluster may be of another kind."""
        return choose_device(self.device if self.cluster is None or self.device == "cpu" else "auto")


def train(recipe: Recipe, data: DataOptions, out: Path, where: Where, *, as_json: bool = False) -> None:
    """Train all that the recipe names, print the figures, say what failed.

    A model whose training stopped early counts as failed too, though its last good weights are judged.

    One of several processes of torchrun trains each network together with the others; the first one also does
    all the rest.

    Raises:
        Exit: a model failed (1), or the user interrupted the command (130).
    """
    if not started_by_torchrun():
        _train(recipe, data, out, where, ALONE, as_json=as_json)
        return
    if where.cluster is not None:
        raise UserError(
            "--cluster: not under torchrun; give the recipe several gpus for each training instead"
        )
    device = device_of_rank(where.device_here())
    with joined(device) as ranks:
        try:
            if ranks.part.index:
                assist(ranks, device)
            else:
                _train(recipe, data, out, where, ranks, as_json=as_json)
        except RankDiedError as error:
            leave(error)
        except UserError:
            says_it()
            raise


def _train(
    recipe: Recipe, data: DataOptions, out: Path, where: Where, ranks: Ranks, *, as_json: bool
) -> None:
    device = where.device_here()
    try:
        folder = run(
            recipe,
            data,
            out,
            device=device if ranks is ALONE else device_of_rank(device),
            command=command_line(),
            executor=where.executor(),
            ranks=ranks,
        )
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    show = results_json if as_json else results_text
    print(show(judgement_of(folder)))
    inform(f"report: {folder.report}")
    failures = failures_of(folder)
    for line in failures:
        print(line, file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def without_comparison(recipe: Recipe) -> Recipe:
    """The recipe of teacher and students alone."""
    return recipe.model_copy(update={"compare": None})


def with_comparison(recipe: Recipe) -> Recipe:
    """The recipe as it is; raises UserError where it compares nothing."""
    if recipe.compare is None:
        raise UserError(
            f"recipe {recipe.name}: has no section [compare]; name one that has, such as demo or paper"
        )
    return recipe
