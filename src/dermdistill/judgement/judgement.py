"""What ``judgement.json`` holds; docs/judgement.md describes it for readers of the file."""

from typing import Literal

from dermdistill.benchmark.measurements import Ratio, Runtime
from dermdistill.evaluation.estimates import Comparison, Estimate, Evaluation, GroupEvaluation, SeedMean
from dermdistill.evaluation.permutation import SettingTest
from dermdistill.json_files import Frozen
from dermdistill.runs import ModelSummary

VERSION: Literal[2] = 2
"""Raised where a reader of the file must change."""

Claim = Literal["undefined", "includes zero", "few seeds", "seeds disagree", "a is higher", "b is higher"]
"""What a paired difference, a minus b, allows to be claimed: one of the last two, or why neither."""


SweepAnswer = Literal["one value", "no test", "few seeds", "few values", "matters", "not shown"]
"""Whether a setting matters beyond the seeds, or why that cannot be said."""

RaceResult = Literal["faster", "slower", "no measurable difference", "no spread"]
FasterAnswer = Literal[
    "yes", "no", "mixed", "no spread", "cannot be told", "not both measured", "not measured"
]


class ClaimedComparison(Comparison):
    """A paired comparison and what it allows to be claimed."""

    claim: Claim


class RocCurve(Frozen):
    """Corners of a ROC curve as counts of images, from none called melanoma to all."""

    false_positives: tuple[int, ...]
    true_positives: tuple[int, ...]


class ReliabilityCurve(Frozen):
    """Bins of equal numbers of images, by rising probability."""

    mean_probability: tuple[float, ...]
    melanoma_share: tuple[float, ...]


class PrecisionRecallCurve(Frozen):
    """Precision at each sensitivity that a threshold reaches, from the strictest threshold to the laxest."""

    recall: tuple[float, ...]
    precision: tuple[float, ...]


class Curves(Frozen):
    """The curves of a group on the judged images.

    Attributes:
        roc: of each seed; none where the images are of one class.
        mean_sensitivity: mean over the seeds at 201 false positive rates from 0 to 1; empty for one seed.
        reliability: of each seed.
        pooled_reliability: of all seeds together.
        precision_recall: of each seed; none where the images are of one class.
        pooled_precision_recall: of all seeds together; None where the images are of one class.
        net_benefit: mean over the seeds at the thresholds 0.005, 0.010, ..., 0.5 on P(melanoma); empty
            without melanomas.
        net_benefit_of_all: the same of who acts on every image.
    """

    roc: tuple[RocCurve, ...]
    mean_sensitivity: tuple[float, ...]
    reliability: tuple[ReliabilityCurve, ...]
    pooled_reliability: ReliabilityCurve
    precision_recall: tuple[PrecisionRecallCurve, ...]
    pooled_precision_recall: PrecisionRecallCurve | None
    net_benefit: tuple[float, ...]
    net_benefit_of_all: tuple[float, ...]


class WrongImage(Frozen):
    """An image that a group gets wrong; ``probability`` is the mean over the seeds."""

    image_id: str
    diagnosis: str
    probability: float


class AtPrevalence(Frozen):
    """What a flag is worth where this share of the lesions are melanomas.

    Attributes:
        needed_to_biopsy: flagged lesions for each melanoma among them, 1 / PPV.
    """

    prevalence: float
    ppv: Estimate
    npv: Estimate
    needed_to_biopsy: Estimate


class Decision(Frozen):
    """What the operating point in use does to the judged images; means over the seeds.

    Attributes:
        point: its name; ``given`` for a number of the user's.
        thresholds: of each seed; None as in `OperatingPoint`.
        prevalence: share of melanomas.
        flagged: share of images called melanoma.
        needed_to_biopsy: flagged images for each melanoma among them, 1 / PPV.
        confusion: as of `OperatingPointScores`, means over the seeds.
        elsewhere: at other prevalences, with the same sensitivity and specificity.
    """

    point: str
    thresholds: tuple[float | None, ...]
    prevalence: Estimate
    flagged: Estimate
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    needed_to_biopsy: Estimate
    confusion: tuple[tuple[float, float], tuple[float, float]]
    elsewhere: tuple[AtPrevalence, ...]


