from dataclasses import replace
from typing import Any

import pytest

from dermdistill.evaluation.estimates import Estimate
from dermdistill.judgement.judgement import Claim, ClaimedComparison
from dermdistill.report import paper_verdicts, verdicts
from dermdistill.report.paper import BATCH_SIZE, TEMPERATURE
from dermdistill.report.read import ReportedRun, read_run
from dermdistill.runs import RunFolder

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def run(reported_run: RunFolder) -> ReportedRun:
    return read_run(reported_run)


@pytest.fixture(scope="module")
def compared(reported_comparison: RunFolder) -> ReportedRun:
    return read_run(reported_comparison)


def with_judgement(run: ReportedRun, **changes: object) -> ReportedRun:
    return replace(run, judgement=run.judgement.model_copy(update=changes))


def comparison(
    low: float,
    high: float,
    claim: Claim,
    seeds: tuple[int, int] = (3, 3),
    a: str = "dsnet-hinton",
    b: str = "dsnet-labels",
) -> ClaimedComparison:
    middle = (low + high) / 2
    return ClaimedComparison(
        a=a,
        b=b,
        delta_auc=Estimate(value=middle, low=low, high=high),
        pair_deltas=(middle,),
        p_values=(0.01,),
        seeds=seeds,
        claim=claim,
    )


# A paired difference


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            comparison(0.01, 0.03, "a is higher"),
            "DSNet distilled scored higher than DSNet labels only, by 0.020 [0.010, 0.030].",
        ),
        (
            comparison(-0.03, -0.01, "b is higher"),
            "DSNet distilled scored lower than DSNet labels only, by 0.020 [0.010, 0.030].",
        ),
        (
            comparison(-0.114, -0.034, "few seeds", (1, 1)),
            "DSNet distilled scored lower than DSNet labels only, by 0.074 [0.034, 0.114]. One seed is too "
            "few to claim it; run 3.",
        ),
        (
            comparison(0.01, 0.03, "few seeds", (2, 1), b="teacher"),
            "DSNet distilled scored higher than Teacher (ResNet-50), by 0.020 [0.010, 0.030]. 2 seeds are "
            "too few to claim it; run 3.",
        ),
        (
            comparison(0.01, 0.03, "seeds disagree"),
            "DSNet distilled scored higher than DSNet labels only, by 0.020 [0.010, 0.030]. The seeds "
            "disagree on the direction, so it cannot be claimed.",
        ),
        (
            comparison(-0.01, 0.03, "includes zero"),
            f"DSNet distilled and DSNet labels only: no measurable difference in AUC, +0.010 [{MINUS}0.010, "
            "+0.030].",
        ),
    ],
)
def test_a_difference_in_plain_words(run: ReportedRun, found: ClaimedComparison, sentence: str) -> None:
    assert verdicts.difference_sentence(found, run.judgement.groups) == sentence


def test_an_undefined_difference_has_its_reason(run: ReportedRun) -> None:
    found = comparison(0, 0, "undefined").model_copy(
        update={"delta_auc": Estimate(value=None, reason="no melanoma among the images")}
    )
    assert verdicts.difference_sentence(found, run.judgement.groups).endswith(
        "cannot be compared: no melanoma among the images."
    )


# One run


def test_the_claims_of_a_run(run: ReportedRun) -> None:
    helped, published = (
        comparison(0.01, 0.03, "a is higher"),
        comparison(-0.03, -0.01, "b is higher", a="dsnet-as-published"),
    )
    said = verdicts.run_claims(with_judgement(run, comparisons=(helped, published)))
    assert said[0].startswith("Distillation helped: DSNet distilled scored higher")
    assert said[1].startswith("DSNet as published scored lower")
    harmed = comparison(-0.03, -0.01, "b is higher")
    assert verdicts.run_claims(with_judgement(run, comparisons=(harmed,)))[0].startswith(
        "Distillation did harm: DSNet distilled scored lower"
    )
    against_teacher = comparison(0.01, 0.03, "a is higher", (3, 1), b="teacher")
    assert verdicts.run_claims(with_judgement(run, comparisons=(against_teacher,))) == [
        "No distilled student was compared with a labels-only control, so nothing can be said about "
        "distillation."
    ]


# A comparison of networks


def test_better_is_answered_with_counts(compared: ReportedRun) -> None:
    verdict = paper_verdicts.better_verdict(compared)
    assert verdict.answer == (
        "Not shown. Of the six figures of DSNet, both networks distilled: at argmax, as in the paper, 4 "
        "lower, but with too few seeds to claim it; 2 without a measurable difference. At the Youden "
        "threshold: 6 without a measurable difference."
    )
    assert verdict.table is not None
    rows = {row.heading.text: row.cells for row in verdict.table.rows}
    better = compared.networks.better.by_objective
    for objective, found in (("labels only", better[0]), ("distilled", better[1])):
        for cell, difference in zip(rows[f"{objective}, argmax"], found.argmax, strict=True):
            value = difference.delta.value or 0
            assert cell.text == f"{value:+.3f}".replace("-", MINUS)
    assert verdict.points[1].startswith("AUC, both distilled: DSNet and EfficientNet-B0: no measurable")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("no student", "Cannot be answered: DSNet has no finished model in this run."),
        ("no baseline", "Cannot be answered: EfficientNet-B0 has no finished model in this run."),
        ("no shared objective", "Cannot be answered: the two have no finished models of one objective."),
    ],
)
def test_what_is_missing_is_named(compared: ReportedRun, answer: str, words: str) -> None:
    better = compared.networks.better.model_copy(update={"answer": answer, "by_objective": ()})
    networks = compared.networks.model_copy(update={"better": better})
    assert paper_verdicts.better_verdict(with_judgement(compared, networks=networks)).answer == words


