from collections.abc import Callable
from dataclasses import replace

from dermdistill.config import ComparedNetwork, CompareRecipe
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.better import better_verdict
from dermdistill.report.comparison.verdict import Verdict
from dermdistill.report.reading import RunResults
from tests.report.comparison.conftest import COMPARED, SEEDS, TEACHER, baseline, other, poor, student
from tests.report.conftest import Network

RunResultsOf = Callable[..., tuple[RunResults, Arrangement]]
REPLICATES = 100
GOOD, EQUAL = 4.0, 2.0


def better(run_results: RunResultsOf, *networks: Network, **changes: object) -> Verdict:
    _, arrangement = run_results(*networks, **changes)
    return better_verdict(arrangement, REPLICATES)


def test_a_better_student_is_called_so(run_results: RunResultsOf) -> None:
    verdict = better(run_results, student("hinton", GOOD), poor(baseline("hinton", 0)), lesions=600)
    assert verdict.answer.startswith("Yes. Of the six figures of DSNet, both networks distilled: at argmax")
    assert "as in the paper, 6 higher." in verdict.answer
    assert verdict.table is not None
    (argmax, youden) = verdict.table.rows
    assert argmax.heading.text == "distilled, argmax"
    assert youden.heading.text == "distilled, Youden threshold"
    assert [cell.below[-1] for cell in argmax.cells] == ["higher"] * 6
    assert all(cell.text.startswith("+") for cell in argmax.cells)
    assert verdict.points == (verdict.points[0],)
    assert verdict.points[0].endswith("; DSNet is higher.")


def test_a_worse_student_is_called_so(run_results: RunResultsOf) -> None:
    verdict = better(run_results, poor(student("hinton", 0)), baseline("hinton", GOOD), lesions=600)
    assert verdict.answer.startswith("No. ")
    assert "6 lower." in verdict.answer
    assert verdict.table is not None
    assert [cell.below[-1] for cell in verdict.table.rows[0].cells] == ["lower"] * 6
    assert verdict.points[0].endswith("; EfficientNet-B0 is higher.")


def test_one_lower_figure_refutes_the_paper(run_results: RunResultsOf) -> None:
    # The same ranking of the images, but far more of them called melanoma: more found, and more falsely.
    eager = replace(student("hinton", EQUAL), shift=2.0)
    verdict = better(run_results, eager, baseline("hinton", EQUAL), lesions=600)
    assert verdict.answer.startswith("No. ")
    assert verdict.table is not None
    words = [cell.below[-1] for cell in verdict.table.rows[0].cells]
    assert (words[0], words[1], words[4]) == ("lower", "higher", "lower")


def test_equal_networks_are_not_told_apart(run_results: RunResultsOf) -> None:
    alike = baseline("hinton", EQUAL + 0.001)
    verdict = better(run_results, student("hinton", EQUAL), alike, lesions=600)
    assert verdict.answer.startswith("Not shown. ")
    assert "6 not told apart. At the Youden threshold: 6 not told apart." in verdict.answer


def test_with_few_seeds_nothing_is_claimed(run_results: RunResultsOf) -> None:
    good, bad = student("hinton", GOOD), poor(student("hinton", 0))
    one, poor_one = baseline("hinton", GOOD, (0,)), poor(baseline("hinton", 0, (0,)))
    for networks, words in (((good, poor_one), "higher"), ((bad, one), "lower")):
        verdict = better(run_results, *networks, lesions=600)
        assert verdict.answer.startswith("Not shown. ")
        assert f"6 {words}, but with too few seeds to claim it." in verdict.answer
        assert verdict.points[0].endswith("; fewer than 3 seeds of a student.")


def test_distilled_networks_decide_where_both_have_them(run_results: RunResultsOf) -> None:
    verdict = better(
        run_results,
        *(student("hinton", GOOD), poor(student("labels", 0)), student("as-published", EQUAL)),
        *(poor(baseline("hinton", 0)), baseline("labels", GOOD)),
        lesions=600,
    )
    assert verdict.answer.startswith("Yes. ")
    assert verdict.table is not None
    assert [row.heading.text for row in verdict.table.rows] == [
        *("labels only, argmax", "labels only, Youden threshold"),
        *("distilled, argmax", "distilled, Youden threshold"),
    ]
    assert len(verdict.points) == 2


def test_a_missing_network_is_named(run_results: RunResultsOf) -> None:
    assert better(run_results, TEACHER, student("hinton", 1.0)).answer == (
        "Cannot be answered: EfficientNet-B0 has no finished model in this run."
    )
    assert better(run_results, TEACHER, baseline("hinton", 1.0)).answer == (
        "Cannot be answered: DSNet has no finished model in this run."
    )
    verdict = better(run_results, student("hinton", 1.0), baseline("labels", 1.0))
    assert verdict.answer == "Cannot be answered: the two have no finished models of one objective."


def test_scores_that_cannot_be_had_are_dashes(run_results: RunResultsOf) -> None:
    networks = (student("hinton", 1.0), baseline("hinton", 2.0))
    verdict = better(run_results, *networks, diagnoses=("nevus",) * 4)
    assert verdict.answer.startswith("Not shown. ")
    assert verdict.answer.endswith("At the Youden threshold: no threshold could be chosen.")
    assert verdict.table is not None
    assert verdict.table.rows[0].cells[1].reason == "no melanoma among the images by one of the two"
    assert verdict.table.rows[1].cells[0].reason is not None


def test_another_student_is_asked_the_same(run_results: RunResultsOf) -> None:
    recipe = COMPARED.model_copy(
        update={
            "student": COMPARED.student.model_copy(update={"model": "dermlet"}),
            "compare": CompareRecipe(networks=(ComparedNetwork(model="efficientnet_b0"),)),
        }
    )
    dermlet = other("dermlet", "hinton", 4.0, 254_711, 51_000_000, SEEDS)
    verdict = better(run_results, dermlet, poor(baseline("hinton", 0)), recipe=recipe, lesions=600)
    assert verdict.question.startswith("Is Dermlet better than EfficientNet-B0")
    assert verdict.answer.startswith("Yes. Of the six figures of Dermlet")


def test_a_teacher_of_a_compared_network_stays_the_teacher(run_results: RunResultsOf) -> None:
    recipe = COMPARED.model_copy(
        update={"compare": CompareRecipe(networks=(ComparedNetwork(model="resnet50"),))}
    )
    same = other("resnet50", "hinton", 1.0, 23_516_228, 4_087_000_000)
    _, arrangement = run_results(TEACHER, student("hinton", 1.0), same, recipe=recipe)
    assert arrangement.teacher is not None
    assert arrangement.teacher.name == "teacher"
    assert [network.architecture for network in arrangement.networks] == ["dsnet", "resnet50"]
    assert list(arrangement.networks[1].groups) == ["hinton"]
