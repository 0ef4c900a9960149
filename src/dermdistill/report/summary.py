"""What was found, in words; every word follows from the figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from dermdistill.evaluation.results import Comparison
from dermdistill.report import numbers
from dermdistill.report.claims import SEEDS_FOR_A_CLAIM, against_control, claim
from dermdistill.report.groups import Group


@dataclass(frozen=True, slots=True)
class Summary:
    """Did distillation help; on how many images that rests; and how good each group is."""

    verdict: str
    basis: str
    aucs: tuple[str, ...]


def summarise(groups: Sequence[Group], comparisons: Sequence[Comparison]) -> Summary:
    """The summary of a run."""
    by_name = {group.name: group for group in groups}
    controlled = [c for c in (against_control(c, by_name) for c in comparisons) if c is not None]
    verdicts = [_verdict(comparison, by_name) for comparison in controlled]
    if not any(by_name[comparison.a].is_distilled for comparison in controlled):
        verdicts.append(
            "No distilled student was compared with a labels-only control: nothing can be said of "
            "distillation."
        )
    images = groups[0].mean
    basis = (
        f"AUC with its 95\N{NO-BREAK SPACE}% interval on {numbers.count(images.n_images)} test images "
        f"({numbers.count(images.n_melanoma)} of melanoma) of {numbers.count(images.n_lesions)} lesions:"
    )
    return Summary(" ".join(verdicts), basis, tuple(_auc(group) for group in groups))


def _verdict(comparison: Comparison, groups: dict[str, Group]) -> str:
    """One sentence on a student (a) against its labels-only control (b)."""
    student, control = groups[comparison.a].label, groups[comparison.b].label
    published = groups[comparison.a].is_as_published
    delta = numbers.with_interval(comparison.delta_auc, with_sign=True)
    unclaimed = f"No difference can be claimed between {student} and {control}: "
    match claim(comparison, groups):
        case "a is higher" | "b is higher" if published:
            return f"The published arithmetic changes the AUC by {delta}: {student} against {control}."
        case "a is higher":
            return f"Distillation helped: {student} gains {delta} in AUC over {control}."
        case "b is higher":
            return f"Distillation did harm: {student} changes by {delta} in AUC against {control}."
        case "includes zero":
            return f"{unclaimed}the AUC differs by {delta}, and the interval includes 0."
        case "few seeds":
            return (
                f"{unclaimed}the AUC differs by {delta}, but with fewer than {SEEDS_FOR_A_CLAIM} seeds each."
            )
        case "seeds disagree":
            return f"{unclaimed}the AUC differs by {delta}, but the seeds disagree on the direction."
        case "undefined":
            return f"{unclaimed}{comparison.delta_auc.reason or 'there is no interval'}."


def _auc(group: Group) -> str:
    auc = group.mean.auc
    if auc.value is None:
        return f"{group.label}: undefined, {auc.reason}"
    seeds = f", mean of {group.mean.seeds} seeds" if group.mean.seeds > 1 else ""
    return f"{group.label}: {numbers.with_interval(auc)}{seeds}"
