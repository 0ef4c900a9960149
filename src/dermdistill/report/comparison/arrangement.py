"""Which group of a comparison is what: networks by objective, and the student's sweeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dermdistill.config import Recipe, StudentRecipe
from dermdistill.report.groups import OBJECTIVES, Group, network_name
from dermdistill.report.reading import RunResults


@dataclass(frozen=True, slots=True)
class Network:
    """One network as a student.

    Attributes:
        groups: by objective, those that have a finished model.
    """

    architecture: str
    groups: Mapping[str, Group]

    @property
    def name(self) -> str:
        return network_name(self.architecture)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The student, distilled with several values of one setting.

    Attributes:
        base: the recipe's own value.
        points: value and group, ascending; the recipe's own among them where it has a finished model.
    """

    base: float
    points: tuple[tuple[float, Group], ...]

    @property
    def has_others(self) -> bool:
        """Whether there is a value beside the recipe's own."""
        return any(value != self.base for value, _ in self.points)

    @property
    def base_group(self) -> Group | None:
        """That of the recipe's own value."""
        return dict(self.points).get(self.base)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A comparison put in order.

    Attributes:
        teacher: itself, whatever its members; None where it is not finished.
        objectives: those of the students, in the order of all pages.
        networks: the student first, then the others as the recipe names them; none without a finished model.
        temperatures, batch_sizes: the student's sweeps.
    """

    teacher: Group | None
    student_architecture: str
    objectives: tuple[str, ...]
    networks: tuple[Network, ...]
    temperatures: Sweep
    batch_sizes: Sweep

    @property
    def student(self) -> Network | None:
        """The recipe's student; None where none of it is finished."""
        return self.network(self.student_architecture)

    @property
    def student_name(self) -> str:
        return network_name(self.student_architecture)

    def network(self, architecture: str) -> Network | None:
        """The network of this name of timm's, or ours."""
        return next((each for each in self.networks if each.architecture == architecture), None)

    @property
    def main_groups(self) -> tuple[Group, ...]:
        """All but the sweeps: the teacher, then network by network."""
        first = () if self.teacher is None else (self.teacher,)
        return first + tuple(
            network.groups[objective]
            for network in self.networks
            for objective in self.objectives
            if objective in network.groups
        )


def is_comparison(results: RunResults) -> bool:
    """Whether the folder holds anything that only a comparison makes.

    A recipe may have a section ``compare`` and yet be run without it.
    """
    student = results.recipe.student
    own = {f"{student.model}-{objective}" for objective in student.objectives}
    students = {model.summary.group for model in results.models if model.summary.role == "student"}
    compared = bool(results.benchmark or results.failed or students - own)
    return results.recipe.compare is not None and compared


def arrange(groups: Sequence[Group], recipe: Recipe) -> Arrangement:
    """The groups of a run whose recipe has a section ``compare``."""
    assert recipe.compare is not None
    student = recipe.student
    names = (student.model, *(network.model for network in recipe.compare.networks))
    networks = [Network(name, _by_objective(groups, name, student)) for name in names]
    distilled = [g for g in groups if g.is_distilled and g.summary.architecture == student.model]
    temperatures = [(g.summary.temperature, g) for g in distilled if _has_batch_of(student, g)]
    batch_sizes = [(g.summary.batch_size, g) for g in distilled if _has_temperature_of(student, g)]
    return Arrangement(
        teacher=next((group for group in groups if group.name == "teacher"), None),
        student_architecture=student.model,
        objectives=tuple(name for name in OBJECTIVES if name in student.objectives),
        networks=tuple(network for network in networks if network.groups),
        temperatures=_sweep(student.temperature, temperatures),
        batch_sizes=_sweep(student.batch_size, batch_sizes),
    )


def _by_objective(groups: Sequence[Group], architecture: str, student: StudentRecipe) -> dict[str, Group]:
    return {
        group.summary.objective: group
        for group in groups
        if group.summary.role == "student"
        and group.summary.architecture == architecture
        and _has_batch_of(student, group)
        and _has_temperature_of(student, group)
    }


def _has_batch_of(student: StudentRecipe, group: Group) -> bool:
    return group.summary.batch_size in (None, student.batch_size)


def _has_temperature_of(student: StudentRecipe, group: Group) -> bool:
    return group.summary.temperature in (None, student.temperature)


def _sweep(base: float, found: Sequence[tuple[float | None, Group]]) -> Sweep:
    known = [(value, group) for value, group in found if value is not None]
    return Sweep(base, tuple(sorted(known, key=lambda point: point[0])))
