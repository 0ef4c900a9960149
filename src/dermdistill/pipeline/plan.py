"""The plan of a run: every model to make, what it needs, and its identity.

A cell is one model: a network with an objective and a seed, or the mean of several networks. Its identity is
the digest of all that shapes it, so the same command resumes, and a changed recipe never mixes with old
results.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from dermdistill.config import ComparedNetwork, Recipe, Role, StudentRecipe, TeacherRecipe
from dermdistill.data.cache import DecodedImages
from dermdistill.data.images import InputSpec
from dermdistill.data.views import Views
from dermdistill.distillation.objectives import OBJECTIVES
from dermdistill.errors import UserError
from dermdistill.inference.model_info import joint_architecture
from dermdistill.models import registry
from dermdistill.pipeline.assigned import Assigned
from dermdistill.runs import TEACHER_MEMBER, RunFolder
from dermdistill.training.ranks import ALONE, Ranks

_ELSEWHERE = ("objectives", "seeds", "size")
"""Entries of a network's recipe that stand in its cell or its input."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all cells of a run share.

    Attributes:
        images: all images, by the side to which they were decoded: one of each network's input.
        mean, std: of the normalisation of every network (``InputSpec``).
        ranks: the processes that train each network together.
    """

    recipe: Recipe
    run: RunFolder
    assigned: Assigned
    images: Mapping[int, DecodedImages]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    device: torch.device
    ranks: Ranks = ALONE

    @property
    def contents(self) -> tuple[str, ...]:
        """A digest of each image, the same at every size."""
        return self.images[self.recipe.data.size].contents

    @property
    def views(self) -> Views | None:
        """The views of the training images; None where every batch is changed anew."""
        if not self.recipe.augment.views:
            return None
        size, rows = self.recipe.teacher_size, self.assigned.rows("train")
        return Views(self.images[size].key, rows, size, self.recipe.augment, self.recipe.sizes)

    def input_of(self, cell: "Cell") -> InputSpec:
        """What a cell's network sees."""
        return InputSpec(self.recipe.input_size(cell.role), self.mean, self.std)


@dataclass(frozen=True, slots=True)
class Cell:
    """One model to train, or, where it has members, to compose of them."""

    name: str
    group: str
    role: Role
    objective: str
    seed: int
    recipe: TeacherRecipe | StudentRecipe
    members: tuple["Cell", ...] = ()

    @property
    def architecture(self) -> str:
        return joint_architecture([each.recipe.model for each in self.members or (self,)])

    @property
    def distils(self) -> bool:
        """Whether it learns from the run's teacher."""
        return self.role == "student" and OBJECTIVES[self.objective].needs_teacher


@dataclass(frozen=True, slots=True)
class Plan:
    """All cells of a run, each after those that it needs, with the identity of each by name."""

    cells: tuple[Cell, ...]
    identities: Mapping[str, str]

    @classmethod
    def of(cls, cells: Sequence[Cell], context: RunContext) -> "Plan":
        """The plan of these cells on the images of a run."""
        identities: dict[str, str] = {}
        split = context.assigned.digest
        for cell in cells:
            identities[cell.name] = _identity(cell, context, split, identities)
        return cls(tuple(cells), identities)

    def needs(self, cell: Cell) -> tuple[Cell, ...]:
        """The cells that must be finished before this one begins."""
        teacher = (each for each in self.cells if each.name == "teacher" and cell.distils)
        return (*cell.members, *teacher)

    def teaches(self, cell: Cell) -> bool:
        """Whether another cell learns from this one."""
        return any(each.distils and cell in self.needs(each) for each in self.cells)


def cells_of(recipe: Recipe) -> tuple[Cell, ...]:
    """All cells of a recipe: the teacher with its members, the students, and what is compared with them.

    Raises:
        UserError: an objective or a network that there is not, or a choice that does not fit another one.
    """
    cells = (*teacher_cells(recipe), *student_cells(recipe), *compared_cells(recipe))
    _check(recipe)
    return cells


def teacher_cells(recipe: Recipe) -> tuple[Cell, ...]:
    """The teacher of a run, its members before it."""
    teacher = teacher_cell(recipe)
    return (*teacher.members, teacher)


def teacher_cell(recipe: Recipe) -> Cell:
    """The teacher of a run."""
    teacher = recipe.teacher
    members = _member_cells(teacher) if len(teacher.networks) > 1 else ()
    return Cell("teacher", "teacher", "teacher", "labels", teacher.seed, teacher, members)


def _member_cells(teacher: TeacherRecipe) -> tuple[Cell, ...]:
    """Each is the lone teacher of its seed but for the name of its folder."""
    alone = [
        teacher.model_copy(update={"model": network, "seed": seed, "members": 1})
        for seed, network in enumerate(teacher.networks, start=teacher.seed)
    ]
    return tuple(
        Cell(f"teacher-seed{one.seed}", TEACHER_MEMBER, "teacher", "labels", one.seed, one) for one in alone
    )