SubgroupFigure = Literal["auc", "sensitivity", "specificity", "calibration"]


class SubgroupDifference(Frozen):
    """A subgroup's figure minus that of all other images whose value of the same column is known.

    Attributes:
        p_value: two-sided, of no difference.
        adjusted_p_value: Holm's, over all differences of all subgroups of the model.
    """

    figure: SubgroupFigure
    delta: Estimate
    p_value: float
    adjusted_p_value: float

    @property
    def is_claimed(self) -> bool:
        """Whether the difference is beyond what chance gives among so many."""
        return self.adjusted_p_value < 0.05


class Subgroup(Frozen):
    """Figures of the images of one kind of patient, lesion or photograph.

    A figure is undefined where a class that it needs has fewer than ten lesions; the reason says so.

    Attributes:
        by: the column, such as ``sex``.
        value: in it; ``not stated`` where the data do not say, ``other`` for the rarest of many.
        sensitivity, specificity, flagged: at the operating point in use; flagged is the share of images
            called melanoma.
        calibration: mean P(melanoma) minus the share of melanomas; above 0, P(melanoma) is too high.
        differences: from all others; none of images that are ``not stated``, nor of the last of two values,
            whose differences are those of the first, turned round.
    """

    by: str
    value: str
    n_images: int
    n_lesions: int
    n_melanoma: int
    auc: SeedMean
    sensitivity: SeedMean
    specificity: SeedMean
    flagged: SeedMean
    calibration: SeedMean
    differences: tuple[SubgroupDifference, ...]


class Group(Frozen):
    """The models that differ only in their seed.

    Attributes:
        label: for people, such as ``DSNet labels only``.
        models: their names, by seed.
        summary: that of the first model; None of a model file without a run.
        training_seconds: mean over the models; None without a run.
        mean: figures as means over the seeds.
        decision: at the operating point in use; None where it could not be chosen.
        calibration: mean P(melanoma) minus the share of melanomas; above 0, P(melanoma) is too high.
        ranks_backwards: whether melanomas get lower probabilities than the others, by more than chance: the
            labels may be exchanged.
        most_wrong: other lesions with the highest P(melanoma), then melanomas with the lowest.
    """

    name: str
    label: str
    models: tuple[str, ...]
    summary: ModelSummary | None
    training_seconds: float | None
    mean: GroupEvaluation
    decision: Decision | None
    calibration: Estimate
    ranks_backwards: bool
    subgroups: tuple[Subgroup, ...]
    curves: Curves
    most_wrong: tuple[WrongImage, ...]

    @property
    def is_teacher(self) -> bool:
        """Whether it is the run's teacher or a member of it."""
        return self.summary is not None and self.summary.role == "teacher"

    def learned_by(self, objective: str) -> bool:
        """Whether it is a student of this objective."""
        return (
            self.summary is not None
            and self.summary.role == "student"
            and self.summary.objective == objective
        )


class Network(Frozen):
    """One network as a student: its groups, by objective, that have a finished model."""

    architecture: str
    name: str
    groups: dict[str, str]


class SweepPoint(Frozen):
    """One value of a setting.

    Attributes:
        minus_base: its AUC minus that of the recipe's own value; None of that value itself, or without it.
    """

    value: float
    group: str
    minus_base: ClaimedComparison | None


class Sweep(Frozen):
    """The distilled student with several values of one setting.

    Attributes:
        base: the recipe's own value.
        points: ascending; the recipe's own among them where it has a finished model.
        test: whether the setting matters beyond the seeds; None where there is one value only.
        best: the value with the highest mean AUC; None where no AUC is defined.
    """

    base: float
    points: tuple[SweepPoint, ...]
    test: SettingTest | None
    answer: SweepAnswer
    best: float | None

    @property
    def has_others(self) -> bool:
        """Whether there is a value beside the recipe's own."""
        return any(point.value != self.base for point in self.points)


