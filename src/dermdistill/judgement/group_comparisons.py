"""Groups of models against each other, paired on the same images."""

from collections.abc import Iterable, Mapping

from dermdistill.evaluation.estimates import DecisionComparison
from dermdistill.evaluation.evaluate import compare_aucs
from dermdistill.evaluation.paired import AtPoint, compare_decisions
from dermdistill.judgement.claims import SEEDS_FOR_A_CLAIM, claim_of, claimed
from dermdistill.judgement.groups import ScoredModel
from dermdistill.judgement.judgement import ClaimedComparison, ClaimedDifference, Group
from dermdistill.judgement.names import LABELS_ONLY


class GroupComparisons:
    """Groups and their models, ready to be compared.

    Args:
        groups: by name.
        models: of all groups.
        replicates: bootstrap resamples.
    """

    def __init__(self, groups: Mapping[str, Group], models: Iterable[ScoredModel], replicates: int) -> None:
        self.groups = groups
        self._models = {model.name: model for model in models}
        self._replicates = replicates
        self._teachers = [group.name for group in groups.values() if group.is_teacher]

    def models(self, group: str) -> list[ScoredModel]:
        """Those of one group, by seed."""
        return [self._models[name] for name in self.groups[group].models]

    def aucs(self, a: str, b: str) -> ClaimedComparison:
        """AUC of group a minus that of b."""
        of_a, of_b = ([model.test for model in self.models(name)] for name in (a, b))
        compared = compare_aucs(of_a, of_b, names=(a, b), replicates=self._replicates)
        return claimed(compared, self._teachers)

    def decisions(self, a: str, b: str, point: str) -> tuple[ClaimedDifference, ...]:
        """Precision, recall and F1 of group a minus those of b; none where the point was not chosen."""
        of_a, of_b = self._at(a, point), self._at(b, point)
        if not of_a or not of_b:
            return ()
        names = (self.groups[a].label, self.groups[b].label)
        compared = compare_decisions(of_a, of_b, names=names, replicates=self._replicates)
        return _claimed_differences(compared)

    def _at(self, group: str, point: str) -> list[AtPoint]:
        return [
            (model.test, rule) for model in self.models(group) for rule in model.points if rule.name == point
        ]


def _claimed_differences(compared: DecisionComparison) -> tuple[ClaimedDifference, ...]:
    few = min(compared.seeds) < SEEDS_FOR_A_CLAIM
    found = (
        ("melanoma", "precision", compared.melanoma.precision),
        ("melanoma", "recall", compared.melanoma.recall),
        ("melanoma", "F1", compared.melanoma.f1),
        ("other", "precision", compared.other.precision),
        ("other", "recall", compared.other.recall),
        ("other", "F1", compared.other.f1),
    )
    return tuple(
        ClaimedDifference(
            of=of,
            figure=figure,
            delta=difference.delta,
            pair_deltas=difference.pair_deltas,
            claim=claim_of(difference.delta, difference.pair_deltas, too_few_seeds=few),
        )
        for of, figure, difference in found
    )


def comparisons(pairs: GroupComparisons, order: Iterable[str]) -> tuple[ClaimedComparison, ...]:
    """Every student against its labels-only control, then every student against the teacher.

    Args:
        pairs: the groups.
        order: of the students; members of a teacher are compared with nothing.
    """
    students = [name for name in order if not pairs.groups[name].is_teacher]
    control = {
        _network(pairs.groups[name]): name for name in students if pairs.groups[name].learned_by(LABELS_ONLY)
    }
    wanted = [
        (name, control[_network(pairs.groups[name])])
        for name in students
        if not pairs.groups[name].learned_by(LABELS_ONLY) and _network(pairs.groups[name]) in control
    ]
    if "teacher" in pairs.groups:
        wanted += [(name, "teacher") for name in students]
    return tuple(pairs.aucs(a, b) for a, b in wanted)


def _network(group: Group) -> str:
    return group.name if group.summary is None else group.summary.architecture
