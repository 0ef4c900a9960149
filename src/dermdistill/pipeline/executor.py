"""Who carries out a plan: here one cell after the other, in this process."""

from typing import Protocol

from dermdistill.errors import UserError
from dermdistill.evaluation.metrics import auc
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.files import disk_is_full
from dermdistill.json_files import read_json
from dermdistill.pipeline.board import Board
from dermdistill.pipeline.cells import finish
from dermdistill.pipeline.plan import Cell, Plan, RunContext
from dermdistill.runs import ModelFolder, ModelSummary
from dermdistill.training.ranks import RankDiedError


class Executor(Protocol):
    """Finishes the cells of a plan, each after those that it needs, and tells the board.

    Cells that are done on the board already are left out. One that fails takes those with it that need it;
    the others go on.
    """

    def __call__(self, plan: Plan, context: RunContext, board: Board) -> None:
        """Return once every cell is done or has failed; raises UserError where the disk is full."""
        ...


def one_by_one(plan: Plan, context: RunContext, board: Board) -> None:
    """The executor of one process (see ``Executor``)."""
    for cell in plan.cells:
        if cell.name in board.done:
            continue
        lost = [each.name for each in plan.needs(cell) if each.name in board.failed]
        if lost:
            board.fail(cell, f"{lost[0]} could not be trained")
            continue
        board.begin(cell)
        try:
            finish(cell, plan, context, board)
        except RankDiedError:  # which ends all trainings
            raise
        except Exception as error:  # one model's trouble, whatever it is, must not stop the others
            if disk_is_full(error):  # which is the trouble of all
                raise
            board.fail(cell, reason_of(cell, error))
        else:
            board.finish(cell, *result_of(context.run.model(cell.name)))


def result_of(folder: ModelFolder) -> tuple[float, float]:
    """The validation AUC of a finished model, and the seconds that its training took."""
    val = read_predictions(folder.predictions).of_split("val")
    return auc(val.label, val.probability), read_json(folder.summary, ModelSummary).training_seconds


def reason_of(cell: Cell, error: Exception) -> str:
    """In one line, without the model's name, which stands before it."""
    lines = str(error).removeprefix(f"{cell.name}: ").splitlines() or [""]
    return lines[0] if isinstance(error, UserError) else f"{type(error).__name__}: {lines[0][:200]}"