def test_ratios_stand_with_size_and_runtime(compared: ReportedRun) -> None:
    verdict = paper_verdicts.faster_verdict(compared, compared.files.benchmark)
    assert verdict.answer.startswith("It depends on the input size and the runtime. Time of one image as a")
    assert verdict.points[0].startswith("64 px, ONNX Runtime: 0.5")
    assert verdict.points[0].endswith(": DSNet is faster; a model against itself 1.000 [0.995, 1.005].")
    assert "DSNet is slower" in verdict.points[3]
    costs = "268,898 parameters and 1.10 G multiply-accumulates per image, EfficientNet-B0 4,012,670"
    assert costs in verdict.points[4]
    assert verdict.points[-1].endswith("2.57 and 4.98 s: 0.516 times as long.")
    assert "no benchmark.json" in paper_verdicts.faster_verdict(compared, None).answer


def test_the_student_answers_and_the_others_are_counted(compared: ReportedRun) -> None:
    student_gains = comparison(0.01, 0.03, "a is higher")
    few = comparison(0.01, 0.03, "few seeds", (1, 1), "efficientnet_b0-hinton", "efficientnet_b0-labels")
    higher = comparison(0.01, 0.03, "a is higher", (3, 3), "vgg16-hinton", "vgg16-labels")
    found = with_judgement(compared, comparisons=(student_gains, few, higher))
    verdict = paper_verdicts.gain_verdict(found, "hinton", "What does distillation give?")
    assert verdict.answer == (
        "DSNet distilled scored higher than labels only, by 0.020 [0.010, 0.030]. 2 other networks: 1 higher "
        "(VGG-16); 1 without a claim, 1 of them for too few seeds."
    )
    assert verdict.points[1].endswith("One seed is too few to claim it; run 3. (1 seed each)")
    nothing = paper_verdicts.gain_verdict(
        with_judgement(compared, comparisons=()), "as-published", "?"
    ).answer
    assert nothing == "Cannot be answered: no network has finished models “as published” and “labels only”."


def test_settings_are_answered_by_their_test(compared: ReportedRun) -> None:
    verdict = paper_verdicts.setting_verdict(compared, TEMPERATURE)
    assert verdict.answer.startswith(
        "Yes: the AUC changes with the temperature by more than the seeds explain"
    )
    assert "3 temperatures with 3 seeds each" in verdict.answer
    assert "Highest mean AUC on the test images: T = 10, the recipe's own, 0.9" in verdict.points[1]
    assert verdict.points[2].startswith(
        "The paper's accuracies, single runs on its own test set, range from 0.772 to 0.917"
    )
    batch = paper_verdicts.setting_verdict(compared, BATCH_SIZE)
    assert batch.answer.startswith("Cannot be answered: so few batch sizes and seeds give no p below 0.25 ")


def test_the_best_of_a_sweep_was_picked_on_the_same_images(compared: ReportedRun) -> None:
    sweep = compared.networks.temperature.model_copy(update={"best": 100.0})
    networks = compared.networks.model_copy(update={"temperature": sweep})
    verdict = paper_verdicts.setting_verdict(with_judgement(compared, networks=networks), TEMPERATURE)
    assert "Highest mean AUC on the test images: T = 100, " in verdict.points[1]
    assert "its interval excludes 0. It was picked as the highest of 3" in verdict.points[1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("few seeds", "Cannot be answered: fewer than 3 seeds (permutation test p = "),
        ("not shown", "Not shown: the seeds alone may explain how far the AUC changes (permutation test p"),
    ],
)
def test_other_answers_on_settings(compared: ReportedRun, answer: Any, words: str) -> None:
    sweep = compared.networks.temperature.model_copy(update={"answer": answer})
    networks = compared.networks.model_copy(update={"temperature": sweep})
    changed = with_judgement(compared, networks=networks)
    assert paper_verdicts.setting_verdict(changed, TEMPERATURE).answer.startswith(words)


def test_without_a_sweep_it_is_said(compared: ReportedRun) -> None:
    sweep = compared.networks.temperature.model_copy(update={"test": None})
    networks = compared.networks.model_copy(update={"temperature": sweep})
    verdict = paper_verdicts.setting_verdict(with_judgement(compared, networks=networks), TEMPERATURE)
    assert verdict.answer == "Cannot be answered: this run trained DSNet with one temperature only."
