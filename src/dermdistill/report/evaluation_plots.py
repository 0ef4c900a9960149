"""Precision-recall and decision curves of an evaluation."""

from collections.abc import Sequence

from dermdistill.evaluation.net_benefit import THRESHOLDS
from dermdistill.judgement.judgement import Curves, Group, PrecisionRecallCurve
from dermdistill.report import numbers
from dermdistill.report.plot_data import result_plots
from dermdistill.report.plots import Line, Panel, Plot, Series


def evaluation_plots(groups: Sequence[Group]) -> tuple[Plot, ...]:
    """ROC, precision-recall, reliability and decision curves, as far as the images allow them."""
    *roc, reliability = result_plots(groups)
    first = groups[0].curves
    precision_recall = [_precision_recall(groups)] if first.pooled_precision_recall else []
    decision = [_decision_curve(groups)] if first.net_benefit and first.pooled_precision_recall else []
    return (*roc, *precision_recall, reliability, *decision)


def _precision_recall(groups: Sequence[Group]) -> Plot:
    series = [
        Series(
            f"{group.label}, {numbers.fraction(group.mean.auprc.value)}",
            _line(_main(group.curves)),
            style,
            seeds=tuple(map(_line, group.curves.precision_recall)) if len(group.models) > 1 else (),
        )
        for style, group in enumerate(groups)
    ]
    share = groups[0].mean.n_melanoma / groups[0].mean.n_images
    words = [f"{group.label}: AUPRC {numbers.with_interval(group.mean.auprc)}" for group in groups]
    return Plot(
        (Panel("sensitivity (recall)", "PPV (precision)", series, "unit", level=share),),
        "Precision-recall curves, with the area under them. Dashed: the share of melanomas, which guessing "
        "reaches.",
        f"Precision-recall curves. {'; '.join(words)}.",
    )


def _main(curves: Curves) -> PrecisionRecallCurve:
    assert curves.pooled_precision_recall is not None
    return curves.pooled_precision_recall


def _line(curve: PrecisionRecallCurve) -> Line:
    return curve.recall, curve.precision


def _decision_curve(groups: Sequence[Group]) -> Plot:
    thresholds = THRESHOLDS.tolist()
    models = [
        Series(group.label, (thresholds, group.curves.net_benefit), style)
        for style, group in enumerate(groups)
    ]
    count = len(models)
    all_flagged = Series("biopsy every lesion", (thresholds, groups[0].curves.net_benefit_of_all), count)
    none = Series("biopsy no lesion", (thresholds, [0.0] * len(thresholds)), count + 1)
    at = {round(threshold, 3): i for i, threshold in enumerate(thresholds)}
    words = [f"{group.label}: {group.curves.net_benefit[at[0.1]]:.3f}" for group in groups]
    return Plot(
        (
            Panel(
                "threshold on P(melanoma) from which one would biopsy",
                "net benefit",
                [*models, all_flagged, none],
                "benefit",
            ),
        ),
        "Decision curves: melanomas found per lesion, less needless biopsies as the threshold weighs them "
        "(at 0.10 a melanoma is worth nine). A model is useful where its curve is the highest.",
        f"Decision curves. Net benefit at a threshold of 0.10: {'; '.join(words)}; "
        f"every lesion: {groups[0].curves.net_benefit_of_all[at[0.1]]:.3f}; no lesion: 0.",
    )
