"""Does the temperature, or the batch size, matter beyond what another seed does?"""

from collections.abc import Mapping

from dermdistill.evaluation.permutation import SHUFFLES, SettingTest, setting_test
from dermdistill.evaluation.results import Comparison
from dermdistill.report import numbers
from dermdistill.report.claims import SEEDS_FOR_A_CLAIM, claim, why_nothing
from dermdistill.report.comparison.arrangement import Sweep
from dermdistill.report.comparison.sweeps import Setting
from dermdistill.report.comparison.verdict import LEVEL, Verdict
from dermdistill.report.groups import Group


def setting_verdict(
    setting: Setting, student: str, sweep: Sweep, against_base: Mapping[float, Comparison]
) -> Verdict:
    """By a permutation test over the seeds of a sweep.

    Args:
        setting: what was swept.
        student: its name.
        sweep: the models.
        against_base: each other value minus the recipe's own.
    """
    question = f"Does the {setting.name} matter beyond seed noise?"
    if not sweep.has_others:
        return Verdict(
            question, f"Cannot be answered: this run trained {student} with one {setting.name} only."
        )
    test = setting_test({value: _by_seed(group) for value, group in sweep.points})
    points = (_spread(test, setting), _highest(setting, sweep, against_base), _paper(setting))
    return Verdict(question, _answer(test, setting), tuple(filter(None, points)), _method(setting))


def _by_seed(group: Group) -> dict[int, float | None]:
    return {model.summary.seed: model.evaluation.auc.value for model in group.models}


def _answer(test: SettingTest, setting: Setting) -> str:
    of_what = f"{test.settings} {setting.plural} with {numbers.several(test.seeds, 'seed')} each"
    if test.p_value is None or test.least_p is None:
        return f"Cannot be told: {test.reason}."
    p = f"permutation test p {_equals(test.p_value)}, {of_what}"
    if test.seeds < SEEDS_FOR_A_CLAIM:
        return f"Cannot be told: fewer than {SEEDS_FOR_A_CLAIM} seeds ({p})."
    if test.least_p >= LEVEL:
        return f"Cannot be told: so few {setting.plural} and seeds give no p below {test.least_p:.2g} ({p})."
    if test.p_value < LEVEL:
        return f"Yes: the AUC moves with the {setting.name} by more than the seeds explain ({p})."
    return f"Not that can be shown: the seeds alone may explain how far the AUC moves ({p})."


def _equals(p: float) -> str:
    written = numbers.p_value(p)
    return written if written.startswith("<") else f"= {written}"


def _spread(test: SettingTest, setting: Setting) -> str:
    if test.between is None or test.by_chance is None:
        return ""
    return (
        f"Standard deviation of the mean AUC over the {setting.plural}: {test.between:.4f}; the seeds alone "
        f"would make it about {test.by_chance:.4f}."
    )


def _highest(setting: Setting, sweep: Sweep, against_base: Mapping[float, Comparison]) -> str:
    """The best value beside the recipe's own; it was picked by the images that it is judged on."""
    known = {value: group.mean.auc.value for value, group in sweep.points if group.mean.auc.value is not None}
    if not known:
        return ""
    best = max(known, key=lambda value: (known[value], value == sweep.base))
    named = setting.named(best)
    if best == sweep.base:
        return f"Highest mean AUC on the test images: {named}, the recipe's own, {known[best]:.3f}."
    if best not in against_base:
        return f"Highest mean AUC on the test images: {named}, {known[best]:.3f}."
    compared = against_base[best]
    found = claim(compared, {group.name: group for _, group in sweep.points})
    words = why_nothing(found) or "its interval leaves out 0"
    return (
        f"Highest mean AUC on the test images: {named}, {known[best]:.3f}. Minus that of the recipe's own, "
        f"{setting.named(sweep.base)}: {numbers.with_interval(compared.delta_auc, with_sign=True)}; {words}. "
        f"It was picked as the highest of {len(known)} on these very images, which favours it: the true "
        "difference is likely smaller."
    )


def _paper(setting: Setting) -> str:
    accuracies = setting.published.values()
    return (
        f"The paper's accuracies, single runs on its own test set, go from {min(accuracies):.3f} to "
        f"{max(accuracies):.3f} over {len(accuracies)} {setting.plural}; it gives no seeds to tell what of "
        "that is noise."
    )


def _method(setting: Setting) -> str:
    return (
        "Permutation test: within each seed, which fixes first weights and order of the images, the AUCs of "
        f"the {setting.plural} are shuffled {numbers.count(SHUFFLES)} times; p is the share of shuffles that "
        f"spread the means over the seeds at least as far. It speaks of these test images and this range of "
        f"{setting.plural}, and with few seeds only a large effect can show."
    )