class ClaimedDifference(Frozen):
    """A difference in one figure of one class, student minus baseline, and what can be claimed."""

    of: Literal["melanoma", "other"]
    figure: Literal["precision", "recall", "F1"]
    delta: Estimate
    pair_deltas: tuple[float | None, ...]
    claim: Claim


class BetterByObjective(Frozen):
    """The student against the baseline, both trained with one objective.

    Attributes:
        argmax, youden: precision, recall and F1 of both classes; none where the point was not chosen.
    """

    objective: str
    auc: ClaimedComparison
    argmax: tuple[ClaimedDifference, ...]
    youden: tuple[ClaimedDifference, ...]


class Better(Frozen):
    """Is the student better than the baseline in precision, recall and F1 of both classes?

    Attributes:
        answer: at argmax, as in the paper.
        decided_by: the objective that answers; None where there is no answer.
    """

    answer: Literal["yes", "no", "not shown", "no student", "no baseline", "no shared objective"]
    decided_by: str | None
    by_objective: tuple[BetterByObjective, ...]


class Race(Frozen):
    """The student's time of one image as a multiple of the baseline's.

    Attributes:
        ratio: None where the two were not both measured.
        control: a model against itself.
        found: None without a ratio.
    """

    input_size: int
    runtime: Runtime
    ratio: Ratio | None
    control: Ratio | None
    found: RaceResult | None


class Faster(Frozen):
    """Is the student faster than the baseline?"""

    answer: FasterAnswer
    races: tuple[Race, ...]


class Multiples(Frozen):
    """Times of one image as multiples of the references' at the same input size and runtime."""

    model: str
    runtime: Runtime
    of: dict[str, Ratio]


class CommandTime(Frozen):
    """Seconds of a whole command for the paper's 3,000 images; ``why`` there are none.

    Attributes:
        images, measured_seconds: what was measured.
        low, high: the least and the greatest that a single turn gives; None where it was measured itself.
        how: what it is extrapolated from; None where it was measured itself.
    """

    model: str
    runtime: Runtime
    images: int
    measured_seconds: float
    seconds: float | None
    low: float | None = None
    high: float | None = None
    how: str | None = None
    why: str | None = None


class NetworkComparison(Frozen):
    """What a recipe with a section ``compare`` asks.

    Attributes:
        teacher: its group; None where it is not finished.
        student: architecture of the recipe's own student.
        student_name: the same for people.
        objectives: of the students.
        networks: the student first, then the others as the recipe names them; none without a finished model.
        multiples, command_times: from the benchmark; none without one.
    """

    teacher: str | None
    student: str
    student_name: str
    objectives: tuple[str, ...]
    networks: tuple[Network, ...]
    temperature: Sweep
    batch_size: Sweep
    better: Better
    faster: Faster
    multiples: tuple[Multiples, ...]
    command_times: tuple[CommandTime, ...]

    @property
    def main_groups(self) -> tuple[str, ...]:
        """All groups but the sweeps: the teacher, then network by network."""
        of_networks = (
            network.groups[objective]
            for network in self.networks
            for objective in self.objectives
            if objective in network.groups
        )
        return (*(() if self.teacher is None else (self.teacher,)), *of_networks)


class Judgement(Frozen):
    """Every figure of a run, or of an evaluation on other data.

    Attributes:
        version: of this layout.
        made_from: digest of the files that the figures were computed from; empty for an evaluation.
        synthetic: whether the images are procedural.
        notes: of an evaluation: on its images, and on those that the models learned from.
        replicates: resamples behind every interval.
        lesions: in each split; empty for an evaluation.
        models: figures of each model, the teacher first.
        groups: the teacher first, then the students by objective.
        comparisons: every student against its labels-only control, then against the teacher.
        networks: None unless several networks or settings were compared.
    """

    version: Literal[2] = VERSION
    made_from: str
    synthetic: bool
    notes: tuple[str, ...]
    replicates: int
    lesions: dict[str, int]
    models: dict[str, Evaluation]
    groups: dict[str, Group]
    comparisons: tuple[ClaimedComparison, ...]
    networks: NetworkComparison | None
