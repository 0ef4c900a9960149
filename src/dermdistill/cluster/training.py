"""The executor of a cluster: every cell of a plan is a task of Ray (see ``pipeline.executor.Executor``)."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import ray
import torch
from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, RayError, WorkerCrashedError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from dermdistill.cluster.connection import connected
from dermdistill.cluster.worker import Event, Outcome, Place, carry_out
from dermdistill.data.cache import default_cache_dir, keep_decoded
from dermdistill.errors import UserError
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.executor import result_of
from dermdistill.pipeline.mirror import Mirror, reconcile
from dermdistill.pipeline.plan import Cell, Plan, RunContext
from dermdistill.runs import RunFolder
from dermdistill.training.processes import helped
from dermdistill.training.ranks import ALONE, RankDiedError

_RETRIES = 3
"""How many deaths of its process or node a cell survives: it may be what kills them."""
_LOOK_EVERY = 0.5  # seconds
_NO_PIXELS = np.empty((0, 0, 0, 3), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Finishes the cells of a plan on a Ray cluster, side by side as far as its cores and GPUs go.

    Attributes:
        cluster: see ``connection.connected``.
        device: ``--device`` of the user: ``auto``, ``cpu`` or ``cuda``.
        storage: a URL for checkpoints and finished models; None where all nodes see the run folder.
    """

    cluster: str
    device: str = "auto"
    storage: str | None = None

    def __call__(self, plan: Plan, context: RunContext, board: Board) -> None:
        """Return once every cell is done or has failed.

        Raises:
            UserError: no such cluster, too few cores or GPUs in it, a storage that cannot be written, a full
                disk.
        """
        mirror = None if self.storage is None else Mirror(self.storage)
        if mirror is not None:
            reconcile(mirror, plan, context.run)
            _take_over(plan, context.run, board)
        with connected(self.cluster):
            on_gpus = _on_gpus(self.device)
            left = [cell for cell in plan.cells if cell.name not in board.done]
            _check_resources(left, on_gpus=on_gpus)
            _Job(plan, context, board, mirror, on_gpus).run(left)


@dataclass(frozen=True, slots=True)
class _Job:
    """The tasks of one run."""

    plan: Plan
    context: RunContext
    board: Board
    mirror: Mirror | None
    on_gpus: bool

    def run(self, cells: Iterable[Cell]) -> None:
        events = _events()
        waiting = self._submit(cells, events)
        cell_of = {cell.name: cell for cell in self.plan.cells}
        order = {cell.name: i for i, cell in enumerate(self.plan.cells)}
        while waiting:
            ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=_LOOK_EVERY)
            for event in ray.get(events.drain.remote()):
                tell(self.board, event, cell_of)
            for reference in sorted(ready, key=lambda each: order[waiting[each].name]):
                self._conclude(waiting.pop(reference), reference)

    def _submit(self, cells: Iterable[Cell], events: Any) -> dict[Any, Cell]:
        """A task for each cell, which begins when the tasks that it needs have ended; the cells by task."""
        context, run = self.context, RunFolder(self.context.run.path.resolve())
        # Arguments of their own, so that Ray has them on a node before it gives a task cores there.
        pixels = [ray.put(np.asarray(images.pixels)) for images in context.images.values()]
        bare = {size: replace(images, pixels=_NO_PIXELS) for size, images in context.images.items()}
        device = torch.device("cuda" if self.on_gpus else "cpu")
        rest = ray.put(replace(context, run=run, device=device, images=bare))
        place = ray.put(Place(run.manifest.read_bytes(), self.mirror))
        plan = ray.put(self.plan)
        tasks: dict[str, Any] = {}
        cell_of: dict[Any, Cell] = {}
        for cell in cells:
            needs = [tasks[each.name] for each in self.plan.needs(cell) if each.name in tasks]
            options = resources(cell, on_gpus=self.on_gpus)
            task = _task.options(
                name=cell.name, max_retries=_RETRIES, retry_exceptions=[RankDiedError], **options
            )
            tasks[cell.name] = task.remote(cell, plan, rest, place, events, *pixels, *needs)
            cell_of[tasks[cell.name]] = cell
        return cell_of

    def _conclude(self, cell: Cell, reference: Any) -> None:
        """Tell the board what became of a cell."""
        lost = [each.name for each in self.plan.needs(cell) if each.name in self.board.failed]
        try:
            outcome: Outcome = ray.get(reference)
        except RayError as error:
            outcome = Outcome(cell.name, _reason(error))
        if lost:
            self.board.fail(cell, f"{lost[0]} could not be trained")
        elif outcome.is_disk_full:
            raise UserError(f"{cell.name}: {outcome.failure}")
        elif outcome.failure is not None:
            self.board.fail(cell, outcome.failure)
        else:
            folder = self.context.run.model(cell.name)
            if self.mirror is not None:
                self.mirror.pull(folder)
            self.board.finish(cell, *result_of(folder))