def student_cells(recipe: Recipe) -> list[Cell]:
    """The students of a run: every objective with every seed; raises UserError for an unknown objective."""
    for objective in recipe.student.objectives:
        if objective not in OBJECTIVES:
            raise _wrong(recipe, f"no objective {objective!r}; expected some of {', '.join(OBJECTIVES)}")
    return [cell for objective in recipe.student.objectives for cell in _seeds(recipe.student, objective)]


def compared_cells(recipe: Recipe) -> list[Cell]:
    """What a comparison adds: other networks as students, then the student with other T and batches."""
    if recipe.compare is None:
        return []
    student = recipe.student
    networks = [_in_place_of(student, network) for network in recipe.compare.networks]
    temperatures = [
        (f"T{t:g}", student.model_copy(update={"temperature": t}))
        for t in recipe.compare.temperatures
        if t != student.temperature
    ]
    batches = [
        (f"batch{n}", student.model_copy(update={"batch_size": n}))
        for n in recipe.compare.batch_sizes
        if n != student.batch_size
    ]
    return [
        *(cell for each in networks for objective in each.objectives for cell in _seeds(each, objective)),
        *(cell for name, each in (*temperatures, *batches) for cell in _seeds(each, "hinton", f"-{name}")),
    ]


def _seeds(student: StudentRecipe, objective: str, suffix: str = "") -> list[Cell]:
    """One network with one objective: a cell for each seed."""
    group = f"{student.model}-{objective}{suffix}"
    return [Cell(f"{group}-seed{seed}", group, "student", objective, seed, student) for seed in student.seeds]


def _in_place_of(student: StudentRecipe, network: ComparedNetwork) -> StudentRecipe:
    """The student's recipe with another network, and what that network says of its own training."""
    return student.model_copy(update=network.model_dump(exclude_none=True))


def _check(recipe: Recipe) -> None:
    """Raise UserError for networks and weights that there are not, and choices that do not fit each other."""
    student, chosen = recipe.student, recipe.compare
    for objective in student.objectives:
        if student.class_weights != "none" and not OBJECTIVES[objective].takes_class_weights:
            raise _wrong(recipe, f"student.class_weights must be 'none' with the objective {objective}")
    networks = {(name, recipe.teacher.weights) for name in recipe.teacher.networks}
    networks.add((student.model, student.weights))
    networks |= {(each.model, each.weights) for each in (chosen.networks if chosen else ())}
    for name, weights in sorted(networks):
        registry.check_architecture(name, weights)
    if chosen is None:
        return
    if student.model in (network.model for network in chosen.networks):
        raise _wrong(recipe, f"compare.networks must not name {student.model}, which is the student")
    if (chosen.temperatures or chosen.batch_sizes) and "hinton" not in student.objectives:
        raise _wrong(recipe, "compare.temperatures and batch_sizes need 'hinton' in student.objectives")


def _wrong(recipe: Recipe, what: str) -> UserError:
    return UserError(f"recipe {recipe.name}: {what}")


def _identity(cell: Cell, context: RunContext, split: str, known: Mapping[str, str]) -> str:
    """The digest of all that shapes a model; entries that came later count only where they change one.

    Args:
        cell: the model.
        context: of the run.
        split: the digest of the assignment of all images.
        known: the identities of the cells that it needs.
    """
    if cell.members:
        return _digest([known[member.name] for member in cell.members])
    recipe = context.recipe
    first_weights = Path(cell.recipe.weights)
    shaping: dict[str, object] = {
        # A teacher and a member are the same training, so the one may be moved into the other's folder.
        "cell": [
            "teacher" if cell.role == "teacher" else cell.name,
            cell.architecture,
            cell.objective,
            cell.seed,
        ],
        "recipe": {k: v for k, v in cell.recipe.shaping().items() if k not in _ELSEWHERE},
        "augment": recipe.augment.shaping(),
        "input": context.input_of(cell).to_dict(),
        "classes": context.assigned.classes,
        "split": split,
        "pixels": context.images[recipe.teacher_size].key,
        "teacher": known["teacher"] if cell.distils else None,
        "weights": hashlib.sha256(first_weights.read_bytes()).hexdigest()
        if first_weights.is_file()
        else None,
    }
    if recipe.augment.jpeg and context.input_of(cell).size != recipe.teacher_size:
        # An older version compressed them at the teacher's size and made them smaller afterwards.
        shaping["compressed"] = "in its own size"
    if cell.recipe.cycles > 1:
        # Before cycles were averaged the best epoch of all was kept.
        shaping["kept"] = "average"
    return _digest(shaping)


def _digest(shaping: object) -> str:
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:16]
