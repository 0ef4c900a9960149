"""What was measured of a model."""

from collections.abc import Iterator, Sequence

from dermdistill.card.figures import TestSet
from dermdistill.card.recorded import Fact
from dermdistill.card.subject import JudgedRun, Subject
from dermdistill.inference.decision import default_point
from dermdistill.judgement.judgement import ClaimedComparison, Decision, Group

_OF_PEOPLE = ("age", "sex", "site", "skin type", "skin tone, estimated")
"""Subgroups that say something of patients; others are of images, sources and diagnoses."""

Facts = Iterator[tuple[str, Fact]]


def figure_facts(subject: Subject, test_sets: Sequence[TestSet]) -> Facts:
    """From judgements of the run and of evaluations on other data."""
    point = default_point(subject.info)
    internal = [each for each in test_sets if not each.is_external]
    external = [each for each in test_sets if each.is_external]
    for key, found in (("internal", internal), ("external", external)):
        if found:
            sources = "; ".join(_where(each) for each in found)
            yield key, Fact(" ".join(_performance(each) for each in found), sources)
            yield f"{key}_points", Fact(" ".join(_at_the_point(each, point) for each in found), sources)
    if test_sets:
        yield from _measures(test_sets, point)
    if external:
        counted = "; ".join(f"{each.name}: {_counted(each)}" for each in external)
        yield (
            "external_data",
            Fact(f"Evaluation on other data: {counted}.", "; ".join(e.source for e in external)),
        )
        yield from _differences(subject, external)
    worth = [(f"evaluations/{each.name}/judgement.json", each.group) for each in subject.elsewhere]
    if subject.run is not None:
        yield from _of_run(subject.run, subject.group)
        worth = [("judgement.json", subject.group), *worth] if subject.group else worth
    decided = [(source, group, group.decision) for source, group in worth if group.decision is not None]
    if decided:
        where = "; ".join(f"{source} `groups.{group.name}.decision`" for source, group, _ in decided)
        yield "utility", Fact(" ".join(_utility(*each) for each in decided), where)


def _where(found: TestSet) -> str:
    fields = sorted(
        {figure.where.partition(".auc")[0] for figure in found.figures if figure.metric == "roc_auc"}
    )
    return f"{found.source} `{', '.join(fields)}`"


def _counted(found: TestSet) -> str:
    return f"{found.images:,} images, {found.melanomas:,} melanomas"


def _performance(found: TestSet) -> str:
    figures = "; ".join(f"{figure.name} {figure.text}" for figure in found.figures)
    note = "" if found.note is None else f" Note: {found.note}."
    return f"{found.name.capitalize()} ({_counted(found)}; {found.what}): {figures}.{note}"


def _at_the_point(found: TestSet, point: str) -> str:
    figures = [figure for figure in found.figures if figure.name.endswith(point)]
    return f"{found.name.capitalize()}: {'; '.join(f'{each.name} {each.text}' for each in figures)}."


def _measures(test_sets: Sequence[TestSet], point: str) -> Facts:
    names = list(dict.fromkeys(figure.name for each in test_sets for figure in each.figures))
    sources = "; ".join(dict.fromkeys(each.source for each in test_sets))
    yield "measures", Fact(f"{', '.join(names)}.", sources)
    yield "main_measure", Fact("AUC: melanoma against all other diagnoses.", sources)
    yield (
        "main_point",
        Fact(f"Sensitivity and specificity at the operating point {point}.", sources),
    )
    intervals = "95 % intervals by bootstrap over lesions"
    yield "uncertainty", Fact(f"{intervals}.", sources)


def _utility(source: str, group: Group, found: Decision) -> str:
    figures = (
        ("PPV", found.ppv),
        ("NPV", found.npv),
        ("number needed to biopsy", found.needed_to_biopsy),
    )
    stated = "; ".join(
        f"{name} {estimate.value:.3g}" for name, estimate in figures if estimate.value is not None
    )
    seeds = f", means over {len(group.models)} seeds" if len(group.models) > 1 else ""
    share = "" if found.prevalence.value is None else f" where {found.prevalence.value:.1%} are melanomas"
    return f"{source}, at {found.point}{share}{seeds}: {stated or 'undefined'}."


def _differences(subject: Subject, external: Sequence[TestSet]) -> Facts:
    validation = subject.info.validation
    if validation is None:
        return
    shares = "; ".join(f"{each.name}: {each.prevalence:.1%}" for each in external)
    yield (
        "differences",
        Fact(
            f"Share of melanomas: {validation.prevalence:.1%} of the validation images; {shares}. The "
            "predictors are the same: the pixels of a photograph.",
            f"{subject.files[0].name}, metadata `validation`; {'; '.join(each.source for each in external)}",
        ),
    )


def _of_run(run: JudgedRun, group: Group | None) -> Facts:
    where = f"judgement.json `groups.{run.summary.group}"
    yield (
        "uncertainty",
        Fact(
            f"95 % intervals by bootstrap over lesions, {run.judgement.replicates:,} resamples; differences "
            "are paired on the same images (bootstrap, and DeLong's test with lesions as clusters).",
            "judgement.json `replicates`, `comparisons`",
        ),
    )
    if group is not None:
        yield from _of_group(group, where)
    paired = [each for each in run.judgement.comparisons if run.summary.group in (each.a, each.b)]
    if paired:
        yield "comparisons", Fact(" ".join(map(_comparison, paired)), "judgement.json `comparisons`")


def _of_group(group: Group, where: str) -> Facts:
    if group.most_wrong:
        yield (
            "errors",
            Fact(
                "The judgement of the run lists the other lesions with the highest P(melanoma) and the "
                "melanomas with the lowest; their image names are left out of this folder.",
                f"{where}.most_wrong`",
            ),
        )
    people = [each for each in group.subgroups if each.by in _OF_PEOPLE]
    if people:
        columns = list(dict.fromkeys(each.by for each in people))
        counted = "; ".join(
            f"{each.by} {each.value}: {each.n_images:,} images, {each.n_melanoma:,} melanomas"
            for each in people
        )
        yield "demographics", Fact(f"Test images by {', '.join(columns)}. {counted}.", f"{where}.subgroups`")
        measured = "; ".join(
            f"{each.by} {each.value}: AUC {each.auc.value:.3f}"
            + (
                ""
                if each.auc.low is None or each.auc.high is None
                else f" [{each.auc.low:.3f}, {each.auc.high:.3f}]"
            )
            for each in people
            if each.auc.value is not None
        )
        if measured:
            yield "subgroups", Fact(f"By subgroup: {measured}.", f"{where}.subgroups`")
        yield (
            "subgroup_method",
            Fact(f"Performance is given by {', '.join(columns)}, with intervals.", f"{where}.subgroups`"),
        )
    sources = group.mean.by_source
    if sources:
        of_sources = "; ".join(
            f"{name}: AUC {found.auc.value:.3f}"
            for name, found in sources.items()
            if found.auc.value is not None
        )
        yield "by_source", Fact(f"By source of the images: {of_sources}.", f"{where}.mean.by_source`")


def _comparison(found: ClaimedComparison) -> str:
    delta = found.delta_auc
    if delta.value is None:
        return f"{found.a} minus {found.b}: no difference in AUC can be given ({delta.reason})."
    interval = "" if delta.low is None or delta.high is None else f" [{delta.low:.3f}, {delta.high:.3f}]"
    return f"{found.a} minus {found.b}: difference in AUC {delta.value:.3f}{interval}; claim: {found.claim}."