def _reason(error: RayError) -> str:
    if isinstance(error, WorkerCrashedError | NodeDiedError | OutOfMemoryError | ObjectLostError):
        return f"its process or node died {_RETRIES + 1} times ({type(error).__name__})"
    return f"{type(error).__name__}: {' '.join(str(error).split())[-200:]}"


def resources(cell: Cell, *, on_gpus: bool) -> dict[str, float]:
    """What Ray keeps free for a cell, as its recipe says."""
    recipe = cell.recipe
    gpus = (1 if recipe.gpus is None else recipe.gpus) if on_gpus else 0
    return {"num_cpus": recipe.cpus, "num_gpus": gpus}


def tell(board: Board, event: Event, cell_of: Mapping[str, Cell]) -> None:
    """Hand an event of a training to the board."""
    method, name, arguments = event
    if method == "begin":
        board.begin(cell_of[name])
    elif method == "note" or name in board.running:
        getattr(board, method)(name, *arguments)


def _take_over(plan: Plan, run: RunFolder, board: Board) -> None:
    """Models that were finished in the storage, after the driver of an earlier command had died."""
    for cell in plan.cells:
        if cell.name not in board.done and run.model(cell.name).summary.exists():
            board.finish(cell, *result_of(run.model(cell.name)))


def _on_gpus(device: str) -> bool:
    """Whether the cells train on GPUs; raises UserError where the cluster has none and they must."""
    has = ray.cluster_resources().get("GPU", 0) > 0  # type: ignore[no-untyped-call]
    if device.startswith("cuda") and not has:
        raise UserError(f"--device {device}: the cluster has no GPU; use --device cpu")
    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"--device {device}: on a cluster expected auto, cpu or cuda")
    return has and device != "cpu"


def _check_resources(cells: Iterable[Cell], *, on_gpus: bool) -> None:
    """Raise UserError for a cell that no node can take: Ray would wait for such a node forever."""
    found = ray.nodes()  # type: ignore[no-untyped-call]
    nodes = [node["Resources"] for node in found if node["Alive"]]
    for cell in cells:
        wanted = resources(cell, on_gpus=on_gpus)
        if not any(
            node.get("CPU", 0) >= wanted["num_cpus"] and node.get("GPU", 0) >= wanted["num_gpus"]
            for node in nodes
        ):
            raise UserError(
                f"{cell.name}: needs a node of {wanted['num_cpus']:g} CPUs and {wanted['num_gpus']:g} GPUs, "
                "and the cluster has none; change cpus and gpus in the recipe"
            )


@ray.remote
def _task(
    cell: Cell,
    plan: Plan,
    context: RunContext,
    place: Place,
    events: Any,
    *pixels_and_needs: Any,
) -> Outcome:
    """Finish a cell, given the pixels of each size of the context, in its order, and the cells it needs."""
    pixels = dict(zip(context.images, pixels_and_needs, strict=False))
    needs: tuple[Outcome, ...] = pixels_and_needs[len(pixels) :]
    if any(each.failure is not None for each in needs):
        return Outcome(cell.name, "a model that it needs could not be trained")
    torch.set_num_threads(cell.recipe.cpus)
    images = {size: replace(images, pixels=pixels[size]) for size, images in context.images.items()}
    context = replace(context, images=images)
    if context.recipe.augment.views:  # which are made of what lies in the cache
        keep_decoded(images[context.recipe.teacher_size], default_cache_dir())
    count = int(resources(cell, on_gpus=context.device.type == "cuda")["num_gpus"])
    with helped(count, pixels, context.device) if count > 1 else nullcontext(ALONE) as ranks:
        outcome = carry_out(cell, plan, replace(context, ranks=ranks), place, events.add.remote)
    ray.get(events.flush.remote())
    return outcome


class _Events:
    """What trainings tell, until the driver asks for it."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        self._events.append(event)

    def flush(self) -> None:
        """Whoever waits for this knows that the events that it told before are here."""

    def drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events


def _events() -> Any:
    """An actor on the driver's own node, so that it lives as long as the driver."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(_Events).options(num_cpus=0, scheduling_strategy=here).remote()
